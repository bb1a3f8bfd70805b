//! What many connections leave behind once they are gone and nothing can be resumed any more: nothing. Time is simulated, so that all of it
//! passes; the memory is counted by the allocator.

use crate::{
    ALLOCATOR,
    api::{Name, Server, Sessions},
    app::{ALL, App},
    peer::Peer,
};
use futures_util::future::join_all;
use handfast::{Protocol, broker::InMemory, codec::Encoding, descriptor::Limits};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// How many connections there are at a time.
const WAVE: usize = 500;

/// How many different things they do.
const KINDS: usize = 10;

/// How much more memory may be in use than before, in bytes: tables give back what they do not need, but not the last entries.
const SLACK: usize = 8 * 1024;

/// More than there are sessions that end at the same time: `limits.detached` is 10,000.
const WOKEN: usize = 12_000;

/// Longer than a session can be resumed, a history is stored, and a rate is remembered.
const PASSED: Duration = Duration::from_secs(30 * 60);

/// What is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    connections: usize,
    detached: usize,
    channels: usize,
    stored: usize,
    tasks: usize,
}

struct Subject {
    server: Server,
    broker: Arc<InMemory>,
}

/// Makes so many connections. Returns what happened, in words.
pub(crate) async fn run(count: usize) -> Result<String, String> {
    let broker = InMemory::new();
    let server = Server::builder(App::new(1, None))
        .broker(broker.clone())
        .limits(Limits {
            rate: Some((1000, Duration::from_secs(1))),
            ..Sessions::DESCRIPTOR.limits
        })
        .max_connections(10 * WAVE)
        .build();
    let subject = Subject { server, broker };
    wake_together(WOKEN).await?;
    // What is allocated once is there after some.
    subject.wave(0, 2 * WAVE).await?;
    let before = subject.rest().await?;
    let memory = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let mut held = 0;
    for from in (0..count).step_by(WAVE) {
        held = subject
            .wave(2 * WAVE + from, WAVE.min(count - from))
            .await?
            .max(held);
    }
    let peak = ALLOCATOR.peak_usage().saturating_sub(memory);
    let after = subject.rest().await?;
    let now = ALLOCATOR.current_usage();
    if after != before {
        return Err(format!("{after:?} instead of {before:?}"));
    }
    let more = now.cast_signed() - memory.cast_signed();
    let words = format!(
        "{count} connections, {held} detached sessions at the most, {} KiB at the most, {more} bytes more than before",
        peak / 1024
    );
    // Sessions that could be resumed were there to be forgotten.
    match more <= SLACK.cast_signed() && held > 0 {
        true => Ok(words),
        false => Err(words),
    }
}

/// The queue of a runtime keeps room for as many tasks as were ever woken at the same time.
async fn wake_together(tasks: usize) -> Result<(), String> {
    let end = tokio::time::Instant::now() + Duration::from_secs(1);
    let tasks: Vec<_> = (0..tasks)
        .map(|_| tokio::spawn(tokio::time::sleep_until(end)))
        .collect();
    for task in tasks {
        task.await.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// An address that a number has for itself.
fn address(n: usize) -> SocketAddr {
    (Ipv4Addr::from(0x0a00_0000 + n as u32), 1000).into()
}

impl Subject {
    fn counts(&self) -> Counts {
        let handle = self.server.handle();
        Counts {
            connections: handle.connections(),
            detached: handle.detached(),
            channels: self.broker.channels(),
            stored: self.broker.stored().0,
            tasks: tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks(),
        }
    }

    /// Connections come together, do what they do, and go. Returns how many sessions wait to be resumed then.
    async fn wave(&self, from: usize, count: usize) -> Result<usize, String> {
        let all = (from..from + count).map(|n| self.visit(n));
        for outcome in join_all(all).await {
            outcome?;
        }
        // The server has noticed who is gone.
        for _ in 0..1000 {
            if self.server.handle().connections() == 0 {
                return Ok(self.server.handle().detached());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("connections are left: {:?}", self.counts()))
    }

    /// Time passes, and one client comes by.
    async fn rest(&self) -> Result<Counts, String> {
        for _ in 0..2 {
            tokio::time::sleep(PASSED).await;
            let (mut peer, _) = self.enter(usize::MAX >> 40, "visitor", json!({})).await?;
            peer.ask(&join(ALL)).await?;
            peer.ask(&json!({ "type": "add", "id": "1", "payload": { "n": 1 } }))
                .await?;
            peer.close(1000).await;
        }
        tokio::time::sleep(PASSED).await;
        Ok(self.counts())
    }

    async fn enter(&self, n: usize, name: &str, resume: Value) -> Result<(Peer, Value), String> {
        let address = Some(address(n));
        Peer::enter_from(&self.server, address, name, resume).await
    }

    async fn visit(&self, n: usize) -> Result<(), String> {
        let name = format!("visitor-{n}");
        if n.is_multiple_of(KINDS) {
            // Says nothing.
            drop(Peer::connect(
                &self.server,
                Encoding::Json,
                Some(address(n)),
            ));
            return Ok(());
        }
        let (mut peer, ready) = self.enter(n, &name, json!({})).await?;
        let token = &ready["session"];
        let add = |n: usize| json!({ "type": "add", "id": format!("a{n}"), "payload": { "n": n } });
        match n % KINDS {
            1 => {
                // Is done.
                peer.ask(&add(1)).await?;
                peer.close(1000).await;
            }
            2 => {
                // Is lost with messages that it has not acknowledged, in channels of its own.
                peer.ask(&join(&name)).await?;
                let key = json!({ "channel": format!("diary:{name}") });
                peer.ask(&json!({ "type": "join", "id": "d", "payload": key }))
                    .await?;
                for n in 0..5 {
                    peer.ask(&add(n)).await?;
                }
                drop(peer);
                let name = Name::try_from(&*name).map_err(|error| error.to_string())?;
                let text = "x".repeat(500);
                let entry = crate::api::DiaryEntry { text };
                self.server.handle().diary(&name).publish(&entry);
            }
            3 => {
                // Resumes once.
                peer.ask(&add(1)).await?;
                drop(peer);
                let resume = json!({ "session": token, "received": 1 });
                let (mut peer, _) = self.enter(n, &name, resume).await?;
                peer.ask(&add(2)).await?;
            }
            4 => {
                // Takes itself over, and over.
                let mut token = token.clone();
                let mut old = Vec::new();
                for _ in 0..3 {
                    old.push(peer);
                    let resume = json!({ "session": token, "received": 0 });
                    let ready;
                    (peer, ready) = self.enter(n, &name, resume).await?;
                    token = ready["session"].clone();
                }
            }
            5 => {
                // Is in the middle of a stream.
                let ticks = json!({ "type": "ticks", "id": "t", "payload": { "n": 1_000_000 } });
                peer.ask(&ticks).await?;
            }
            6 => {
                // Is asked, and never answers.
                peer.ask(&add(9)).await?;
                while peer.hear().await?["type"] != "confirm" {}
            }
            7 => {
                // Misbehaves until it is closed.
                while peer.say(&json!({ "type": "nothing" })).await.is_ok() {
                    if let Ok(Err(_)) = peer.next().await {
                        break;
                    }
                }
            }
            8 => {
                // Is in a busy channel and does not read.
                peer.ask(&join(ALL)).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            _ => {
                // Tries to resume what nobody has, and does not count.
                let resume = json!({ "session": format!("none-{n}"), "received": 0 });
                let _ = self.enter(n, &name, resume).await?;
                let (mut peer, _) = self.enter(n, &name, Value::Null).await?;
                peer.ask(&add(1)).await?;
            }
        }
        Ok(())
    }
}

fn join(room: &str) -> Value {
    json!({ "type": "room.join", "id": "j", "payload": { "room": room } })
}
