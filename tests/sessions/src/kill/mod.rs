//! A server is killed (SIGKILL) at random moments, again and again, while clients of both languages send to it.

mod judge;
mod load;
mod node;
mod report;
mod server;

use handfast_testing::random::Rng;
use judge::Judge;
use report::Report;
use server::{Folder, Process};
use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};

/// How many clients there are of each language.
const CLIENTS: usize = 3;

/// How long anything that has to happen may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the clients are asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Load,
    /// Issue nothing more.
    Stop,
    Close,
}

/// The names of all clients.
fn names() -> impl Iterator<Item = String> {
    let of = |language: &'static str| (0..CLIENTS).map(move |n| format!("{language}-{n}"));
    of("rust").chain(of("node"))
}

/// Kills a server so many times. Returns what happened, in words.
pub(crate) async fn run(kills: usize, seed: u64) -> Result<String, String> {
    let folder = Folder::new(seed).map_err(|error| format!("no folder: {error}"))?;
    let bundle = handfast_bundles::bundle(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let outcome = attempt(kills, seed, &folder.0, &bundle).await;
    if outcome.is_err() {
        println!("the ledger is {}", folder.keep().display());
    }
    outcome
}

async fn attempt(kills: usize, seed: u64, folder: &Path, bundle: &Path) -> Result<String, String> {
    let mut rng = Rng::new(seed);
    let ledger = folder.join("ledger");
    let mut server = Process::start(0, 1, &ledger).await?;
    let address = server.address;
    let mut pids = vec![server.pid];

    let (reports, mut reported) = mpsc::unbounded_channel();
    let (phase, phases) = watch::channel(Phase::Load);
    let mut clients = JoinSet::new();
    for name in names().take(CLIENTS) {
        clients.spawn(load::run(name, address, reports.clone(), phases.clone()));
    }
    let mut node = node::Node::start(bundle, address, CLIENTS, reports)?;
    pids.push(node.pid);

    let mut judge = Judge::default();
    for kill in 0..kills {
        // What was asked while there was no server is answered: every client is back, and nothing hangs.
        progress(&mut reported, &mut judge, server.run).await?;
        let moment = Duration::from_micros(rng.below(120_000) as u64);
        let down = Duration::from_micros(rng.below(60_000) as u64);
        tokio::time::sleep(moment).await;
        server.kill().await?;
        tokio::time::sleep(down).await;
        server = Process::start(address.port(), kill as u64 + 2, &ledger).await?;
        pids.push(server.pid);
    }
    progress(&mut reported, &mut judge, server.run).await?;

    let _ = phase.send(Phase::Stop);
    node.say("stop").await?;
    until(&mut reported, &mut judge, "idle", |judge| {
        judge.idle.len() == 2 * CLIENTS
    })
    .await?;
    judge.read(&ledger)?;
    let last = judge.published(server.run);
    until(
        &mut reported,
        &mut judge,
        "up to date in the room",
        |judge| names().all(|name| judge.position(&name) == Some((server.run, last))),
    )
    .await?;
    let _ = phase.send(Phase::Close);
    node.say("close").await?;
    let closed = timeout(PATIENCE, async {
        while clients.join_next().await.is_some() {}
        node.ended().await
    });
    closed.await.map_err(|_| "a client does not close")??;
    server.kill().await?;
    let left: Vec<_> = pids
        .iter()
        .filter(|pid| Path::new(&format!("/proc/{pid}")).exists())
        .collect();
    if !left.is_empty() {
        return Err(format!("processes are left: {left:?}"));
    }
    while let Ok(report) = reported.try_recv() {
        judge.hear(report)?;
    }
    judge.verdict(kills)
}

/// Waits until every client has an answer of this life of the server to what it asked before it was there.
async fn progress(
    reported: &mut mpsc::UnboundedReceiver<Report>,
    judge: &mut Judge,
    run: u64,
) -> Result<(), String> {
    let what = format!("back in life {run} of the server");
    until(reported, judge, &what, |judge| {
        let back: BTreeSet<_> = judge.back(run).collect();
        names().all(|name| back.contains(name.as_str()))
    })
    .await
}

async fn until(
    reported: &mut mpsc::UnboundedReceiver<Report>,
    judge: &mut Judge,
    what: &str,
    done: impl Fn(&Judge) -> bool,
) -> Result<(), String> {
    let end = Instant::now() + PATIENCE;
    while !done(judge) {
        let left = end.saturating_duration_since(Instant::now());
        match timeout(left, reported.recv()).await {
            Ok(Some(report)) => judge.hear(report)?,
            Ok(None) => return Err("all clients are gone".to_owned()),
            Err(_) => return Err(format!("not all clients are {what}; {}", judge.summary())),
        }
    }
    Ok(())
}
