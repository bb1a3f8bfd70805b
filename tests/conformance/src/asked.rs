
use std::io::{BufRead, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let (of, by_server, message): (usize, bool, serde_json::Value) = serde_json::from_str(&line?)?;
        let text = match message {
            serde_json::Value::String(text) => text,
            bytes => match String::from_utf8(serde_json::from_value(bytes)?) {
                Ok(text) => text,
                // Transports do not treat it as a text message.
                Err(error) => {
                    writeln!(out, "{}", serde_json::json!({ "other": error.to_string() }))?;
                    continue;
                }
            },
        };
        let answer = match decode(of, by_server, &text) {
            None => serde_json::json!({}),
            Some(rejected) => match rejected.kind {
                handfast::DecodeErrorKind::Invalid(violations) => {
                    serde_json::json!({ "violations": list(&violations) })
                }
                handfast::DecodeErrorKind::Envelope(violations) => {
                    serde_json::json!({ "envelope": true, "violations": list(&violations) })
                }
                handfast::DecodeErrorKind::UnknownType => serde_json::json!({ "other": "UNKNOWN_TYPE" }),
                other => serde_json::json!({ "other": format!("{other:?}") }),
            },
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    Ok(())
}

fn list(violations: &[handfast::Violation]) -> serde_json::Value {
    violations
        .iter()
        .map(|one| serde_json::json!([one.path.as_str(), one.keyword, &*one.message, &one.allowed]))
        .collect()
}
