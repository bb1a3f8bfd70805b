//! Runs both clients, on every platform, against hostile and unlucky servers.

mod check;
mod drive;
mod frame;
mod list;
mod platforms;
mod record;
mod room;
mod script;
mod serve;
mod steps;

mod api {
    #![allow(
        dead_code,
        reason = "the Rust client needs some of it, the scripts and the TypeScript client the rest"
    )]
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

use list::Scenario;
use platforms::{ALL, Results};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

const USAGE: &str = "\
cargo run -p handfast-hostile-servers                   every scenario on every platform
cargo run -p handfast-hostile-servers -- WORD…          some of either: names of scenarios, rust, node-ws, node-native, chromium
cargo run -p handfast-hostile-servers -- --list         what there is";

/// How long what the server sees may lag behind what the client did.
const LAG: Duration = Duration::from_secs(3);

/// How many scenarios may fail in Chromium and hold alone: it gives up and repeats connections by itself where the machine is busy, and delays them.
const AGAIN: usize = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let scenarios: &'static [Scenario] = list::all().leak();
    match words.first().map(String::as_str) {
        Some("--list") => {
            for scenario in scenarios {
                println!(
                    "{:<32} {:<6} {}",
                    scenario.name, scenario.line, scenario.what
                );
                for (platform, why) in &scenario.not {
                    println!("{:<32} {:<6}   not {platform}: {why}", "", "");
                }
            }
            return ExitCode::SUCCESS;
        }
        Some("--help" | "-h") => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    match run(scenarios, &words).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was asked for; gives how much of it failed.
async fn run(scenarios: &'static [Scenario], words: &[String]) -> Result<usize, String> {
    let asked = |name: &str| words.iter().any(|word| word == name);
    let is_known = |word: &String| {
        ALL.contains(&word.as_str()) || scenarios.iter().any(|scenario| scenario.name == *word)
    };
    if let Some(word) = words.iter().find(|word| !is_known(word)) {
        return Err(format!("`{word}` is neither a scenario nor a platform"));
    }
    let some = scenarios.iter().any(|scenario| asked(&scenario.name));
    let scenarios: Vec<&'static Scenario> = scenarios
        .iter()
        .filter(|scenario| !some || asked(&scenario.name))
        .collect();
    let some = ALL.iter().any(|platform| asked(platform));
    let platforms = ALL.iter().filter(|platform| !some || asked(platform));

    let folder = handfast_bundles::bundle(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let driver = std::fs::read_to_string(folder.join("page.bundle.js"));
    let driver = driver.map_err(|error| error.to_string())?;
    let (server, address) = serve::start(scenarios.clone(), driver)
        .await
        .map_err(|error| error.to_string())?;
    let mut failed = 0;
    for platform in platforms {
        let begun = Instant::now();
        let scenarios: Vec<&'static Scenario> = scenarios
            .iter()
            .copied()
            .filter(|scenario| !scenario.not.contains_key(*platform))
            .collect();
        let run = async |scenarios: &[&'static Scenario]| {
            let results = platforms::run(platform, scenarios, &folder, &server, address).await;
            report(platform, scenarios, results, &server).await
        };
        let mut bad = run(&scenarios).await;
        if *platform == platforms::CHROMIUM && (1..=AGAIN).contains(&bad.len()) {
            let again: Vec<&'static Scenario> = scenarios
                .iter()
                .copied()
                .filter(|scenario| bad.remove(&scenario.name))
                .collect();
            for scenario in &again {
                println!(
                    "{platform} {}: once more, with less beside it",
                    scenario.name
                );
                server.forget(&format!("{platform}-{}", scenario.name));
            }
            bad.append(&mut run(&again).await);
        }
        let good = scenarios.len() - bad.len().min(scenarios.len());
        println!(
            "{platform}: {good} of {} behave, in {:.1} s",
            scenarios.len(),
            begun.elapsed().as_secs_f64()
        );
        failed += bad.len();
    }
    println!("hostile-servers: {failed} failed");
    Ok(failed)
}

/// Reports what failed on a platform; gives the names.
async fn report(
    platform: &str,
    scenarios: &[&'static Scenario],
    mut results: Results,
    server: &serve::Server,
) -> BTreeSet<String> {
    let mut bad = BTreeSet::new();
    let mut complain = |name: &str, words: &str| {
        println!("FAILED {platform} {name}: {words}");
        bad.insert(name.to_owned());
    };
    let mut problems: BTreeMap<&String, usize> = BTreeMap::new();
    for problem in &results.problems {
        *problems.entry(problem).or_default() += 1;
    }
    for (problem, times) in problems {
        complain("the platform itself", &format!("{problem} ({times} times)"));
    }
    for scenario in scenarios {
        let name = &scenario.name;
        let result = match results.each.remove(name) {
            None => Err("it was not run".to_owned()),
            Some(Err(words)) => Err(words),
            Some(Ok(())) => {
                let run = server.run(&format!("{platform}-{name}"));
                let begun = Instant::now();
                loop {
                    let seen = check::check(&scenario.seen, &run.to_json());
                    if seen.is_ok() || begun.elapsed() > LAG {
                        break seen;
                    }
                    tokio::time::sleep(drive::LOOK).await;
                }
            }
        };
        if let Err(words) = result {
            let seen = server.run(&format!("{platform}-{name}")).in_short();
            let (line, what) = (&scenario.line, &scenario.what);
            complain(
                name,
                &format!("{words}\n    ({line}) {what}\n    seen: {seen}"),
            );
        }
    }
    bad
}
