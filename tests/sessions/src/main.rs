//! Proofs about sessions that take a process of their own: a server that is killed, strangers that try what they may not, and what many
//! connections leave behind.

mod app;
mod floods;
mod kill;
mod leftovers;
mod peer;
mod strangers;

mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

use api::Server;
use app::{App, Ledger};
use peak_alloc::PeakAlloc;
use std::{error::Error, net::Ipv4Addr, path::Path, process::ExitCode, time::Duration};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
};

const USAGE: &str = "\
cargo run -p handfast-sessions -- kill COUNT SEED         kills a server under load
cargo run -p handfast-sessions -- strangers COUNT SEED    tries what strangers may not
cargo run -p handfast-sessions -- leftovers COUNT         counts what many connections leave behind
cargo run -p handfast-sessions -- floods                  floods a server with what overtakes the queue";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["serve", port, run, ledger] => serve(port, run, Path::new(ledger)),
        ["kill", count, seed] => kill(count, seed),
        ["strangers", count, seed] => strangers(count, seed),
        ["leftovers", count] => leftovers(count),
        ["floods"] => floods(),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(words) => {
            println!("{words}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Counts what is in use.
#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

type Outcome = Result<String, Box<dyn Error>>;

/// How often a port that was in use a moment ago is tried.
const BINDS: usize = 100;

fn serve(port: &str, run: &str, ledger: &Path) -> Outcome {
    let port: u16 = port.parse()?;
    let app = App::new(run.parse()?, Some(Ledger::open(ledger)?));
    Runtime::new()?.block_on(async {
        let mut tried = 0;
        let listener = loop {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                Ok(listener) => break listener,
                // A client that connects to a port of its own system may get that very port.
                Err(error) if tried == BINDS => return Err(error.into()),
                Err(_) => tried += 1,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        println!("ready {}", listener.local_addr()?);
        let server = Server::new(app);
        handfast::server::serve(listener, server.router()).await?;
        Ok(String::new())
    })
}

fn kill(count: &str, seed: &str) -> Outcome {
    let (count, seed) = (count.parse()?, seed.parse()?);
    println!("{count} kills, seed {seed}");
    Ok(Runtime::new()?.block_on(kill::run(count, seed))?)
}

fn strangers(count: &str, seed: &str) -> Outcome {
    let (count, seed) = (count.parse()?, seed.parse()?);
    println!("{count} tries of strangers, seed {seed}");
    let runtime = Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(strangers::run(count, seed))?)
}

fn leftovers(count: &str) -> Outcome {
    let count = count.parse()?;
    println!("{count} connections");
    Ok(simulated()?.block_on(leftovers::run(count))?)
}

fn floods() -> Outcome {
    Ok(simulated()?.block_on(floods::run())?)
}

/// A runtime in which time passes when there is nothing to do.
fn simulated() -> std::io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
}
