//! A held connection: the life of a stream, seen from its own thread.
//!
//! The thread writes the head, joins the topic, writes what the client missed,
//! goes live, and then only reads. Between its join and the moment it goes live
//! the outbox is `Behind` with this thread as its drainer, so that whatever is
//! published meanwhile queues up behind the replay: no gap, no duplicate, no
//! message out of order.

use super::heart::{Entered, Heart};
use super::{Encoding, Framing, Link, Reason};
use crate::bus::{Batch, Closed, Cursor, News, Subscriber, Subscription, Topic};
use bytes::Bytes;
use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A replay is encoded and written in pieces of about this many bytes.
const REPLAY_PIECE: usize = 64 * 1024;

/// A connection that a lesson holds open, after its head was written.
pub struct Held {
    stream: Arc<TcpStream>,
    link: Arc<Link>,
    heart: Arc<Heart>,
    framing: &'static Framing,
    /// What the client had sent behind its request head.
    early: Vec<u8>,
    entered: Option<Entered>,
    /// This thread still owns the write side.
    drainer: bool,
}

impl Held {
    /// Takes over a connection whose head is written. The caller's thread is
    /// the outbox's drainer.
    pub fn new(
        stream: Arc<TcpStream>,
        link: Arc<Link>,
        heart: Arc<Heart>,
        framing: &'static Framing,
        early: Vec<u8>,
    ) -> Held {
        Held {
            stream,
            link,
            heart,
            framing,
            early,
            entered: None,
            drainer: true,
        }
    }

    /// The whole life of a one-way stream: what was missed, then what comes,
    /// until either side ends it. Bytes from the client are dropped.
    pub fn follow(mut self, topic: &Arc<Topic>, cursor: &Cursor, encoding: &'static Encoding) {
        match self.join(topic, cursor, encoding) {
            Ok(_subscription) => self.read_until_closed(),
            Err(Closed) => self.end(&(encoding.farewell)(), Reason::Shutdown),
        }
    }

    /// Joins `topic` and writes what the client missed; then the connection is
    /// live and the topic's messages go out by themselves. Returns the place in
    /// the topic, to be kept as long as the connection.
    ///
    /// # Errors
    /// [`Closed`] when the server is going down.
    pub fn join(
        &mut self,
        topic: &Arc<Topic>,
        cursor: &Cursor,
        encoding: &'static Encoding,
    ) -> Result<Subscription, Closed> {
        let follower = Follower {
            link: self.link.clone(),
            encoding,
            framing: self.framing,
        };
        let (news, subscription) = topic.subscribe(cursor, None, Box::new(follower))?;
        self.replay(&news, encoding);
        self.go_live(encoding);
        Ok(subscription)
    }

    /// Makes the connection live without a topic, with `encoding`'s heartbeats.
    pub fn go_live(&mut self, encoding: &'static Encoding) {
        let framing = self.framing;
        self.entered = Some(self.heart.enter(
            &self.link,
            framing.frame(&(encoding.heartbeat)()),
            framing.end(&(encoding.farewell)()),
            encoding.silent.map(|silent| framing.end(&silent())),
        ));
        self.hand_over();
    }

    /// Gives the write side away, once.
    fn hand_over(&mut self) {
        if std::mem::take(&mut self.drainer) {
            self.link.go_live();
        }
    }

    /// Encoded outside every lock, piece by piece, while this thread is the
    /// drainer: a replay larger than the outbox's bound passes through.
    fn replay(&self, news: &News, encoding: &Encoding) {
        let mut piece = Vec::new();
        if news.gap {
            piece.extend_from_slice(&self.framing.frame(&(encoding.gap)()));
        }
        for message in &news.messages {
            let frame = self.framing.frame(&(encoding.message)(message));
            if piece.len() + frame.len() > REPLAY_PIECE {
                // A large frame goes by itself, not copied once more.
                if !(self.link.write(&piece) && self.link.write(&frame)) {
                    return;
                }
                piece.clear();
            } else {
                piece.extend_from_slice(&frame);
            }
        }
        self.link.write(&piece);
    }

    /// Sends one piece of this connection's own. `false` when it is over.
    pub fn send(&self, piece: &[u8]) -> bool {
        let bytes = self.framing.frame(piece);
        if self.drainer {
            self.link.write(&bytes)
        } else {
            self.link.put(bytes)
        }
    }

    /// Says the last words, and waits for the client to close its side.
    pub fn end(mut self, piece: &[u8], reason: Reason) {
        self.say_end(piece, reason);
        self.read_until_closed();
    }

    /// Says the last words. Nothing goes out after them; reading goes on.
    pub fn say_end(&mut self, piece: &[u8], reason: Reason) {
        self.link.end(self.framing.end(piece), reason);
        self.hand_over();
    }

    /// The way out of this connection, for others who have something to say. Only
    /// after [`Held::go_live`].
    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Whether the end was said, by either side.
    pub fn is_over(&self) -> bool {
        self.link.is_over()
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
                self.link.close(Reason::of_read(&error));
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

    /// The bytes that the client had sent behind its request head.
    pub fn take_early(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.early)
    }
}

/// Reads what the client sends. Notes why the connection ended, if it did.
impl Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = (&*self.stream).read(buffer);
        match &read {
            Ok(0) => {
                self.link.close(Reason::ClientClosed);
            }
            Ok(length) => {
                self.link.tap().came(&buffer[..*length]);
                if let Some(entered) = &self.entered {
                    entered.pulse.heard();
                }
            }
            Err(error) if !is_pause(error) => {
                self.link.close(Reason::of_read(error));
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

/// A held connection, as the topic's delivery thread sees it.
struct Follower {
    link: Arc<Link>,
    encoding: &'static Encoding,
    framing: &'static Framing,
}

impl Subscriber for Follower {
    fn deliver(&self, batch: &mut Batch) -> bool {
        let form = (
            std::ptr::from_ref(self.encoding).addr(),
            std::ptr::from_ref(self.framing).addr(),
        );
        let bytes: Bytes = batch.bytes(form, |message, out| {
            out.extend_from_slice(&self.framing.frame(&(self.encoding.message)(message)));
        });
        self.link.offer(bytes, batch.len())
    }
}
