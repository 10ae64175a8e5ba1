//! A streaming connection, run by its own thread: replay, go live, then block in
//! `read` until the client leaves.
//!
//! The thread writes the head, joins the topic, writes what the client missed,
//! goes live, and then only reads. Between its join and the moment it goes live
//! the outbox is `Draining` with this thread as its drainer, so that whatever is
//! published meanwhile queues up behind the replay: no gap, no duplicate, no
//! message out of order.

use super::heartbeat::{Beats, HeartbeatGuard, Heartbeats};
use super::{CloseReason, ConnectionWriter, KeepAlive, MessageFormat, TransferCoding};
use crate::bus::{Batch, Closed, Cursor, ReadResult, Subscriber, Subscription, Topic};
use bytes::Bytes;
use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A replay is encoded and written in pieces of about this many bytes.
const REPLAY_PIECE: usize = 64 * 1024;

/// A connection whose response goes on, after its head was written; or one that was
/// upgraded.
pub struct StreamingConnection {
    stream: Arc<TcpStream>,
    writer: Arc<ConnectionWriter>,
    heartbeats: Arc<Heartbeats>,
    coding: &'static TransferCoding,
    /// What was read behind the request head and not processed as HTTP.
    read_buf: Vec<u8>,
    /// Its place among the live connections, once it is live.
    live: Option<HeartbeatGuard>,
    /// This thread still owns the write side.
    drainer: bool,
}

impl StreamingConnection {
    /// Takes over a connection whose head is written. The caller's thread is
    /// the outbox's drainer.
    pub fn new(
        stream: Arc<TcpStream>,
        writer: Arc<ConnectionWriter>,
        heartbeats: Arc<Heartbeats>,
        coding: &'static TransferCoding,
        read_buf: Vec<u8>,
    ) -> StreamingConnection {
        StreamingConnection {
            stream,
            writer,
            heartbeats,
            coding,
            read_buf,
            live: None,
            drainer: true,
        }
    }

    /// The whole life of a one-way stream, until either side ends it: this thread writes
    /// what was missed and then sleeps in `read`; what comes, the topic's delivery thread
    /// writes. Bytes from the client are dropped.
    pub fn follow(mut self, topic: &Arc<Topic>, cursor: &Cursor, format: &'static MessageFormat) {
        match self.subscribe(topic, cursor, format) {
            Ok(_subscription) => self.read_until_closed(),
            Err(Closed) => self.end(&(format.keep_alive.closing)(), CloseReason::Shutdown),
        }
    }

    /// Joins `topic` and writes what the client missed; then the connection is
    /// live and the topic's messages go out by themselves. Returns the place in
    /// the topic, to be kept as long as the connection.
    ///
    /// # Errors
    /// [`Closed`] when the server is going down.
    pub fn subscribe(
        &mut self,
        topic: &Arc<Topic>,
        cursor: &Cursor,
        format: &'static MessageFormat,
    ) -> Result<Subscription, Closed> {
        let subscriber = StreamSubscriber {
            writer: self.writer.clone(),
            format,
            coding: self.coding,
        };
        let (missed, subscription) = topic.subscribe(cursor, None, Box::new(subscriber))?;
        self.replay(&missed, format);
        self.go_live(&format.keep_alive);
        Ok(subscription)
    }

    /// Makes the connection live, with heartbeats: from here on others may send on it
    /// as well. Called for a connection that follows no topic.
    pub fn go_live(&mut self, keep_alive: &KeepAlive) {
        let coding = self.coding;
        let beats = Beats {
            heartbeat: coding.piece(&(keep_alive.heartbeat)()),
            closing: coding.last_piece(&(keep_alive.closing)()),
            on_pong_timeout: keep_alive
                .on_pong_timeout
                .map(|last| coding.last_piece(&last())),
        };
        self.live = Some(self.heartbeats.register(&self.writer, beats));
        self.hand_over();
    }

    /// Gives the write side away, once.
    fn hand_over(&mut self) {
        if std::mem::take(&mut self.drainer) {
            self.writer.go_live();
        }
    }

    /// Encoded outside every lock, piece by piece, while this thread is the
    /// drainer: a replay larger than the outbox's bound passes through.
    fn replay(&self, missed: &ReadResult, format: &MessageFormat) {
        let mut piece = Vec::new();
        if missed.gap {
            piece.extend_from_slice(&self.coding.piece(&(format.gap)()));
        }
        for message in &missed.messages {
            let frame = self.coding.piece(&(format.message)(message));
            if piece.len() + frame.len() > REPLAY_PIECE {
                // A large frame goes by itself, not copied once more.
                if !(self.writer.write_ahead(&piece) && self.writer.write_ahead(&frame)) {
                    return;
                }
                piece.clear();
            } else {
                piece.extend_from_slice(&frame);
            }
        }
        self.writer.write_ahead(&piece);
    }

    /// Sends one piece of this connection's own. `false` when it is over.
    pub fn send(&self, piece: &[u8]) -> bool {
        let bytes = self.coding.piece(piece);
        if self.drainer {
            self.writer.write_ahead(&bytes)
        } else {
            self.writer.send_blocking(bytes)
        }
    }

    /// Sends the last piece, and waits for the client to close its side.
    pub fn end(mut self, piece: &[u8], reason: CloseReason) {
        self.queue_end(piece, reason);
        self.read_until_closed();
    }

    /// Sends the last piece. Nothing goes out after it; reading goes on.
    pub fn queue_end(&mut self, piece: &[u8], reason: CloseReason) {
        self.writer.end(self.coding.last_piece(piece), reason);
        self.hand_over();
    }

    /// The write handle of this connection, for others who have something to send.
    /// Only after [`StreamingConnection::go_live`].
    pub fn writer(&self) -> &Arc<ConnectionWriter> {
        &self.writer
    }

    /// Whether the end was said, by either side.
    pub fn is_closing(&self) -> bool {
        self.writer.is_closing()
    }

    /// Waits for `pause`, in `read`. `false` when the client left meanwhile.
    pub fn pause(&mut self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut dropped = [0; 512];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            if let Err(error) = self.stream.set_read_timeout(Some(left)) {
                self.writer.close(CloseReason::of_read(&error));
                return false;
            }
            match self.read(&mut dropped) {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) if is_pause(&error) => {}
                Err(_) => return false,
            }
        }
    }

    /// Drops what the client sends until it closes or the connection ends.
    pub fn read_until_closed(&mut self) {
        // Whatever `pause` had set; an error shows in `read`.
        let _ = self.stream.set_read_timeout(None);
        let mut dropped = [0; 512];
        loop {
            match self.read(&mut dropped) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if is_pause(&error) => {}
                Err(_) => return,
            }
        }
    }

    /// What was read behind the request head and not processed as HTTP.
    pub fn take_read_buf(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.read_buf)
    }
}

/// Reads what the client sends. Notes why the connection ended, if it did.
impl Read for StreamingConnection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = (&*self.stream).read(buffer);
        self.writer.tap().wait_while_stalled();
        match &read {
            Ok(0) => {
                self.writer.close(CloseReason::ClientClosed);
            }
            Ok(length) => {
                self.writer.tap().received(&buffer[..*length]);
                if let Some(live) = &self.live {
                    live.heard();
                }
            }
            Err(error) if !is_pause(error) => {
                self.writer.close(CloseReason::of_read(error));
            }
            Err(_) => {}
        }
        read
    }
}

fn is_pause(error: &io::Error) -> bool {
    // A read that ran out is `WouldBlock` on Unix and `TimedOut` on Windows.
    // On Unix `TimedOut` is the system's word that the peer is gone.
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::Interrupted => true,
        ErrorKind::TimedOut => cfg!(windows),
        _ => false,
    }
}

/// A streaming connection, as the topic's delivery thread sees it.
struct StreamSubscriber {
    writer: Arc<ConnectionWriter>,
    format: &'static MessageFormat,
    coding: &'static TransferCoding,
}

impl Subscriber for StreamSubscriber {
    fn deliver(&self, batch: &mut Batch) -> bool {
        let key = (
            std::ptr::from_ref(self.format).addr(),
            std::ptr::from_ref(self.coding).addr(),
        );
        let bytes: Bytes = batch.bytes(key, |message, out| {
            out.extend_from_slice(&self.coding.piece(&(self.format.message)(message)));
        });
        self.writer.send_or_close(bytes, batch.len())
    }
}
