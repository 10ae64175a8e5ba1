//! The options of every binary, from the command line or the environment.

use crate::origin::{Authority, Origin};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// The largest request body that is taken, in bytes: the upper limit of
/// `--max-payload`, too.
pub const MAX_BODY: usize = 1024 * 1024;

/// What every binary can be told. See [`USAGE`].
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 lets the system choose one.
    pub port: u16,
    /// Connections held at once, by the threaded server.
    pub max_connections: usize,
    /// Time between heartbeats on streaming connections.
    pub heartbeat: Duration,
    /// Messages kept in each topic's history.
    pub history: usize,
    /// Names that `Host` may hold besides `localhost` and IP addresses.
    pub allow_host: Vec<String>,
    /// Foreign origins that may publish and connect.
    pub allow_origin: Vec<Origin>,
    /// `--no-wire`: pages have no wire view, which shows the bytes of their connections.
    pub no_wire_view: bool,
    /// `--allow-faults`: browsers of other machines, too, may have something be wrong with
    /// their own connections.
    pub allow_faults: bool,
    /// The protocol's values for lesson 7.
    pub socket_io: SocketIoOptions,
}

/// The values of Engine.IO's and Socket.IO's protocols.
#[derive(Clone, Debug)]
pub struct SocketIoOptions {
    /// From the last sign of life to the next ping.
    pub ping_interval: Duration,
    /// From a ping to the pong that must come.
    pub ping_timeout: Duration,
    /// The largest body or WebSocket message that is taken, in bytes.
    pub max_payload: usize,
    /// From the opening of a session to the first namespace that must be joined.
    pub connect_timeout: Duration,
    /// Whether a client that comes back gets what it missed.
    pub recovery: bool,
}

impl Default for SocketIoOptions {
    fn default() -> SocketIoOptions {
        SocketIoOptions {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            max_payload: 1_000_000,
            connect_timeout: Duration::from_secs(45),
            recovery: false,
        }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 3000,
            max_connections: 10_000,
            heartbeat: Duration::from_secs(15),
            history: 1024,
            allow_host: Vec::new(),
            allow_origin: Vec::new(),
            no_wire_view: false,
            allow_faults: false,
            socket_io: SocketIoOptions::default(),
        }
    }
}

/// What `--help` prints.
pub const USAGE: &str = "\
Options (each also from the environment: --port is POLL_TO_PUSH_PORT):
  --host ADDRESS          listen on this IP address        [127.0.0.1]
                          (0.0.0.0: other machines can come)
  --port PORT             listen on this port; 0: any free [3000]
  --max-connections N     connections held at once         [10000]
                          (streams, WebSockets, polls that wait;
                          64 more are kept for all that ends at once)
  --heartbeat-ms MS       between two heartbeats           [15000]
  --history N             messages each topic remembers    [1024]
  --allow-host NAME       a name this server may be called by
  --allow-origin ORIGIN   a site whose pages may publish and connect,
                          as https://a.example
                          (both may be given more than once; in the
                          environment, separate them by commas)
  --no-wire               pages show no bytes of their connections
                          (in the environment: 1 or 0)
  --allow-faults          pages on other machines may try faults on
                          their own connections, too
                          (in the environment: 1 or 0)
Lesson 7 (Socket.IO):
  --ping-interval-ms MS   from a sign of life to a ping    [25000]
  --ping-timeout-ms MS    from a ping to its pong          [20000]
  --max-payload BYTES     the largest body or message      [1000000]
  --connect-timeout-ms MS until a namespace is joined      [45000]
  --connection-state-recovery
                          a client that comes back gets what it missed
                          (in the environment: 1 or 0)

  --help                  print this
RUST_LOG=info (or debug) shows the log.";

/// Why there are no options.
#[derive(Debug)]
pub enum OptionsError {
    /// `--help` was asked for.
    Help,
    /// Something is wrong; the text says what and what would be right.
    Invalid(String),
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionsError::Help => f.write_str(USAGE),
            OptionsError::Invalid(why) => f.write_str(why),
        }
    }
}

const NAMES: [&str; 14] = [
    "host",
    "port",
    "max-connections",
    "heartbeat-ms",
    "history",
    "allow-host",
    "allow-origin",
    "ping-interval-ms",
    "ping-timeout-ms",
    "max-payload",
    "connect-timeout-ms",
    RECOVERY,
    NO_WIRE,
    ALLOW_FAULTS,
];

/// The options that take no value on the command line.
const RECOVERY: &str = "connection-state-recovery";
const NO_WIRE: &str = "no-wire";
const ALLOW_FAULTS: &str = "allow-faults";

impl Options {
    /// Reads the environment, then the command line, which wins.
    ///
    /// # Errors
    /// [`OptionsError`], to be shown to the user.
    pub fn read(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Options, OptionsError> {
        let mut options = Options::default();
        for name in NAMES {
            let variable = format!("POLL_TO_PUSH_{}", name.replace('-', "_").to_uppercase());
            let Some(value) = environment(&variable) else {
                continue;
            };
            let values: Vec<&str> = if name.starts_with("allow-") {
                let items = value.split(',').map(str::trim);
                items.filter(|item| !item.is_empty()).collect()
            } else {
                vec![value.trim()]
            };
            for value in values {
                options
                    .set(name, value)
                    .map_err(|why| OptionsError::Invalid(format!("{variable}: {why}")))?;
            }
        }
        let wrong = |error: lexopt::Error| OptionsError::Invalid(format!("{error}\n\n{USAGE}"));
        let mut parser = lexopt::Parser::from_iter(arguments);
        while let Some(argument) = parser.next().map_err(wrong)? {
            let name = match argument {
                Long("help") | Short('h') => return Err(OptionsError::Help),
                Long(name) => NAMES.into_iter().find(|known| *known == name),
                _ => None,
            };
            let Some(name) = name else {
                return Err(wrong(argument.unexpected()));
            };
            let value = if [RECOVERY, NO_WIRE, ALLOW_FAULTS].contains(&name) {
                "1".to_owned()
            } else {
                parser.value().and_then(ValueExt::string).map_err(wrong)?
            };
            options
                .set(name, &value)
                .map_err(|why| OptionsError::Invalid(format!("--{name} {value}: {why}")))?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "host" => {
                let address = if value == "localhost" {
                    "127.0.0.1"
                } else {
                    value
                };
                self.host = address
                    .parse()
                    .map_err(|_| "must be an IP address, as 127.0.0.1 or 0.0.0.0")?;
            }
            "port" => {
                self.port = value
                    .parse()
                    .map_err(|_| "must be a number from 0 to 65535")?;
            }
            "max-connections" => self.max_connections = number(value, 1)?,
            "heartbeat-ms" => {
                self.heartbeat = Duration::from_millis(number(value, 100)? as u64);
            }
            "history" => self.history = number(value, 1)?,
            "allow-host" => {
                let host = Authority::parse(value).ok();
                let host = host.filter(|host| host.port.is_none() && !value.ends_with(':'));
                let host = host.ok_or("must be a name alone, without scheme, port or `*`")?;
                self.allow_host.push(host.host);
            }
            "allow-origin" => {
                let origin = Origin::parse(value).map_err(|why| why.0)?;
                self.allow_origin.push(origin);
            }
            "ping-interval-ms" => {
                self.socket_io.ping_interval = Duration::from_millis(number(value, 1)? as u64);
            }
            "ping-timeout-ms" => {
                self.socket_io.ping_timeout = Duration::from_millis(number(value, 1)? as u64);
            }
            "max-payload" => {
                self.socket_io.max_payload = number(value, 100)?;
                if self.socket_io.max_payload > MAX_BODY {
                    return Err(format!("must be at most {MAX_BODY}, the largest body"));
                }
            }
            "connect-timeout-ms" => {
                self.socket_io.connect_timeout = Duration::from_millis(number(value, 1)? as u64);
            }
            RECOVERY => self.socket_io.recovery = flag(value)?,
            NO_WIRE => self.no_wire_view = flag(value)?,
            ALLOW_FAULTS => self.allow_faults = flag(value)?,
            _ => return Err("is no option".into()),
        }
        Ok(())
    }
}

fn flag(value: &str) -> Result<bool, String> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("must be 1 or 0".into()),
    }
}

fn number(value: &str, least: usize) -> Result<usize, String> {
    value
        .parse()
        .ok()
        .filter(|number| (least..=1_000_000_000).contains(number))
        .ok_or_else(|| format!("must be a number from {least} to 1000000000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Options, OptionsError> {
        let arguments = std::iter::once("lesson5").chain(arguments.iter().copied());
        Options::read(arguments.map(OsString::from), |name| {
            let found = environment.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_command_line_wins_over_the_environment() {
        let options = read(
            &["--port", "4000", "--allow-host=a.example"],
            &[
                ("POLL_TO_PUSH_PORT", "5000"),
                ("POLL_TO_PUSH_HEARTBEAT_MS", "200"),
                ("POLL_TO_PUSH_ALLOW_HOST", "b.example, c.example"),
            ],
        )
        .expect("options");
        assert_eq!(options.port, 4000);
        assert_eq!(options.heartbeat, Duration::from_millis(200));
        assert_eq!(options.allow_host, ["b.example", "c.example", "a.example"]);
    }

    #[test]
    fn what_is_allowed_is_normalised() {
        let arguments = [
            "--allow-origin",
            "https://A.example:443",
            "--allow-host",
            "B.example",
        ];
        let options = read(&arguments, &[]).expect("options");
        assert_eq!(options.allow_origin[0].to_string(), "https://a.example");
        assert_eq!(options.allow_host, ["b.example"]);
    }

    #[test]
    fn recovery_is_a_flag_and_a_variable() {
        let on = |arguments: &[&str], environment: &[(&str, &str)]| {
            let options = read(arguments, environment).expect("options");
            options.socket_io.recovery
        };
        let variable = "POLL_TO_PUSH_CONNECTION_STATE_RECOVERY";
        assert!(!on(&[], &[]));
        assert!(on(&["--connection-state-recovery", "--port", "1"], &[]));
        assert!(on(&[], &[(variable, "1")]) && !on(&[], &[(variable, "0")]));
        assert!(read(&[], &[(variable, "perhaps")]).is_err());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (arguments, word) in [
            (&["--port", "x"][..], "65535"),
            (&["--port"], "--port"),
            (&["--prot", "1"], "--prot"),
            (&["--host", "a.example"], "IP address"),
            (&["--bus", "memory"], "--bus"),
            (&["--heartbeat-ms", "5"], "100"),
            (&["--allow-origin", "a.example"], "scheme"),
            (&["--allow-origin", "https://*.example"], "one origin"),
            (&["--allow-origin", "https://a.example/"], "without a path"),
            (&["--allow-host", "https://a.example"], "without scheme"),
            (&["--allow-host", "a.example:80"], "without scheme"),
            (&["--allow-host", "*.example"], "without scheme"),
            (&["--max-payload", "1048577"], "1048576"),
            (&["--ping-timeout-ms", "0"], "from 1"),
            (&["here"], "here"),
        ] {
            match read(arguments, &[]) {
                Err(OptionsError::Invalid(why)) => assert!(why.contains(word), "{why}"),
                other => panic!("{arguments:?}: {other:?}"),
            }
        }
        assert!(matches!(read(&["--help"], &[]), Err(OptionsError::Help)));
    }
}
