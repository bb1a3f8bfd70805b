//! Renders a report as text and as JSON.

use super::report::{Line, Report};
use handfast_spec::model::Side;
use serde_json::{Map, Value, json};
use std::fmt::Write;

impl Report {
    /// The report as text: a line for each message, its problems indented, and a summary.
    pub fn render(&self) -> String {
        people(self)
    }

    /// The report as JSON, for `--format json`: an object for each message and a summary.
    pub fn to_json(&self) -> Value {
        json(self)
    }
}

fn people(report: &Report) -> String {
    let mut out = String::new();
    let width = report
        .lines
        .last()
        .map_or(1, |line| line.number.to_string().len());
    for line in &report.lines {
        // Writing to a string does not fail.
        let _ = write!(out, "{:>width$} {} ", line.number, arrow(line.from));
        out.push_str(line.message.as_deref().unwrap_or("?"));
        if let Some(id) = &line.id {
            let _ = write!(out, " id={}", show(id));
        }
        if let Some(channel) = &line.channel {
            let _ = write!(out, " channel={}", clean(channel));
        }
        if let Some(seq) = &line.seq {
            let _ = write!(out, " seq={}", show(seq));
        }
        if let Some((number, name)) = &line.answers {
            let _ = write!(out, " answers {name} of line {number}");
        }
        if let Some((number, name)) = &line.cancels {
            let _ = write!(out, " cancels {name} of line {number}");
        }
        out.push('\n');
        for problem in &line.problems {
            let _ = write!(out, "{:width$}   {}", "", problem.kind.code());
            if !problem.path.is_empty() {
                let _ = write!(out, " {}", clean(&problem.path));
            }
            let _ = write!(out, " {}", clean(&problem.message));
            if let Some(allowed) = &problem.allowed {
                let _ = write!(
                    out,
                    " [{}: {}]",
                    problem.keyword,
                    shortened(&allowed.to_string())
                );
            }
            out.push('\n');
        }
    }
    for (number, name) in &report.unanswered {
        let _ = writeln!(out, "`{name}` of line {number} was not answered");
    }
    let lines = report.lines.len();
    let bad = report
        .lines
        .iter()
        .filter(|line| !line.problems.is_empty())
        .count();
    let messages = match lines {
        1 => "1 message".to_owned(),
        n => format!("{n} messages"),
    };
    let _ = match (lines, bad) {
        (0, _) => writeln!(out, "the capture has no messages"),
        (_, 0) => writeln!(out, "{messages}, all valid"),
        _ => writeln!(
            out,
            "{messages}, {bad} of them invalid, {} in total",
            match report.problems() {
                1 => "1 problem".to_owned(),
                n => format!("{n} problems"),
            }
        ),
    };
    out
}

const fn arrow(from: Option<Side>) -> &'static str {
    match from {
        Some(Side::Client) => "→",
        Some(Side::Server) => "←",
        None => " ",
    }
}

/// A value of the capture on one line; a long one is shortened.
fn show(value: &Value) -> String {
    match value {
        Value::String(text) => shortened(text),
        other => shortened(&other.to_string()),
    }
}

fn shortened(text: &str) -> String {
    let text = clean(text);
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Text of the capture for a terminal: without control characters.
fn clean(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            escaped
                .into_iter()
                .flatten()
                .chain((!c.is_control()).then_some(c))
        })
        .collect()
}

fn json(report: &Report) -> Value {
    let unanswered: Vec<Value> = report
        .unanswered
        .iter()
        .map(|(line, message)| json!({ "line": line, "message": message }))
        .collect();
    json!({
        "clean": report.is_clean(),
        "messages": report.lines.len(),
        "problems": report.problems(),
        "lines": report.lines.iter().map(line_json).collect::<Vec<Value>>(),
        "unanswered": unanswered,
    })
}

fn line_json(line: &Line) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        out.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("line", Some(line.number.into()));
    put(
        "from",
        line.from.map(|from| {
            if from == Side::Client {
                "client"
            } else {
                "server"
            }
            .into()
        }),
    );
    put("message", line.message.clone().map(Value::from));
    put("id", line.id.clone());
    put("channel", line.channel.clone().map(Value::from));
    put("seq", line.seq.clone());
    let answers = line.answers.as_ref();
    put(
        "answers",
        answers.map(|(line, message)| json!({ "line": line, "message": message })),
    );
    let cancels = line.cancels.as_ref();
    put(
        "cancels",
        cancels.map(|(line, message)| json!({ "line": line, "message": message })),
    );
    let problems: Vec<Value> = line
        .problems
        .iter()
        .map(|problem| {
            let mut entry = json!({
                "code": problem.kind.code(),
                "path": problem.path,
                "keyword": problem.keyword,
                "message": problem.message,
            });
            if let Some(allowed) = &problem.allowed {
                entry["allowed"] = allowed.clone();
            }
            entry
        })
        .collect();
    put("problems", Some(problems.into()));
    Value::Object(out)
}
