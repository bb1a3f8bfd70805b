use super::{state::OVERHEAD, *};
use std::sync::Arc;

/// The unit of message sizes in these tests, overhead included.
const UNIT: usize = OVERHEAD;

fn text(content: &str) -> EncodedMessage {
    EncodedMessage::new(content.as_bytes(), true)
}

fn packet(units: usize) -> EncodedMessage {
    text(&"x".repeat(units * UNIT - OVERHEAD))
}

fn outbound(units: usize) -> Outbound {
    Outbound::new(units * UNIT, Overflow::GiveUp)
}

/// The packets of one flush.
fn taken(outbound: &Outbound) -> Vec<EncodedMessage> {
    let mut packets = Vec::new();
    let (_, any) = outbound.take(&|_| None, |bytes, is_text| {
        packets.push(EncodedMessage::new(bytes, is_text));
        Ok::<(), ()>(())
    });
    assert_eq!(any, Ok(!packets.is_empty()));
    packets
}

fn lengths(outbound: &Outbound) -> Vec<usize> {
    let packets = taken(outbound);
    let cost = |packet: &EncodedMessage| (packet.len() + OVERHEAD) / UNIT;
    packets.iter().map(cost).collect()
}

#[test]
fn volatile_messages_are_dropped_first() {
    let out = outbound(100);
    assert_eq!(out.push(packet(40), false), Ok(()));
    assert_eq!(out.push(packet(50), true), Ok(()));
    assert_eq!(out.push(packet(20), true), Err(EnqueueError::Full));
    assert_eq!(out.push(packet(60), false), Ok(()));
    assert_eq!(out.push(packet(1), false), Err(EnqueueError::Full));
    assert_eq!(lengths(&out), [40, 60]);
}

#[test]
fn a_message_replaces_one_with_its_key() {
    let out = outbound(100);
    let [a, b]: [Arc<str>; 2] = ["a".into(), "b".into()];
    let push = |content: &str, key| out.push_keyed(text(content), key);
    let texts = || taken(&out);
    push("a1", &a).expect("there is room");
    out.push(text("x"), false).expect("there is room");
    push("b1", &b).expect("there is room");
    push("a2", &a).expect("there is room");
    push("b2 is longer", &b).expect("there is room");
    assert_eq!(texts(), [text("a2"), text("x"), text("b2 is longer")]);
    out.flushed();
    assert!(out.is_idle());
    // What was taken is replaced no more.
    push("a3", &a).expect("there is room");
    assert_eq!(texts(), [text("a3")]);
    out.flushed();
    // What was dropped for lack of room is not replaced either.
    push("a4", &a).expect("there is room");
    out.push(packet(100), false).expect("there is room");
    assert_eq!(push("a5", &a), Err(EnqueueError::Full));
    assert_eq!(lengths(&out), [100]);
    out.flushed();
    push("a6", &a).expect("there is room");
    push("a7", &a).expect("there is room");
    assert_eq!(texts(), [text("a7")]);
}

#[test]
fn a_message_replaces_one_with_its_key_after_another_is_withdrawn() {
    let out = outbound(100);
    let [a, b]: [Arc<str>; 2] = ["a".into(), "b".into()];
    let push = |content: &str, key| out.push_keyed(text(content), key);
    push("a1", &a).expect("there is room");
    out.enqueue(text("asked"), 1, false);
    push("b1", &b).expect("there is room");
    out.push(text("x"), false).expect("there is room");
    assert!(out.withdraw(1));
    assert!(!out.withdraw(1));
    push("a2", &a).expect("there is room");
    push("b2", &b).expect("there is room");
    assert_eq!(taken(&out), [text("a2"), text("b2"), text("x")]);
}

#[test]
fn one_acknowledgement_waits() {
    let out = outbound(100);
    out.control(packet(3), 0);
    for length in [4, 5, 6] {
        out.acknowledgement(packet(length));
    }
    assert_eq!(lengths(&out), [3, 6]);
    out.flushed();
    assert!(out.is_idle());
    out.acknowledgement(packet(7));
    assert_eq!(lengths(&out), [7]);
}

#[test]
fn one_message_always_fits() {
    let out = outbound(100);
    assert_eq!(out.push(packet(500), false), Ok(()));
    assert_eq!(out.push(packet(1), false), Err(EnqueueError::Full));
    out.answer(packet(7));
    assert_eq!(lengths(&out), [500, 7]);
}

#[test]
fn messages_being_written_count_until_they_are_flushed() {
    let out = outbound(100);
    out.push(packet(90), false).expect("there is room");
    assert_eq!(lengths(&out), [90]);
    assert_eq!(out.try_push(packet(20)), Err(EnqueueError::Full));
    out.flushed();
    assert_eq!(out.try_push(packet(20)), Ok(()));
}

#[test]
fn nothing_is_queued_behind_a_message_that_is_lost() {
    let out = outbound(100);
    out.push(packet(90), false).expect("there is room");
    assert_eq!(lengths(&out), [90]);
    assert_eq!(out.push(packet(20), false), Err(EnqueueError::Full));
    // A smaller one would fit, and so does any once there is room.
    assert_eq!(out.push(packet(5), false), Err(EnqueueError::Full));
    out.flushed();
    assert_eq!(out.push(packet(20), false), Err(EnqueueError::Full));
    // Replies, what is volatile, and what is tried again.
    out.answer(packet(3));
    assert_eq!(out.push(packet(4), true), Ok(()));
    assert_eq!(out.try_push(packet(6)), Ok(()));
    assert_eq!(lengths(&out), [3, 4, 6]);
}

#[derive(Default)]
struct Woken(std::sync::atomic::AtomicUsize);

impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_task_that_rests_is_woken_once_and_one_that_runs_is_not() {
    let out = outbound(100);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let count = || woken.0.load(Ordering::Relaxed);
    assert!(!out.rest(&waker, None));
    out.push(packet(1), false).expect("there is room");
    out.push(packet(1), false).expect("there is room");
    assert_eq!(count(), 1);
    out.running();
    out.answer(packet(1));
    assert_eq!(count(), 1);
    // A client that has no connection rests although messages are queued.
    assert!(out.rest(&waker, None));
    out.close(CloseFrame::new(1000, ""), false);
    assert_eq!(count(), 2);
    assert!(out.rest(&waker, None));
    assert!(out.closing().is_some());
    out.end();
    out.wake();
    assert_eq!(count(), 2);
}

#[test]
fn nothing_is_queued_after_the_end() {
    let out = outbound(100);
    out.end();
    assert_eq!(out.push(packet(1), false), Err(EnqueueError::Ended));
    out.answer(packet(1));
    assert!(lengths(&out).is_empty());
}

#[cfg(feature = "server")]
mod runs {
    use super::*;

    fn texts(out: &Outbound) -> Vec<String> {
        let text = |message: &EncodedMessage| String::from_utf8_lossy(message.bytes()).into_owned();
        taken(out).iter().map(text).collect()
    }

    #[test]
    fn what_is_published_is_appended_until_somebody_takes_it() {
        let [a, b] = [outbound(100), outbound(100)];
        let (run, mut end) = RunEnd::begin(text("1"));
        for out in [&a, &b] {
            out.push_run(&run).expect("there is room");
        }
        assert!(end.append(&text("2")));
        assert_eq!(texts(&a), ["1", "2"]);
        assert!(!end.append(&text("3")));
        assert_eq!(texts(&b), ["1", "2"]);
        for out in [&a, &b] {
            assert_eq!(out.lock().bytes, 2 * OVERHEAD + 2);
            out.flushed();
            assert!(out.is_idle());
        }
    }

    #[test]
    fn nothing_is_appended_before_what_was_queued_meanwhile() {
        let out = outbound(100);
        let (run, mut end) = RunEnd::begin(text("1"));
        out.push_run(&run).expect("there is room");
        assert!(end.append(&text("2")));
        out.push(text("direct"), true).expect("there is room");
        assert!(!end.append(&text("3")));
        assert_eq!(texts(&out), ["1", "2", "direct"]);
    }

    #[test]
    fn a_queue_that_has_no_room_for_the_longest_run_has_it_closed() {
        let out = outbound(run::LARGEST / UNIT + 1);
        let (run, mut end) = RunEnd::begin(text(""));
        out.push_run(&run).expect("there is room");
        assert!(end.append(&text("")));
        let (run, mut end) = RunEnd::begin(text("1"));
        out.push_run(&run).expect("there is room");
        assert!(!end.append(&text("2")));
    }

    #[test]
    fn a_run_is_bounded() {
        let (_, mut end) = RunEnd::begin(text(""));
        assert_eq!((0..100).filter(|_| end.append(&text(""))).count(), 15);
        let (_, mut end) = RunEnd::begin(packet(run::LARGEST / UNIT - 1));
        assert!(end.append(&text("")));
        assert!(!end.append(&text("")));
    }

    #[test]
    fn a_run_is_acknowledged_and_sent_again_message_by_message() {
        let out = outbound(100);
        out.begin_counting();
        let (run, mut end) = RunEnd::begin(text("1"));
        out.push_run(&run).expect("there is room");
        assert!(["2", "3", "4"].iter().all(|more| end.append(&text(more))));
        assert_eq!(texts(&out), ["1", "2", "3", "4"]);
        out.flushed();
        assert_eq!(out.acknowledge(2), Ok(true));
        assert_eq!(out.held(), 2 * OVERHEAD + 2);
        out.detach();
        assert!(!out.can_resume(1));
        out.resume(3, None).expect("it was sent");
        assert_eq!(out.held(), OVERHEAD + 1);
        assert_eq!(texts(&out), ["4"]);
    }
}

#[cfg(feature = "server")]
mod answers {
    use super::*;
    use crate::{
        Id,
        codec::{Encoding, Numbering},
        descriptor::{FieldDescriptor, FieldKind},
    };

    fn answer(out: &Outbound, n: i64, content: &EncodedMessage) {
        let id = Id::Integer(n);
        assert_eq!(out.begin_request(&id, b"a"), Repetition::First);
        out.answer_request(&id, content.bytes(), content.is_text());
    }

    fn repeat(out: &Outbound, n: i64) -> Repetition {
        out.begin_request(&Id::Integer(n), b"a")
    }

    /// Whether a session gives up resuming or not, what is queued is written once, and what was answered is answered again.
    #[test]
    fn answers_are_written_also_after_resuming_is_given_up() {
        let out = outbound(100);
        out.begin_counting();
        let contents: Vec<_> = (0..200).map(|n| text(&format!("answer {n}"))).collect();
        for (n, content) in (0..).zip(&contents[..40]) {
            answer(&out, n, content);
        }
        assert_eq!(taken(&out), contents[..40]);
        assert_eq!(out.acknowledge(10), Ok(true));
        assert_eq!(repeat(&out, 9), Repetition::First);
        assert_eq!(repeat(&out, 10), Repetition::Answered(contents[10].clone()));
        for (n, content) in (40..).zip(&contents[40..120]) {
            answer(&out, n, content);
        }
        // More is written than the limit, and not acknowledged. What is queued meanwhile outlives the answers that are kept.
        let (mut written, mut n) = (Vec::new(), 120);
        let (_, any) = out.take(&|_| None, |bytes, is_text| {
            written.push(EncodedMessage::new(bytes, is_text));
            if written.len() == 5 { Err(()) } else { Ok(()) }
        });
        assert_eq!(any, Err(()));
        out.state.lock().expect("no thread panics").give_up();
        for content in &contents[120..] {
            answer(&out, n, content);
            n += 1;
        }
        written.extend(taken(&out));
        assert_eq!(written, contents[40..]);
        assert_eq!(
            repeat(&out, 199),
            Repetition::Answered(contents[199].clone())
        );
        assert_eq!(
            repeat(&out, 136),
            Repetition::Answered(contents[136].clone())
        );
        assert_eq!(repeat(&out, 135), Repetition::First);
    }

    #[test]
    fn answers_are_sent_again_after_a_loss() {
        let out = outbound(100);
        out.begin_counting();
        let contents = [text("a"), packet(9), text("c"), text("d")];
        for (n, content) in (0..).zip(&contents) {
            answer(&out, n, content);
        }
        assert_eq!(taken(&out), contents);
        out.detach();
        out.resume(1, None).expect("so many were sent");
        assert_eq!(repeat(&out, 0), Repetition::First);
        out.end_stream(&Id::Integer(0));
        assert_eq!(taken(&out), contents[1..]);
        out.detach();
        out.resume(2, None).expect("so many were sent");
        assert_eq!(taken(&out), contents[2..]);
        out.flushed();
        assert_eq!(out.acknowledge(4), Ok(true));
        assert_eq!(out.held(), 0);
        assert_eq!(repeat(&out, 3), Repetition::First);
    }

    /// What was queued before an answer is dropped: its number is lower than it was when it was queued.
    #[test]
    fn answers_are_forgotten_when_they_are_acknowledged_although_messages_before_them_were_dropped()
    {
        for dropped in 0..3 {
            let out = outbound(100);
            out.begin_counting();
            match dropped {
                0 => out.enqueue(packet(1), 1, false),
                _ => out.push(packet(1), true).expect("there is room"),
            }
            answer(&out, 0, &text("a"));
            answer(&out, 1, &packet(9));
            match dropped {
                0 => assert!(out.withdraw(1)),
                1 => out.detach(),
                _ => out.push(packet(89), false).expect("it finds room"),
            }
            let written = taken(&out).len() as u64;
            assert_eq!(out.acknowledge(2), Ok(true));
            assert_eq!(repeat(&out, 0), Repetition::First, "{dropped}");
            assert_eq!(repeat(&out, 1), Repetition::First, "{dropped}");
            assert_eq!(written, if dropped == 2 { 3 } else { 2 });
        }
    }

    /// A client whose messages have numbers may acknowledge none.
    #[test]
    fn answers_with_numbers_are_forgotten_with_what_is_no_longer_kept() {
        let out = outbound(100);
        out.begin_numbering(Numbering {
            field: FieldDescriptor::optional("n", FieldKind::Integer),
            encoding: Encoding::Json,
        });
        let content = text(r#"{"x":1}"#);
        for n in 0..1000 {
            answer(&out, n, &content);
            assert_eq!(taken(&out).len(), 1);
            out.flushed();
        }
        assert_eq!(repeat(&out, 999), Repetition::Answered(content));
        assert_eq!(repeat(&out, 899), Repetition::First);
    }

    #[test]
    fn a_session_that_ends_forgets_its_answers() {
        let out = outbound(100);
        out.begin_counting();
        answer(&out, 0, &text("a"));
        out.end();
        assert_eq!(repeat(&out, 0), Repetition::First);
    }
}
