//! What must be true of what the clients report, given the ledger of what the server did.

use super::report::{Kind, Outcome, Report, What};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// A client and the number of a request.
type Request = (String, u64);

/// A life of the server, and what identifies a run of a handler in it.
type Ran = (u64, String);

/// Hears the clients, and then reads the ledger.
#[derive(Default)]
pub(crate) struct Judge {
    ended: BTreeMap<(Kind, Request), Outcome>,
    /// The lives of the server in which each client has an answer to what it asked without a connection.
    answered_offline: BTreeSet<(u64, String)>,
    /// The last number of what each client noted, and how much was refused.
    noted: BTreeMap<String, u64>,
    refused: BTreeSet<Request>,
    rooms: BTreeMap<String, Position>,
    asked: BTreeSet<(String, u64, u64)>,
    pub(crate) idle: BTreeSet<String>,
    gaps: usize,
    ledger: Ledger,
}

/// Where a client is in the room.
#[derive(Clone, Copy, Default)]
struct Position {
    /// The life of the server and the number of the last message.
    last: Option<(u64, u64)>,
    /// Whether a gap was reported since.
    gap: bool,
}

/// What the server did, in order.
#[derive(Default)]
struct Ledger {
    ran: BTreeMap<(Kind, Request), Vec<Ran>>,
    notes: BTreeMap<String, Vec<u64>>,
    confirmed: BTreeSet<(String, u64, u64)>,
    /// How many messages were published in each life.
    published: BTreeMap<u64, u64>,
}

impl Judge {
    /// The clients that are back in a life of the server.
    pub(crate) fn back(&self, run: u64) -> impl Iterator<Item = &str> {
        self.answered_offline
            .iter()
            .filter(move |(life, _)| *life == run)
            .map(|(_, name)| name.as_str())
    }

    /// The life and the number of the last message that a client has of the room.
    pub(crate) fn position(&self, name: &str) -> Option<(u64, u64)> {
        self.rooms.get(name)?.last
    }

    /// How many messages a life of the server has published.
    pub(crate) fn published(&self, run: u64) -> u64 {
        self.ledger.published.get(&run).copied().unwrap_or_default()
    }

    pub(crate) fn hear(&mut self, report: Report) -> Result<(), String> {
        let Report { by, what } = report;
        match what {
            What::Ended {
                kind,
                n,
                outcome,
                offline,
            } => {
                match (&outcome, kind, offline) {
                    (Outcome::Answered { run, .. }, _, true) => {
                        self.answered_offline.insert((*run, by.clone()));
                    }
                    (Outcome::Answered { .. }, ..) | (Outcome::Unknown, Kind::Add, false) => {}
                    // What was not written is sent, and so is what is idempotent.
                    (outcome, ..) => {
                        return Err(format!(
                            "{by}: {kind:?} {n} ({}) ended with {outcome:?}",
                            if offline { "without a connection" } else { "" }
                        ));
                    }
                }
                let request = (kind, (by, n));
                match self.ended.insert(request.clone(), outcome) {
                    None => {}
                    Some(_) => return Err(format!("two outcomes of {request:?}")),
                }
            }
            What::Noted { n, queued: true } => {
                self.noted.insert(by, n);
            }
            What::Noted { n, queued: false } => {
                self.refused.insert((by, n));
            }
            What::Said { run, n } => {
                let room = self.rooms.entry(by.clone()).or_default();
                let fits = match room.last {
                    None => true,
                    Some((life, last)) if life == run => n == last + 1 || (n > last && room.gap),
                    Some((life, _)) => run > life && room.gap,
                };
                if !fits {
                    let (last, gap) = (room.last, room.gap);
                    return Err(format!(
                        "{by}: the room has {run}/{n} after {last:?}, gap reported: {gap}"
                    ));
                }
                *room = Position {
                    last: Some((run, n)),
                    gap: false,
                };
            }
            What::Gap => {
                self.gaps += 1;
                self.rooms.entry(by).or_default().gap = true;
            }
            What::Asked { run, n } => {
                if !self.asked.insert((by.clone(), run, n)) {
                    return Err(format!("{by} was asked {run}/{n} twice"));
                }
            }
            What::Idle => {
                self.idle.insert(by);
            }
            What::Wrong(why) => return Err(format!("{by}: {why}")),
        }
        Ok(())
    }

    /// Reads what the server did. All clients are idle.
    pub(crate) fn read(&mut self, path: &Path) -> Result<(), String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        for line in text.lines() {
            let words: Vec<_> = line.split(' ').collect();
            let &[what, by, n, run, nonce] = words.as_slice() else {
                return Err(format!("the ledger has `{line}`"));
            };
            let number = |text: &str| text.parse::<u64>().map_err(|_| line.to_owned());
            let (n, run) = (number(n)?, number(run)?);
            let by = by.to_owned();
            let mut ran = |kind| {
                let runs = self.ledger.ran.entry((kind, (by.clone(), n))).or_default();
                runs.push((run, nonce.to_owned()));
            };
            match what {
                "add" => {
                    ran(Kind::Add);
                    *self.ledger.published.entry(run).or_default() += 1;
                }
                "find" => ran(Kind::Find),
                "note" => self.ledger.notes.entry(by).or_default().push(n),
                "confirmed" => {
                    if !self.ledger.confirmed.insert((by, run, n)) {
                        return Err(format!("two answers: {line}"));
                    }
                }
                _ => return Err(format!("the ledger has `{line}`")),
            }
        }
        Ok(())
    }

    /// Compares what the clients report with what the server did.
    pub(crate) fn verdict(&self, kills: usize) -> Result<String, String> {
        let none = Vec::new();
        for (request, outcome) in &self.ended {
            let ran = self.ledger.ran.get(request).unwrap_or(&none);
            if request.0 == Kind::Add && ran.len() > 1 {
                return Err(format!("{request:?} ran {} times", ran.len()));
            }
            if let Outcome::Answered { run, nonce } = outcome
                && !ran.contains(&(*run, nonce.clone()))
            {
                return Err(format!("{request:?} was answered with {nonce}: {ran:?}"));
            }
            let lives: BTreeSet<_> = ran.iter().map(|(run, _)| run).collect();
            if lives.len() < ran.len() {
                return Err(format!("{request:?} ran twice in one life: {ran:?}"));
            }
        }
        if let Some(request) = self.ledger.ran.keys().find(|r| !self.ended.contains_key(r)) {
            return Err(format!("{request:?} ran, and nobody knows its outcome"));
        }
        for (name, notes) in &self.ledger.notes {
            if let Some(pair) = notes.windows(2).find(|pair| pair[0] >= pair[1]) {
                return Err(format!("{name} noted {} before {}", pair[0], pair[1]));
            }
            if let Some(n) = notes
                .iter()
                .find(|n| self.refused.contains(&(name.clone(), **n)))
            {
                return Err(format!("{name} noted {n}, which was refused"));
            }
        }
        if let Some(answer) = self.ledger.confirmed.difference(&self.asked).next() {
            return Err(format!("{answer:?} was confirmed and not asked"));
        }
        // A test that loses nothing proves nothing.
        let unknown = self.count(|_, outcome| *outcome == Outcome::Unknown);
        let again = self.ledger.ran.values().filter(|ran| ran.len() > 1).count();
        if kills >= 5 && (unknown == 0 || again == 0 || self.gaps < kills) {
            return Err(format!(
                "the server is killed when nothing happens: {}",
                self.summary()
            ));
        }
        Ok(self.summary())
    }

    fn count(&self, which: impl Fn(Kind, &Outcome) -> bool) -> usize {
        let all = self.ended.iter();
        all.filter(|((kind, _), outcome)| which(*kind, outcome))
            .count()
    }

    pub(crate) fn summary(&self) -> String {
        format!(
            "{} requests answered, {} unknown, {} ran again, {} messages noted of {}, {} questions answered, {} gaps",
            self.count(|_, outcome| matches!(outcome, Outcome::Answered { .. })),
            self.count(|_, outcome| *outcome == Outcome::Unknown),
            self.ledger.ran.values().filter(|ran| ran.len() > 1).count(),
            self.ledger.notes.values().map(Vec::len).sum::<usize>(),
            self.noted.values().map(|last| last + 1).sum::<u64>(),
            self.ledger.confirmed.len(),
            self.gaps,
        )
    }
}
