//! The connections that publish: a blocking thread each.
//!
//! Message N goes by publisher N modulo their number, so each has an order of its own.

use super::answer::whole;
use super::conversations::RunContext;
use super::failure::Failure;
use super::marker::MARK;
use super::plan::Plan;
use crate::threads;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use mio::Waker;
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A connection that was idle for so long is not used again: the server may close it just
/// then, and a publication must not be sent twice.
const IDLE: Duration = Duration::from_secs(3);

/// What became of one message.
pub struct Published {
    /// Which one.
    pub sequence: u32,
    /// Whether the server took it.
    pub outcome: Result<(), Failure>,
}

/// A message that is to be sent.
struct Due {
    sequence: u32,
    at: Instant,
}

/// All publishing threads of a run. They end when this is dropped.
pub struct Publishers {
    tickets: Vec<Sender<Due>>,
    stop: Option<Sender<Infallible>>,
    threads: Vec<JoinHandle<()>>,
    /// What became of the messages.
    pub told: Receiver<Published>,
}

impl Publishers {
    /// Starts the threads. Each outcome wakes `waker`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        plan: &Plan,
        address: SocketAddr,
        context: &Arc<RunContext>,
        waker: &Arc<Waker>,
    ) -> io::Result<Publishers> {
        let (stop, stopped) = bounded(0);
        let (tell, told) = unbounded();
        let mut publishers = Publishers {
            tickets: Vec::new(),
            stop: Some(stop),
            threads: Vec::new(),
            told,
        };
        for _ in 0..plan.publishers {
            let (tickets, due) = unbounded();
            let mut publisher = Publisher::new(plan, address, context.clone());
            let (stopped, tell, waker) = (stopped.clone(), tell.clone(), waker.clone());
            let thread = threads::spawn("load-publisher", move || {
                publisher.work(&due, &stopped, &tell, &waker);
            })?;
            publishers.threads.push(thread);
            publishers.tickets.push(tickets);
        }
        Ok(publishers)
    }

    /// Lets message `sequence` be sent at `at`, or at once when that is over.
    pub fn send(&self, sequence: usize, at: Instant) {
        let tickets = &self.tickets[sequence % self.tickets.len()];
        // A thread ends only when this does. A plan has no more messages than fit.
        let _ = tickets.send(Due {
            sequence: sequence as u32,
            at,
        });
    }
}

impl Drop for Publishers {
    fn drop(&mut self) {
        self.tickets.clear();
        self.stop = None;
        self.threads.drain(..).for_each(threads::join);
    }
}

/// One of them.
struct Publisher {
    context: Arc<RunContext>,
    address: SocketAddr,
    patience: Duration,
    connection: Option<(TcpStream, Instant)>,
    /// The request, but for the mark in it.
    request: Vec<u8>,
    mark_at: usize,
    received: Vec<u8>,
}

impl Publisher {
    fn new(plan: &Plan, address: SocketAddr, context: Arc<RunContext>) -> Publisher {
        let start = "{\"data\":\"";
        let body = format!("{start}{}\"}}", "x".repeat(plan.payload));
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            plan.base.path("/publish"),
            plan.base.host(),
            body.len()
        );
        Publisher {
            context,
            address,
            patience: plan.patience,
            connection: None,
            mark_at: head.len() + start.len(),
            request: (head + &body).into_bytes(),
            received: Vec::new(),
        }
    }

    fn work(
        &mut self,
        due: &Receiver<Due>,
        stopped: &Receiver<Infallible>,
        tell: &Sender<Published>,
        waker: &Waker,
    ) {
        for Due { sequence, at } in due {
            if stopped.recv_deadline(at) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let outcome = self.publish(sequence);
            if tell.send(Published { sequence, outcome }).is_err() {
                return;
            }
            if let Err(error) = waker.wake() {
                log::warn!("a load run learns late of an answer: {error}");
            }
        }
    }

    fn publish(&mut self, sequence: u32) -> Result<(), Failure> {
        let reusable = self.connection.take();
        let mut stream = match reusable.filter(|(_, used)| used.elapsed() < IDLE) {
            Some((stream, _)) => stream,
            None => self.connect()?,
        };
        let mark = self.context.marker.mark(sequence);
        self.request[self.mark_at..self.mark_at + MARK].copy_from_slice(mark.as_bytes());
        stream.write_all(&self.request)?;
        self.received.clear();
        let mut buffer = [0; 4096];
        loop {
            let length = stream.read(&mut buffer)?;
            if length == 0 {
                return Err(Failure::Ended);
            }
            self.received.extend_from_slice(&buffer[..length]);
            let Some((answer, _)) = whole(&self.received)? else {
                continue;
            };
            if answer.head.keep_alive {
                self.connection = Some((stream, Instant::now()));
            }
            return match answer.head.status {
                200 => Ok(()),
                status => Err(Failure::Status(status)),
            };
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, self.patience)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        Ok(stream)
    }
}
