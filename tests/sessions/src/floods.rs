//! A peer that reads nothing more and floods the server with what overtakes the queue of its messages: answers and acknowledgements. What the
//! server then holds for it is counted by the allocator, and bounded by its limits.

use crate::{
    ALLOCATOR,
    api::{Server, Sessions},
    app::{ALL, App},
    peer::Peer,
};
use handfast::Protocol;
use serde_json::{Value, json};

/// What a connection may hold besides its limits, in bytes.
const PER_CONNECTION: usize = 64 * 1024;

/// How many messages each flood has.
const FLOOD: usize = 30_000;

/// How many messages a peer is sent that it does not acknowledge.
const UNACKNOWLEDGED: usize = 200;

type Piece = fn(usize) -> Value;

/// The floods.
const FLOODS: [(&str, Piece); 4] = [
    ("answers that come twice", |_| answer(1)),
    (
        "answers to nothing, and one that comes twice between",
        |n| answer(if n % 5 == 4 { 1 } else { 1_000_000 + n }),
    ),
    (
        "acknowledgements of too much, and a good one between",
        |n| acknowledge(if n % 5 == 4 { n / 5 + 3 } else { 1_000_000 }),
    ),
    (
        "failures of a question that is answered",
        |_| json!({ "type": "error", "id": "1", "payload": { "code": "X", "message": "" } }),
    ),
];

fn answer(id: usize) -> Value {
    json!({ "type": "confirmed", "id": id.to_string(), "payload": { "n": 1 } })
}

fn acknowledge(received: usize) -> Value {
    json!({ "type": "received", "payload": { "received": received } })
}

/// What a connection may hold, in bytes.
fn bound() -> usize {
    let limits = Sessions::DESCRIPTOR.limits;
    limits.inbound + 2 * limits.outbound + limits.message + PER_CONNECTION
}

/// Floods a server in each way. Returns what happened, in words.
pub(crate) async fn run() -> Result<String, String> {
    let mut words = Vec::new();
    for (what, piece) in FLOODS {
        let held = flood(piece).await.map_err(|why| format!("{what}: {why}"))?;
        let kib = held / 1024;
        println!("{what}: {kib} KiB of {}", bound() / 1024);
        if held > bound() {
            words.push(format!("{what}: {kib} KiB"));
        }
    }
    match words.is_empty() {
        true => Ok(format!("{} floods are within their bound", FLOODS.len())),
        false => Err(words.join("; ")),
    }
}

async fn flood(piece: Piece) -> Result<usize, String> {
    let server = Server::new(App::new(1, None));
    let (mut peer, _) = Peer::enter(&server, "mallory", json!({})).await?;
    let join = json!({ "type": "room.join", "id": "j", "payload": { "room": ALL } });
    peer.ask(&join).await?;
    let add = |n: usize| json!({ "type": "add", "id": format!("a{n}"), "payload": { "n": n } });
    // The ninth makes the server ask.
    for n in 0..UNACKNOWLEDGED / 2 {
        peer.ask(&add(n)).await?;
        if n == 9 {
            peer.say(&answer(1)).await?;
        }
    }
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    // Until nothing is written any more.
    for n in 0..600 {
        peer.say(&add(1000 + 10 * n)).await?;
    }
    for n in 0..FLOOD {
        // The server may close.
        if peer.say(&piece(n)).await.is_err() {
            break;
        }
        if n % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    tokio::task::yield_now().await;
    Ok(ALLOCATOR.peak_usage().saturating_sub(before))
}
