//! The listening socket, and how many connections the system allows.

use crate::http::threaded_server::KEPT_FREE;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Connections that may wait to be accepted. The system may allow fewer.
const BACKLOG: i32 = 4096;
/// Descriptors kept free for everything that is not a connection.
const SPARE_DESCRIPTORS: u64 = 64;

/// A listening socket. `TcpListener::bind` lets 128 connections wait to be
/// accepted; when a class of two hundred comes back at once, the rest would try
/// again a second later.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
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
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let address = listener.local_addr().expect("bound");
        // Nobody accepts. One that finds no place would try again after a second.
        let patience = Duration::from_millis(900);
        let _waiting: Vec<_> = (0..400)
            .map(|_| TcpStream::connect_timeout(&address, patience).expect("a place"))
            .collect();
    }
}
