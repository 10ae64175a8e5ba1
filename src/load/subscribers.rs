//! All subscribers' connections, in one thread: sockets that do not block, and one poll
//! (epoll and its like, by `mio`) that says which have something.

use super::conversations::{Conversation, RunContext, Step, receive};
use super::failure::Failure;
use super::held::Held;
use super::marker::Mark;
use super::plan::Plan;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many connect and subscribe at a time, fewer than a listening socket lets wait.
const AT_ONCE: usize = 64;
const BUFFER: usize = 64 * 1024;
const EVENTS: usize = 1024;
/// No subscriber: the publishers.
const WAKER: Token = Token(usize::MAX);

/// Where deliveries are told: the subscriber, the message, the time in nanoseconds.
pub type Deliver<'a> = &'a mut dyn FnMut(usize, Mark, u64);

/// The subscribers of one run.
pub struct Subscribers<'a> {
    context: &'a RunContext,
    address: SocketAddr,
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
    peers: Vec<Peer<'a>>,
    wanted: usize,
    buffer: Box<[u8]>,
    /// What the peer at hand wants.
    step: Step,
    interval: Duration,
    /// Who asks again when. All wait equally long, so the first is due first.
    paused: VecDeque<(Instant, usize)>,
    running: bool,
    /// How many have subscribed.
    pub joined: usize,
    /// What went over the connections.
    pub traffic: Traffic,
    /// What went wrong while it ran, by kind.
    pub faults: BTreeMap<String, u64>,
}

/// Counts of what went over the connections.
#[derive(Clone, Copy, Default)]
pub struct Traffic {
    /// Bytes sent.
    pub up: u64,
    /// Bytes received.
    pub down: u64,
    /// Requests sent.
    pub requests: u64,
    /// Polls that were answered.
    pub polls: u64,
}

/// One connection with its conversation.
struct Peer<'a> {
    conversation: Box<dyn Conversation + 'a>,
    /// None after a fault, or while a poll pauses without one.
    stream: Option<TcpStream>,
    connected: bool,
    joined: bool,
    held: Held,
    unsent: Vec<u8>,
}

impl<'a> Subscribers<'a> {
    /// None of them is connected yet.
    ///
    /// # Errors
    /// When the system gives no poll.
    pub fn new(plan: &Plan, context: &'a RunContext, address: SocketAddr) -> io::Result<Self> {
        let poll = Poll::new()?;
        Ok(Subscribers {
            context,
            address,
            waker: Arc::new(Waker::new(poll.registry(), WAKER)?),
            poll,
            events: Events::with_capacity(EVENTS),
            peers: Vec::with_capacity(plan.subscribers),
            wanted: plan.subscribers,
            buffer: vec![0; BUFFER].into(),
            step: Step::default(),
            interval: plan.poll_interval,
            paused: VecDeque::new(),
            running: false,
            joined: 0,
            traffic: Traffic::default(),
            faults: BTreeMap::new(),
        })
    }

    /// Ends [`Subscribers::turn`]'s wait.
    pub fn waker(&self) -> &Arc<Waker> {
        &self.waker
    }

    /// How many connections had no fault.
    pub fn healthy(&self) -> usize {
        self.wanted - self.faults.values().sum::<u64>() as usize
    }

    /// Begins more connections, as many as may subscribe at a time.
    ///
    /// # Errors
    /// The system's, as of the connection.
    pub fn connect_more(&mut self) -> Result<(), Failure> {
        while self.peers.len() < self.wanted && self.peers.len() < self.joined + AT_ONCE {
            let mut peer = Peer {
                conversation: self.context.conversation(),
                stream: None,
                connected: false,
                joined: false,
                held: Held::default(),
                unsent: Vec::new(),
            };
            peer.connect(self.peers.len(), self.address, self.poll.registry())?;
            self.peers.push(peer);
        }
        Ok(())
    }

    /// The run begins: from now on a fault ends one connection only, bytes count, and short
    /// polls begin, spread over their interval.
    pub fn start(&mut self) {
        self.running = true;
        self.traffic = Traffic::default();
        (self.step.requests, self.step.polls) = (0, 0);
        let now = Instant::now();
        let count = self.paused.len() as u32;
        for ((due, _), at) in self.paused.iter_mut().zip(0..) {
            *due = now + self.interval * at / count;
        }
    }

    /// Waits until something comes, `timeout` at most, and deals with all of it.
    ///
    /// # Errors
    /// While subscribing, the first fault. After [`Subscribers::start`], never.
    pub fn turn(&mut self, timeout: Duration, deliver: Deliver) -> Result<(), Failure> {
        let now = Instant::now();
        let timeout = match self.paused.front() {
            Some((due, _)) if self.running => timeout.min(due.saturating_duration_since(now)),
            _ => timeout,
        };
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => other?,
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let mut outcome = Ok(());
        for event in &events {
            if event.token() != WAKER {
                let at = event.token().0;
                let done = self.happened(at, event, deliver);
                outcome = outcome.and(self.settle(at, done));
            }
        }
        self.events = events;
        let now = Instant::now();
        while self.running
            && let Some((due, at)) = self.paused.front().copied()
            && due <= now
        {
            self.paused.pop_front();
            self.peers[at].conversation.resume(&mut self.step);
            let done = self.act(at, deliver);
            outcome = outcome.and(self.settle(at, done));
        }
        self.traffic.requests = self.step.requests;
        self.traffic.polls = self.step.polls;
        outcome
    }

    fn settle(&mut self, at: usize, done: Result<(), Failure>) -> Result<(), Failure> {
        let Err(fault) = done else {
            return Ok(());
        };
        self.peers[at].stream = None;
        // It wants nothing more.
        self.step.out.clear();
        if !self.running {
            return Err(fault);
        }
        *self.faults.entry(fault.to_string()).or_default() += 1;
        Ok(())
    }

    fn happened(&mut self, at: usize, event: &Event, deliver: Deliver) -> Result<(), Failure> {
        let peer = &mut self.peers[at];
        if !peer.connected {
            if !peer.is_connected()? {
                return Ok(());
            }
            peer.conversation.connected(&mut self.step);
            self.act(at, deliver)?;
        }
        if event.is_writable() {
            let sent = self.peers[at].flush()?;
            self.traffic.up += sent as u64;
        }
        if event.is_readable() || event.is_read_closed() {
            self.read(at, event.is_read_closed(), deliver)?;
        }
        Ok(())
    }

    /// Reads all there is.
    fn read(&mut self, at: usize, to_the_end: bool, deliver: Deliver) -> Result<(), Failure> {
        loop {
            let peer = &mut self.peers[at];
            let Some(stream) = &mut peer.stream else {
                return Ok(());
            };
            let length = match stream.read(&mut self.buffer) {
                Ok(0) => {
                    peer.stream = None;
                    if !peer.held.is_empty() {
                        return Err(Failure::Ended);
                    }
                    peer.conversation.ended(&mut self.step)?;
                    return self.act(at, deliver);
                }
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            self.traffic.down += length as u64;
            let bytes = &self.buffer[..length];
            let step = &mut self.step;
            let received = receive(&mut *peer.conversation, &mut peer.held, bytes, step);
            // What came before a fault has come.
            self.act(at, deliver).and(received)?;
            // Less than there was room for: nothing is left, and what comes makes a new
            // event. Windows makes one only after a read that found nothing.
            if length < self.buffer.len() && !to_the_end && cfg!(not(windows)) {
                return Ok(());
            }
        }
    }

    /// Does what the conversation wants.
    fn act(&mut self, at: usize, deliver: Deliver) -> Result<(), Failure> {
        let (peer, step) = (&mut self.peers[at], &mut self.step);
        if !step.found.is_empty() {
            let now = self.context.marker.nanoseconds(Instant::now());
            for mark in step.found.drain(..) {
                deliver(at, mark, now);
            }
        }
        if std::mem::take(&mut step.joined) && !peer.joined {
            peer.joined = true;
            self.joined += 1;
        }
        if std::mem::take(&mut step.pause) {
            self.paused.push_back((Instant::now() + self.interval, at));
        }
        if std::mem::take(&mut step.connect) {
            peer.connect(at, self.address, self.poll.registry())?;
        }
        self.traffic.up += peer.send(&mut step.out)? as u64;
        Ok(())
    }
}

impl Peer<'_> {
    fn connect(&mut self, at: usize, address: SocketAddr, registry: &Registry) -> io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut stream, Token(at), both)?;
        self.stream = Some(stream);
        self.connected = false;
        self.held.clear();
        self.unsent.clear();
        Ok(())
    }

    /// Whether the connection is there by now.
    fn is_connected(&mut self) -> io::Result<bool> {
        let Some(stream) = &self.stream else {
            return Ok(false);
        };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => stream.set_nodelay(true)?,
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(false),
            Err(error) => return Err(error),
        }
        self.connected = true;
        Ok(true)
    }

    /// Sends `out`, or as much as the socket takes now; the rest is kept. Says how much.
    fn send(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if !self.unsent.is_empty() {
            self.unsent.append(out);
            return self.flush();
        }
        let sent = write(self.stream.as_mut(), out)?;
        self.unsent.extend_from_slice(&out[sent..]);
        out.clear();
        Ok(sent)
    }

    fn flush(&mut self) -> io::Result<usize> {
        let sent = write(self.stream.as_mut(), &self.unsent)?;
        self.unsent.drain(..sent);
        Ok(sent)
    }
}

/// Writes until all is sent, or the socket takes no more.
fn write(stream: Option<&mut TcpStream>, bytes: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    let Some(stream) = stream else {
        return Ok(0);
    };
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(length) => sent += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}
