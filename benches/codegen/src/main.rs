//! How long it takes to generate from 1,000 messages, how much memory, and whether both grow with their number; with
//! `--compile`, how long what is generated takes to compile; with `--patterns`, whether patterns that take others exponential time are
//! refused, or matched in linear time.
//!
//! ```text
//! cargo run --release -p handfast-bench-codegen
//! cargo run --release -p handfast-bench-codegen -- --compile
//! cargo run --release -p handfast-bench-codegen -- --patterns
//! ```
//!
//! Every measurement is a process of its own. Memory is the most it ever had (`VmHWM`), which only Linux tells.

mod patterns;
mod protocol;

use protocol::Place;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// What 1,000 messages may take.
const SECONDS: f64 = 0.5;
/// The same, in MB.
const MEMORY: f64 = 150.0;
/// What `cargo check` of their Rust may take, and a release build, on two cores; and, for comparison, what it takes where each
/// message has a second type of its own.
const COMPILE: [(&str, &[&str], Place, Option<f64>); 3] = [
    ("cargo check", &["check"], Place::Shared, Some(15.0)),
    (
        "cargo build --release",
        &["build", "--release"],
        Place::Shared,
        Some(60.0),
    ),
    ("cargo check, two types each", &["check"], Place::Own, None),
];

const ALL: &str = "generate:\n  rust: { out: api.rs }\n  typescript: { out: web/api.ts }\n  schema: { out: schema.json }\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => generating(),
        ["--compile"] => compiling(),
        ["--patterns"] => folder("patterns").and_then(|place| {
            let kept = patterns::measure(&place)?;
            fs::remove_dir_all(&place)?;
            Ok(kept)
        }),
        ["--child", spec] => child(Path::new(spec)),
        _ => Err("the arguments are `--compile` and `--patterns`".into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// An empty folder for a measurement.
fn folder(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("handfast-bench-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Generates, and says how long that took (ms), how much memory (KB), and how much was written (bytes).
fn child(spec: &Path) -> Result<bool, Box<dyn Error>> {
    let start = Instant::now();
    let generated = handfast_codegen::Generator::new(spec).run()?;
    let took = start.elapsed();
    let mut bytes = 0;
    for file in &generated.files {
        bytes += fs::metadata(&file.path)?.len();
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or(0);
    println!("{} {peak} {bytes}", took.as_micros());
    Ok(true)
}

fn generating() -> Result<bool, Box<dyn Error>> {
    println!("messages    seconds   MB peak   MB out   µs a message");
    let mut keeps = true;
    let mut each = Vec::new();
    for messages in [1000, 2000, 4000] {
        let mut runs = Vec::new();
        let mut peak = 0.0_f64;
        let mut written = 0.0;
        for run in 0..5 {
            let place = folder(&format!("{messages}-{run}"))?;
            let spec = place.join("protocol.yaml");
            fs::write(&spec, protocol::spec(messages, Place::Shared, ALL))?;
            let output = Command::new(std::env::current_exe()?)
                .arg("--child")
                .arg(&spec)
                .output()?;
            fs::remove_dir_all(&place)?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
            }
            let text = String::from_utf8(output.stdout)?;
            let numbers: Vec<f64> = text
                .split_whitespace()
                .filter_map(|word| word.parse().ok())
                .collect();
            let [micros, kilobytes, bytes] = numbers[..] else {
                return Err(format!("not three numbers: {text}").into());
            };
            runs.push(micros / 1e6);
            peak = peak.max(kilobytes * 1024.0 / 1e6);
            written = bytes / 1e6;
        }
        runs.sort_by(f64::total_cmp);
        let median = runs[runs.len() / 2];
        let each_took = median * 1e6 / f64::from(u32::try_from(messages)?);
        println!("{messages:>8} {median:>10.3} {peak:>9.1} {written:>8.2} {each_took:>14.0}");
        each.push(each_took);
        if messages == 1000 {
            keeps = median <= SECONDS && peak <= MEMORY;
        }
    }
    let growth = each[2] / each[0];
    println!(
        "\nthe bar for 1,000: {SECONDS} s and {MEMORY} MB: {}",
        if keeps { "kept" } else { "NOT kept" }
    );
    println!(
        "a message of 4,000 takes {growth:.2} times one of 1,000: {}",
        if growth < 1.5 { "linear" } else { "NOT linear" }
    );
    Ok(keeps && growth < 1.5)
}

/// Compiles the Rust of 1,000 messages: the median of three runs. What it depends on is compiled before, with nothing generated.
fn compiling() -> Result<bool, Box<dyn Error>> {
    let place = folder("compile")?;
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    fs::create_dir_all(place.join("src"))?;
    fs::write(
        place.join("Cargo.toml"),
        format!(
            "[package]\nname = \"large\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nhandfast = {{ path = {:?} }}\n[workspace]\n",
            workspace.join("runtime")
        ),
    )?;
    fs::copy(workspace.join("Cargo.lock"), place.join("Cargo.lock"))?;
    let cargo = |arguments: &[&str]| -> Result<Duration, Box<dyn Error>> {
        let start = Instant::now();
        let status = Command::new("cargo")
            .args(arguments)
            .arg("--quiet")
            .current_dir(&place)
            .env("CARGO_TARGET_DIR", place.join("target"))
            .env_remove("CARGO_BUILD_TARGET_DIR")
            .status()?;
        let took = start.elapsed();
        if status.success() {
            Ok(took)
        } else {
            Err("what is generated does not compile".into())
        }
    };
    let mut keeps = true;
    println!("1,000 messages                 seconds   bar");
    for (name, arguments, shape, bar) in COMPILE {
        fs::write(place.join("src/lib.rs"), "")?;
        cargo(arguments)?;
        fs::write(
            place.join("protocol.yaml"),
            protocol::spec(1000, shape, "generate:\n  rust: { out: src/api.rs }\n"),
        )?;
        handfast_codegen::Generator::new(place.join("protocol.yaml")).run()?;
        fs::write(place.join("src/lib.rs"), "pub mod api;\n")?;
        let mut runs = [0.0; 3];
        for took in &mut runs {
            // All of it anew: what was kept of the run before is thrown away.
            let profile = arguments.get(1).copied().unwrap_or("--profile=dev");
            cargo(&["clean", "--package", "large", profile])?;
            *took = cargo(arguments)?.as_secs_f64();
        }
        runs.sort_by(f64::total_cmp);
        let [least, median, most] = runs;
        let told = bar.map_or_else(String::new, |bar| format!("{bar:.0}"));
        println!("{name:<29} {median:>8.1} {told:>5}   ({least:.1} to {most:.1})");
        keeps &= bar.is_none_or(|bar| median <= bar);
    }
    fs::remove_dir_all(&place)?;
    Ok(keeps)
}
