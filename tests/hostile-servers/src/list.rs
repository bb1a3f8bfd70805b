//! The list of scenarios, as data: what each server does, what the client is made to do, and what has to come of it.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The file.
pub(crate) const TEXT: &str = include_str!("../scenarios.json");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// The group that it belongs to: its page has them.
    pub(crate) line: String,
    pub(crate) what: String,
    /// What the server does that a good one does not.
    #[serde(default)]
    pub(crate) server: Script,
    /// How the client begins: connected unless said otherwise.
    #[serde(default)]
    pub(crate) start: Start,
    /// What is done with the client, in order.
    pub(crate) client: Vec<Vec<Value>>,
    /// What the server has to have seen in the end.
    #[serde(default)]
    pub(crate) seen: Value,
    /// What becomes of the proof of who the client is, by the number of the connection.
    #[serde(default)]
    pub(crate) auth: BTreeMap<String, String>,
    /// Where it cannot apply, and why.
    #[serde(default)]
    pub(crate) not: BTreeMap<String, String>,
    /// Whether it runs alone, because it takes all of a processor or stops it.
    #[serde(default)]
    pub(crate) alone: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Start {
    /// The session is open.
    #[default]
    Connected,
    /// A client is made and not waited for.
    Connecting,
    /// There is no client yet.
    Nothing,
}

/// What a server does otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// What the request for an upgrade is answered with, by the number of the connection; the last holds on.
    #[serde(default)]
    pub(crate) upgrade: Vec<Upgrade>,
    /// What a hello is answered with, likewise.
    #[serde(default)]
    pub(crate) hello: Vec<Vec<Action>>,
    /// What else is answered in another way: the first that fits.
    #[serde(default)]
    pub(crate) on: Vec<Rule>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Upgrade {
    Good,
    Status(u16),
    /// The connection is closed without an answer.
    Cut,
    /// Nothing is answered.
    Hang,
    /// It is answered when the client's side lets `upgrade` happen.
    Hold,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// The tag of the message.
    #[serde(rename = "type")]
    pub(crate) tag: String,
    /// The number of the connection.
    pub(crate) connection: Option<usize>,
    /// Which of these messages on this connection, from the first to before the last.
    pub(crate) nth: Option<(usize, usize)>,
    #[serde(rename = "do")]
    pub(crate) actions: Vec<Action>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// What a good server does.
    Default,
    /// Says a message, in which `"$id"` is the id of what came, `"$n"` its number, and `"$key"` the key of its channel.
    Say(Value),
    /// Says it so many times, with `"$n"` from 0 on. With a batch, the client's pong is waited for after each so many.
    Times {
        count: u64,
        #[serde(default)]
        batch: u64,
        say: Value,
    },
    /// Sends frames with this first byte and this payload.
    Frames {
        first: u8,
        #[serde(default)]
        text: String,
        #[serde(default)]
        pad: usize,
        #[serde(default = "once")]
        count: u64,
    },
    /// Sends bytes that are no frame.
    Raw(String),
    /// Closes with a code and a reason.
    Close(u16, String),
    /// Drops the connection.
    Cut,
    /// Waits until the client's side says so.
    Hold(String),
    /// Is slow, by so many milliseconds.
    Delay(u64),
    /// Reads no more.
    StopReading,
}

fn once() -> u64 {
    1
}

impl Action {
    /// Whether what follows must not keep other messages waiting.
    pub(crate) fn waits(&self) -> bool {
        match self {
            Self::Hold(_) | Self::Delay(_) | Self::Times { .. } => true,
            Self::Frames { count, .. } => *count > 1,
            _ => false,
        }
    }
}

/// Reads the list.
///
/// # Panics
/// Where it cannot be read: it is part of the program.
pub(crate) fn all() -> Vec<Scenario> {
    serde_json::from_str(TEXT).expect("the list of scenarios is well-formed")
}
