//! Where the clients run: this program, Node with `ws`, Node with its own WebSocket, Chromium.

use crate::{drive, list::Scenario, serve::Server};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

/// By the names that the list has.
pub(crate) const ALL: [&str; 4] = [drive::NAME, "node-ws", "node-native", CHROMIUM];

pub(crate) const CHROMIUM: &str = "chromium";

/// How many scenarios run side by side.
const TOGETHER: usize = 12;

/// How many pages of Chromium share the scenarios. It delays the connections of a page's process by a time that doubles with each that is pending.
const PAGES: usize = 4;

/// How long a platform may take for all.
const PATIENCE: Duration = Duration::from_secs(150);

/// How long a process may go on after it has reported everything.
const ENDS: Duration = Duration::from_secs(5);

/// What became of the scenarios, by name; and what went wrong besides.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) each: BTreeMap<String, Result<(), String>>,
    pub(crate) problems: Vec<String>,
}

/// The sources of this crate.
fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs scenarios on a platform.
pub(crate) async fn run(
    platform: &str,
    scenarios: &[&'static Scenario],
    folder: &Path,
    server: &Arc<Server>,
    address: SocketAddr,
) -> Results {
    let mut command = Command::new("node");
    match platform {
        drive::NAME => return rust(scenarios, server, address).await,
        "node-ws" => command
            .arg(folder.join("node.cjs"))
            .arg(address.to_string())
            .arg("ws"),
        // Node 20 has it behind a flag, which later ones take as well.
        "node-native" => command
            .arg("--experimental-websocket")
            .arg(folder.join("node.cjs"))
            .arg(address.to_string())
            .arg("native"),
        _ => command
            .arg(here().join("js/chromium.js"))
            .arg(address.to_string()),
    };
    if platform == CHROMIUM {
        let (alone, together): (Vec<_>, Vec<_>) = scenarios
            .iter()
            .copied()
            .partition(|scenario| scenario.alone);
        for page in 0..PAGES.min(together.len()) {
            let share: Vec<&Scenario> =
                together.iter().copied().skip(page).step_by(PAGES).collect();
            command.arg(names(&share).join(","));
        }
        if !alone.is_empty() {
            command.arg("then").arg(names(&alone).join(","));
        }
    } else {
        command.args(names(scenarios));
    }
    let mut results = Results::default();
    match timeout(PATIENCE, lines(command, &mut results)).await {
        Ok(Ok(())) => {}
        Ok(Err(words)) => results.problems.push(words),
        Err(_) => results
            .problems
            .push(format!("it takes longer than {} s", PATIENCE.as_secs())),
    }
    results
}

/// Reads what a driver reports.
async fn lines(mut command: Command, results: &mut Results) -> Result<(), String> {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let mut child = child.map_err(|error| format!("it does not start: {error}"))?;
    let out = child.stdout.take().ok_or("its output is there")?;
    let mut lines = BufReader::new(out).lines();
    let mut is_done = false;
    while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
        let Ok(line) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        if let Some(name) = line["name"].as_str() {
            let result = line["error"]
                .as_str()
                .map_or(Ok(()), |error| Err(error.to_owned()));
            results.each.insert(name.to_owned(), result);
        }
        if let Some(error) = line["uncaught"].as_str() {
            results.problems.push(format!("nobody caught: {error}"));
        }
        if let Some(words) = line["missing"].as_str() {
            results.problems.push(words.to_owned());
        }
        if line["done"] == true {
            is_done = true;
            break;
        }
    }
    // A client that was closed keeps no process alive.
    match timeout(ENDS, child.wait()).await {
        Ok(Ok(status)) if status.success() && is_done => Ok(()),
        Ok(Ok(status)) => Err(format!("it ended with {status}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it does not end, though everything is closed".to_owned()),
    }
}

async fn rust(
    scenarios: &[&'static Scenario],
    server: &Arc<Server>,
    address: SocketAddr,
) -> Results {
    drive::note_panics();
    let mut results = Results::default();
    let places = Arc::new(Semaphore::new(TOGETHER));
    let (alone, together): (Vec<_>, Vec<_>) = scenarios
        .iter()
        .copied()
        .partition(|scenario| scenario.alone);
    let mut running = JoinSet::new();
    for scenario in together {
        let (places, server) = (places.clone(), server.clone());
        running.spawn(async move {
            // The semaphore is never closed.
            let _place = places.acquire_owned().await;
            one(scenario, server, address).await
        });
    }
    while let Some(done) = running.join_next().await {
        results.each.extend(done);
    }
    for scenario in alone {
        results
            .each
            .extend([one(scenario, server.clone(), address).await]);
    }
    let mut panics = drive::PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    results.problems.append(&mut panics);
    results
}

async fn one(
    scenario: &'static Scenario,
    server: Arc<Server>,
    address: SocketAddr,
) -> (String, Result<(), String>) {
    let run = tokio::task::spawn_blocking(move || drive::run(scenario, server, address));
    let result = run.await.unwrap_or_else(|error| Err(error.to_string()));
    (scenario.name.clone(), result)
}

/// Their names, by which the drivers are asked for them.
fn names<'s>(scenarios: &[&'s Scenario]) -> Vec<&'s str> {
    scenarios.iter().map(|scenario| &*scenario.name).collect()
}
