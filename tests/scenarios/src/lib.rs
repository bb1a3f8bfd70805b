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

/// Runs scenarios with the Rust client. Returns how many failed.
pub async fn rust(scenarios: &[Scenario], options: Options) -> usize {
    suite::run_all(Arc::new(Rust), scenarios, options).await
}
