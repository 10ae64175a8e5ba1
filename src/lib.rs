//! A course on server push: how a server gets new data to a web page, one technique per
//! lesson.
//!
//! A server on plain `std` threads, one thread per connection, no async runtime.
//!
//! # The map
//!
//! Floors, from the top. A file imports from floors below its own, and nothing from its
//! own floor but what is in the same module. A test keeps it so (`tests/architecture.rs`).
//!
//! | floor | modules | what is there |
//! |---|---|---|
//! | course | [`course`] | the table of lessons; starts and shuts down a server with some of them; the programs |
//! | on top of lessons and texts | [`mistakes`], [`pages`] | servers that are wrong on purpose; static files, lesson pages, `/source/` |
//! | lessons, texts | [`lessons`], [`texts`] | **the techniques, one module each: start here**; the lessons' Markdown with pieces of the real source |
//! | demo data, wire view | [`sources`], [`wire_view`] | clock, ticker, users; `/wire/socket` and its cookie |
//! | application | [`app`] | what all lessons share: state, publish, topic, cursor, responses to polls, `/healthz` |
//! | HTTP | [`http`] | requests, responses, routing, same-origin checks, chunked coding, the WebSocket handshake, the two servers |
//! | feed | [`feed`] | streaming connections: outbox, replay, heartbeats, close reasons, WebSocket frames |
//! | tap | [`tap`] | byte capture for the wire view |
//! | bus | [`bus`] | topics: publish, history, cursors, subscribe, delivery |
//! | load program | [`load`] | subscribers by the thousand, and what came of messages; it uses none of the server's rooms |
//! | timer | [`timer`] | one thread that runs what is due |
//! | small things | [`json`], [`lock`], [`options`], [`random`], [`threads`], [`timestamp`] | what all floors use |
//! | origins | [`origin`] | scheme, host and port of a page, and of this server |
//!
//! Socket.IO (lesson 7) is three floors of its own: `codec`, `engine_io`, `server`, and
//! the lesson's application on top of them.
//!
//! # How data flows
//!
//! A message comes in once and goes out by every connection that wants it:
//!
//! ```text
//! POST /publish, lesson 6's socket → app::publish ┐
//! sources, lesson 7's sockets ────────────────────┴→ Topic::publish → history, Condvar → a poll's own thread
//!                                                                   → channel → delivery → feed → sockets
//! ```
//!
//! A publish by `POST` passes no lesson; a lesson is how the message goes out. What is
//! published in the chat is published once more on lesson 7's own topic, whose delivery
//! hands it to the sessions. [`architecture`] follows one message from file to file, and
//! has the tables of locks, threads and limits.

pub mod app;
pub mod architecture;
pub mod bus;
pub mod course;
pub mod feed;
pub mod http;
pub mod json;
pub mod lessons;
pub mod load;
pub mod lock;
pub mod mistakes;
pub mod options;
pub mod origin;
pub mod pages;
pub mod random;
pub mod sources;
pub mod tap;
pub mod texts;
pub mod threads;
pub mod timer;
pub mod timestamp;
pub mod wire_view;
