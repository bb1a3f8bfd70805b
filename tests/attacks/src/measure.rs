//! One attack run against a server of its own, twice, and what that took.

use crate::{
    attack::{Act, Attack, Fate, PEERS, Target, flood},
    peer::{self, ConnectionInfo},
    process::{BEGIN, LOOK, PATIENCE, Process, Usage},
    server::LIMITS,
};
use futures_util::future::join_all;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Builder,
    sync::{oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

/// What is allowed for every connection, besides its limits.
const PER_CONNECTION: usize = 64 * 1024;

/// How much more memory a server may have after an attack than after the one before, which has allocated what is allocated once.
const SLACK: u64 = 256 << 10;

/// How many times an attack is repeated until it leaves no more behind.
const REPEATED: usize = 4;

/// How many round trips another client makes meanwhile.
const TRIPS: usize = 200;

/// How long the other client may take for them beyond the time of the attack: a third of a second each, on a slow machine whose processors the
/// attackers use as well.
const SERVED: Duration = Duration::from_secs(60);

/// How long the other client waits between two of them.
const PAUSE: Duration = Duration::from_millis(5);

/// How many lines a server may log for each connection that came.
const LINES: u64 = 4;

/// How long a repeated round lasts.
const AGAIN: Duration = Duration::from_millis(700);

/// What an attack took.
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) line: &'static str,
    /// Bytes that the peers sent.
    pub(crate) sent: u64,
    /// How many peers were closed, by the code; 0 where none could be read.
    pub(crate) closed: BTreeMap<u16, usize>,
    /// The most memory that was added during the first round, in bytes.
    pub(crate) peak: u64,
    /// How much of it was left after the first and the last round.
    pub(crate) left: [i64; 2],
    /// How long it took until sockets and tasks were back.
    pub(crate) back: Duration,
    /// The round trips of another client: how many, their median and the longest.
    pub(crate) trips: (usize, Duration, Duration),
    /// What is wrong.
    pub(crate) problems: Vec<String>,
}

/// How much memory an attack may add.
pub(crate) fn bound() -> u64 {
    // Messages that are queued, and those that are not acknowledged.
    let outbound = LIMITS.outbound * if peer::is_counting() { 2 } else { 1 };
    let each = LIMITS.inbound + outbound + LIMITS.message + PER_CONNECTION;
    (PEERS * each) as u64
}

/// What one round was like.
struct Round {
    fates: Vec<Fate>,
    peak: u64,
    /// The most sessions that waited to be resumed.
    detached: u64,
    /// The most sockets that the server had.
    sockets: usize,
    trips: Vec<Duration>,
}

impl Round {
    /// How many connections its peers made.
    fn connections(&self) -> u64 {
        self.fates.iter().map(|fate| fate.again + 1).sum()
    }
}

/// Runs an attack.
pub(crate) async fn run(attack: &Attack) -> Result<Outcome, String> {
    let server = Process::start(&attack.setup).await?;
    let mut problems = Vec::new();

    warm(&server).await?;
    // Until the sessions of those are gone, and then until nothing more is freed.
    let any = Usage {
        memory: u64::MAX,
        sockets: usize::MAX,
        tasks: u64::MAX,
        detached: 0,
    };
    server.settle(any, PATIENCE).await?;
    let empty = Usage::default();
    let (first, _) = server.settle(empty, Duration::from_millis(500)).await?;
    let wanted = attack.setup.trips(TRIPS);
    let first_round = round(attack, &server, attack.lasts, wanted).await;
    if let Err(words) = (attack.check)(&first_round.fates) {
        problems.push(words);
    }
    let failed = first_round
        .fates
        .iter()
        .find_map(|fate| fate.failed.as_ref());
    problems.extend(failed.map(|words| format!("a peer could not attack: {words}")));
    let peak = first_round.peak.saturating_sub(first.memory);
    let bound = bound() + attack.more as u64;
    if peak > bound {
        problems.push(format!("memory grew by {}, not {}", mib(peak), mib(bound)));
    }
    if first_round.detached > LIMITS.detached.sessions as u64 {
        let detached = first_round.detached;
        problems.push(format!("{detached} sessions waited to be resumed"));
    }
    // Each peer may have one more, whose request is not answered yet.
    if let Some((most, _)) = attack.setup.caps
        && first_round.sockets > first.sockets + most + PEERS
    {
        let more = first_round.sockets - first.sockets;
        problems.push(format!("{more} sockets more than before, not {most}"));
    }
    if first_round.trips.len() < wanted {
        problems.push(format!(
            "another client got {} of {wanted} answers",
            first_round.trips.len()
        ));
    }
    let allowed = Usage {
        memory: first.memory + SLACK,
        ..first
    };
    let (second, back) = server.settle(allowed, PATIENCE).await?;
    problems.extend(left_over(&server, allowed, second, "the attack"));

    let mut last = second;
    let mut connections = first_round.connections();
    for repeated in 1..=REPEATED {
        let allowed = Usage {
            memory: last.memory.max(first.memory) + SLACK,
            ..first
        };
        let again = round(attack, &server, AGAIN.min(attack.lasts), 0).await;
        connections += again.connections();
        (last, _) = server.settle(allowed, PATIENCE).await?;
        let left = left_over(&server, allowed, last, "another");
        if left.is_empty() {
            break;
        }
        if repeated == REPEATED {
            problems.extend(left);
        }
    }
    problems.extend(loud(&server, connections).await?);

    let mut closed = BTreeMap::new();
    for fate in &first_round.fates {
        if fate.ended.is_none() && fate.close.is_none() {
            continue;
        }
        *closed.entry(fate.close.unwrap_or_default()).or_default() += 1;
    }
    let mut trips = first_round.trips;
    trips.sort_unstable();
    let median = trips.get(trips.len() / 2).copied().unwrap_or_default();
    let longest = trips.last().copied().unwrap_or_default();
    Ok(Outcome {
        name: attack.name,
        line: attack.line,
        sent: first_round.fates.iter().map(|fate| fate.sent).sum(),
        closed,
        peak,
        left: [second, last].map(|usage| usage.memory.cast_signed() - first.memory.cast_signed()),
        back,
        trips: (trips.len(), median, longest),
        problems,
    })
}

/// As many peers as will attack come, ask for something and go, so that what is allocated once is there.
async fn warm(server: &Process) -> Result<(), String> {
    let peers = (0..PEERS).map(|_| async {
        let mut peer = ConnectionInfo::enter(server.address).await?;
        peer.say(r#"{"type":"echo","payload":{"text":"warm"},"id":"1"}"#)
            .await?;
        peer.hear().await.map(drop)
    });
    let done = timeout(PATIENCE, join_all(peers)).await;
    let done = done.map_err(|_| "the server does not answer")?;
    done.into_iter().collect()
}

async fn round(attack: &Attack, server: &Process, lasts: Duration, count: usize) -> Round {
    let (stop, stopped) = watch::channel(false);
    let (entered, entering) = oneshot::channel();
    let address = server.address;
    let other = tokio::task::spawn_blocking(move || other(address, entered, lasts + SERVED, count));
    // Where it cannot enter, it has no round trips to show.
    let _ = entering.await;
    let peers: Vec<_> = (0..PEERS)
        .map(|number| {
            let target = Target::new(address, number, stopped.clone());
            match attack.act {
                Act::Flood(what) => tokio::spawn(flood(what, target)),
                Act::Script(script) => tokio::spawn(script(target)),
            }
        })
        .collect();
    let (mut detached, mut sockets) = (0, 0);
    // What it was before does not count.
    let _ = server.peak().await;
    let sample = async {
        loop {
            // A server that does not answer is noticed at the end.
            if let Ok(usage) = server.usage().await {
                detached = usage.detached.max(detached);
                sockets = usage.sockets.max(sockets);
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let (trips, ()) = tokio::select! {
        () = sample => unreachable!("it has no end"),
        lived = async { tokio::join!(other, tokio::time::sleep(lasts)) } => lived,
    };
    let peak = server.peak().await.unwrap_or(u64::MAX);
    // Peers that are over already do not listen.
    let _ = stop.send(true);
    let fates = join_all(peers.into_iter().map(ended)).await;
    Round {
        fates,
        peak,
        detached,
        sockets,
        trips: trips.unwrap_or_default(),
    }
}

/// What became of a peer, once it has heard that the attack is over.
async fn ended(mut peer: JoinHandle<Fate>) -> Fate {
    match timeout(BEGIN, &mut peer).await {
        Ok(Ok(fate)) => fate,
        Ok(Err(error)) => Fate::failed(format!("it panicked: {error}")),
        Err(_) => {
            peer.abort();
            Fate::failed(format!(
                "it went on for {} s after the end",
                BEGIN.as_secs()
            ))
        }
    }
}

/// The round trips of another client. It has a thread of its own, so that the peers that attack do not keep it waiting here.
fn other(
    address: SocketAddr,
    entered: oneshot::Sender<()>,
    within: Duration,
    count: usize,
) -> Vec<Duration> {
    let mut trips = Vec::new();
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
        return trips;
    };
    runtime.block_on(async {
        if let Ok(peer) = ConnectionInfo::enter(address).await {
            // Nobody may wait for it any more.
            let _ = entered.send(());
            // What was not done in time is not counted.
            let _ = timeout(within, round_trips(peer, &mut trips, count)).await;
        }
    });
    trips
}

async fn round_trips(mut peer: ConnectionInfo, trips: &mut Vec<Duration>, count: usize) {
    while trips.len() < count {
        let id = trips.len();
        let asked = Instant::now();
        let text = format!(r#"{{"type":"echo","payload":{{"text":"hi"}},"id":"{id}"}}"#);
        if peer.say(&text).await.is_err() {
            return;
        }
        match peer.hear().await {
            Ok(answer) if answer.contains(r#""type":"echoed""#) => trips.push(asked.elapsed()),
            _ => return,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What is still there and should not be.
fn left_over(server: &Process, allowed: Usage, now: Usage, after: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut compare = |what: &str, now: u64, allowed: u64| {
        if now > allowed {
            problems.push(format!("after {after}, {what}: {now} instead of {allowed}"));
        }
    };
    compare("sockets", now.sockets as u64, allowed.sockets as u64);
    compare("tasks", now.tasks, allowed.tasks);
    compare("hung-up connections", server.hung_up() as u64, 0);
    compare("detached sessions", now.detached, 0);
    compare("KiB of memory", now.memory >> 10, allowed.memory >> 10);
    problems
}

/// A log that a peer can fill is a way to attack as well: a few lines for each connection are enough.
async fn loud(server: &Process, connections: u64) -> Result<Option<String>, String> {
    let state = server.state().await?;
    let counts = |level: &str| state["logged"][level].as_u64().unwrap_or_default();
    let lines = counts("ERROR") + counts("WARN") + counts("INFO");
    let enough = LINES * connections;
    Ok((lines > enough).then(|| format!("{lines} lines were logged, not {enough}")))
}

pub(crate) fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
