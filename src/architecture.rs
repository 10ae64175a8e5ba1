//! Across all modules: one message followed, locks, threads, limits. No code is in here.
//!
//! `tests/architecture.rs` fails when a lock or a thread is missing here, or when a
//! limit is not where its row says.
//!
//! # Follow one message
//!
//! Somebody publishes in the chat; a browser has lesson 5's stream open.
//!
//! The publisher's side, in the thread `conn-N` of the publisher's connection:
//!
//! 1. `http/connection.rs`: [`Connection::serve`](crate::http::connection::Connection::serve)
//!    waits in `read` for a request; `http/request_reader.rs` reads its head and its body.
//! 2. `http/router.rs`: [`Router::respond`](crate::http::Router::respond) finds the route;
//!    `http/origin_policy.rs` checks `Host` and `Origin`.
//! 3. `app/publish.rs`: [`publish`](crate::app::publish::publish) checks the message. No lesson
//!    takes part.
//! 4. `bus/topic.rs`: [`Topic::publish`](crate::bus::Topic::publish), under the topic's lock:
//!    the next id, into the history, wake the waiting polls, take out the parked ones, and a
//!    [`Command::Message`](crate::bus::delivery::Command) into the topic's
//!    crossbeam channel.
//! 5. Back to step 1: the response with the id is written.
//!
//! The subscriber's side, before: in the thread `conn-M` of the browser's connection.
//!
//! 1. Steps 1 and 2 as above; the route leads to `lessons/sse.rs`, whose response is a
//!    head and a function ([`Response::streaming`](crate::http::Response::streaming)).
//! 2. `http/connection.rs` writes the head and runs the function, which calls
//!    [`StreamingConnection::follow`](crate::feed::StreamingConnection::follow)
//!    (`feed/streaming.rs`): it joins the topic
//!    ([`Topic::subscribe`](crate::bus::Topic::subscribe)), writes what was missed, goes live,
//!    and waits in `read` until the browser leaves.
//!
//! The message arrives: in the thread `delivery-chat`, which owns the channel's other end.
//!
//! 1. `bus/delivery.rs`: [`run`](crate::bus::delivery::run) takes the command, and with it
//!    what else waits, as one [`Batch`](crate::bus::Batch). It calls
//!    [`Subscriber::deliver`](crate::bus::Subscriber::deliver) of each subscriber.
//! 2. `feed/streaming.rs`: here that is `StreamSubscriber::deliver`. It asks the batch for
//!    the bytes. The first subscriber of a format makes them, the others share them.
//! 3. `lessons/sse.rs`: `EVENTS.message` makes `id: …`, `data: …` of the message
//!    ([`MessageFormat`](crate::feed::MessageFormat)); `http/chunked.rs` puts a chunk around it
//!    ([`TransferCoding`](crate::feed::TransferCoding)).
//! 4. `feed/connection_writer.rs`:
//!    [`ConnectionWriter::send_or_close`](crate::feed::ConnectionWriter::send_or_close), and
//!    `feed/outbox/mod.rs`: [`Outbox::push_or_close`](crate::feed::outbox::Outbox::push_or_close).
//!    Nothing waits in the outbox, so the bytes go on at once, under its lock.
//! 5. `feed/socket.rs`: [`TcpWriteHalf`](crate::feed::socket::TcpWriteHalf) writes them with
//!    `MSG_DONTWAIT`, and `tap/mod.rs` copies them for a wire view, if one looks. `conn-M` has
//!    slept through all of it. (So on Linux. Elsewhere a thread `drainer` of the connection
//!    does the writing.)
//!
//! What does not fit into the socket stays in the outbox, and a thread `drainer` writes it
//! when it can. A poll's own thread reads the history (lesson 1), or waits for it
//! ([`wait_after`](crate::lessons::long_polling::wait_after)). A parked poll is answered by
//! the delivery thread: step 1 runs its [`Waiter`](crate::bus::Waiter)
//! (`app/parked_poll.rs`), which writes the response that its connection owes
//! ([`PendingResponse`](crate::http::PendingResponse)). Lesson 7's way is in
//! [`crate::lessons::socket_io::server`].
//!
//! # Locks
//!
//! Where a thread takes more than one, it takes them in this order:
//!
//! | | lock | held while |
//! |---|---|---|
//! | 1 | `socket_io: history` in `mistakes` | it emits, so before any topic's |
//! | 2 | `Topic::log`: the chat's before lesson 7's own | the message goes into the channel; the chat's also while lesson 7's topic is published on ([`Topic::on_publish`](crate::bus::Topic::on_publish)) |
//! | 3 | `HoldBack::kept` | events that were kept back go to the session |
//! | 4 | `Session::state` | nothing else is taken; it comes after 3 and before 5 |
//! | 5 | `Outbox::state` | bytes are written without waiting, and captured |
//! | 6 | `Tap::asked` | what passed is told to observers |
//! | 7 | `Browser::observers` | the same |
//!
//! Every other lock is held to read or change one value, and nothing else is taken under
//! it: `AppState::on_shutdown`, `Browser::connections`, `Engine::table`, `Faults::now`, `Heartbeats::entries`,
//! `InFlightCount::count`, `JobQueue`, `Names::of`, `NamespaceInner::middlewares`,
//! `NamespaceInner::on_connection`, `NamespaceInner::sockets`, `OwnServer::sources`, `OwnServers::servers`, `Recovery`, `Registry::open`,
//! `ServerInner::namespaces`, `SocketInner::acks`, `SocketInner::handlers`,
//! `SocketInner::on_disconnect`, `SocketInner::rooms`,
//! `TapRegistry::browsers`, `Timer::stop`, `Timer::thread`, `Topic::delivery`, `COLOURED` in
//! `texts`, `sign_in: sign_ins`, `Records` in lesson 6's frame inspector; and in `mistakes`
//! `INTERVAL`, `Memory`, `socket_io: sockets`.
//!
//! No lock is held across a write that can block, and nobody publishes under any lock but
//! 1 and 2. A publisher that finds the topic's channel full waits for the delivery thread
//! while it holds 2 (or `SocketInner::subscription`, to enter or leave a room); so the
//! delivery thread takes neither.
//!
//! # Threads
//!
//! All are started by [`threads::spawn`](crate::threads::spawn), but for `main`, one each of
//! the crates `ctrlc` and `notify`, and `tiny_http`'s own pool (lesson 1 or 2 alone).
//!
//! The names from `timer` to `jobs` are there once more for each browser that has a server of
//! its own ([`crate::wire_view`], `src/course/own_servers.rs`).
//!
//! | name | how many | started and ended by | ends when |
//! |---|---|---|---|
//! | `accept` | 1 | `ThreadedServer` | the server stops accepting |
//! | `conn-N` | 1 per connection | `ThreadedServer` | the connection ends |
//! | `load-shed` | 1 | `LoadShedder` | the server stops accepting |
//! | `drainer` | 1 per connection that is behind; off Linux 1 per streaming connection | `ConnectionWriter` | nothing waits (off Linux: never), or the connection ends |
//! | `timer` | 1 | `Timer` | the last step of a shutdown |
//! | `delivery-TOPIC` | 1 per topic | `Topic` | the topic is closed, and all it had was delivered |
//! | `clock`, `ticker`, `users` | 1 each, where a lesson shows them | `Sources` | the shutdown begins |
//! | `presence`, `push` | 1 each, with lesson 7 | `Presence`, `Push` | `AppState::on_shutdown` |
//! | `jobs` | 0 or 1 per Engine.IO URL | `JobQueue` | its queue is empty |
//! | `wire-view` | 1 per wire view | the view's `conn-N` | the view's connection ends |
//! | `tiny-http`, `tiny-http-free` | 1 each, with lesson 1 or 2 alone | `TinyHttpServer` | the server stops |
//! | `request` | 1 per request of lesson 1 or 2 alone | `TinyHttpServer` | the request is answered |
//! | `load-publisher` | 1 per publishing connection of a load run | `load` | the run ends |
//! | `mistake-timer` | 0 to some hundred | `mistakes` | after seconds, by itself |
//!
//! # Limits
//!
//! What one client can cost, and for how long. Where an error text names a limit, it is made
//! from the constant.
//!
//! | limit | constant | file |
//! |---|---|---|
//! | connections that are held | `max_connections` | `src/options.rs` |
//! | connections besides those | `KEPT_FREE` | `src/http/threaded_server.rs` |
//! | connections that wait to be accepted | `BACKLOG` | `src/course/listen.rs` |
//! | descriptors kept for all else | `SPARE_DESCRIPTORS` | `src/course/listen.rs` |
//! | refused connections that are still read | `WAITING` | `src/http/load_shed.rs` |
//! | how long those are read | `PATIENCE` | `src/http/load_shed.rs` |
//! | time for an answer of `tiny_http` behind | `PATIENCE` | `src/http/tiny_http_relay.rs` |
//! | stack of a thread | `CONNECTION_STACK` | `src/threads.rs` |
//! | bytes of a request head | `MAX_HEAD` | `src/http/request_reader.rs` |
//! | fields of a request head | `MAX_HEADERS` | `src/http/request_reader.rs` |
//! | time for a head, from its first byte | `HEAD_DEADLINE` | `src/http/request_reader.rs` |
//! | time before a first byte, and between requests | `IDLE_DEADLINE` | `src/http/request_reader.rs` |
//! | bytes of a body | `MAX_BODY` | `src/options.rs` |
//! | time for a body | `BODY_DEADLINE` | `src/http/request_reader.rs` |
//! | what is still read after a last response | `LINGER_BYTES` | `src/http/request_reader.rs` |
//! | for how long | `LINGER` | `src/http/request_reader.rs` |
//! | messages that wait for a slow reader | `MAX_MESSAGES` | `src/feed/outbox/queue.rs` |
//! | bytes that wait for a slow reader | `MAX_BYTES` | `src/feed/outbox/queue.rs` |
//! | bytes in the kernel for a slow reader | `SEND_BUFFER` | `src/feed/socket_options.rs` |
//! | how long a byte may wait to leave | `WRITE_DEADLINE` | `src/feed/write_half.rs` |
//! | time for the peer's end after ours | `LINGER` | `src/feed/connection_writer.rs` |
//! | time between heartbeats, and for a pong | `heartbeat` | `src/options.rs` |
//! | messages in a topic's history | `history` | `src/options.rs` |
//! | bytes in a topic's history | `HISTORY_BYTES` | `src/bus/mod.rs` |
//! | commands that wait for delivery | `CHANNEL` | `src/bus/topic.rs` |
//! | messages, bytes in one batch | `BATCH_MESSAGES`, `BATCH_BYTES` | `src/bus/delivery.rs` |
//! | bytes of one poll's messages | `POLL_BYTES` | `src/bus/topic.rs` |
//! | subscribers, messages, bytes of a load run at a button | `MOST_SUBSCRIBERS`, `MOST_MESSAGES`, `MOST_PAYLOAD` | `src/lessons/race.rs` |
//! | a long poll's wait | `LONGEST_WAIT` | `src/lessons/long_polling.rs` |
//! | letters of an event's name | `MAX_EVENT_NAME` | `src/app/publish.rs` |
//! | letters of a JSONP callback | `MAX_FUNCTION_NAME` | `src/app/inline_script.rs` |
//! | bytes of a WebSocket chat message, of an echo | `CHAT_LIMIT`, `ECHO_LIMIT` | `src/lessons/websocket.rs` |
//! | frames shown by hand, connections remembered | `MOST_FRAMES`, `REMEMBERED` | `src/lessons/websocket/frame_inspector.rs` |
//! | sign-ins remembered, and their lifetime | `MOST`, `LIFETIME` | `src/lessons/short_polling/sign_in.rs` |
//! | bytes of an Engine.IO body or message | `max_payload` | `src/options.rs` |
//! | Engine.IO's pings and pongs | `ping_interval`, `ping_timeout` | `src/options.rs` |
//! | time to connect to a namespace | `connect_timeout` | `src/options.rs` |
//! | time for an upgrade | `UPGRADE_TIMEOUT` | `src/lessons/socket_io/engine_io/mod.rs` |
//! | bytes buffered for a client that upgrades | `UPGRADE_BYTES` | `src/lessons/socket_io/engine_io/session/outgoing.rs` |
//! | time for the poll that fetches the end | `LAST_POLL` | `src/lessons/socket_io/engine_io/session/closing.rs` |
//! | nesting of a chat message by Socket.IO | `DEEPEST` | `src/lessons/socket_io/mod.rs` |
//! | a packet with its attachments, in payloads | `ATTACHMENTS` | `src/lessons/socket_io/server/client.rs` |
//! | rooms of one socket | `MOST_ROOMS` | `src/lessons/socket_io/rooms.rs` |
//! | letters of a name or a room, people listed | `LONGEST_NAME`, `LISTED` | `src/lessons/socket_io/presence.rs` |
//! | clients that may be recovered, for how long | `MOST`, `MEMORY` | `src/lessons/socket_io/server/recovery.rs` |
//! | captured pieces that wait for a wire view | `WAITING` | `src/tap/registry.rs` |
//! | a fault that a browser asked for | `LASTS` | `src/tap/fault.rs` |
//! | browsers with a server of their own | `MOST` | `src/course/own_servers.rs` |
//! | bytes of a captured piece | `SNAPLEN` | `src/tap/mod.rs` |
//! | a shutdown | `SHUTDOWN_TIMEOUT` | `src/course/running.rs` |
