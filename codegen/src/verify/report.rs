//! The report on a capture.

use handfast_spec::model::Side;
use serde_json::Value;

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
}
