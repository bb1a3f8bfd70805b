
use handfast::codec::{Encoding, Source};
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
        let json = Source::Json(text.as_str().into());
        let mut answer = answer(decode(of, by_server, json));
        for encoding in [Encoding::MsgPack, Encoding::Cbor] {
            // What is not JSON has no counterpart.
            let Ok(bytes) = json.transcode(encoding) else {
                continue;
            };
            let in_binary = self::answer(decode(of, by_server, encoding.source(&bytes.into())?));
            if in_binary != answer {
                answer = serde_json::json!({ "other": format!("{answer}, but {in_binary} in {encoding:?}") });
            }
        }
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    Ok(())
}

fn decoded<M: handfast::MessageSet>(source: Source<'_>, side: handfast::Side) -> Option<Box<handfast::DecodeError>> {
    let depth = handfast::descriptor::Limits::DEFAULT.depth;
    handfast::decode::<M>(source, side, depth, &handfast::NoPendingReplies).err()
}

fn answer(decoded: Option<Box<handfast::DecodeError>>) -> serde_json::Value {
    match decoded.map(|rejected| rejected.kind) {
        None => serde_json::json!({}),
        Some(handfast::DecodeErrorKind::Invalid(violations)) => {
            serde_json::json!({ "violations": list(&violations) })
        }
        Some(handfast::DecodeErrorKind::Envelope(violations)) => {
            serde_json::json!({ "envelope": true, "violations": list(&violations) })
        }
        Some(handfast::DecodeErrorKind::UnknownType) => serde_json::json!({ "other": "UNKNOWN_TYPE" }),
        Some(other) => serde_json::json!({ "other": format!("{other:?}") }),
    }
}

fn list(violations: &[handfast::Violation]) -> serde_json::Value {
    violations
        .iter()
        .map(|one| serde_json::json!([one.path.as_str(), one.keyword, &*one.message, &one.allowed]))
        .collect()
}
