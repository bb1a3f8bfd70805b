//! A client in Rust that sends without end while its server is killed.

use super::{
    Phase,
    report::{Kind, Outcome, Report, What},
};
use crate::{
    api::{
        Add, Client, Confirm, Confirmed, Find, Login, Name, Note, RoomSaid, ServerMessage,
        ServerRequestHandler,
    },
    app::{ALL, proof},
};
use futures_util::future::join_all;
use handfast::{
    HandlerError,
    client::{CallError, Event, State},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc::UnboundedSender, watch};

/// How many requests of a kind are in flight.
const IN_FLIGHT: usize = 3;

/// How long is waited between two messages without a reply.
const PAUSE: Duration = Duration::from_millis(5);

/// Reports what happens to a client. A clone is a few counted references.
#[derive(Clone)]
struct Reporter {
    by: Arc<str>,
    to: UnboundedSender<Report>,
}

impl Reporter {
    fn report(&self, what: What) {
        // The test may have ended with an error.
        let _ = self.to.send(Report {
            by: self.by.to_string(),
            what,
        });
    }
}

impl ServerRequestHandler for Reporter {
    async fn confirm(&self, m: Confirm, _: &Client) -> Result<Confirmed, HandlerError> {
        self.report(What::Asked {
            run: m.run.cast_unsigned(),
            n: m.n.cast_unsigned(),
        });
        Ok(Confirmed {
            n: m.n.cast_unsigned(),
        })
    }
}

/// Runs a client until it is closed.
pub(crate) async fn run(
    name: String,
    address: SocketAddr,
    to: UnboundedSender<Report>,
    mut phase: watch::Receiver<Phase>,
) {
    let reporter = Reporter {
        by: name.as_str().into(),
        to,
    };
    if let Err(why) = load(&name, address, &reporter, &mut phase).await {
        reporter.report(What::Wrong(why));
    }
}

async fn load(
    name: &str,
    address: SocketAddr,
    reporter: &Reporter,
    phase: &mut watch::Receiver<Phase>,
) -> Result<(), String> {
    let login = Login {
        name: Name::try_from(name).map_err(|error| error.to_string())?,
        proof: proof(name),
    };
    let connecting = Client::connect_with(format!("ws://{address}/ws"), reporter.clone());
    let client = connecting.auth(&login).await;
    let client = client.map_err(|error| error.to_string())?;
    let all = Name::try_from(ALL).map_err(|error| error.to_string())?;
    let mut room = client.room(&all).join().await.map_err(|e| e.to_string())?;
    let reading = tokio::spawn({
        let reporter = reporter.clone();
        async move {
            while let Some(event) = room.next().await {
                // What was missed is a gap.
                if let Event::Joined(_) = event {
                    continue;
                }
                reporter.report(heard(event));
            }
        }
    });
    let load = Load {
        client: client.clone(),
        reporter: reporter.clone(),
        phase: phase.clone(),
        numbers: Arc::default(),
    };
    let returning = tokio::spawn(load.clone().offline());
    let all = (0..IN_FLIGHT).flat_map(|_| {
        [
            tokio::spawn(load.clone().calls(Kind::Add)),
            tokio::spawn(load.clone().calls(Kind::Find)),
        ]
    });
    let all: Vec<_> = all.chain([tokio::spawn(load.clone().notes())]).collect();
    for ended in join_all(all).await {
        ended.map_err(|error| error.to_string())?;
    }
    reporter.report(What::Idle);
    // Where the sender is gone, the test has ended.
    let _ = phase.wait_for(|phase| *phase == Phase::Close).await;
    client.close().await;
    returning.abort();
    // A subscription ends with its client.
    reading.await.map_err(|error| error.to_string())
}

fn heard(event: Event<ServerMessage>) -> What {
    match event {
        Event::Message(envelope) => match envelope.message {
            ServerMessage::RoomSaid(RoomSaid { run, n, .. }) => What::Said {
                run: run.cast_unsigned(),
                n: n.cast_unsigned(),
            },
            other => What::Wrong(format!("the room has {other:?}")),
        },
        Event::Gap(_) => What::Gap,
        other => What::Wrong(format!("the room reports {other:?}")),
    }
}

#[derive(Clone)]
struct Load {
    client: Client,
    reporter: Reporter,
    phase: watch::Receiver<Phase>,
    /// The numbers of the next requests, by kind.
    numbers: Arc<[AtomicU64; 2]>,
}

impl Load {
    fn is_on(&self) -> bool {
        *self.phase.borrow() == Phase::Load
    }

    async fn call(&self, kind: Kind, offline: bool) {
        let n = self.numbers[kind as usize].fetch_add(1, Ordering::Relaxed);
        let answered = match kind {
            Kind::Add => self.client.add(Add { n }).await.map(|m| (m.run, m.nonce)),
            Kind::Find => self.client.find(Find { n }).await.map(|m| (m.run, m.nonce)),
        };
        let outcome = match answered {
            Ok((run, nonce)) => Outcome::Answered {
                run: run.cast_unsigned(),
                nonce,
            },
            Err(CallError::OutcomeUnknown) => Outcome::Unknown,
            Err(error) => Outcome::Other(error.to_string()),
        };
        self.reporter.report(What::Ended {
            kind,
            n,
            outcome,
            offline,
        });
    }

    async fn calls(self, kind: Kind) {
        while self.is_on() {
            self.call(kind, false).await;
        }
    }

    async fn notes(self) {
        for n in 0.. {
            if !self.is_on() {
                return;
            }
            let sent = self.client.note(Note { n }).await;
            let queued = sent.is_ok();
            self.reporter.report(What::Noted { n, queued });
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks once whenever the connection is lost, and before the first is.
    async fn offline(self) {
        self.call(Kind::Add, true).await;
        loop {
            self.client
                .wait_for_state(|state| !matches!(state, State::Connected))
                .await;
            if !self.is_on() {
                return;
            }
            self.call(Kind::Add, true).await;
            self.client
                .wait_for_state(|state| matches!(state, State::Connected))
                .await;
        }
    }
}
