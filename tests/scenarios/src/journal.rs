//! What clients are made to do, and what they report: the same for each client, as JSON for those that run elsewhere.

use serde::{Deserialize, Serialize};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What a client is made to do.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum Order {
    /// `lasts` is how many milliseconds each authentication lasts.
    Connect {
        url: String,
        lasts: Option<u64>,
    },
    Join {
        channel: String,
    },
    Leave {
        channel: String,
    },
    Put {
        n: i64,
        room: Option<String>,
        does: Option<String>,
    },
    Get {
        n: i64,
    },
    Note {
        n: i64,
    },
    Watch {
        stream: String,
        count: u64,
    },
    Retry,
    Refresh,
    /// Stands still until it is woken.
    Sleep,
    /// Goes on. Where the client has a clock of its own, `virtual_ms` have gone by, if that is more than was slept.
    Wake {
        virtual_ms: u64,
    },
    Close,
}

/// What a client reports.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event {
    State {
        status: String,
        code: Option<u16>,
    },
    Joined {
        channel: String,
    },
    Message {
        channel: String,
        n: i64,
    },
    Gap {
        channel: String,
        reason: Option<String>,
    },
    Lost {
        channel: String,
        code: String,
    },
    /// A request has ended: with `ok`, or the code of an error.
    Ended {
        n: i64,
        outcome: String,
    },
    Item {
        stream: String,
        n: i64,
    },
    StreamEnded {
        stream: String,
        outcome: String,
    },
    /// The server has asked something, and it is answered.
    Asked {
        n: i64,
    },
    Refreshed {
        outcome: String,
    },
    /// What should never happen.
    Problem {
        words: String,
    },
}

/// What all clients of a scenario have reported, in order.
#[derive(Clone)]
pub(crate) struct Journal {
    pub(crate) began: Instant,
    entries: Arc<Mutex<Vec<Entry>>>,
}

struct Entry {
    client: String,
    at: Duration,
    event: Event,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            entries: Arc::default(),
        }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, client: &str, event: Event) {
        self.entries().push(Entry {
            client: client.to_owned(),
            at: self.began.elapsed(),
            event,
        });
    }

    /// The events of a client.
    pub(crate) fn of(&self, client: &str) -> Vec<Event> {
        let entries = self.entries();
        let own = entries.iter().filter(|entry| entry.client == client);
        own.map(|entry| entry.event.clone()).collect()
    }

    /// The last events of a client, with the seconds from the beginning, for people.
    pub(crate) fn last(&self, client: &str, count: usize) -> String {
        let entries = self.entries();
        let own = entries.iter().filter(|entry| entry.client == client);
        let mut lines: Vec<String> = own
            .rev()
            .take(count)
            .map(|entry| format!("\n    {:7.3} {:?}", entry.at.as_secs_f64(), entry.event))
            .collect();
        lines.reverse();
        lines.concat()
    }

    /// The longest time that a client was without a connection, in its own view. A browser delays connections to where others have failed, so it
    /// may be long although the network is there.
    pub(crate) fn longest_loss(&self, client: &str) -> Duration {
        let entries = self.entries();
        let (mut lost, mut longest) = (None, Duration::ZERO);
        for entry in entries.iter().filter(|entry| entry.client == client) {
            let Event::State { status, .. } = &entry.event else {
                continue;
            };
            match (status.as_str(), lost) {
                ("reconnecting", None) => lost = Some(entry.at),
                ("connected", Some(since)) => {
                    longest = longest.max(entry.at.saturating_sub(since));
                    lost = None;
                }
                _ => {}
            }
        }
        longest
    }

    /// Whether a client has reported something.
    pub(crate) fn has(&self, client: &str, is: impl Fn(&Event) -> bool) -> bool {
        let entries = self.entries();
        entries
            .iter()
            .any(|entry| entry.client == client && is(&entry.event))
    }
}

/// Where the clients of one scenario are.
pub(crate) trait Clients: Send + Sync {
    /// Makes a client do something. What comes of it is reported to the journal.
    fn order(&mut self, client: &str, order: Order);
}
