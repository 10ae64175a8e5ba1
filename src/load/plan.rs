//! What a run is to do, and against which server.

use super::failure::Error;
use super::marker::{MARK, MOST_MESSAGES};
use crate::origin::Authority;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

/// Of subscribers times messages, for each of which a bit is kept: 512 MiB of them.
const MOST_DELIVERIES: u64 = 1 << 32;
/// A poll interval may be an hour.
const LONGEST_INTERVAL: Duration = Duration::from_secs(3600);
/// Publishing connections, a thread each.
const MOST_PUBLISHERS: usize = 256;
/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(5);

/// One run: one technique, so many subscribers, so many messages.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The server.
    pub base: BaseUrl,
    /// How messages reach the subscribers.
    pub technique: Technique,
    /// Connections that wait for messages.
    pub subscribers: usize,
    /// Messages that are published.
    pub messages: usize,
    /// Bytes of each message's data, a string of at least [`MARK`].
    pub payload: usize,
    /// Messages a second. With 0, each is published when all subscribers have the one before.
    pub rate: f64,
    /// Connections that publish.
    pub publishers: usize,
    /// From a short poll's answer to the next poll. With zero, at once.
    pub poll_interval: Duration,
    /// The server's process, to measure what it costs there. Linux only.
    pub server_pid: Option<u32>,
    /// How long nothing may come that must, before the run ends without it.
    pub patience: Duration,
}

impl Plan {
    /// The usual run: 100 subscribers, 100 messages of 32 bytes, 10 a second.
    pub fn new(base: BaseUrl, technique: Technique) -> Plan {
        Plan {
            base,
            technique,
            subscribers: 100,
            messages: 100,
            payload: 32,
            rate: 10.0,
            publishers: 1,
            poll_interval: Duration::from_secs(1),
            server_pid: None,
            patience: Duration::from_secs(10),
        }
    }

    /// Looks for what cannot be.
    ///
    /// # Errors
    /// [`Error::Plan`], which says what would be right.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |why: String| Err(Error::Plan(why));
        if self.subscribers == 0 || self.messages == 0 {
            return wrong("subscribers and messages must be 1 at least".to_owned());
        }
        let deliveries = self.subscribers.saturating_mul(self.messages) as u64;
        if deliveries > MOST_DELIVERIES || self.messages > MOST_MESSAGES {
            return wrong(format!(
                "messages must be at most {MOST_MESSAGES}, and subscribers times messages at \
                 most {MOST_DELIVERIES}"
            ));
        }
        if self.poll_interval > LONGEST_INTERVAL {
            return wrong("the poll interval must be an hour at most".to_owned());
        }
        if !(1..=MOST_PUBLISHERS).contains(&self.publishers) {
            return wrong(format!("publishers must be from 1 to {MOST_PUBLISHERS}"));
        }
        if self.payload < MARK {
            return wrong(format!(
                "payload must be at least {MARK} bytes, which say which message it is"
            ));
        }
        if !(self.rate == 0.0 || (0.001..=1e6).contains(&self.rate)) {
            return wrong("rate must be 0, or from 0.001 to 1000000 messages a second".to_owned());
        }
        Ok(())
    }
}

/// The techniques of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Technique {
    /// Lesson 1.
    ShortPolling,
    /// Lesson 2.
    LongPolling,
    /// Lesson 2, without a thread that waits.
    Parked,
    /// Lesson 3.
    Comet,
    /// Lesson 4.
    IframePush,
    /// Lesson 5.
    Sse,
    /// Lesson 6.
    WebSocket,
    /// Lesson 7, by long polling.
    SocketIoPolling,
    /// Lesson 7, by WebSocket.
    SocketIoWebSocket,
}

impl Technique {
    /// All of them, in the order of the lessons.
    pub const ALL: [Technique; 9] = [
        Technique::ShortPolling,
        Technique::LongPolling,
        Technique::Parked,
        Technique::Comet,
        Technique::IframePush,
        Technique::Sse,
        Technique::WebSocket,
        Technique::SocketIoPolling,
        Technique::SocketIoWebSocket,
    ];

    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Technique::ShortPolling => "short-polling",
            Technique::LongPolling => "long-polling",
            Technique::Parked => "parked",
            Technique::Comet => "comet",
            Technique::IframePush => "iframe-push",
            Technique::Sse => "sse",
            Technique::WebSocket => "websocket",
            Technique::SocketIoPolling => "socket-io-polling",
            Technique::SocketIoWebSocket => "socket-io-websocket",
        }
    }

    /// What it asks the server for, without a query.
    pub fn path(self) -> &'static str {
        match self {
            Technique::ShortPolling => "/short-polling/messages",
            Technique::LongPolling => "/long-polling/messages",
            Technique::Parked => "/long-polling/parked",
            Technique::Comet => "/comet/stream",
            Technique::IframePush => "/iframe-push/stream",
            Technique::Sse => "/sse/stream",
            Technique::WebSocket => "/websocket/socket",
            Technique::SocketIoPolling | Technique::SocketIoWebSocket => "/socket.io/",
        }
    }
}

impl fmt::Display for Technique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Technique {
    type Err = String;

    fn from_str(name: &str) -> Result<Technique, String> {
        let found = Technique::ALL.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| {
            let names = Technique::ALL.map(Technique::name).join(", ");
            format!("must be one of: {names}")
        })
    }
}

/// Where the contract's URLs begin: `http://HOST[:PORT][/PATH]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    authority: Authority,
    /// `/PATH` without a slash at its end, or nothing.
    path: String,
}

impl BaseUrl {
    /// Reads it.
    ///
    /// # Errors
    /// [`Error::Url`], which says what would be right.
    pub fn parse(url: &str) -> Result<BaseUrl, Error> {
        let wrong = |why: &str| Error::Url(format!("{url}: {why}"));
        let lower = url.to_ascii_lowercase();
        if lower.starts_with("https:") {
            let why = "https is not supported; load the server itself, without TLS in front of it";
            return Err(wrong(why));
        }
        if !lower.starts_with("http://") {
            return Err(wrong("the URL must be as http://localhost:3000"));
        }
        let rest = &url["http://".len()..];
        if rest.bytes().any(|byte| !byte.is_ascii_graphic()) || rest.contains(['?', '#', '@']) {
            let why = "the URL must be host, port and path alone, as http://localhost:3000";
            return Err(wrong(why));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = Authority::parse(authority).map_err(|why| wrong(why.0))?;
        let path = path.trim_end_matches('/').to_owned();
        Ok(BaseUrl { authority, path })
    }

    /// The path of `target`, which begins with a slash.
    pub fn path(&self, target: &str) -> String {
        format!("{}{target}", self.path)
    }

    /// What stands in `Host`.
    pub fn host(&self) -> String {
        self.authority.to_string()
    }

    /// The first of its addresses at which somebody listens.
    ///
    /// # Errors
    /// [`Error::Url`] when the name has no address, [`Error::Connect`] when nobody does.
    pub fn address(&self) -> Result<SocketAddr, Error> {
        let Authority { host, port } = &self.authority;
        let addresses = (host.as_str(), port.unwrap_or(80))
            .to_socket_addrs()
            .map_err(|error| Error::Url(format!("{host} has no address: {error}")))?;
        let mut failed = None;
        for address in addresses {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(_) => return Ok(address),
                Err(error) => failed = Some(Error::Connect { address, error }),
            }
        }
        Err(failed.unwrap_or_else(|| io::Error::from(ErrorKind::AddrNotAvailable).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_host_port_and_path() {
        let base = BaseUrl::parse("http://LOCALHOST:3000/course/").expect("a URL");
        assert_eq!(base.host(), "localhost:3000");
        assert_eq!(base.path("/sse/stream"), "/course/sse/stream");
        let base = BaseUrl::parse("http://[::1]").expect("a URL");
        assert_eq!(
            (base.host(), base.path("/x")),
            ("[::1]".into(), "/x".into())
        );
    }

    #[test]
    fn what_is_no_base_url_is_said() {
        for (url, word) in [
            ("https://localhost", "https is not supported"),
            ("localhost:3000", "as http://"),
            ("http://", "name or an address"),
            ("http://localhost:99999", "PORT"),
            ("http://localhost/?topic=chat", "alone"),
            ("http://me@localhost/", "alone"),
            ("http://localhost/a b", "alone"),
        ] {
            match BaseUrl::parse(url) {
                Err(Error::Url(why)) => assert!(why.contains(word), "{why}"),
                other => panic!("{url}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_is_said() {
        let base = BaseUrl::parse("http://localhost").expect("a URL");
        let usual = Plan::new(base, Technique::Sse);
        assert!(usual.check().is_ok());
        let wrong = |change: fn(&mut Plan), word: &str| {
            let mut plan = usual.clone();
            change(&mut plan);
            match plan.check() {
                Err(Error::Plan(why)) => assert!(why.contains(word), "{why}"),
                other => panic!("{word}: {other:?}"),
            }
        };
        wrong(|plan| plan.subscribers = 0, "subscribers");
        wrong(|plan| plan.messages = usize::MAX, "times");
        wrong(|plan| plan.payload = 31, "32 bytes");
        wrong(|plan| plan.publishers = 0, "publishers");
        wrong(|plan| plan.rate = f64::NAN, "rate");
        wrong(|plan| plan.rate = -1.0, "rate");
    }
}
