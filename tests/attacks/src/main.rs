//! Attacks a server over raw sockets, and measures what it takes.

mod attack;
mod frame;
mod list;
mod log;
mod measure;
mod peer;
mod process;
mod server;

mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

use attack::Attack;
use futures_util::future::join_all;
use measure::{Outcome, mib};
use std::process::ExitCode;

const USAGE: &str = "\
cargo run -p handfast-attacks              every attack
cargo run -p handfast-attacks -- NAME…     some of them
cargo run -p handfast-attacks -- --list    their names";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => match server::Setup::read(&arguments[1..]) {
            Ok(setup) => match server::serve(setup).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => complain(&error.to_string()),
            },
            Err(words) => complain(&words),
        },
        Some("--list") => {
            let (quiet, loud) = list::all();
            for attack in quiet.iter().chain(&loud) {
                println!("{:<24} {:<3} {}", attack.name, attack.line, attack.what);
            }
            ExitCode::SUCCESS
        }
        Some("--help" | "-h") => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => attack(&arguments).await,
    }
}

fn complain(words: &str) -> ExitCode {
    eprintln!("error: {words}");
    ExitCode::FAILURE
}

async fn attack(names: &[String]) -> ExitCode {
    let is_asked =
        |attack: &Attack| names.is_empty() || names.iter().any(|name| name == attack.name);
    let (mut quiet, mut loud) = list::all();
    quiet.retain(is_asked);
    loud.retain(is_asked);
    if quiet.is_empty() && loud.is_empty() {
        return complain("there is no such attack; `--list` has them all");
    }
    println!(
        "{} peers each; memory may grow by {}\n",
        attack::PEERS,
        mib(measure::bound())
    );
    println!(
        "{:<24} {:<3} {:>9} {:>9} {:>15} {:>7} {:>16}  closed",
        "attack", "", "sent", "memory", "left", "back", "round trip"
    );
    let mut failed = 0;
    let mut tell = |attack: &Attack, outcome: Result<Outcome, String>| {
        let is_good = show(attack, outcome);
        failed += usize::from(!is_good);
    };
    let outcomes = join_all(quiet.iter().map(measure::run)).await;
    for (attack, outcome) in quiet.iter().zip(outcomes) {
        tell(attack, outcome);
    }
    for attack in &loud {
        tell(attack, measure::run(attack).await);
    }
    let passed = quiet.len() + loud.len() - failed;
    println!("\nattacks: {passed} held, {failed} did not");
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn show(attack: &Attack, outcome: Result<Outcome, String>) -> bool {
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(words) => {
            println!("{:<24} {:<3} FAILED: {words}", attack.name, attack.line);
            return false;
        }
    };
    let (_, median, longest) = outcome.trips;
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{:<24} {:<3} {:>9} {:>9} {:>6} {:>4} MiB {:>5.1} s {:>5.1}, {:>5.0} ms  {:?}",
        outcome.name,
        outcome.line,
        mib(outcome.sent),
        mib(outcome.peak),
        outcome.left[0] >> 20,
        outcome.left[1] >> 20,
        outcome.back.as_secs_f64(),
        ms(median),
        ms(longest),
        outcome.closed,
    );
    for problem in &outcome.problems {
        println!("    FAILED: {problem}");
    }
    outcome.problems.is_empty()
}
