//! The lines of a capture.

use handfast_spec::model::Side;
use serde_json::Value;

/// A message in a capture.
pub(super) enum Text {
    /// The text as sent.
    Raw(String),
    /// A parsed value.
    Value(Value),
}

/// One line of the capture: the sender and the message.
pub(super) fn entry(line: &[u8]) -> Result<(Side, Text), String> {
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
