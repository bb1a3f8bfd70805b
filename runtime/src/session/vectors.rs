//! Runs the vectors: events and outcomes that every implementation has to agree on.

use super::{
    counting::{Encoded, Replay, Sent},
    link::{Link, LinkAction},
};
use crate::descriptor::SessionDescriptor;
use serde_json::{Value, json};
use std::time::Duration;

impl Encoded for String {
    fn cost(&self) -> usize {
        1
    }
}

/// One end without a transport.
struct End {
    link: Link,
    sent: Sent<String>,
    outbound: usize,
    session: SessionDescriptor,
}

impl End {
    fn attach(&mut self, step: &Value, now: Duration) -> Vec<Value> {
        let counting = step["counting"] == true;
        let received = step["received"].as_u64();
        let resumed = received.is_some();
        if let Some(received) = received {
            if self.sent.resume(received).is_err() {
                return vec![json!("never-sent")];
            }
        } else if counting {
            self.sent.begin();
        } else {
            self.sent.end();
        }
        self.link
            .attach(&self.session, counting, resumed, self.outbound, now);
        self.link.acknowledged();
        let mut out = Vec::new();
        while let Some(replay) = self.sent.replay() {
            out.push(match replay {
                Replay::Message(message, _) => json!({ "send": message }),
                Replay::Skip(sent) => json!({ "sent": sent }),
            });
        }
        out
    }

    fn step(&mut self, step: &Value, now: Duration) -> Vec<Value> {
        let number = |name: &str| step[name].as_u64().expect("it is a number");
        let received = |received: Option<u64>| -> Vec<Value> {
            received
                .map(|n| json!({ "received": n }))
                .into_iter()
                .collect()
        };
        match step["do"].as_str().expect("a step does something") {
            "attach" => self.attach(step, now),
            "send" => {
                let message = step["message"].as_str().expect("it is a text").to_owned();
                let kept = (step["volatile"] != true).then_some(message);
                self.sent.send(kept);
                Vec::new()
            }
            "acknowledged" => match self.sent.acknowledge(number("received")) {
                Ok(_) => Vec::new(),
                Err(_) => vec![json!("never-sent")],
            },
            "receive" => {
                self.link.hear(now);
                self.link.count(number("bytes") as usize, now);
                received(self.link.acknowledge(false, now))
            }
            "ping" => received(self.link.acknowledge(true, now)),
            "skip" => {
                self.link.skip(number("sent"), now);
                Vec::new()
            }
            "hear" => {
                self.link.hear(now);
                Vec::new()
            }
            "check" => {
                self.link.ping_now();
                Vec::new()
            }
            "timeout" => std::iter::from_fn(|| self.link.handle_timeout(now))
                .map(|action| match action {
                    LinkAction::Ping => json!("ping"),
                    LinkAction::Acknowledge(n) => json!({ "received": n }),
                    LinkAction::Silent => json!("silent"),
                })
                .take(8)
                .collect(),
            other => panic!("no step is called `{other}`"),
        }
    }
}

#[test]
fn the_machine_does_what_the_vectors_say() {
    let vectors: Value =
        serde_json::from_str(include_str!("vectors.json")).expect("the vectors are JSON");
    let millis = |value: &Value| Duration::from_millis(value.as_u64().expect("it is a time"));
    for case in vectors["cases"].as_array().expect("there are cases") {
        let outbound = case.get("outbound").unwrap_or(&vectors["outbound"]);
        let outbound = outbound.as_u64().expect("it is a size") as usize;
        let mut end = End {
            link: Link::new(outbound),
            sent: Sent::default(),
            outbound,
            session: SessionDescriptor {
                heartbeat: Some(millis(&vectors["heartbeat"])),
                timeout: millis(&vectors["timeout"]),
                ..SessionDescriptor::DEFAULT
            },
        };
        let mut now = Duration::ZERO;
        for step in case["steps"].as_array().expect("a case has steps") {
            if let Some(at) = step.get("at") {
                now = millis(at);
            }
            let mut out = Vec::new();
            for _ in 0..step["times"].as_u64().unwrap_or(1) {
                out.extend(end.step(step, now));
            }
            let place = format!("{}: {step}", case["name"]);
            if let Some(expected) = step.get("out") {
                assert_eq!(&json!(out), expected, "{place}");
            }
            if let Some(next) = step.get("next") {
                assert_eq!(end.link.timeout(), Some(millis(next)), "{place}");
            }
            if let Some(kept) = step.get("kept") {
                assert_eq!(&json!(end.sent.kept()), kept, "{place}");
            }
        }
    }
}
