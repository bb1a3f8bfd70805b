//! What a client reports: a line of JSON from Node, and the same from Rust.

use serde_json::Value;

/// What happened to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) by: String,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A request has ended. `offline`: it was made while the client knew that it had no connection.
    Ended {
        kind: Kind,
        n: u64,
        outcome: Outcome,
        offline: bool,
    },
    /// A message without a reply was accepted for sending, or not.
    Noted { n: u64, queued: bool },
    /// A message of the room.
    Said { run: u64, n: u64 },
    /// The room has a gap.
    Gap,
    /// The server asks.
    Asked { run: u64, n: u64 },
    /// Nothing is pending any more.
    Idle,
    /// What must not happen.
    Wrong(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// May run once.
    Add,
    /// May run again.
    Find,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The answer, with what identifies the run of the handler.
    Answered {
        run: u64,
        nonce: String,
    },
    Unknown,
    Other(String),
}

impl Report {
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let bad = || format!("Node reports {line}");
        let value: Value = serde_json::from_str(line).map_err(|_| bad())?;
        let text = |name: &str| value[name].as_str().map(str::to_owned).ok_or_else(bad);
        let number = |name: &str| value[name].as_u64().ok_or_else(bad);
        let flag = |name: &str| value[name].as_bool().ok_or_else(bad);
        let what = match &*text("what")? {
            "ended" => What::Ended {
                kind: match &*text("kind")? {
                    "add" => Kind::Add,
                    "find" => Kind::Find,
                    _ => return Err(bad()),
                },
                n: number("n")?,
                outcome: match &*text("code")? {
                    "ok" => Outcome::Answered {
                        run: number("run")?,
                        nonce: text("nonce")?,
                    },
                    "OUTCOME_UNKNOWN" => Outcome::Unknown,
                    code => Outcome::Other(code.to_owned()),
                },
                offline: flag("offline")?,
            },
            "noted" => What::Noted {
                n: number("n")?,
                queued: flag("queued")?,
            },
            "said" => What::Said {
                run: number("run")?,
                n: number("n")?,
            },
            "gap" => What::Gap,
            "asked" => What::Asked {
                run: number("run")?,
                n: number("n")?,
            },
            "idle" => What::Idle,
            "wrong" => What::Wrong(text("why")?),
            _ => return Err(bad()),
        };
        Ok(Self {
            by: text("by")?,
            what,
        })
    }
}
