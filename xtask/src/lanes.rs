//! Runs steps, two at a time, and reports the results.

use crate::printed::{in_one_piece, say};
use crate::run::{Failure, Step, seconds};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many steps run at a time: while one waits for a clock, or compiles what only one processor can work on, there is another.
const LANES: usize = 2;

/// A step that has ended.
struct Ended {
    /// Its place among the steps.
    place: usize,
    name: &'static str,
    took: Duration,
    failure: Option<Failure>,
}

/// Runs all the steps, even after a failure, and prints a summary. Those that are `alone` come last.
pub(crate) fn all(steps: &[&'static Step], alone: &[&str]) -> ExitCode {
    let start = Instant::now();
    let (last, first): (Vec<_>, Vec<_>) = steps
        .iter()
        .enumerate()
        .partition(|(_, step)| alone.contains(&step.name));
    let ended = Mutex::new(Vec::new());
    let keep = |one| {
        let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.push(one);
    };
    if let [(place, step)] = first[..] {
        keep(run(place, step));
    } else {
        let next = AtomicUsize::new(0);
        let lane = || {
            while let Some((place, step)) = first.get(next.fetch_add(1, Ordering::Relaxed)) {
                println!("   {}: begins", step.name);
                keep(in_one_piece(|| run(*place, step)));
            }
        };
        thread::scope(|scope| {
            for _ in 0..LANES {
                scope.spawn(lane);
            }
        });
    }
    for (place, step) in last {
        keep(run(place, step));
    }
    let mut ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    ended.sort_by_key(|one| one.place);
    summary(&ended, start.elapsed())
}

fn run(place: usize, step: &Step) -> Ended {
    say(&format!("\n== {}: {}", step.name, step.proves));
    let begun = Instant::now();
    let failure = (step.run)().err();
    let took = begun.elapsed();
    let verdict = match &failure {
        None => "ok in",
        Some(_) => "FAILED after",
    };
    say(&format!("-- {}: {verdict} {}", step.name, seconds(took)));
    Ended {
        place,
        name: step.name,
        took,
        failure,
    }
}

/// Prints the times of the steps, and what failed with the commands that repeat it.
fn summary(ended: &[Ended], total: Duration) -> ExitCode {
    println!();
    for Ended {
        name,
        took,
        failure,
        ..
    } in ended
    {
        let verdict = if failure.is_none() { "ok" } else { "FAILED" };
        println!("{name:<11} {verdict:<6} {:>8}", seconds(*took));
    }
    println!("{:<11} {:<6} {:>8}", "total", "", seconds(total));
    let failed: Vec<_> = ended
        .iter()
        .filter_map(|one| Some((one.name, one.failure.as_ref()?)))
        .collect();
    for (i, (name, failure)) in failed.iter().enumerate() {
        let which = if i == 0 {
            "first to fail"
        } else {
            "also failed"
        };
        println!("\n{which}: {name}");
        match failure {
            Failure::Command { line, output } => {
                for line in output {
                    println!("  | {line}");
                }
                println!("  to repeat it: {line}");
            }
            Failure::Missing(words) => println!("  {words}"),
        }
        println!("  to repeat the step: cargo xtask test {name}");
    }
    let passed = ended.len() - failed.len();
    println!("\nxtask: {passed} passed, {} failed", failed.len());
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
