//! Tests of [`Answers`].

use super::*;

/// The hashes of two requests.
const A: u64 = 1;
const B: u64 = 2;

/// For how many bytes of answers there is room in these tests.
const LIMIT: usize = 1024;

fn id(n: u64) -> Id {
    Id::Integer(i64::try_from(n).expect("it is small"))
}

fn text(text: &str) -> EncodedMessage {
    EncodedMessage::new(text.as_bytes(), true)
}

/// Runs a request, and returns the place of its answer.
fn answer(answers: &mut Answers, n: u64, content: &str, number: Option<u64>) -> Option<u32> {
    assert_eq!(answers.begin(&id(n), A), Repetition::First, "{n}");
    let place = answers.next_place();
    let taken = answers.take(&id(n)).expect("it runs");
    let long = answers.keep(taken, (content.as_bytes(), true), number, LIMIT);
    assert_eq!(long.is_none(), Answers::is_short(content.len()));
    long.is_none().then_some(place)
}

#[test]
fn a_repeated_request_has_the_answer_of_the_first() {
    let mut answers = Answers::default();
    assert_eq!(answers.begin(&id(1), A), Repetition::First);
    assert_eq!(answers.begin(&id(1), A), Repetition::Running);
    assert_eq!(answers.begin(&id(1), B), Repetition::Reused);
    let taken = answers.take(&id(1)).expect("it runs");
    answers.keep(taken, (b"x", true), Some(1), LIMIT);
    assert_eq!(answers.begin(&id(1), A), Repetition::Answered(text("x")));
    assert_eq!(answers.begin(&id(1), B), Repetition::Reused);
}

#[test]
fn the_last_answers_are_kept_within_a_limit() {
    let mut answers = Answers::default();
    for n in 0..100 {
        answer(&mut answers, n, "x", None);
    }
    assert_eq!(answers.begin(&id(36), A), Repetition::Answered(text("x")));
    answer(&mut answers, 35, "x", None);
    for (first, length) in [(200, 600), (300, SHORT)] {
        let large = "x".repeat(length);
        for n in first..first + 10 {
            answer(&mut answers, n, &large, None);
        }
        assert_eq!(answers.answers.len(), LIMIT / length);
    }
}

#[test]
fn an_answer_is_kept_until_it_is_acknowledged() {
    let mut answers = Answers::default();
    for n in 1..=100 {
        answer(&mut answers, n, "x", Some(n));
    }
    answers.acknowledged(7);
    assert_eq!(answers.begin(&id(7), A), Repetition::First);
    assert_eq!(answers.begin(&id(8), A), Repetition::Answered(text("x")));
}

/// Short answers and long ones, acknowledged at different times, so that the memory of the short ones ends and begins anew everywhere.
#[test]
fn answers_of_every_length_are_found_until_they_are_acknowledged() {
    let mut answers = Answers::default();
    answers.grow_old();
    let content = |n: u64| format!("{n}:{}", "x".repeat(n as usize * 31 % (SHORT + 40)));
    let (mut places, mut wrapped) = (VecDeque::new(), 0);
    for n in 1..=3000 {
        places.push_back((n, answer(&mut answers, n, &content(n), Some(n))));
        if n % 7 == 0 {
            let received = n.saturating_sub(20 + n % 13);
            answers.acknowledged(received);
            places.retain(|(n, _)| *n > received);
        }
        wrapped += usize::from(!answers.short.as_slices().1.is_empty());
        for (n, place) in &places {
            let content = content(*n);
            assert_eq!(place.is_some(), content.len() <= SHORT);
            let place = place.unwrap_or_else(|| {
                let key = answers.key(&id(*n));
                let at = answers.answers.iter().position(|answer| answer.key == key);
                answers.first.wrapping_add(at.expect("it is kept") as u32)
            });
            let (bytes, is_text) = answers.bytes(place).expect("it is kept");
            assert_eq!((&*bytes, is_text), (content.as_bytes(), true));
            assert_eq!(answers.message(place), Some(text(&content)));
        }
    }
    assert!(wrapped > 100, "{wrapped}");
    answers.acknowledged(3000);
    assert_eq!((answers.bytes, answers.places.len()), (0, 0));
    assert!(answers.short.is_empty() && answers.short.capacity() <= SHORT_ROOM);
    assert!(answers.long.is_empty());
}

/// As of any client: ids that are numbers, in any order, and others.
#[test]
fn an_answer_is_found_by_any_id() {
    let mut answers = Answers::default();
    answers.grow_old();
    let mut last = 0_u64;
    let mut seen = [0; 4];
    for n in 1..=5000 {
        // Runs of numbers, as of a client that begins anew, among others.
        let id = match n * 7919 % 13 {
            0 => Id::Text(format!("x{n}")),
            1 => Id::Text(format!("0{n}")),
            2 => id(n / 3),
            _ => id(n % 997),
        };
        let kept = answers.answers.iter();
        let key = answers.key(&id);
        let before = kept.filter(|answer| answer.key == key).count();
        match answers.begin(&id, A) {
            Repetition::First if before == 0 => {
                last += 1;
                let taken = answers.take(&id).expect("it runs");
                answers.keep(taken, (b"x", true), Some(last), LIMIT);
            }
            Repetition::Answered(_) if before == 1 => {}
            other => panic!("{id:?} is kept {before} times: {other:?}"),
        }
        seen[before] += 1;
        answers.acknowledged(last.saturating_sub(n % 700));
        let indexed = answers.answers.iter().filter(|answer| answer.is_indexed);
        assert_eq!(indexed.count(), answers.places.len());
    }
    assert!(seen[0] > 1000 && seen[1] > 100, "{seen:?}");
}

#[test]
fn an_answer_to_an_older_request_than_the_last_is_found() {
    let mut answers = Answers::default();
    for n in [9, 3] {
        assert_eq!(answers.begin(&id(n), A), Repetition::First);
    }
    let taken = answers.take(&id(9)).expect("it runs");
    answers.keep(taken, (b"x", true), Some(1), LIMIT);
    assert_eq!(answers.begin(&id(4), A), Repetition::First);
    assert_eq!(answers.begin(&id(9), A), Repetition::Answered(text("x")));
    assert_eq!(answers.begin(&id(3), A), Repetition::Running);
}

/// Of a client that was counting and does not acknowledge, no more is kept than of one that never counted.
#[test]
fn answers_that_are_not_waited_for_replace_those_before() {
    let mut answers = Answers::default();
    for n in 1..=1000 {
        answer(&mut answers, n, "x", (n <= 500).then_some(n));
    }
    assert_eq!((answers.answers.len(), answers.places.len()), (LAST, 0));
    assert_eq!(answers.short.len(), LAST);
    assert!(answers.running.last.is_none() && answers.running.others.is_empty());
}

#[test]
fn a_stream_runs_until_it_ends() {
    let mut answers = Answers::default();
    assert_eq!(answers.begin(&id(1), A), Repetition::First);
    answers.begin_stream(&id(1));
    let taken = answers.take(&id(1)).expect("it runs");
    answers.keep(taken, (b"x", true), Some(1), 100);
    assert!(matches!(answers.begin(&id(1), A), Repetition::Answered(_)));
    answers.acknowledged(1);
    assert_eq!(answers.begin(&id(1), A), Repetition::Running);
    assert_eq!(answers.begin(&id(1), B), Repetition::Reused);
    answers.end_stream(&id(1));
    assert_eq!(answers.begin(&id(1), B), Repetition::First);
    assert!(answers.streams.is_empty());
}

#[test]
fn a_cancelled_request_is_forgotten() {
    let mut answers = Answers::default();
    assert_eq!(answers.begin(&id(1), A), Repetition::First);
    answers.end_stream(&id(1));
    assert_eq!(answers.begin(&id(1), B), Repetition::First);
}
