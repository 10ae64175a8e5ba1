//! `poll-to-push`: how a web page learns of news, one technique in each lesson.
//!
//! A server on plain `std` threads, one thread per connection, no async runtime.
//! Data flows one way: socket → server → router → lesson → bus → feed → socket.
//!
//! The house, in reading order:
//!
//! | room | what it is for |
//! |---|---|
//! | [`lessons`] | the techniques, one module each: start here |
//! | [`bus`] | topics: publish, history, wait, subscribe |
//! | [`feed`] | how a message reaches a connection that is held open |
//! | [`http`] | requests, answers, routes, pages, and the two servers |
//! | [`tap`] | the bytes of a connection, for the wire view |
//! | [`texts`] | the lessons' texts, with pieces of the source in them |
//! | [`apps`] | what the lessons show the techniques with: clock, ticker, users, sign-in, people |
//! | [`course`] | the lessons put together, started and stopped; the programs |
//! | [`options`], [`threads`], [`sync`], [`random`] | small things that all rooms use |
//!
//! A lesson knows the bus, the feed and the HTTP types. The bus knows no HTTP
//! and no socket. The servers know no lesson.
//!
//! Locks, in the order in which they may be taken: a topic's (one that echoes into
//! another first), then an Engine.IO session's, then an outbox's, then a tap's.
//! Every other lock is held only to read or change one value, and nothing else is
//! taken under it. No lock is held across a write that can block.

pub mod apps;
pub mod bus;
pub mod course;
pub mod feed;
pub mod http;
pub mod lessons;
pub mod options;
pub mod random;
pub mod sync;
pub mod tap;
pub mod texts;
pub mod threads;
