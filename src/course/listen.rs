//! The listening socket, and how many connections the system allows.

use crate::http::threaded_server::KEPT_FREE;
use socket2::{Domain, Socket, Type};
use std::io::{self, ErrorKind};
use std::net::{Ipv6Addr, SocketAddr, TcpListener};

/// Connections that may wait to be accepted. The system may allow fewer.
const BACKLOG: i32 = 4096;
/// Descriptors kept free for everything that is not a connection.
const SPARE_DESCRIPTORS: u64 = 64;

/// How often another port is tried, where any will do.
const TRIES: usize = 16;

/// What `localhost` means, with the port of a server on an IPv4 address. Browsers try
/// `[::1]` first.
pub enum Localhost {
    /// This server: nobody else can listen there. The socket is bound and does not
    /// listen, so who tries it is refused, and comes to 127.0.0.1. None where there is no
    /// IPv6.
    Ours(#[allow(dead_code, reason = "held until the server ends")] Option<Socket>),
    /// Perhaps another program, which has `[::1]` with this port.
    Taken,
}

/// A listening socket, and what `localhost` means with its port. With port 0, any port
/// whose `localhost` is ours.
///
/// # Errors
/// When the address is taken, or not this machine's.
pub fn listen(address: SocketAddr) -> io::Result<(TcpListener, Localhost)> {
    let mut tries = if address.port() == 0 { TRIES } else { 1 };
    loop {
        let listener = bind(address)?;
        let localhost = match address {
            SocketAddr::V4(_) => reserve(listener.local_addr()?.port()),
            SocketAddr::V6(_) => Localhost::Ours(None),
        };
        tries -= 1;
        if tries == 0 || matches!(localhost, Localhost::Ours(_)) {
            return Ok((listener, localhost));
        }
    }
}

fn reserve(port: u16) -> Localhost {
    let bound = Socket::new(Domain::IPV6, Type::STREAM, None).and_then(|socket| {
        socket.bind(&SocketAddr::from((Ipv6Addr::LOCALHOST, port)).into())?;
        Ok(socket)
    });
    match bound {
        Err(error) if error.kind() == ErrorKind::AddrInUse => Localhost::Taken,
        bound => Localhost::Ours(bound.ok()),
    }
}

/// A listening socket. `TcpListener::bind` lets 128 connections wait to be
/// accepted; when a class of two hundred comes back at once, the rest would try
/// again a second later.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // As `TcpListener::bind` does: on Windows it would mean something else.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Raises the soft limit of descriptors to the hard one, and says how many held
/// connections that is enough for.
pub fn raise_descriptors(wanted: usize) -> usize {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        Err(error) => {
            log::warn!("the limit of open files is unknown: {error}");
            return wanted;
        }
    };
    let spare = SPARE_DESCRIPTORS + KEPT_FREE as u64;
    let possible = usize::try_from(limit.saturating_sub(spare)).unwrap_or(usize::MAX);
    if possible < wanted {
        log::warn!(
            "at most {limit} files may be open, so at most {possible} connections held instead of \
             {wanted}; `ulimit -n` or --max-connections changes that"
        );
    }
    wanted.min(possible.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;
    use std::time::Duration;

    #[test]
    fn a_whole_school_may_wait_to_be_accepted() {
        let (listener, _) = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let address = listener.local_addr().expect("bound");
        // Nobody accepts. One that finds no place would try again after a second.
        let patience = Duration::from_millis(900);
        let _waiting: Vec<_> = (0..400)
            .map(|_| TcpStream::connect_timeout(&address, patience).expect("a place"))
            .collect();
    }

    #[test]
    fn localhost_is_kept_or_said_to_be_taken() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (listener, localhost) = listen(any).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        match localhost {
            Localhost::Ours(Some(_)) => {
                assert!(TcpStream::connect(v6).is_err(), "nobody listens");
                assert!(TcpListener::bind(v6).is_err(), "nobody can");
                drop((listener, localhost));
                let other = TcpListener::bind(v6).expect("free again");
                let (_, localhost) =
                    listen(SocketAddr::from(([127, 0, 0, 1], port))).expect("free");
                assert!(matches!(localhost, Localhost::Taken));
                drop(other);
            }
            Localhost::Ours(None) => assert!(TcpListener::bind(v6).is_err(), "no IPv6 here"),
            Localhost::Taken => panic!("any port would do"),
        }
    }
}
