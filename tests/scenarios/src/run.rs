//! Runs one scenario: its server, a network for each client, and the clients themselves.

use crate::{
    journal::{Clients, Event, Journal, Order},
    oracle::{Asked, Evidence},
    process::Process,
    proxy::{Cut, Direction, Mode, Network, Passed},
    scenario::Scenario,
    take_over,
    world::World,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// How long anything that has to happen may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// After so long without a connection a session may have ended, which is a little earlier than `session.resume` says.
const KEPT: Duration = Duration::from_secs(9);

/// Between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(5);

const BOTH: [Direction; 2] = [Direction::Up, Direction::Down];

/// Makes the clients of a scenario.
pub(crate) trait Platform: Send + Sync {
    fn name(&self) -> &'static str;
    /// Clients that report to a journal. `run` is unique.
    fn clients(&self, run: &str, journal: Journal) -> Result<Box<dyn Clients>, String>;
}

/// The network of a client, and what it was made to do.
struct Seat {
    network: Network,
    asked: Asked,
    /// Where another end took the session over.
    taken: Option<take_over::Raw>,
    barriers: i64,
}

pub(crate) struct Run<'a> {
    scenario: &'a Scenario,
    cuts: BTreeMap<String, Vec<Option<Cut>>>,
    world: Arc<World>,
    process: Process,
    /// A server that is shutting down.
    leaving: Option<JoinHandle<Result<(), String>>>,
    clients: Box<dyn Clients>,
    journal: Journal,
    seats: BTreeMap<String, Seat>,
}

/// The arguments of a step.
struct Words<'a>(&'a [Value]);

impl<'a> Words<'a> {
    fn text(&self, at: usize) -> &'a str {
        self.0.get(at).and_then(Value::as_str).unwrap_or_default()
    }

    fn optional(&self, at: usize) -> Option<String> {
        let text = self.0.get(at).and_then(Value::as_str);
        text.map(str::to_owned)
    }

    fn number(&self, at: usize) -> Option<i64> {
        self.0.get(at).and_then(Value::as_i64)
    }

    fn count(&self, at: usize) -> u64 {
        self.0.get(at).and_then(Value::as_u64).unwrap_or_default()
    }

    fn directions(&self, at: usize) -> &'static [Direction] {
        match self.text(at) {
            "up" => &BOTH[..1],
            "down" => &BOTH[1..],
            _ => &BOTH,
        }
    }
}

/// What a run showed of a client.
#[derive(Default)]
pub(crate) struct Shown {
    /// What went through each of its connections.
    pub(crate) passed: Vec<Passed>,
    /// Whether a session may have ended before the client came back: then outcomes may be unknown.
    pub(crate) has_expired: bool,
}

/// Runs a scenario with these cuts, by client and connection. Returns what it showed of each client.
pub(crate) async fn run(
    scenario: &Scenario,
    platform: &dyn Platform,
    id: &str,
    cuts: BTreeMap<String, Vec<Option<Cut>>>,
) -> Result<BTreeMap<String, Shown>, String> {
    let world = World::new();
    let journal = Journal::new();
    let mut run = Run {
        scenario,
        cuts,
        process: Process::start(world.clone()).await?,
        world,
        leaving: None,
        clients: platform.clients(id, journal.clone())?,
        journal,
        seats: BTreeMap::new(),
    };
    for (i, step) in scenario.steps.iter().enumerate() {
        let (name, rest) = step.split_first().ok_or("a step has a name")?;
        let name = name.as_str().unwrap_or_default();
        let done = run.step(name, &Words(rest)).await;
        done.map_err(|error| {
            let step = Value::from(step.clone());
            format!("step {} {step}: {error}\n{}", i + 1, run.report())
        })?;
    }
    run.settle().await
}

impl Run<'_> {
    fn seat(&mut self, client: &str) -> Result<&mut Seat, String> {
        let seat = self.seats.get_mut(client);
        seat.ok_or_else(|| format!("there is no client `{client}`"))
    }

    async fn step(&mut self, name: &str, words: &Words<'_>) -> Result<(), String> {
        match name {
            "connect" => self.connect(words).await,
            "join" | "leave" | "put" | "get" | "note" | "watch" | "retry" | "refresh" | "sleep"
            | "wake" | "close" => self.order(name, words),
            "cut" | "cut-near" | "refuse" | "allow" | "swallow" | "hold" | "hold-hello"
            | "pause" | "pass" | "delay" => self.network(name, words),
            "publish" | "ask" | "open-gate" | "kill" | "start" | "deploy" | "deployed"
            | "take-over" => self.server(name, words).await,
            _ => self.wait(name, words).await,
        }
    }

    async fn connect(&mut self, words: &Words<'_>) -> Result<(), String> {
        let client = words.text(0);
        let cuts = self.cuts.get(client).cloned().unwrap_or_default();
        let network = Network::start(self.process.address, cuts).await;
        let network = network.map_err(|error| error.to_string())?;
        let order = Order::Connect {
            url: network.url(),
            lasts: words.number(1).map(i64::unsigned_abs),
        };
        let seat = Seat {
            network,
            asked: Asked::default(),
            taken: None,
            barriers: 0,
        };
        self.seats.insert(client.to_owned(), seat);
        self.clients.order(client, order);
        Ok(())
    }

    /// What a client is made to do.
    fn order(&mut self, name: &str, words: &Words<'_>) -> Result<(), String> {
        let client = words.text(0);
        let asked = &mut self.seat(client)?.asked;
        let n = words.number(1).unwrap_or_default();
        let channel = words.text(1).to_owned();
        let order = match name {
            "join" => {
                asked.channels.insert(channel.clone());
                Order::Join { channel }
            }
            "leave" => {
                asked.left.insert(channel.clone());
                Order::Leave { channel }
            }
            "put" => {
                asked.calls.insert(n);
                let (room, does) = (words.optional(2), words.optional(3));
                Order::Put { n, room, does }
            }
            "get" => {
                asked.calls.insert(n);
                Order::Get { n }
            }
            "note" => {
                asked.notes.push(n);
                Order::Note { n }
            }
            "watch" => {
                let (stream, count) = (channel, words.count(2));
                asked.streams.insert(stream.clone(), count);
                Order::Watch { stream, count }
            }
            "retry" => Order::Retry,
            "refresh" => Order::Refresh,
            "sleep" => Order::Sleep,
            "wake" => Order::Wake {
                virtual_ms: words.count(1),
            },
            _ => Order::Close,
        };
        self.clients.order(client, order);
        Ok(())
    }

    /// What the network of a client does.
    fn network(&mut self, name: &str, words: &Words<'_>) -> Result<(), String> {
        let network = &self.seat(words.text(0))?.network;
        let directions = words.directions(1);
        match name {
            "cut" => network.cut(),
            "cut-near" => network.cut_near(),
            "refuse" => network.refuse(true),
            "allow" => network.refuse(false),
            "swallow" => network.set(directions, Mode::Swallow),
            "hold" => network.set(directions, Mode::Hold),
            "hold-hello" => {
                network.hold_hello(usize::try_from(words.count(1)).unwrap_or_default());
            }
            "pause" => network.set(directions, Mode::Pause),
            "pass" => network.set(directions, Mode::Pass),
            _ => network.delay(Duration::from_millis(words.count(1))),
        }
        Ok(())
    }

    /// What the server does, or somebody else at it.
    async fn server(&mut self, name: &str, words: &Words<'_>) -> Result<(), String> {
        match name {
            "publish" => {
                let from = words.number(1).ok_or("a number")?;
                let to = words.number(2).unwrap_or(from);
                let pad = usize::try_from(words.count(3)).unwrap_or_default();
                for n in from..=to {
                    let channel = words.text(0);
                    self.world.publish(&self.process.handle, channel, n, pad);
                    // Not faster than this client reads.
                    if let Some(client) = words.optional(4) {
                        let heard = [client.into(), channel.into(), n.into()];
                        self.wait("heard", &Words(&heard)).await?;
                    }
                }
            }
            "ask" => {
                let n = words.number(1).ok_or("a number")?;
                self.world.ask(words.text(0), n)?;
            }
            "open-gate" => self.world.open_gate(),
            "kill" => {
                for seat in self.seats.values() {
                    seat.network.refuse(true);
                    seat.network.cut();
                }
                let next = Process::start(self.world.clone()).await?;
                drop(std::mem::replace(&mut self.process, next));
            }
            "start" => {
                for seat in self.seats.values() {
                    seat.network.lead_to(self.process.address);
                    seat.network.refuse(false);
                }
            }
            "deploy" => {
                let next = Process::start(self.world.clone()).await?;
                let mut old = std::mem::replace(&mut self.process, next);
                for seat in self.seats.values() {
                    seat.network.lead_to(self.process.address);
                }
                self.leaving = Some(tokio::spawn(async move { old.shut_down().await }));
            }
            "deployed" => {
                let leaving = self.leaving.take().ok_or("nothing is shutting down")?;
                let left = tokio::time::timeout(PATIENCE, leaving).await;
                let left = left.map_err(|_| "the server does not end")?;
                left.map_err(|error| error.to_string())??;
            }
            _ => {
                let client = words.text(0).to_owned();
                let address = self.process.address;
                let seat = self.seat(&client)?;
                let passed = seat.network.passed();
                let token = passed.last().and_then(Passed::token);
                let token = token.ok_or("the client has no session yet")?;
                let user = words.optional(1).unwrap_or_else(|| client.clone());
                let is_own = user == client;
                seat.taken = Some(take_over::take_over(address, &user, &token, is_own).await?);
            }
        }
        Ok(())
    }

    /// Waits until something has happened.
    async fn wait(&mut self, name: &str, words: &Words<'_>) -> Result<(), String> {
        let begun = Instant::now();
        while !self.has_happened(name, words)? {
            if begun.elapsed() > PATIENCE {
                return Err("it does not happen".to_owned());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    fn has_happened(&self, name: &str, words: &Words<'_>) -> Result<bool, String> {
        let (client, key) = (words.text(0), words.text(1));
        let n = words.number(1).unwrap_or_default();
        let is = |is: &dyn Fn(&Event) -> bool| Ok(self.journal.has(client, is));
        match name {
            "ended" => is(&|event| matches!(event, Event::Ended { n: ended, .. } if *ended == n)),
            "joined" => is(&|event| matches!(event, Event::Joined { channel } if channel == key)),
            "heard" => {
                let n = words.number(2).unwrap_or_default();
                is(
                    &|event| matches!(event, Event::Message { channel, n: heard } if channel == key && *heard == n),
                )
            }
            "gap" => is(&|event| matches!(event, Event::Gap { channel, .. } if channel == key)),
            "item" => {
                let n = words.number(2).unwrap_or_default();
                is(
                    &|event| matches!(event, Event::Item { stream, n: item } if stream == key && *item == n),
                )
            }
            "asked" => is(&|event| *event == Event::Asked { n }),
            "refreshed" => {
                is(&|event| matches!(event, Event::Refreshed { outcome } if outcome == "ok"))
            }
            "state" => Ok(self.state(client).as_deref() == Some(key)),
            // A request has begun to run.
            "ran" => {
                let known = self.world.known();
                Ok(known
                    .runs
                    .iter()
                    .any(|(of, ran, _)| of == client && *ran == n))
            }
            // A session has begun, or gone on, on this connection of the client.
            "ready" => {
                let passed = self.passed(client);
                let at = usize::try_from(n).unwrap_or_default();
                Ok(passed
                    .get(at)
                    .is_some_and(|passed| passed.token().is_some()))
            }
            // Bytes of this connection are held.
            "held" => {
                let at = usize::try_from(n).unwrap_or_default();
                Ok(self
                    .passed(client)
                    .get(at)
                    .is_some_and(|passed| passed.held > 0))
            }
            // The client has made so many connections.
            "connections" => {
                Ok(self.passed(client).len() >= usize::try_from(n).unwrap_or_default())
            }
            // The server has so many sessions, with and without a connection.
            "sessions" => {
                let handle = &self.process.handle;
                let wanted = words.number(0).unwrap_or_default();
                Ok(i64::try_from(handle.connections() + handle.detached()) == Ok(wanted))
            }
            "detached" => {
                let detached = self.process.handle.detached();
                Ok(i64::try_from(detached) == Ok(words.number(0).unwrap_or_default()))
            }
            _ => Err("there is no such step".to_owned()),
        }
    }

    fn passed(&self, client: &str) -> Vec<Passed> {
        let seat = self.seats.get(client);
        seat.map(|seat| seat.network.passed()).unwrap_or_default()
    }

    fn state(&self, client: &str) -> Option<String> {
        let events = self.journal.of(client);
        events.into_iter().rev().find_map(|event| match event {
            Event::State { status, .. } => Some(status),
            _ => None,
        })
    }

    /// What is wrong so far.
    fn check(&self) -> Vec<String> {
        let known = self.world.known();
        let mut wrong = Vec::new();
        for (client, seat) in &self.seats {
            let passed = seat.network.passed();
            let begun = passed.iter().filter(|passed| passed.token().is_some());
            let evidence = Evidence {
                client,
                asked: &seat.asked,
                journal: &self.journal,
                known: &known,
                resumed: begun.map(Passed::is_resumed).collect(),
                has_expired: self.has_expired(client),
                expect: &self.scenario.expect,
            };
            wrong.extend(evidence.check());
        }
        wrong
    }

    /// Waits until everything is as it should be, and for what would be too much.
    async fn settle(&mut self) -> Result<BTreeMap<String, Shown>, String> {
        self.until_right().await?;
        let open = self.seats.keys().cloned().collect::<Vec<_>>();
        for client in open {
            if self.state(&client).as_deref() == Some("closed") {
                continue;
            }
            // Whatever is on its way to the client precedes the answer.
            let seat = self.seat(&client)?;
            seat.barriers -= 1;
            let n = seat.barriers;
            seat.asked.calls.insert(n);
            self.clients.order(&client, Order::Get { n });
        }
        self.until_right().await?;
        for (client, seat) in &mut self.seats {
            self.clients.order(client, Order::Close);
            if let Some(raw) = &mut seat.taken {
                raw.check().await?;
            }
        }
        let shown = self.seats.keys().map(|client| {
            let shown = Shown {
                passed: self.passed(client),
                has_expired: self.has_expired(client),
            };
            (client.clone(), shown)
        });
        Ok(shown.collect())
    }

    fn has_expired(&self, client: &str) -> bool {
        self.journal.longest_loss(client) > KEPT
    }

    async fn until_right(&self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let wrong = self.check();
            if wrong.is_empty() {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("{}\n{}", wrong.join("\n"), self.report()));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What every client has reported, for people.
    fn report(&self) -> String {
        let mut report = String::new();
        for (client, seat) in &self.seats {
            report += &format!("  {client}, connections:");
            for passed in seat.network.passed() {
                report += &format!("\n    {}", passed.shown(self.journal.began));
            }
            let events = self.journal.last(client, 60);
            report += &format!("\n  {client}, the last events:{events}\n");
        }
        report + &format!("  runs {:?}", self.world.known().runs)
    }
}
