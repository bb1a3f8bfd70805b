//! Time taken by several contenders in turns, so that what else the machine does falls on all of them.

use std::time::Instant;

/// How long one contender is measured at a time, in nanoseconds.
const TURN: f64 = 2e6;
/// How many turns each has.
const ROUNDS: usize = 61;

/// Something to be measured: does it once.
pub(crate) type Contender<'a> = Box<dyn Fn() + 'a>;

/// How long each takes, in nanoseconds: the median of its turns.
pub(crate) fn medians(contenders: &[Contender<'_>]) -> Vec<f64> {
    let counts: Vec<u32> = contenders.iter().map(count).collect();
    let mut turns = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for ((contender, count), turns) in contenders.iter().zip(&counts).zip(&mut turns) {
            turns.push(turn(contender, *count) / f64::from(*count));
        }
    }
    let median = |mut turns: Vec<f64>| {
        turns.sort_by(f64::total_cmp);
        turns[turns.len() / 2]
    };
    turns.into_iter().map(median).collect()
}

/// How often it is done in one turn.
fn count(contender: &Contender<'_>) -> u32 {
    let mut count = 16;
    loop {
        let took = turn(contender, count);
        if took > TURN / 2.0 {
            return count;
        }
        count *= 2;
    }
}

fn turn(contender: &Contender<'_>, count: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        contender();
    }
    start.elapsed().as_secs_f64() * 1e9
}

/// Prints a ratio and whether it is low enough.
pub(crate) fn bar(what: &str, ratio: f64, most: f64) -> bool {
    let kept = ratio <= most;
    let word = if kept { "kept" } else { "NOT kept" };
    println!("{what:<44} {ratio:>5.2}   at most {most:.2}: {word}");
    kept
}
