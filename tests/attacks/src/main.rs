//! Attacks a server over raw sockets, and measures what it takes.

mod attack;
mod frame;
mod list;
mod log;
mod measure;
mod peer;
mod process;
mod properties;
mod server;
#[cfg(feature = "tokens")]
mod tokens;

/// The attacked application.
#[path = "attacked"]
mod plain {
    pub(crate) mod api {
        include!(concat!(env!("OUT_DIR"), "/api.rs"));
    }
    pub(crate) mod application;
}

/// The same where every message of the server has its number in the session.
#[path = "attacked"]
#[allow(
    clippy::duplicate_mod,
    reason = "the application does the same with types of either protocol"
)]
mod numbered {
    pub(crate) mod api {
        include!(concat!(env!("OUT_DIR"), "/numbered.rs"));
    }
    pub(crate) mod application;
}

use attack::Attack;
use futures_util::future::join_all;
use measure::{Outcome, mib};
use peak_alloc::PeakAlloc;
use std::process::ExitCode;

/// Counts what the server has in use.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const USAGE: &str = "\
cargo run -p handfast-attacks              every attack
cargo run -p handfast-attacks -- NAME…     some of them
cargo run -p handfast-attacks -- --list    their names
Behind `--not-counting`, peers do not ask for sessions that can be resumed.";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => match server::Setup::read(&arguments[1..]) {
            Ok(setup) => match server::run(setup).await {
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
            for property in properties::all() {
                println!("{:<24} {:<3} (a property)", property.name, property.line);
            }
            ExitCode::SUCCESS
        }
        Some("--help" | "-h") => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Some("--not-counting") => {
            peer::set_counting(false);
            attack(&arguments[1..]).await
        }
        _ => attack(&arguments).await,
    }
}

fn complain(words: &str) -> ExitCode {
    eprintln!("error: {words}");
    ExitCode::FAILURE
}

async fn attack(names: &[String]) -> ExitCode {
    let is_asked = |name: &str| names.is_empty() || names.iter().any(|asked| asked == name);
    let (mut quiet, mut loud) = list::all();
    quiet.retain(|attack| is_asked(attack.name));
    loud.retain(|attack| is_asked(attack.name));
    let mut properties = properties::all();
    properties.retain(|property| is_asked(property.name));
    if quiet.is_empty() && loud.is_empty() && properties.is_empty() {
        return complain("there is no such attack; `--list` has them all");
    }
    let (mut held, mut failed) = (0, 0);
    if !properties.is_empty() {
        match properties::run(&properties).await {
            Ok((good, bad)) => (held, failed) = (good, bad),
            Err(words) => return complain(&words),
        }
    }
    if !(quiet.is_empty() && loud.is_empty()) {
        println!(
            "\n{} peers each; memory may grow by {}\n\n{:<24} {:<3} {:>9} {:>9} {:>15} {:>7} {:>16}  closed",
            attack::PEERS,
            mib(measure::bound()),
            "attack",
            "",
            "sent",
            "memory",
            "left",
            "back",
            "round trip",
        );
    }
    let mut tell = |attack: &Attack, outcome: Result<Outcome, String>| match show(attack, outcome) {
        true => held += 1,
        false => failed += 1,
    };
    let outcomes = join_all(quiet.iter().map(measure::run)).await;
    for (attack, outcome) in quiet.iter().zip(outcomes) {
        tell(attack, outcome);
    }
    for attack in &loud {
        tell(attack, measure::run(attack).await);
    }
    println!("\nattacks: {held} held, {failed} did not");
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
