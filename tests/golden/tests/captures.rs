//! Recorded traffic, read by the generated Rust: good messages decode, and for bad ones Rust reports the same as
//! `codegen verify`, which uses the interpreter.

use handfast::codec::Source;
use handfast::{DecodeError, ExpectedReply, Id, Message, MessageSet, PendingReplies, Side, decode};
use handfast_codegen::verify::{Line, ProblemKind, verify};
use handfast_golden::{coinbase, reference, slack};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The pending replies without a tag, by the id of their request.
#[derive(Default)]
struct Waiting(BTreeMap<String, ExpectedReply>);

impl PendingReplies for Waiting {
    fn expected(&self, id: Option<&Id>) -> Option<ExpectedReply> {
        self.0.get(&id?.to_string()).copied()
    }
}

/// The result of a protocol's Rust for a message.
struct Reader {
    by_server: fn(&str, &dyn PendingReplies) -> Result<(), Box<DecodeError>>,
    by_client: fn(&str, &dyn PendingReplies) -> Result<(), Box<DecodeError>>,
    /// What a request of a type waits for, if that has no tag.
    waits: fn(&str) -> Option<ExpectedReply>,
}

fn read<M: MessageSet>(
    text: &str,
    side: Side,
    pending: &dyn PendingReplies,
) -> Result<(), Box<DecodeError>> {
    decode::<M>(Source::Json(text.into()), side, 64, pending).map(drop)
}

macro_rules! reader {
    ($protocol:ident, $waits:expr) => {
        Reader {
            by_server: |text, pending| {
                read::<$protocol::ClientMessage>(text, Side::Server, pending)
            },
            by_client: |text, pending| {
                read::<$protocol::ServerMessage>(text, Side::Client, pending)
            },
            waits: $waits,
        }
    };
}

fn reader(name: &str) -> Reader {
    match name {
        "chat" => reader!(reference, |_| None),
        "coinbase" => reader!(coinbase, |_| None),
        _ => reader!(slack, |ty| {
            let posted = <slack::Posted as Message<slack::ServerMessage>>::INDEX;
            match ty {
                "message" => Some(ExpectedReply {
                    replies: [Some(posted), None, None],
                    failure: None,
                }),
                // Only answered if it fails, so any answer is a failure.
                "typing" | "presence_sub" | "presence_query" => Some(ExpectedReply {
                    replies: [None; 3],
                    failure: None,
                }),
                _ => None,
            }
        }),
    }
}

/// The session's own messages, which are in no enum.
fn is_system(ty: &str) -> bool {
    [
        "hello", "ready", "refuse", "gap", "join", "leave", "presence", "ping", "pong", "error",
    ]
    .contains(&ty)
}

/// Whether a message plays a role of the session, and so is in no enum.
fn plays_role(name: &str, line: &Line) -> bool {
    let players: &[&str] = match name {
        "slack" => &["hello", "ping", "pong", "failed"],
        "coinbase" => &["error"],
        _ => &[],
    };
    line.message
        .as_deref()
        .is_some_and(|message| players.contains(&message))
}

struct Read {
    line: Line,
    ty: Option<String>,
    result: Result<(), Box<DecodeError>>,
}

/// Reads a capture with both.
fn both(name: &str, spec: &str, capture: &str) -> Result<Vec<Read>, Box<dyn Error>> {
    let text = fs::read_to_string(root().join("tests/protocols").join(capture))?;
    let loaded = handfast_spec::load(&root().join(spec));
    let protocol = loaded.protocol.ok_or("a protocol")?;
    let report = verify(&protocol, text.as_bytes());
    let reader = reader(name);
    let mut waiting = Waiting::default();
    let mut all = Vec::new();
    for line in report.lines {
        let recorded = text.lines().nth(line.number - 1).unwrap_or_default();
        let Ok(recorded) = serde_json::from_str::<Value>(recorded) else {
            continue;
        };
        let message = match (&recorded["text"], &recorded["message"]) {
            (Value::String(text), _) => text.clone(),
            (_, Value::Null) => continue,
            (_, message) => message.to_string(),
        };
        let value: Value = serde_json::from_str(&message).unwrap_or_default();
        let ty = value["type"].as_str().map(str::to_owned);
        let result = match recorded["from"].as_str() {
            Some("client") => {
                let waits = ty.as_deref().and_then(reader.waits);
                if let (Some(waits), false) = (waits, value["id"].is_null()) {
                    waiting.0.insert(value["id"].to_string(), waits);
                }
                (reader.by_server)(&message, &waiting)
            }
            Some("server") => (reader.by_client)(&message, &waiting),
            _ => continue,
        };
        all.push(Read { line, ty, result });
    }
    Ok(all)
}

fn good(name: &str, spec: &str) -> Result<(), Box<dyn Error>> {
    let all = both(name, spec, &format!("{name}.ndjson"))?;
    assert!(all.len() >= 25, "only {} messages", all.len());
    let mut read = 0;
    for Read { line, ty, result } in all {
        let own =
            plays_role(name, &line) || (name == "chat" && ty.as_deref().is_some_and(is_system));
        match result {
            Ok(()) => read += 1,
            Err(_) if own => {}
            Err(rejected) => panic!("{name}.ndjson:{}: {rejected}", line.number),
        }
    }
    assert!(read >= 20, "only {read} were read");
    Ok(())
}

/// Both report the same problems, except on the lines where they are known to differ; a difference that has
/// disappeared must be removed here.
fn bad(name: &str, spec: &str, known: &[usize]) -> Result<(), Box<dyn Error>> {
    let mut differ = Vec::new();
    let mut compared = 0;
    for Read { line, ty, result } in both(name, spec, &format!("{name}.bad.ndjson"))? {
        let of = |kind| {
            line.problems
                .iter()
                .filter(move |problem| problem.kind == kind)
        };
        let is_reply = of(ProblemKind::Reply).next().is_some();
        let own =
            plays_role(name, &line) || (name == "chat" && ty.as_deref().is_some_and(is_system));
        if is_reply || own {
            continue;
        }
        compared += 1;
        let mut envelope: Vec<&str> = of(ProblemKind::Envelope)
            .map(|one| one.message.as_str())
            .collect();
        let payload: Vec<&str> = of(ProblemKind::Invalid)
            .map(|one| one.message.as_str())
            .collect();
        // If the envelope is invalid, everything is reported together.
        envelope.extend(&payload);
        // A reader of single messages does not see problems of the conversation.
        let mut alone = line
            .problems
            .iter()
            .filter(|problem| !matches!(problem.kind, ProblemKind::Session | ProblemKind::Channel));
        let expected = alone.next().map(|problem| problem.kind.code());
        let said = match &result {
            Ok(()) => (None, Vec::new()),
            Err(rejected) => (
                Some(rejected.kind.code()),
                rejected
                    .kind
                    .violations()
                    .iter()
                    .map(|one| &*one.message)
                    .collect(),
            ),
        };
        let words = match said.0 {
            Some("ENVELOPE") => envelope,
            Some("INVALID") => payload,
            _ => Vec::new(),
        };
        if (said.0, &said.1) != (expected, &words) {
            differ.push((
                line.number,
                format!("{said:?}\n  and verify {:?}", line.problems),
            ));
        }
    }
    assert!(compared >= 8, "only {compared} were compared");
    let lines: Vec<usize> = differ.iter().map(|(line, _)| *line).collect();
    let text: Vec<String> = differ
        .into_iter()
        .map(|(line, text)| format!("{line}: {text}"))
        .collect();
    assert_eq!(lines, known, "{name}.bad.ndjson\n{}", text.join("\n"));
    Ok(())
}

#[test]
fn the_reference_protocol() -> Result<(), Box<dyn Error>> {
    good("chat", "protocol.yaml")?;
    // A request without an id is read nevertheless, and refused by the side that would have to answer it.
    bad("chat", "protocol.yaml", &[9])
}

#[test]
fn coinbase() -> Result<(), Box<dyn Error>> {
    good("coinbase", "tests/protocols/coinbase.yaml")?;
    bad("coinbase", "tests/protocols/coinbase.yaml", &[])
}

#[test]
fn slack() -> Result<(), Box<dyn Error>> {
    good("slack", "tests/protocols/slack.yaml")?;
    bad("slack", "tests/protocols/slack.yaml", &[])
}
