//! Whether a capture of real traffic is what a protocol says.
//!
//! A capture is a line of JSON for each message: `{"from":"client","text":"…"}` with the message as it was sent, or
//! `{"from":"server","message":{…}}` with the message as a value. Messages are read as their receiver reads them: a server refuses
//! unknown fields, a client does not. The requests that wait for an answer are followed, so that replies that share a tag or have none are
//! known by the request they answer.

mod channels;
mod conversation;
mod handshake;
mod message;
mod pending;
mod render;
mod requests;

use conversation::Conversation;
use handfast_spec::model::{Protocol, Side};
use serde_json::Value;
use std::io::BufRead;

/// What is wrong with a message, or with a line of the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The line of the capture is not of the form that this asks for.
    Capture,
    /// The message is not JSON.
    Syntax,
    /// A field of the envelope is missing or bad.
    Envelope,
    /// No message of the protocol has this tag.
    UnknownType,
    /// The payload does not fit.
    Invalid,
    /// It answers nothing, or not what was asked.
    Reply,
    /// It comes before the session is ready.
    Session,
    /// Its channel's key is none, or its number is not the next.
    Channel,
}

impl ProblemKind {
    /// The code by which reports call it; where the wire has a code for it, that one.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Capture => "CAPTURE",
            Self::Syntax => "SYNTAX",
            Self::Envelope => "ENVELOPE",
            Self::UnknownType => "UNKNOWN_TYPE",
            Self::Invalid => "INVALID",
            Self::Reply => "REPLY",
            Self::Session => "SESSION",
            Self::Channel => "CHANNEL",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of thing.
    pub kind: ProblemKind,
    /// Where in the message, as a JSON Pointer: `/payload/text`.
    pub path: String,
    /// The keyword of the schema that refused it; empty where none did.
    pub keyword: String,
    /// What is wrong, in words.
    pub message: String,
    /// What the schema allows: the keyword's value, or the name that is missing. None where the keyword's value is a schema, and
    /// where no keyword refused.
    pub allowed: Option<Value>,
}

/// One message of the capture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The line of the capture, counted from one.
    pub number: usize,
    /// Who sent it.
    pub from: Option<Side>,
    /// Which message it is.
    pub message: Option<String>,
    /// The request it answers: the line, and the message.
    pub answers: Option<(usize, String)>,
    /// The stream it cancels: the line, and the request.
    pub cancels: Option<(usize, String)>,
    /// Its correlation id.
    pub id: Option<Value>,
    /// The key of its channel.
    pub channel: Option<String>,
    /// Its number in the channel.
    pub seq: Option<Value>,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

/// What a capture was found to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Its messages, in order.
    pub lines: Vec<Line>,
    /// The requests that the capture ends without an answer to: the line, and the message. That is nothing wrong.
    pub unanswered: Vec<(usize, String)>,
}

impl Report {
    /// Whether there are messages, and nothing is wrong. Otherwise the command that shows the report fails.
    pub fn is_clean(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|line| line.problems.is_empty())
    }

    /// How many things are wrong.
    pub fn problems(&self) -> usize {
        self.lines.iter().map(|line| line.problems.len()).sum()
    }

    /// The report for people: a line for each message, what is wrong with it indented, and a summary.
    pub fn render(&self) -> String {
        render::people(self)
    }

    /// The report as JSON, for `--format json`: an object for each message and a summary.
    pub fn to_json(&self) -> Value {
        render::json(self)
    }
}

/// Checks a capture against a protocol. A line that is not of the right form is a problem of that line, and reading goes on; blank lines are
/// skipped.
pub fn verify(protocol: &Protocol, capture: impl BufRead) -> Report {
    let reader = message::Reader::new(protocol);
    let mut follower = Conversation::new(&reader);
    let mut report = Report::default();
    for (i, text) in capture.split(b'\n').enumerate() {
        let number = i + 1;
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                // Reading again would fail again.
                report.lines.push(bad_line(
                    number,
                    format!("the capture cannot be read: {error}"),
                ));
                break;
            }
        };
        if text.trim_ascii().is_empty() {
            continue;
        }
        report.lines.push(match entry(&text) {
            Ok((from, text)) => follower.line(number, from, &text),
            Err(message) => bad_line(number, message),
        });
    }
    report.unanswered = follower.unanswered();
    report
}

fn bad_line(number: usize, message: String) -> Line {
    let problem = Problem {
        kind: ProblemKind::Capture,
        path: String::new(),
        keyword: String::new(),
        message,
        allowed: None,
    };
    Line {
        number,
        problems: vec![problem],
        ..Line::default()
    }
}

/// A message in a capture.
enum Text {
    /// As it was sent.
    Raw(String),
    /// Read already.
    Value(Value),
}

/// One line of the capture: who sent what.
fn entry(line: &[u8]) -> Result<(Side, Text), String> {
    let line: Value =
        serde_json::from_slice(line).map_err(|error| format!("the line is not JSON: {error}"))?;
    let Value::Object(mut fields) = line else {
        return Err("the line is not an object".to_owned());
    };
    let from = match fields.get("from").and_then(Value::as_str) {
        Some("client") => Side::Client,
        Some("server") => Side::Server,
        _ => return Err("`from` must be \"client\" or \"server\"".to_owned()),
    };
    match (fields.remove("text"), fields.remove("message")) {
        (Some(Value::String(text)), None) => Ok((from, Text::Raw(text))),
        (Some(_), None) => Err("`text` must be a string".to_owned()),
        (None, Some(message)) => Ok((from, Text::Value(message))),
        (Some(_), Some(_)) => Err("`text` and `message` are one too many".to_owned()),
        (None, None) => Err("there is neither `text` nor `message`".to_owned()),
    }
}
