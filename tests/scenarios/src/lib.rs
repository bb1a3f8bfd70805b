//! Scenarios of bad networks, restarts and sleep, as data: run with both clients, through one proxy, against the real server.

mod api {
    #![allow(
        dead_code,
        reason = "the servers and the Rust clients need some of it, the TypeScript clients the rest"
    )]
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

mod journal;
mod oracle;
mod process;
mod proxy;
mod remote;
mod run;
mod rust_client;
mod scenario;
mod suite;
mod take_over;
mod world;

pub use scenario::{Scenario, all};
pub use suite::Options;

use journal::{Clients, Journal};
use std::sync::Arc;

struct Rust;

impl run::Platform for Rust {
    fn name(&self) -> &'static str {
        "rust"
    }

    fn clients(&self, run: &str, journal: Journal) -> Result<Box<dyn Clients>, String> {
        Ok(Box::new(rust_client::RustClients::new(run, journal)?))
    }
}

/// Where the clients run.
pub const PLATFORMS: [&str; 3] = ["rust", "node", "chromium"];

/// Runs scenarios on a platform. Returns how many failed.
///
/// # Errors
/// If the platform does not start, or does not end.
pub async fn run_on(
    platform: &'static str,
    scenarios: &[Scenario],
    options: Options,
) -> Result<usize, String> {
    match platform {
        "rust" => Ok(suite::run_all(Arc::new(Rust), scenarios, options).await),
        _ => remote::run(platform, scenarios, options).await,
    }
}
