//! Writes the messages of a conversation in another form of the protocol.

use crate::{conversation::Side, forms::Form};
use serde_json::{Map, Value};

/// The names of the envelope's fields, in the form `Renamed`.
const NAMES: [(&str, &str); 6] = [
    ("type", "t"),
    ("payload", "d"),
    ("v", "ver"),
    ("channel", "topic"),
    ("seq", "no"),
    ("epoch", "run"),
];

/// Returns a message of a side in another form; `None` if it says what that form cannot.
pub(crate) fn translate(message: &Value, by: Side, form: Form) -> Option<Value> {
    let fields = message.as_object()?;
    match form {
        Form::Plain | Form::Numbered | Form::Mapped => Some(message.clone()),
        Form::Renamed => Some(renamed(fields, by)),
        Form::Flat => flat(fields),
    }
}

fn renamed(fields: &Map<String, Value>, by: Side) -> Value {
    let id = match is_reply(fields, by) {
        true => "re",
        false => "ref",
    };
    let name = |old: &str| match old {
        "id" => id.to_owned(),
        _ => {
            let known = NAMES.iter().find(|(from, _)| *from == old);
            known.map_or(old, |(_, to)| to).to_owned()
        }
    };
    // A path begins with the name of a field.
    let path = |path: &str| match path.strip_prefix('/') {
        None => path.to_owned(),
        Some(rest) => {
            let (first, others) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            format!(
                "/{}{others}",
                if first == "id" {
                    "ref".to_owned()
                } else {
                    name(first)
                }
            )
        }
    };
    let fields = fields.iter().map(|(key, value)| {
        let value = if key == "payload" {
            with_paths(value, &path)
        } else {
            value.clone()
        };
        (name(key), value)
    });
    Value::Object(fields.collect())
}

/// Whether the id of a message is that of the request that it answers.
fn is_reply(fields: &Map<String, Value>, by: Side) -> bool {
    let is = |types: &[&str]| {
        fields
            .get("type")
            .and_then(Value::as_str)
            .is_some_and(|tag| types.contains(&tag))
    };
    match by {
        Side::Client => is(&["confirmed", "error", "pong"]),
        Side::Server => !is(&["confirm", "ping", "nothing"]),
    }
}

fn flat(fields: &Map<String, Value>) -> Option<Value> {
    const ENVELOPE: [&str; 7] = ["type", "id", "v", "channel", "seq", "epoch", "timestamp"];
    let mut all = Map::new();
    for (key, value) in fields {
        if key == "payload" {
            let path = |path: &str| path.strip_prefix("/payload").unwrap_or(path).to_owned();
            for (key, value) in with_paths(value, &path).as_object()? {
                let other = all.insert(key.clone(), value.clone());
                if other.is_some_and(|other| other != *value) {
                    return None;
                }
            }
        } else if ENVELOPE.contains(&key.as_str()) {
            let other = all.insert(key.clone(), value.clone());
            if other.is_some_and(|other| other != *value) {
                return None;
            }
        } else {
            return None;
        }
    }
    Some(Value::Object(all))
}

/// Replaces the paths of violations in a payload.
fn with_paths(payload: &Value, path: &dyn Fn(&str) -> String) -> Value {
    let mut payload = payload.clone();
    let violations = payload.get_mut("violations").and_then(Value::as_array_mut);
    for violation in violations.into_iter().flatten() {
        if let Some(Value::String(text)) = violation.get_mut("path") {
            *text = path(text);
        }
    }
    payload
}
