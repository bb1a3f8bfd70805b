//! `cargo run -p handfast-scenarios`: runs the scenarios on the platforms that are asked for.

use handfast_scenarios::{Options, all, rust};
use std::process::ExitCode;

const USAGE: &str = "\
cargo run -p handfast-scenarios                     every scenario on every platform
cargo run -p handfast-scenarios -- WORD…            some of either: names of scenarios, rust, node, chromium
cargo run -p handfast-scenarios -- --every N        cut connections at each Nth byte, not at each
cargo run -p handfast-scenarios -- --seed N         repeat what is random";

struct Arguments {
    words: Vec<String>,
    options: Options,
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        words: Vec::new(),
        options: Options::from_env(),
    };
    while let Some(word) = given.next() {
        let mut number = || {
            let number = given.next().and_then(|number| number.parse().ok());
            number.ok_or_else(|| format!("`{word}` needs a number"))
        };
        match word.as_str() {
            "--every" => arguments.options.every = number()?,
            "--seed" => arguments.options.seed = number()?,
            _ if word.starts_with('-') => return Err(USAGE.to_owned()),
            _ => arguments.words.push(word),
        }
    }
    Ok(arguments)
}

#[tokio::main]
async fn main() -> ExitCode {
    let scenarios =
        arguments(std::env::args().skip(1)).and_then(|arguments| Ok((arguments, all()?)));
    let (arguments, mut scenarios) = match scenarios {
        Ok(scenarios) => scenarios,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    scenarios.retain(|one| arguments.words.is_empty() || arguments.words.contains(&one.name));
    match rust(&scenarios, arguments.options).await {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
