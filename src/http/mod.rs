//! HTTP: requests, answers, the router, the pages, and the two servers.
//!
//! `library` serves lessons 1 and 2 with `tiny_http`; `server` is our own, for
//! every lesson that goes on writing after the answer began. Handlers, guards,
//! body size and routing are the same on both. Read `request`, `answer`,
//! `guard`, `router`, `pages`; then `library`; then `connection` and `server`.

pub mod answer;
pub mod connection;
pub mod guard;
pub mod incoming;
pub mod library;
pub mod pages;
pub mod refuser;
pub mod request;
pub mod router;
pub mod server;

pub use answer::{Answer, Hold, Reply};
pub use guard::Guard;
pub use request::Request;
pub use router::{Access, Route, Router};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a listener that is bound to all addresses can be reached from here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
