//! Checks a capture of real traffic against a protocol.
//!
//! A capture has a line of JSON for each message: `{"from":"client","text":"…"}` with the message as it was sent, or
//! `{"from":"server","message":{…}}` with the message as a value. Messages are read as their receiver reads them: a
//! server refuses unknown fields, a client does not. Pending requests are tracked, so that replies that share a tag
//! or have none are identified by their request.

mod capture;
mod channels;
mod conversation;
mod handshake;
mod message;
mod numbering;
mod pending;
mod render;
mod report;
mod requests;

use capture::entry;
use conversation::Conversation;
use handfast_spec::model::Protocol;
use std::io::BufRead;

pub use report::{Line, Problem, ProblemKind, Report};

/// Checks a capture against a protocol. A line that does not have the right form is a problem of that line; blank
/// lines are skipped.
pub fn verify(protocol: &Protocol, capture: impl BufRead) -> Report {
    let reader = message::Reader::new(protocol);
    let mut conversation = Conversation::new(&reader);
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
            Ok((from, text)) => conversation.line(number, from, &text),
            Err(message) => bad_line(number, message),
        });
    }
    report.unanswered = conversation.unanswered();
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
