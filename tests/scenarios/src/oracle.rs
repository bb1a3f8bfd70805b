//! What holds in every scenario: nothing is lost, nothing comes twice, nothing is out of order, or there is a gap or an unknown outcome.

use crate::{
    journal::{Event, Journal},
    scenario::Expect,
    world::Known,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a scenario made a client do.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) calls: BTreeSet<i64>,
    pub(crate) notes: Vec<i64>,
    pub(crate) streams: BTreeMap<String, u64>,
    pub(crate) channels: BTreeSet<String>,
    /// The channels that were left again.
    pub(crate) left: BTreeSet<String>,
}

/// Everything that is known of a client.
pub(crate) struct Evidence<'a> {
    pub(crate) client: &'a str,
    pub(crate) asked: &'a Asked,
    pub(crate) journal: &'a Journal,
    pub(crate) known: &'a Known,
    /// The connections on which a session began: whether it was resumed.
    pub(crate) resumed: Vec<bool>,
    /// Whether a session may have ended before the client came back: then outcomes may be unknown.
    pub(crate) has_expired: bool,
    pub(crate) expect: &'a Expect,
}

impl Evidence<'_> {
    /// Returns what is wrong.
    pub(crate) fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let events = self.journal.of(self.client);
        for event in &events {
            if let Event::Problem { words } = event {
                wrong.push(words.clone());
            }
        }
        self.calls(&events, &mut wrong);
        self.notes(&mut wrong);
        self.streams(&events, &mut wrong);
        self.questions(&events, &mut wrong);
        for channel in &self.asked.channels {
            self.channel(channel, &events, &mut wrong);
        }
        self.states(&events, &mut wrong);
        if let Some(resumed) = self.expect.resumed.get(self.client)
            && *resumed != self.resumed
        {
            wrong.push(format!("resumed: {:?}, not {resumed:?}", self.resumed));
        }
        wrong
            .into_iter()
            .map(|words| format!("{}: {words}", self.client))
            .collect()
    }

    fn may_end_with(&self, outcome: &str) -> bool {
        outcome == "ok" || self.has_expired && outcome == "OUTCOME_UNKNOWN"
    }

    /// A request ends once. Answered, it ran once; with an unknown outcome at most once; if it was never sent, not at all. Requests run in
    /// the order in which they were made.
    fn calls(&self, events: &[Event], wrong: &mut Vec<String>) {
        let mut order = Vec::new();
        let mut runs: BTreeMap<i64, usize> = BTreeMap::new();
        let mut repeatable = BTreeSet::new();
        for (client, n, may_repeat) in &self.known.runs {
            if client == self.client {
                *runs.entry(*n).or_default() += 1;
                if *may_repeat {
                    repeatable.insert(*n);
                } else {
                    order.push(*n);
                }
            }
        }
        if !order.is_sorted() {
            wrong.push(format!("requests ran in the order {order:?}"));
        }
        for &n in &self.asked.calls {
            let ends = events.iter().filter_map(|event| match event {
                Event::Ended { n: ended, outcome } if *ended == n => Some(outcome.as_str()),
                _ => None,
            });
            let ends: Vec<&str> = ends.collect();
            let [outcome] = ends[..] else {
                wrong.push(format!("request {n} ended with {ends:?}"));
                continue;
            };
            let times = runs.get(&n).copied().unwrap_or_default();
            let (least, most) = match outcome {
                "ok" => (1, 1),
                "OUTCOME_UNKNOWN" | "TIMEOUT" => (0, 1),
                _ => (0, 0),
            };
            let most = if repeatable.contains(&n) {
                usize::MAX
            } else {
                most
            };
            if times < least || times > most {
                wrong.push(format!(
                    "request {n} ended with {outcome} and ran {times} times"
                ));
            }
            let expected = self.expect.calls.get(self.client);
            let expected = expected.and_then(|calls| calls.get(&n.to_string()));
            let is_expected = match expected {
                Some(choice) => choice.contains(outcome),
                None => self.may_end_with(outcome),
            };
            if !is_expected {
                wrong.push(format!("request {n} ended with {outcome}"));
            }
        }
    }

    /// Messages without an answer arrive once, in order; all of them, if the session was never lost.
    fn notes(&self, wrong: &mut Vec<String>) {
        let own = self
            .known
            .notes
            .iter()
            .filter(|(client, _)| client == self.client);
        let arrived: Vec<i64> = own.map(|(_, n)| *n).collect();
        if !arrived.is_sorted_by(|a, b| a < b) {
            wrong.push(format!("notes arrived as {arrived:?}"));
        }
        let is_whole = self.resumed.iter().skip(1).all(|resumed| *resumed);
        if is_whole && arrived != self.asked.notes {
            wrong.push(format!(
                "of the notes {:?}, {arrived:?} arrived",
                self.asked.notes
            ));
        }
    }

    /// The items of a stream come once and in order; all of them, if it ends well.
    fn streams(&self, events: &[Event], wrong: &mut Vec<String>) {
        for (stream, &count) in &self.asked.streams {
            let items = events.iter().filter_map(|event| match event {
                Event::Item { stream: of, n } if of == stream => Some(*n),
                _ => None,
            });
            let items: Vec<i64> = items.collect();
            let ends = events.iter().filter_map(|event| match event {
                Event::StreamEnded {
                    stream: of,
                    outcome,
                } if of == stream => Some(outcome.as_str()),
                _ => None,
            });
            let ends: Vec<&str> = ends.collect();
            let [outcome] = ends[..] else {
                wrong.push(format!(
                    "stream {stream} ended with {ends:?} after {}",
                    items.len()
                ));
                continue;
            };
            if items.iter().zip(0..).any(|(item, n)| *item != n) {
                wrong.push(format!("stream {stream} brought {items:?}"));
            }
            if outcome == "ok" && items.len() as u64 != count {
                wrong.push(format!(
                    "stream {stream} brought {} of {count}",
                    items.len()
                ));
            }
            let expected = self.expect.streams.get(self.client);
            let is_expected = match expected.and_then(|streams| streams.get(stream)) {
                Some(choice) => choice.contains(outcome),
                None => self.may_end_with(outcome),
            };
            if !is_expected {
                wrong.push(format!("stream {stream} ended with {outcome}"));
            }
        }
    }

    /// What the server asks reaches the client once, if an answer comes; at most once otherwise.
    fn questions(&self, events: &[Event], wrong: &mut Vec<String>) {
        for ((client, n), answer) in &self.known.asked {
            if client != self.client {
                continue;
            }
            let asked = Event::Asked { n: *n };
            let times = events.iter().filter(|event| **event == asked).count();
            let Some(answer) = answer else {
                wrong.push(format!("question {n} is not answered"));
                continue;
            };
            if times > 1 || (answer == "ok" && times == 0) {
                wrong.push(format!("question {n} was asked {times} times"));
            }
            let expected = self.expect.asked.get(self.client);
            let is_expected = match expected.and_then(|asked| asked.get(&n.to_string())) {
                Some(choice) => choice.contains(answer),
                None => answer == "ok",
            };
            if !is_expected {
                wrong.push(format!("question {n} ended with {answer}"));
            }
        }
    }

    /// What was published is heard once and in order, from the join on. What is missing is announced by a gap.
    fn channel(&self, channel: &str, events: &[Event], wrong: &mut Vec<String>) {
        let none = Vec::new();
        let published = self.known.published.get(channel).unwrap_or(&none);
        let key = (self.client.to_owned(), channel.to_owned());
        let mut next = self.known.joined.get(&key).copied().unwrap_or_default();
        let mut has_gap = false;
        let mut heard = Vec::new();
        for event in events {
            match event {
                Event::Message { channel: of, n } if of == channel => {
                    heard.push(n.to_string());
                    let Some(at) = published.iter().position(|one| one == n) else {
                        wrong.push(format!("{channel}: {n} was never published"));
                        continue;
                    };
                    if at < next {
                        wrong.push(format!("{channel}: {n} comes again, or late"));
                    } else if at > next && !has_gap {
                        wrong.push(format!(
                            "{channel}: {:?} is missing before {n}",
                            published[next]
                        ));
                    }
                    next = at + 1;
                    has_gap = false;
                }
                Event::Gap {
                    channel: of,
                    reason,
                } if of == channel => {
                    has_gap = true;
                    heard.push(match reason {
                        Some(reason) => format!("gap:{reason}"),
                        None => "gap".to_owned(),
                    });
                }
                Event::Lost { channel: of, code } if of == channel => {
                    has_gap = true;
                    heard.push(format!("lost:{code}"));
                }
                _ => {}
            }
        }
        if next < published.len() && !has_gap && !self.asked.left.contains(channel) {
            wrong.push(format!(
                "{channel}: {:?} is missing at the end",
                &published[next..]
            ));
        }
        let expected = self.expect.channels.get(self.client);
        if let Some(expected) = expected.and_then(|channels| channels.get(channel))
            && expanded(expected) != heard
        {
            wrong.push(format!("{channel}: heard {}", heard.join(" ")));
        }
    }

    fn states(&self, events: &[Event], wrong: &mut Vec<String>) {
        let Some(expected) = self.expect.states.get(self.client) else {
            return;
        };
        let states = events.iter().filter_map(|event| match event {
            Event::State { status, code } => Some(match code {
                Some(code) => format!("{status}:{code}"),
                None => status.clone(),
            }),
            _ => None,
        });
        let states: Vec<String> = states.collect();
        if states != *expected {
            wrong.push(format!("states {states:?}, not {expected:?}"));
        }
    }
}

/// A list with its ranges written out.
fn expanded(list: &[Value]) -> Vec<String> {
    let mut all = Vec::new();
    for value in list {
        let range = value.as_str().and_then(|text| text.split_once(".."));
        let ends = range.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        match (ends, value.as_str()) {
            (Some((from, to)), _) => all.extend((from..=to).map(|n: i64| n.to_string())),
            (None, Some(text)) => all.push(text.to_owned()),
            (None, None) => all.push(value.to_string()),
        }
    }
    all
}
