//! `cargo run -p handfast-scenarios`: runs the scenarios on the platforms that are asked for.

use handfast_scenarios::{Options, PLATFORMS, Scenario, all, run_on};
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
    let asked = arguments(std::env::args().skip(1)).and_then(|asked| Ok((asked, all()?)));
    let done = match asked {
        Ok((arguments, scenarios)) => run(&arguments, scenarios).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            println!("scenarios: {failed} failed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was asked for. Returns how many failed.
async fn run(arguments: &Arguments, mut scenarios: Vec<Scenario>) -> Result<usize, String> {
    let is_asked = |name: &str| arguments.words.iter().any(|word| word == name);
    let is_known = |word: &String| {
        PLATFORMS.contains(&word.as_str()) || scenarios.iter().any(|one| one.name == *word)
    };
    if let Some(word) = arguments.words.iter().find(|word| !is_known(word)) {
        return Err(format!("`{word}` is neither a scenario nor a platform"));
    }
    if scenarios.iter().any(|one| is_asked(&one.name)) {
        scenarios.retain(|one| is_asked(&one.name));
    }
    let every_platform = !PLATFORMS.iter().any(|platform| is_asked(platform));
    let mut failed = 0;
    for platform in PLATFORMS {
        if every_platform || is_asked(platform) {
            failed += run_on(platform, &scenarios, arguments.options).await?;
        }
    }
    Ok(failed)
}
