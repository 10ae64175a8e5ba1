//! HTTP/1.1: requests, responses, routing, and the two servers.
//!
//! `threaded_server` takes every connection. When lesson 1 or 2 runs alone, it hands the
//! requests on to `tiny_http_server` behind it (`tiny_http_relay`). Handlers and routing
//! are the same on both. It knows no page, no text and no lesson.
//!
//! Read `request`, `response`, `origin_policy`, `router`; then `request_reader`,
//! `connection`, `pending_response` and `threaded_server`. `chunked` and
//! `websocket_handshake` are what lessons 3 and 6 teach.

pub mod chunked;
pub mod connection;
pub mod cors;
pub mod load_shed;
pub mod origin_policy;
pub mod pending_response;
pub mod request;
pub mod request_reader;
pub mod response;
pub mod router;
pub mod threaded_server;
pub mod tiny_http_relay;
pub mod tiny_http_server;
pub mod websocket_handshake;

pub use origin_policy::OriginPolicy;
pub use pending_response::{OnLeave, PendingResponse};
pub use request::Request;
pub use response::{Body, Response};
pub use router::{Access, Apart, Route, Router};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a listener that is bound to all addresses can be reached from here.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
