//! Reading, checking and telling messages apart, side by side with peers: four messages in a union of 30, and one that is
//! refused.
//!
//! ```text
//! cd benches/validators && cargo run --release
//! ```
//!
//! Every contender starts from the text of the whole message. What each does, and what it does not, is told by its line in
//! [`contenders`].

mod clock;
mod contenders;
mod lent;
mod plain;

use clock::{Contender, bar, medians};
use contenders::{Doing, Judge};
use handfast::ByteString;
use std::{error::Error, process::ExitCode};

/// The messages, in the order of [`NAMES`].
const MESSAGES: &str = include_str!("../messages.ndjson");
const NAMES: [&str; 5] = ["chat", "price", "book", "sensor", "refused"];

/// Against serde_json's two steps without checks, for each message that is accepted.
const READING_BAR: f64 = 0.75;
/// The refused message, with all its errors, against the accepted one of its kind.
const REFUSED_BAR: f64 = 1.5;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    let texts: Vec<ByteString> = MESSAGES.lines().map(ByteString::from).collect();
    if texts.len() != NAMES.len() {
        return Err("messages.ndjson has another number of lines than there are names".into());
    }
    let judge = Judge::new()?;
    let all = judge.all();
    for doing in &all {
        for (name, text) in NAMES.iter().zip(&texts) {
            let is_good = *name != "refused";
            // Without checks the message is refused or not, by what its types are.
            if (doing.takes)(text) != is_good && (is_good || doing.checks) {
                return Err(format!("{} is wrong about the message {name}", doing.name).into());
            }
        }
    }
    println!("{}", env!("CARGO_PKG_DESCRIPTION"));
    println!(
        "ns a message, and in brackets the ratio to serde_json in two steps, which checks nothing\n"
    );
    print!("{:<44}", "");
    for (name, text) in NAMES.iter().zip(&texts) {
        print!("{:>20}", format!("{name}, {} B", text.len()));
    }
    println!();
    let times: Vec<Vec<f64>> = texts
        .iter()
        .map(|text| {
            let contenders: Vec<Contender<'_>> = all
                .iter()
                .map(|doing| {
                    Box::new(|| {
                        (doing.takes)(text);
                    }) as _
                })
                .collect();
            medians(&contenders)
        })
        .collect();
    let baseline = place(&all, contenders::BASELINE)?;
    let ours = place(&all, contenders::OURS)?;
    for (i, doing) in all.iter().enumerate() {
        print!("{:<44}", doing.name);
        for case in &times {
            print!(
                "{:>20}",
                format!("{:.0} ({:.2})", case[i], case[i] / case[baseline])
            );
        }
        println!();
    }
    println!();
    let mut kept = true;
    for (name, case) in NAMES.iter().zip(&times).take(4) {
        kept &= bar(
            &format!("{name} against two steps without checks"),
            case[ours] / case[baseline],
            READING_BAR,
        );
    }
    kept &= bar(
        "refused against accepted",
        times[4][ours] / times[0][ours],
        REFUSED_BAR,
    );
    Ok(kept)
}

fn place(all: &[Doing<'_>], name: &str) -> Result<usize, Box<dyn Error>> {
    all.iter()
        .position(|doing| doing.name == name)
        .ok_or_else(|| format!("nobody is called {name}").into())
}
