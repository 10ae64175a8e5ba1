//! What lesson 3 says of `tiny_http`, kept true: the reasons for a server of our
//! own. Where one of these fails after an update, the text must change.

mod common;

#[path = "tiny_http/answers.rs"]
mod answers;
#[cfg(target_os = "linux")]
#[path = "tiny_http/limits.rs"]
mod limits;
#[path = "tiny_http/requests.rs"]
mod requests;
#[path = "tiny_http/streams.rs"]
mod streams;

use common::Client;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::thread::scope;
use tiny_http::{Request, Server};

fn server() -> (Server, SocketAddr) {
    let server = Server::http("127.0.0.1:0").expect("a server");
    let address = server.server_addr().to_ip().expect("an address");
    (server, address)
}

/// Has the library serve one request by `handler`, while `client` asks.
fn serve(handler: impl FnOnce(Request) + Send, client: impl FnOnce(&mut Client)) {
    let (server, address) = server();
    let mut asking = Client::connect(address);
    scope(|scope| {
        scope.spawn(|| {
            if let Ok(Some(request)) = server.recv_timeout(3 * common::SOON) {
                handler(request);
            }
        });
        client(&mut asking);
    });
}

/// Whether nothing has arrived. What was sent over loopback is there at once.
fn is_silent(client: &Client) -> bool {
    client.stream().set_nonblocking(true).expect("set");
    let come = client.stream().peek(&mut [0]);
    client.stream().set_nonblocking(false).expect("set");
    come.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}
