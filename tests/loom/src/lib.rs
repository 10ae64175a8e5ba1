//! The outbox under loom: every order in which its threads can take turns.
//!
//! The state machine is the course's own file, included by its path, with loom's
//! locks in the place of `std`'s. The wire is a list of bytes that takes so many
//! at once and then says that it is full.

#[path = "../../../src/feed/close_reason.rs"]
#[allow(dead_code, reason = "a part of the course")]
mod close_reason;
#[path = "../../../src/feed/outbox/mod.rs"]
#[allow(dead_code, reason = "a part of the course")]
mod outbox;
#[path = "../../../src/feed/write_half.rs"]
#[allow(dead_code, reason = "a part of the course")]
mod write_half;
/// Loom's locks, under the name by which the outbox asks for them.
mod sync {
    pub use loom::sync::{Condvar, Mutex, MutexGuard};
}

#[cfg(test)]
mod tests {
    use crate::close_reason::CloseReason;
    use crate::outbox::{DrainUntil, Drained, MAX_BYTES, Outbox, Pushed};
    use crate::write_half::WriteHalf;
    use bytes::Bytes;
    use loom::thread;
    use std::io::{self, ErrorKind};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// What left, and how much more may leave without waiting.
    #[derive(Default)]
    struct Out {
        bytes: Vec<u8>,
        room: usize,
        closed: bool,
    }

    /// No loom lock inside: what passes the wire is ordered by the outbox alone.
    #[derive(Default)]
    struct Pipe(Mutex<Out>);

    impl Pipe {
        fn with_room(room: usize) -> Arc<Pipe> {
            let pipe = Pipe::default();
            pipe.0.lock().unwrap().room = room;
            Arc::new(pipe)
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().bytes.clone()).unwrap()
        }
    }

    impl WriteHalf for Pipe {
        fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
            let mut out = self.0.lock().unwrap();
            assert!(!out.closed, "bytes after the end");
            let taken = bytes.len().min(out.room);
            if taken == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            out.room -= taken;
            out.bytes.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        /// A write that waits writes a part, lets the others run, and goes on.
        fn write_within(&self, bytes: &[u8], _patience: Duration) -> io::Result<usize> {
            let taken = bytes.len().min(2);
            {
                let mut out = self.0.lock().unwrap();
                assert!(!out.closed, "bytes after the end");
                out.bytes.extend_from_slice(&bytes[..taken]);
            }
            thread::yield_now();
            Ok(taken)
        }

        fn shutdown_write(&self) {
            self.0.lock().unwrap().closed = true;
        }

        fn shutdown(&self) {
            self.0.lock().unwrap().closed = true;
        }
    }

    type Box = Arc<Outbox<Pipe>>;

    /// What the feed does with the answer: it sees that somebody drains.
    fn follow_up(outbox: &Box, pushed: Pushed) {
        if pushed == Pushed::NeedsDrainer {
            let outbox = outbox.clone();
            thread::spawn(move || outbox.drain(DrainUntil::Empty));
        }
    }

    fn offer(outbox: &Box, text: &'static str) {
        let pushed = outbox.push_or_close(Bytes::from_static(text.as_bytes()), 1);
        follow_up(outbox, pushed);
    }

    fn model(test: impl Fn() + Sync + Send + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(test);
    }

    /// Whole at the end of the test, in every order: `checked` sees all bytes.
    fn finish(outbox: &Box, pipe: &Pipe, expected: &[&str]) {
        follow_up(
            outbox,
            outbox.push_end(Bytes::from_static(b"."), CloseReason::Finished),
        );
        // The drainer that may be at work needs its turns.
        while !outbox.is_finished() {
            thread::yield_now();
        }
        let text = pipe.text();
        assert!(expected.contains(&text.as_str()), "{text:?}");
    }

    #[test]
    fn live_messages_queue_up_behind_head_and_replay() {
        model(|| {
            let pipe = Pipe::with_room(usize::MAX);
            let outbox = Arc::new(Outbox::new(pipe.clone()));
            let publisher = {
                let outbox = outbox.clone();
                thread::spawn(move || {
                    offer(&outbox, "3");
                    offer(&outbox, "4");
                })
            };
            assert!(outbox.write_ahead(b"head"));
            assert!(outbox.write_ahead(b"12"));
            assert_eq!(outbox.drain(DrainUntil::Empty), Drained::Idle);
            publisher.join().unwrap();
            finish(&outbox, &pipe, &["head1234."]);
        });
    }

    #[test]
    fn a_full_wire_hands_over_to_one_drainer_and_back() {
        model(|| {
            let pipe = Pipe::with_room(3);
            let outbox = Arc::new(Outbox::new(pipe.clone()));
            assert_eq!(outbox.drain(DrainUntil::Empty), Drained::Idle);
            let publisher = {
                let outbox = outbox.clone();
                thread::spawn(move || {
                    offer(&outbox, "aaaa");
                    offer(&outbox, "bb");
                })
            };
            offer(&outbox, "XX");
            publisher.join().unwrap();
            finish(&outbox, &pipe, &["XXaaaabb.", "aaaaXXbb.", "aaaabbXX."]);
        });
    }

    #[test]
    fn a_put_waits_for_room_and_is_woken() {
        model(|| {
            let pipe = Pipe::with_room(0);
            let outbox = Arc::new(Outbox::new(pipe.clone()));
            let drainer = {
                let outbox = outbox.clone();
                // Fills the outbox to its bound, so that the put must wait.
                let full = Bytes::from(vec![b'f'; 3]);
                assert_eq!(outbox.push_or_close(full, 1024), Pushed::Taken);
                thread::spawn(move || outbox.drain(DrainUntil::Empty))
            };
            follow_up(&outbox, outbox.push_blocking(Bytes::from_static(b"put")));
            drainer.join().unwrap();
            finish(&outbox, &pipe, &["fffput."]);
        });
    }

    #[test]
    fn the_end_comes_last_and_nothing_follows_it() {
        model(|| {
            let pipe = Pipe::with_room(1);
            let outbox = Arc::new(Outbox::new(pipe.clone()));
            assert_eq!(outbox.drain(DrainUntil::Empty), Drained::Idle);
            let publisher = {
                let outbox = outbox.clone();
                thread::spawn(move || {
                    offer(&outbox, "aa");
                    offer(&outbox, "bb");
                })
            };
            finish(&outbox, &pipe, &[".", "aa.", "aabb."]);
            publisher.join().unwrap();
            assert!([".", "aa.", "aabb."].contains(&pipe.text().as_str()));
        });
    }

    #[test]
    fn the_first_reason_counts_and_everyone_is_woken() {
        model(|| {
            let pipe = Pipe::with_room(0);
            let outbox = Arc::new(Outbox::new(pipe.clone()));
            assert_eq!(
                outbox.push_or_close(Bytes::from_static(b"a"), 1024),
                Pushed::Taken
            );
            let putting = {
                let outbox = outbox.clone();
                thread::spawn(move || outbox.push_blocking(Bytes::from_static(b"b")))
            };
            let closing = {
                let outbox = outbox.clone();
                thread::spawn(move || outbox.close(CloseReason::TcpTimeout))
            };
            // Past the bound: closes as SlowConsumer, unless it has ended before.
            assert_eq!(
                outbox.push_or_close(Bytes::from_static(b"c"), 1),
                Pushed::Refused
            );
            assert_eq!(putting.join().unwrap(), Pushed::Refused);
            let reason = closing.join().unwrap();
            assert!([CloseReason::TcpTimeout, CloseReason::SlowConsumer].contains(&reason));
            assert_eq!(outbox.close(CloseReason::Shutdown), reason);
            assert_eq!(outbox.drain(DrainUntil::Empty), Drained::Closed);
        });
    }

    #[test]
    fn a_staying_drainer_writes_all_and_sees_the_end() {
        model(|| {
            let pipe = Pipe::with_room(0);
            let outbox = Arc::new(Outbox::new(pipe.clone()));
            let drainer = {
                let outbox = outbox.clone();
                thread::spawn(move || outbox.drain(DrainUntil::Closed))
            };
            offer(&outbox, "a");
            // Only the offer itself can have woken it.
            while pipe.text() != "a" {
                thread::yield_now();
            }
            offer(&outbox, "b");
            assert_eq!(
                outbox.push_end(Bytes::from_static(b"."), CloseReason::Finished),
                Pushed::Taken
            );
            assert_eq!(drainer.join().unwrap(), Drained::Finished);
            assert_eq!(pipe.text(), "ab.");
        });
    }

    #[test]
    fn a_put_is_woken_by_a_staying_drainer_too() {
        model(|| {
            let pipe = Pipe::with_room(0);
            let outbox = Arc::new(Outbox::new(pipe.clone()));
            assert_eq!(
                outbox.push_or_close(Bytes::from_static(b"a"), 1024),
                Pushed::Taken
            );
            let drainer = {
                let outbox = outbox.clone();
                thread::spawn(move || outbox.drain(DrainUntil::Closed))
            };
            assert_eq!(
                outbox.push_blocking(Bytes::from_static(b"b")),
                Pushed::Taken
            );
            assert_eq!(
                outbox.push_end(Bytes::from_static(b"."), CloseReason::Finished),
                Pushed::Taken
            );
            assert_eq!(drainer.join().unwrap(), Drained::Finished);
            assert_eq!(pipe.text(), "ab.");
        });
    }

    #[test]
    fn a_frame_larger_than_the_bound_enters_an_empty_outbox_only() {
        model(|| {
            let pipe = Pipe::with_room(0);
            let outbox = Arc::new(Outbox::new(pipe));
            let huge = Bytes::from(vec![b'h'; MAX_BYTES + 1]);
            assert_eq!(outbox.push_blocking(huge), Pushed::Taken);
            assert_eq!(
                outbox.push_or_close(Bytes::from_static(b"x"), 1),
                Pushed::Refused
            );
            assert_eq!(
                outbox.close(CloseReason::Shutdown),
                CloseReason::SlowConsumer
            );
        });
    }

    /// A parked connection: the caller may go back to `read`.
    fn parked(pipe: &Arc<Pipe>) -> Box {
        let outbox = Arc::new(Outbox::new(pipe.clone()));
        outbox.park(true);
        outbox
    }

    fn answer(outbox: &Box, text: &'static str, last: Option<CloseReason>) {
        let pushed = outbox.answer(Bytes::from_static(text.as_bytes()), last);
        follow_up(outbox, pushed);
    }

    #[test]
    fn the_next_response_waits_for_the_one_that_is_owed() {
        for room in [usize::MAX, 2] {
            model(move || {
                let pipe = Pipe::with_room(room);
                let outbox = parked(&pipe);
                let delivery = {
                    let outbox = outbox.clone();
                    thread::spawn(move || answer(&outbox, "news", None))
                };
                // The next request has come.
                assert!(outbox.take_back());
                assert!(outbox.write_ahead(b"next"));
                delivery.join().unwrap();
                assert_eq!(outbox.drain(DrainUntil::Empty), Drained::Idle);
                finish(&outbox, &pipe, &["newsnext."]);
            });
        }
    }

    /// Delivery and a time-out that raced, of which one has the response: the other one's
    /// comes to nothing. Then the connection parks again.
    #[test]
    fn a_response_is_given_once_each_time_one_is_owed() {
        model(|| {
            let pipe = Pipe::with_room(usize::MAX);
            let outbox = parked(&pipe);
            let late = {
                let outbox = outbox.clone();
                thread::spawn(move || {
                    outbox.answer(Bytes::from_static(b"late"), None) != Pushed::Refused
                })
            };
            let came = outbox.answer(Bytes::from_static(b"news"), None) != Pushed::Refused;
            let late = late.join().unwrap();
            assert!(came != late, "news {came}, late {late}");
            assert!(outbox.take_back());
            outbox.park(true);
            answer(&outbox, "2", None);
            let expected = if came { "news2." } else { "late2." };
            finish(&outbox, &pipe, &[expected]);
        });
    }

    #[test]
    fn after_a_last_response_nothing_is_taken_back() {
        for room in [usize::MAX, 1] {
            model(move || {
                let pipe = Pipe::with_room(room);
                let outbox = parked(&pipe);
                let delivery = {
                    let outbox = outbox.clone();
                    thread::spawn(move || answer(&outbox, "end", Some(CloseReason::Shutdown)))
                };
                assert!(!outbox.take_back());
                delivery.join().unwrap();
                assert_eq!(pipe.text(), "end");
                assert!(outbox.is_finished());
            });
        }
    }

    /// A client that resets while it is answered: whoever waits is let go.
    #[test]
    fn a_closed_connection_owes_nothing() {
        model(|| {
            let pipe = Pipe::with_room(usize::MAX);
            let outbox = parked(&pipe);
            let reset = {
                let outbox = outbox.clone();
                thread::spawn(move || outbox.close(CloseReason::Reset))
            };
            let waits = {
                let outbox = outbox.clone();
                thread::spawn(move || outbox.take_back())
            };
            reset.join().unwrap();
            assert!(!waits.join().unwrap());
            assert!(!outbox.owes());
            let pushed = outbox.answer(Bytes::from_static(b"news"), None);
            assert_eq!(pushed, Pushed::Refused);
        });
    }

    /// Where nobody can send without waiting: the connection's own thread writes it.
    #[test]
    fn a_queued_response_is_written_by_the_thread_that_waits_for_it() {
        model(|| {
            let pipe = Pipe::with_room(0);
            let outbox = Arc::new(Outbox::new(pipe.clone()));
            outbox.park(false);
            let delivery = {
                let outbox = outbox.clone();
                thread::spawn(move || answer(&outbox, "news", None))
            };
            outbox.wait_until_answered();
            assert_eq!(outbox.drain(DrainUntil::Empty), Drained::Idle);
            delivery.join().unwrap();
            assert_eq!(pipe.text(), "news");
        });
    }
}
