//! Checks a capture of real traffic against a protocol.
//!
//! A capture has a line of JSON for each message: `{"from":"client","text":"…"}` with the message as it was sent, or
//! `{"from":"server","message":{…}}` with the message as a value. Messages are read as their receiver reads them: a
//! server refuses unknown fields, a client does not. Pending requests are tracked, so that replies that share a tag
//! or have none are identified by their request.

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

/// The kind of a problem with a message, or with a line of the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The line of the capture does not have the required form.
    Capture,
    /// The message is not JSON.
    Syntax,
    /// A field of the envelope is missing or invalid.
    Envelope,
    /// No message of the protocol has this tag.
    UnknownType,
    /// The payload is not valid.
    Invalid,
    /// It answers no request, or the wrong one.
    Reply,
    /// It was sent before the session was ready.
    Session,
    /// Its channel key is invalid, or its sequence number is not the next one.
    Channel,
}

impl ProblemKind {
    /// The code of the problem in reports; the code on the wire, if there is one.
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

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    /// The location in the message, as a JSON Pointer: `/payload/text`.
    pub path: String,
    /// The keyword of the schema that was violated; empty if none was.
    pub keyword: String,
    /// What is wrong, as text.
    pub message: String,
    /// What the schema allows: the keyword's value, or the name of the missing property. `None` if the keyword's
    /// value is a schema, or if no keyword was violated.
    pub allowed: Option<Value>,
}

/// One message of the capture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The line number in the capture, starting at 1.
    pub number: usize,
    /// Who sent it.
    pub from: Option<Side>,
    /// The name of the message.
    pub message: Option<String>,
    /// The request it answers: line number and message.
    pub answers: Option<(usize, String)>,
    /// The stream it cancels: line number and request.
    pub cancels: Option<(usize, String)>,
    /// Its correlation id.
    pub id: Option<Value>,
    /// The key of its channel.
    pub channel: Option<String>,
    /// Its sequence number in the channel.
    pub seq: Option<Value>,
    /// Its problems.
    pub problems: Vec<Problem>,
}

/// The report on a capture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Its messages, in order.
    pub lines: Vec<Line>,
    /// The requests without an answer at the end of the capture: line number and message. They are not problems.
    pub unanswered: Vec<(usize, String)>,
}

impl Report {
    /// Whether there are messages and no problems. Otherwise the command fails.
    pub fn is_clean(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|line| line.problems.is_empty())
    }

    /// The number of problems.
    pub fn problems(&self) -> usize {
        self.lines.iter().map(|line| line.problems.len()).sum()
    }

    /// The report as text: a line for each message, its problems indented, and a summary.
    pub fn render(&self) -> String {
        render::people(self)
    }

    /// The report as JSON, for `--format json`: an object for each message and a summary.
    pub fn to_json(&self) -> Value {
        render::json(self)
    }
}

/// Checks a capture against a protocol. A line that does not have the right form is a problem of that line; blank
/// lines are skipped.
pub fn verify(protocol: &Protocol, capture: impl BufRead) -> Report {
    let reader = message::Reader::new(protocol);
    let mut follower = Conversation::new(&reader);
    let mut report = Report::default();
    for (i, text) in capture.split(b'\n').enumerate() {
        let number = i + 1;
        let text = match text {
            Ok(text) => text,
            Err(error) => {
                // Another attempt would fail again.
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
    /// The text as sent.
    Raw(String),
    /// A parsed value.
    Value(Value),
}

/// One line of the capture: the sender and the message.
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
        (Some(_), Some(_)) => Err("`text` and `message` exclude each other".to_owned()),
        (None, None) => Err("either `text` or `message` is required".to_owned()),
    }
}
