//! What Handfast makes of schemas that exist in the world: how many go through, what types they get, whether the types compile, and whether
//! verdicts are right. Without arguments it says how it is used.

mod case;
mod compile;
mod large;
mod one;
mod oracle;
mod places;
mod pool;
mod published;
mod references;
mod report;
mod run;
mod sample;
mod store;

use report::Bars;
use run::Extent;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
handfast-corpus sample
    the twenty schemas of tests/corpus/sample, whose misses are listed in tests/corpus/misses.json
handfast-corpus schemastore FOLDER [--quick | --typescript] [--only TEXT] [--sample COUNT --seed SEED]
    every schema of a checkout of SchemaStore; --quick compiles nothing, --typescript no Rust; --only takes those with TEXT in their names; --sample takes so many,
    by a seed
handfast-corpus large [--seed SEED]
    a schema of 3.4 MB with 800 types that contain each other, made by a seed
handfast-corpus published FOLDER...
    the schemas that protocols publish, as payloads: checkouts of discord/discord-api-spec (with discord/discord-api-docs for its examples),
    modelcontextprotocol/modelcontextprotocol, cloudevents/spec and geojson/schema";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["--one"] => one::answer().map(|()| true),
        ["sample"] => sample::run(),
        ["large"] => large(1),
        ["large", "--seed", seed] => seed.parse().map_err(Into::into).and_then(large),
        ["published", folders @ ..] if !folders.is_empty() => published(folders),
        ["schemastore", folder, options @ ..] => schemastore(Path::new(folder), options),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().unwrap_or(root)
}

/// A folder of ours in the target folder.
fn folder(name: &str) -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root().join("target"), PathBuf::from);
    let folder = target.join("corpus").join(name);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn schemastore(folder: &Path, options: &[&str]) -> Result<bool> {
    let mut cases = store::cases(folder)?;
    let mut extent = Extent::Full;
    let all = cases.len();
    let (mut count, mut seed) = (None, 1);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let mut value = || options.next().ok_or(USAGE);
        match *option {
            "--quick" => extent = Extent::Quick,
            "--typescript" => extent = Extent::TypeScript,
            "--only" => {
                let text = *value()?;
                cases.retain(|case| case.name.contains(text));
            }
            "--sample" => count = Some(value()?.parse::<usize>()?),
            "--seed" => seed = value()?.parse::<u64>()?,
            _ => return Err(USAGE.into()),
        }
    }
    if let Some(count) = count {
        println!("{count} schemas by the seed {seed}");
        cases = sampled(cases, count, seed);
    }
    let said = oracle::ask(&cases)?;
    // What a run over all left is not replaced by one over some.
    let name = if cases.len() == all {
        "schemastore"
    } else {
        "some"
    };
    let run = run::run(name, cases, said, extent)?;
    Ok(run.report(Bars {
        through: 0.95,
        untyped: [0.05, 0.01],
        each: false,
        seconds: 2.0,
        peak: 500_000_000,
    }))
}

fn published(folders: &[&str]) -> Result<bool> {
    let cases = published::cases(folders)?;
    let said = oracle::ask(&cases)?;
    let run = run::run("published", cases, said, Extent::Full)?;
    Ok(run.report(Bars {
        through: 1.0,
        untyped: [0.05, 0.01],
        each: true,
        seconds: 2.0,
        peak: 500_000_000,
    }))
}

fn large(seed: u64) -> Result<bool> {
    let cases = vec![large::case(seed)?];
    let said = vec![oracle::Said::default()];
    let run = run::run("large", cases, said, Extent::Quick)?;
    let good = run.report(Bars {
        through: 1.0,
        untyped: [0.05, 0.01],
        each: false,
        seconds: 10.0,
        peak: 1_000_000_000,
    });
    let ratio = run.outcomes[0].ratio();
    let verdict = if ratio <= 12.0 { "reached" } else { "MISSED" };
    println!("the larger output is {ratio:.1} times the schema   bar 12   {verdict}");
    Ok(good && ratio <= 12.0)
}

/// So many cases, drawn by a seed, in their order.
fn sampled(mut cases: Vec<case::Case>, count: usize, seed: u64) -> Vec<case::Case> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let drawn = |case: &case::Case| {
        let mut hasher = DefaultHasher::new();
        (seed, &case.name).hash(&mut hasher);
        hasher.finish()
    };
    cases.sort_by_key(drawn);
    cases.truncate(count);
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}
