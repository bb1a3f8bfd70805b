//! Two ends over a network that loses connections at any point: an oracle that knows every message checks that each arrives once and in
//! order, and that nothing is missing but volatile messages.
//!
//! `HANDFAST_DISCONNECTS` sets how many connections are lost (200,000), `HANDFAST_SEED` the seed, and `HANDFAST_TRACE` a file to which the
//! events of both ends are written, in the form of the vectors, for other implementations.

use super::{
    counting::{Encoded, Replay, Sent},
    link::{Link, LinkAction},
};
use crate::descriptor::SessionDescriptor;
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};

const OUTBOUND: usize = 4096;
const BYTES: usize = 40;

/// What is in transit.
#[derive(Clone, Copy, Debug)]
enum Wire {
    Message(u64),
    Received(u64),
    Skip(u64),
}

impl Encoded for u64 {
    fn cost(&self) -> usize {
        BYTES
    }
}

/// One end, with what the oracle knows of it.
struct End {
    sent: Sent<u64>,
    link: Link,
    /// What the application has sent and the network has not taken.
    queue: VecDeque<(u64, bool)>,
    last: u64,
    /// The messages that must arrive, in order.
    due: VecDeque<u64>,
    /// The last that arrived from the peer.
    heard: u64,
    /// What is in transit to the peer.
    transit: VecDeque<Wire>,
    trace: Option<Vec<Value>>,
}

struct Simulation {
    ends: [End; 2],
    session: SessionDescriptor,
    now: Duration,
    random: u64,
    connected: bool,
    disconnects: u64,
}

impl End {
    fn new(traced: bool) -> Self {
        Self {
            sent: Sent::default(),
            link: Link::new(OUTBOUND),
            queue: VecDeque::new(),
            last: 0,
            due: VecDeque::new(),
            heard: 0,
            transit: VecDeque::new(),
            trace: traced.then(Vec::new),
        }
    }

    fn record(&mut self, now: Duration, mut step: Value, out: Vec<Value>) {
        let next = self.link.timeout().map(|next| next.as_millis() as u64);
        if let Some(trace) = &mut self.trace {
            step["at"] = json!(now.as_millis() as u64);
            step["out"] = json!(out);
            step["next"] = json!(next);
            trace.push(step);
        }
    }

    fn is_traced(&self) -> bool {
        self.trace.is_some()
    }

    /// Writes what is queued.
    fn write(&mut self, now: Duration) {
        while let Some((message, volatile)) = self.queue.pop_front() {
            self.sent.send((!volatile).then_some(message));
            self.transit.push_back(Wire::Message(message));
            if self.is_traced() {
                let step =
                    json!({ "do": "send", "message": message.to_string(), "volatile": volatile });
                self.record(now, step, Vec::new());
            }
        }
    }

    fn attach(&mut self, session: &SessionDescriptor, received: Option<u64>, now: Duration) {
        match received {
            Some(received) => self.sent.resume(received).expect("the peer counts right"),
            None => self.sent.begin(),
        }
        self.link
            .attach(session, true, received.is_some(), OUTBOUND, now);
        self.link.acknowledged();
        let mut out = Vec::new();
        while let Some(replay) = self.sent.replay() {
            let (wire, what) = match replay {
                Replay::Message(message, _) => (
                    Wire::Message(message),
                    json!({ "send": message.to_string() }),
                ),
                Replay::Skip(sent) => (Wire::Skip(sent), json!({ "sent": sent })),
            };
            self.transit.push_back(wire);
            if self.is_traced() {
                out.push(what);
            }
        }
        if self.is_traced() {
            let mut step = json!({ "do": "attach", "counting": true });
            if let Some(received) = received {
                step["received"] = json!(received);
            }
            self.record(now, step, out);
        }
    }

    fn acknowledge(&mut self, asked: bool, now: Duration) -> Vec<Value> {
        let received = self.link.acknowledge(asked, now);
        received
            .map(|received| {
                self.transit.push_back(Wire::Received(received));
                json!({ "received": received })
            })
            .into_iter()
            .collect()
    }
}

impl Simulation {
    fn new(seed: u64, traced: bool) -> Self {
        Self {
            ends: [End::new(traced), End::new(traced)],
            session: SessionDescriptor::DEFAULT,
            now: Duration::ZERO,
            random: seed,
            connected: false,
            disconnects: 0,
        }
    }

    /// SplitMix64.
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn say(&mut self, from: usize) {
        let volatile = self.below(4) == 0;
        let end = &mut self.ends[from];
        end.last += 1;
        let message = end.last;
        if volatile && !self.connected {
            return;
        }
        if !volatile {
            end.due.push_back(message);
        }
        end.queue.push_back((message, volatile));
        if self.connected {
            end.write(self.now);
        }
    }

    /// Delivers what is first in transit from an end.
    fn deliver(&mut self, from: usize) {
        let Some(wire) = self.ends[from].transit.pop_front() else {
            return;
        };
        let now = self.now;
        if let Wire::Message(message) = wire {
            let sender = &mut self.ends[from];
            // In order, once, and none before it is missing.
            if sender.due.front() == Some(&message) {
                sender.due.pop_front();
            } else if let Some(next) = sender.due.front() {
                assert!(message < *next, "{next} is missing before {message}");
            }
        }
        let end = &mut self.ends[1 - from];
        end.link.hear(now);
        match wire {
            Wire::Message(message) => {
                assert!(message > end.heard, "{message} after {}", end.heard);
                end.heard = message;
                end.link.count(BYTES, now);
                let out = end.acknowledge(false, now);
                end.record(now, json!({ "do": "receive", "bytes": BYTES }), out);
            }
            Wire::Received(received) => {
                end.sent.acknowledge(received).expect("it was sent");
                end.record(now, json!({ "do": "hear" }), Vec::new());
                end.record(
                    now,
                    json!({ "do": "acknowledged", "received": received }),
                    Vec::new(),
                );
            }
            Wire::Skip(sent) => {
                end.record(now, json!({ "do": "hear" }), Vec::new());
                end.link.skip(sent, now);
                end.record(now, json!({ "do": "skip", "sent": sent }), Vec::new());
            }
        }
    }

    fn time_passes(&mut self) {
        let millis = self.below(3000);
        self.now += Duration::from_millis(millis);
        for end in &mut self.ends {
            let mut out = Vec::new();
            while let Some(action) = end.link.handle_timeout(self.now) {
                match action {
                    LinkAction::Acknowledge(received) => {
                        end.transit.push_back(Wire::Received(received));
                        out.push(json!({ "received": received }));
                    }
                    LinkAction::Ping => out.push(json!("ping")),
                    LinkAction::Silent => out.push(json!("silent")),
                }
            }
            end.record(self.now, json!({ "do": "timeout" }), out);
        }
    }

    /// The connection is lost, with what is in transit. Volatile messages that wait are dropped.
    fn cut(&mut self) {
        self.disconnects += 1;
        self.connected = false;
        for end in &mut self.ends {
            end.transit.clear();
            end.queue.retain(|(_, volatile)| !volatile);
        }
    }

    /// The client resumes. The answer of the server may be lost.
    fn connect(&mut self) {
        let [client, server] = &mut self.ends;
        let first = !client.sent.is_keeping();
        let received = client.link.received();
        server.attach(&self.session, (!first).then_some(received), self.now);
        let answer = server.link.received();
        let is_lost = !first && self.below(8) == 0;
        if is_lost {
            return self.cut();
        }
        let [client, server] = &mut self.ends;
        client.attach(&self.session, (!first).then_some(answer), self.now);
        self.connected = true;
        client.write(self.now);
        server.write(self.now);
    }

    fn step(&mut self) {
        if !self.connected {
            match self.below(3) {
                0 => self.connect(),
                1 => self.say(0),
                _ => self.say(1),
            }
            return;
        }
        match self.below(20) {
            0..5 => {
                let from = self.below(2) as usize;
                self.say(from);
            }
            5..17 => {
                let from = self.below(2) as usize;
                self.deliver(from);
            }
            17 => self.time_passes(),
            18 => {
                let end = self.below(2) as usize;
                let now = self.now;
                let end = &mut self.ends[end];
                let out = end.acknowledge(true, now);
                end.record(now, json!({ "do": "ping" }), out);
            }
            _ => self.cut(),
        }
    }

    /// Delivers everything: nothing may be missing.
    fn finish(&mut self) {
        while !self.connected {
            self.connect();
        }
        for from in [0, 1, 0, 1] {
            while !self.ends[from].transit.is_empty() {
                self.deliver(from);
            }
        }
        for end in &self.ends {
            assert!(end.due.is_empty(), "{:?} is missing", end.due.front());
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn nothing_is_lost_repeated_or_reordered() {
    let trace = std::env::var_os("HANDFAST_TRACE");
    let seed = setting("HANDFAST_SEED", 1);
    let disconnects = setting("HANDFAST_DISCONNECTS", 200_000);
    println!("seed {seed}, {disconnects} disconnects");
    let mut cases = Vec::new();
    let (mut lost, mut round) = (0, 0);
    while lost < disconnects {
        let mut simulation = Simulation::new(seed.wrapping_mul(0x1_0000) + round, trace.is_some());
        round += 1;
        while simulation.disconnects < 100 {
            simulation.step();
        }
        simulation.finish();
        lost += simulation.disconnects;
        for (side, end) in ["client", "server"].into_iter().zip(simulation.ends) {
            if let Some(steps) = end.trace {
                cases.push(json!({ "name": format!("{side} {round}"), "outbound": OUTBOUND, "steps": steps }));
            }
        }
    }
    if let Some(path) = trace {
        let all =
            json!({ "heartbeat": 25000, "timeout": 10000, "outbound": OUTBOUND, "cases": cases });
        std::fs::write(path, all.to_string()).expect("the trace can be written");
    }
}
