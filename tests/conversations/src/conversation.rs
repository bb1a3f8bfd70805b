//! Reads the conversations.

use crate::{forms::Form, translate::translate};
use serde_json::{Value, json};
use std::{fs, path::Path, time::Duration};

/// An end of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// What one line says.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The client opens a connection.
    Open,
    /// A side sends a message. Text in place of JSON is sent as it is.
    Message(Side, Value),
    /// A side closes the connection with a code.
    Close(Side, u16),
    /// The connection is lost.
    Drop,
    /// The client gives the connection up.
    GiveUp,
    /// So much time passes, and neither side does anything.
    Wait(Duration),
    /// What the application of a side does, or learns: words, and a value.
    Application(Side, Vec<String>, Value),
}

/// A line, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) step: Step,
    /// What stands there, but for messages in another form.
    pub(crate) said: String,
}

/// A conversation.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// The file and the title.
    pub name: String,
    /// The side that is tested; the other cannot be, since it does not keep to the protocol, or is not asked to.
    pub only: Option<Side>,
    /// The form of the protocol.
    pub form: Form,
    /// Whether it is about a payload that has a field of its own.
    is_nested: bool,
    pub(crate) lines: Vec<Line>,
}

impl Conversation {
    /// Whether a message is given as text.
    pub fn has_text(&self) -> bool {
        let is_text = |line: &Line| matches!(line.step, Step::Message(_, Value::String(_)));
        self.lines.iter().any(is_text)
    }

    /// As `js/node.js` reads it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let lines = self
            .lines
            .iter()
            .map(|Line { number, said, .. }| json!({ "number": number, "said": said }));
        json!({ "name": self.name, "hasText": self.has_text(), "lines": lines.collect::<Vec<_>>() })
    }

    /// The same in another form, if that can say it.
    fn in_form(&self, form: Form) -> Option<Self> {
        let mut conversation = self.clone();
        conversation.form = form;
        for line in &mut conversation.lines {
            if let Step::Message(by, message) = &mut line.step {
                *message = translate(message, *by, form)?;
                let (sign, _) = line.said.split_once(' ')?;
                line.said = format!("{sign} {message}");
            }
        }
        Some(conversation)
    }
}

/// How most conversations begin: `begin`.
const BEGIN: [&str; 3] = [
    "open",
    r#"→ {"type":"hello","payload":{"version":"1.2.0","hash":"$hash","auth":{"name":"ada"},"resume":{}}}"#,
    r#"← {"type":"ready","payload":{"version":"1.2.0","hash":"$hash","session":"$first","received":0}}"#,
];

/// The same where messages have numbers.
const BEGIN_NUMBERED: [&str; 3] = [
    "open",
    r#"→ {"type":"hello","payload":{"version":"1.2.0","hash":"$hash","auth":{"name":"ada"}}}"#,
    r#"← {"type":"ready","payload":{"version":"1.2.0","hash":"$hash","session":"$first"}}"#,
];

/// The same where the ready is a message of the application.
const BEGIN_MAPPED: [&str; 3] = [
    "open",
    r#"→ {"type":"hello","payload":{"version":"1.2.0","hash":"$hash","auth":{"name":"ada"}}}"#,
    r#"← {"type":"welcome","payload":{"about":{"version":"1.2.0","hash":"$hash"}}}"#,
];

/// The form in which a file is written.
fn form_of(file: &str) -> Form {
    match file {
        _ if file.starts_with("numbered") => Form::Numbered,
        _ if file.starts_with("mapped") => Form::Mapped,
        _ => Form::Plain,
    }
}

/// Every conversation, in the order of the files' names, in each form that can say it.
///
/// # Errors
/// If a file cannot be read, or a line says nothing: with its file and number.
pub fn all() -> Result<Vec<Conversation>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let entries = fs::read_dir(&folder).map_err(|error| error.to_string())?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        read(&file, &text, &mut all)?;
    }
    let others = [Form::Renamed, Form::Flat].into_iter().flat_map(|form| {
        let plain = all.iter().filter(|one| one.form == Form::Plain);
        plain
            .filter(move |one| form != Form::Flat || !one.is_nested)
            .filter_map(move |one| one.in_form(form))
    });
    let others: Vec<_> = others.collect();
    all.extend(others);
    Ok(all)
}

fn read(file: &str, text: &str, all: &mut Vec<Conversation>) -> Result<(), String> {
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let said = line.trim();
        if said.is_empty() || said.starts_with("# ") || said.starts_with("//") {
            continue;
        }
        if let Some(title) = said.strip_prefix("## ") {
            all.push(Conversation {
                name: format!("{file}: {title}"),
                only: None,
                form: form_of(file),
                is_nested: false,
                lines: Vec::new(),
            });
            continue;
        }
        let conversation = all
            .last_mut()
            .ok_or_else(|| format!("{file}:{number}: no conversation has begun"))?;
        match said {
            "only: client" => conversation.only = Some(Side::Client),
            "only: server" => conversation.only = Some(Side::Server),
            "not: flat" => conversation.is_nested = true,
            _ => {
                let lines: &[&str] = match (said, conversation.form) {
                    ("begin", Form::Numbered) => &BEGIN_NUMBERED,
                    ("begin", Form::Mapped) => &BEGIN_MAPPED,
                    ("begin", _) => &BEGIN,
                    _ => &[said],
                };
                for line in lines {
                    let step = step(line)
                        .ok_or_else(|| format!("{file}:{number}: `{said}` says nothing"))?;
                    conversation.lines.push(Line {
                        number,
                        step,
                        said: (*line).to_owned(),
                    });
                }
            }
        }
    }
    Ok(())
}

fn step(line: &str) -> Option<Step> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    Some(match word {
        "open" => Step::Open,
        "drop" => Step::Drop,
        "wait" => Step::Wait(duration(rest)?),
        "→" => sent(Side::Client, rest)?,
        "←" => sent(Side::Server, rest)?,
        "client" => application(Side::Client, rest)?,
        "server" => application(Side::Server, rest)?,
        _ => return None,
    })
}

fn sent(by: Side, what: &str) -> Option<Step> {
    if by == Side::Client && what == "drop" {
        return Some(Step::GiveUp);
    }
    if let Some(code) = what.strip_prefix("close ") {
        return Some(Step::Close(by, code.parse().ok()?));
    }
    // Text that is no JSON is for the one who cannot read it.
    let value = what.strip_prefix("text ").map_or_else(
        || serde_json::from_str(what).ok(),
        |text| Some(Value::String(text.to_owned())),
    )?;
    Some(Step::Message(by, value))
}

fn application(side: Side, what: &str) -> Option<Step> {
    let (words, value) = match what.find('{') {
        Some(at) => (&what[..at], serde_json::from_str(&what[at..]).ok()?),
        None => (what, Value::Null),
    };
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    (!words.is_empty()).then_some(Step::Application(side, words, value))
}

fn duration(text: &str) -> Option<Duration> {
    if let Some(milliseconds) = text.strip_suffix("ms") {
        return milliseconds.parse().ok().map(Duration::from_millis);
    }
    text.strip_suffix('s')?
        .parse()
        .ok()
        .map(Duration::from_secs)
}
