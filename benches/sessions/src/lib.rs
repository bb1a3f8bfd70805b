//! Servers side by side: what each handles with one core, and what a connection costs. See the README.

mod contender;
mod load;
mod messages;
mod report;
mod run;
mod servers;

use std::process::ExitCode;

/// How many bytes are allocated, if that is counted.
pub type Allocated = fn() -> Option<i64>;

/// Runs a scenario, or, as `serve NAME`, one of the servers.
pub fn main(allocated: Allocated) -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match &*args {
        [serve, name] if serve == "serve" => servers::serve(name, allocated),
        args => run::Options::parse(args).and_then(|options| run::run(&options)),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}
