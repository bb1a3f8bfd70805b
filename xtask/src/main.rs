//! `cargo xtask test` checks everything, and installs or names what it needs for that.

mod prepare;
mod steps;

use std::{process::ExitCode, time::Instant};
use steps::STEPS;

const USAGE: &str = "usage: cargo xtask test [--list | STEP…]

Checks everything: format, lints, generated files, Rust, TypeScript, the page in a browser.
With names of steps, only those. --list names them.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["test"] => test(&STEPS.iter().map(|step| step.name).collect::<Vec<_>>()),
        ["test", "--list"] => {
            for step in STEPS {
                println!("{:12} {}", step.name, step.about);
            }
            ExitCode::SUCCESS
        }
        ["test", names @ ..]
            if names
                .iter()
                .all(|name| STEPS.iter().any(|step| step.name == *name)) =>
        {
            test(names)
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Runs steps in their order. Each is run whatever became of those before, so that one run tells all that is wrong.
fn test(names: &[&str]) -> ExitCode {
    let mut failed: Vec<(&str, String)> = Vec::new();
    let mut passed = 0;
    for step in STEPS.iter().filter(|step| names.contains(&step.name)) {
        println!("\n=== {}: {}", step.name, step.about);
        let start = Instant::now();
        let done = (step.run)();
        let seconds = start.elapsed().as_secs_f64();
        match done {
            Ok(()) => {
                passed += 1;
                println!("=== {} passed in {seconds:.1} s", step.name);
            }
            Err(why) => {
                println!("=== {} failed after {seconds:.1} s: {why}", step.name);
                failed.push((step.name, why));
            }
        }
    }
    println!();
    for (name, why) in &failed {
        println!("{name} failed: {why}\n    again: cargo xtask test {name}");
    }
    println!("xtask: {passed} passed, {} failed", failed.len());
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
