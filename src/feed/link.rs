//! A link: a connection's outbox, with the drainer threads it may need.

use super::ending::Reason;
use super::heart::Heart;
use super::outbox::{Drained, Outbox, Sent, Stay};
use super::wire::{SENDS_DIRECTLY, TcpWire};
use crate::tap::Tap;
use crate::threads;
use bytes::Bytes;
use std::net::TcpStream;
use std::sync::Arc;

/// The write side of one connection, shared by all who have something to say.
pub struct Link {
    outbox: Outbox<TcpWire>,
    heart: Arc<Heart>,
    tap: Arc<Tap>,
}

impl Link {
    /// The link of a new connection. The caller is its drainer: it alone may
    /// [`Link::write`], until it calls [`Link::go_live`].
    pub fn new(stream: Arc<TcpStream>, heart: Arc<Heart>, tap: Arc<Tap>) -> Arc<Link> {
        let wire = TcpWire {
            stream,
            tap: tap.clone(),
        };
        Arc::new(Link {
            outbox: Outbox::new(Arc::new(wire)),
            heart,
            tap,
        })
    }

    /// Where what passes this connection is told.
    pub fn tap(&self) -> &Arc<Tap> {
        &self.tap
    }

    /// See [`Outbox::write`]: the drainer's own bytes. `false` when it is over.
    pub fn write(&self, bytes: &[u8]) -> bool {
        self.outbox.write(bytes)
    }

    /// See [`Outbox::offer`]: never waits. `false` when it is over.
    pub fn offer(self: &Arc<Link>, bytes: Bytes, messages: usize) -> bool {
        let sent = self.outbox.offer(bytes, messages);
        self.follow_up(sent);
        sent != Sent::Refused
    }

    /// See [`Outbox::put`]: waits for room. `false` when it is over.
    pub fn put(self: &Arc<Link>, bytes: Bytes) -> bool {
        let sent = self.outbox.put(bytes);
        self.follow_up(sent);
        sent != Sent::Refused
    }

    /// See [`Outbox::end`]: the last bytes. The peer then has
    /// [`super::heart::LINGER`] to close its side.
    pub fn end(self: &Arc<Link>, bytes: Bytes, reason: Reason) {
        let sent = self.outbox.end(bytes, reason);
        self.follow_up(sent);
        if sent == Sent::Taken && self.outbox.is_finished() {
            self.heart.linger(self);
        }
    }

    /// Closes the write side behind what was written: the end of an ordinary
    /// answer. Only for the drainer.
    pub fn finish(self: &Arc<Link>, reason: Reason) {
        let _ = self.outbox.end(Bytes::new(), reason);
        self.drain(Stay::UntilEmpty);
    }

    /// See [`Outbox::close`]: ends it now, and says for which reason it ended.
    pub fn close(&self, reason: Reason) -> Reason {
        self.outbox.close(reason)
    }

    /// See [`Outbox::is_live`]: bytes would leave at once.
    pub fn is_live(&self) -> bool {
        self.outbox.is_live()
    }

    /// Whether the end was said.
    pub fn is_over(&self) -> bool {
        self.outbox.is_over()
    }

    /// Writes what waits, then hands the write side to whoever has bytes (or to
    /// a drainer thread, where nobody can send without waiting). The caller,
    /// who was the drainer, is free to wait in `read`.
    pub fn go_live(self: &Arc<Link>) {
        if SENDS_DIRECTLY {
            self.drain(Stay::UntilEmpty);
        } else {
            self.spawn_drainer();
        }
    }

    fn follow_up(self: &Arc<Link>, sent: Sent) {
        if sent == Sent::NeedsDrainer {
            self.spawn_drainer();
        }
    }

    fn spawn_drainer(self: &Arc<Link>) {
        let link = self.clone();
        let stay = if SENDS_DIRECTLY {
            Stay::UntilEmpty
        } else {
            Stay::UntilEnded
        };
        let spawned = threads::spawn("drainer", move || {
            link.drain(stay);
        });
        if let Err(error) = spawned {
            log::warn!("no thread for a connection that fell behind: {error}");
            self.close(Reason::FellBehind);
        }
    }

    fn drain(self: &Arc<Link>, stay: Stay) {
        if self.outbox.drain(stay) == Drained::Finished {
            self.heart.linger(self);
        }
    }
}
