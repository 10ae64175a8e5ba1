//! The bus from outside: one order for everyone, nothing lost, nothing twice.

use crossbeam_channel::{Receiver, Sender, unbounded};
use poll_to_push::bus::{Batch, Closed, Cursor, Id, Retention, Subscriber, Topic};
use poll_to_push::lessons::long_polling::wait_after;
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const PUBLISHERS: u64 = 8;
const SOON: Duration = Duration::from_secs(20);

/// Hands the number of every message on.
struct Collector(Sender<u64>);

impl Subscriber for Collector {
    fn deliver(&self, batch: &mut Batch) -> bool {
        // A form of one's own: eight bytes for each message.
        let bytes = batch.bytes((1, 1), |message, out| {
            out.extend_from_slice(&message.id.n.to_be_bytes());
        });
        bytes.chunks_exact(8).all(|eight| {
            let n = u64::from_be_bytes(eight.try_into().expect("eight"));
            self.0.send(n).is_ok()
        })
    }
}

fn topic(messages: usize) -> Arc<Topic> {
    let bytes = 64 << 20;
    Topic::start("chat", false, Retention { messages, bytes }).expect("a topic")
}

fn publish(topic: &Topic, times: u64) {
    for n in 0..times {
        topic.publish("message", &json!(n)).expect("open");
    }
}

/// Subscribes, and collects up to the message `until`: what came, whether there
/// was a gap, and how many of them were the replay.
fn collect(topic: &Arc<Topic>, cursor: &Cursor, until: u64) -> (Vec<u64>, bool) {
    let (sender, live): (_, Receiver<u64>) = unbounded();
    let (news, subscription) = topic
        .subscribe(cursor, None, Box::new(Collector(sender)))
        .expect("open");
    let mut seen: Vec<u64> = news.messages.iter().map(|message| message.id.n).collect();
    let reached = |seen: &[u64]| seen.last().copied().unwrap_or(news.last_id.n) >= until;
    while !reached(&seen) {
        seen.push(live.recv_timeout(SOON).expect("one more message"));
    }
    drop(subscription);
    (seen, news.gap)
}

proptest! {
    // Each case runs a dozen threads.
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Eight publish; subscribers come, leave in the middle, and come back with
    /// their cursors. Whoever sees a message sees all after its cursor, once,
    /// in order; if the history has moved on, it is told so.
    #[test]
    fn every_subscriber_sees_each_id_after_its_cursor_once_in_order(
        held in prop_oneof![Just(8_usize), Just(64), Just(100_000)],
        each in 20_u64..200,
        visits in prop::collection::vec(prop::collection::vec(1_u64..120, 1..6), 1..8),
    ) {
        let topic = topic(held);
        let total = PUBLISHERS * each;
        let tag = topic.last_id().tag;
        thread::scope(|scope| {
            for _ in 0..PUBLISHERS {
                scope.spawn(|| publish(&topic, each));
            }
            for steps in &visits {
                let (topic, tag) = (&topic, tag.clone());
                scope.spawn(move || {
                    let mut last = 0;
                    for step in steps.iter().copied().chain([total]) {
                        let until = (last + step).min(total);
                        let cursor = Cursor::After(Id { tag: tag.clone(), n: last });
                        let (seen, gap) = collect(topic, &cursor, until);
                        let first = seen.first().copied().unwrap_or(last + 1);
                        if gap {
                            assert!(first > last + 1, "a gap where nothing was lost");
                        } else {
                            assert_eq!(first, last + 1, "lost without a word, or twice");
                        }
                        assert!(
                            seen.windows(2).all(|pair| pair[1] == pair[0] + 1),
                            "out of order after {last}: {seen:?}"
                        );
                        last = seen.last().copied().unwrap_or(last);
                    }
                    assert_eq!(last, total);
                });
            }
        });
        prop_assert_eq!(topic.last_id().n, total);
    }
}

#[test]
fn a_cursor_of_another_life_gets_a_gap_and_all_there_is() {
    let topic = topic(100);
    publish(&topic, 5);
    let foreign = Cursor::parse("zzz-3").expect("a cursor");
    assert_eq!(collect(&topic, &foreign, 5), (vec![1, 2, 3, 4, 5], true));
}

#[test]
fn a_history_that_moved_on_gets_a_gap_and_what_is_left() {
    let topic = topic(3);
    publish(&topic, 10);
    let early = Cursor::After(Id {
        n: 2,
        ..topic.last_id()
    });
    assert_eq!(collect(&topic, &early, 10), (vec![8, 9, 10], true));
}

#[test]
fn a_waiting_reader_is_woken_by_the_first_message() {
    let topic = topic(100);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let before = Instant::now();
            (wait_after(&topic, &Cursor::Now, SOON), before.elapsed())
        });
        // Whether it waits already or not: it must see a message.
        while !waiting.is_finished() {
            publish(&topic, 1);
            thread::park_timeout(Duration::from_millis(5));
        }
        let (news, took) = waiting.join().expect("no panic");
        assert!(!news.messages.is_empty());
        assert!(took < SOON);
    });
}

#[test]
fn all_who_read_from_one_place_get_the_same_until_there_is_more() {
    let topic = topic(10);
    publish(&topic, 2);
    let [first, second] = [(); 2].map(|()| topic.after(&Cursor::Start));
    assert!(Arc::ptr_eq(&first, &second));
    assert!(topic.after(&topic_end(&topic)).is_empty());
    publish(&topic, 1);
    let third = topic.after(&Cursor::Start);
    assert_eq!((second.messages.len(), third.messages.len()), (2, 3));
}

#[test]
fn a_wait_that_runs_out_is_answered_with_nothing_and_the_cursor() {
    let topic = topic(100);
    publish(&topic, 3);
    let news = wait_after(&topic, &Cursor::Now, Duration::from_millis(1));
    assert!(news.is_empty());
    assert_eq!(news.last_id, topic.last_id());
}

#[test]
fn closing_delivers_what_was_published_and_refuses_the_rest() {
    let topic = topic(10_000);
    let (sender, live) = unbounded();
    let (_, _subscription) = topic
        .subscribe(&Cursor::Now, None, Box::new(Collector(sender)))
        .expect("open");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait_after(&topic, &topic_end(&topic), SOON));
        publish(&topic, 2_000);
        topic.close();
        assert_eq!(
            live.try_iter().count(),
            2_000,
            "delivered before close returned"
        );
        assert_eq!(topic.publish("message", &json!(0)), Err(Closed));
        // Woken, and answered as if its time had run out.
        assert!(waiting.join().expect("no panic").messages.len() <= 2_000);
    });
    let (sender, _) = unbounded();
    let late = topic.subscribe(&Cursor::Now, None, Box::new(Collector(sender)));
    assert!(late.is_err());
}

fn topic_end(topic: &Topic) -> Cursor {
    Cursor::After(topic.last_id())
}

#[test]
fn a_subscriber_that_says_it_is_gone_is_forgotten() {
    let topic = topic(100);
    let (sender, receiver) = unbounded();
    let (_, _subscription) = topic
        .subscribe(&Cursor::Now, None, Box::new(Collector(sender)))
        .expect("open");
    publish(&topic, 1);
    assert_eq!(receiver.recv_timeout(SOON), Ok(1));
    assert_eq!(topic.subscribers(), 1);
    drop(receiver);
    let until = Instant::now() + SOON;
    while topic.subscribers() > 0 {
        publish(&topic, 1);
        assert!(Instant::now() < until);
        thread::park_timeout(Duration::from_millis(5));
    }
}
