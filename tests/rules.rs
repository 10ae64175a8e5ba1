//! Every rule of the servers by its status code, over raw sockets.
//!
//! `heads`, `bodies` and `time` hold on our own server; `access`, `routing` and
//! `publishing` on both, so each of their tests asks both.

mod common;

#[path = "rules/access.rs"]
mod access;
#[path = "rules/bodies.rs"]
mod bodies;
#[path = "rules/connections.rs"]
mod connections;
#[path = "rules/heads.rs"]
mod heads;
#[path = "rules/pages.rs"]
mod pages;
#[path = "rules/publishing.rs"]
mod publishing;
#[path = "rules/routing.rs"]
mod routing;
#[path = "rules/scripts.rs"]
mod scripts;
#[path = "rules/time.rs"]
mod time;

use common::{Answer, Client, Server, options};
use poll_to_push::course::LESSONS;
use poll_to_push::options::Options;

/// Both servers: the course on ours, lesson 1 on the library's.
fn both() -> [(&'static str, Server); 2] {
    both_with(&options())
}

/// As [`both`], as `options` say.
fn both_with(options: &Options) -> [(&'static str, Server); 2] {
    let ours = Server::start(LESSONS, options, Vec::new());
    let library = Server::start(&LESSONS[..1], options, Vec::new());
    [("ours", ours), ("library", library)]
}

/// Sends `request`, which is refused; the connection ends with the answer.
fn refusal(server: &Server, request: impl AsRef<[u8]>) -> Answer {
    let mut client = server.connect();
    // The server may refuse before it has taken everything.
    let _ = client.try_send(request);
    last_answer(&mut client)
}

/// Reads an answer that ends its connection.
fn last_answer(client: &mut Client) -> Answer {
    let answer = client.answer();
    assert_eq!(answer.header("Connection"), Some("close"), "{answer:?}");
    assert_eq!(client.rest(), b"", "after {answer:?}");
    answer
}
