//! Timestamps as text: what is one, and which time it is, as the TypeScript client has it.

use handfast::{DecodeErrorKind, NoPendingReplies, Side, codec::Source, decode, protocol};
use std::time::{Duration, SystemTime};

#[protocol]
#[derive(Clone, Debug)]
struct News {}

#[protocol(server)]
#[derive(Clone, Debug)]
enum Says {
    #[message("news")]
    News(News),
}

#[test]
fn a_timestamp_is_a_date_time_of_rfc_3339() {
    let vectors = include_str!("vectors/timestamps.json");
    let vectors: Vec<(String, Option<i64>)> = serde_json::from_str(vectors).expect("they are JSON");
    for (text, expected) in vectors {
        let message = serde_json::json!({"type": "news", "payload": {}, "timestamp": text});
        let message = message.to_string();
        let source = Source::Json(message.as_str().into());
        let read = decode::<Says>(source, Side::Client, 64, &NoPendingReplies);
        match (read, expected) {
            (Ok(read), Some(expected)) => {
                let since = Duration::from_millis(expected.unsigned_abs());
                let at = match expected < 0 {
                    true => SystemTime::UNIX_EPOCH - since,
                    false => SystemTime::UNIX_EPOCH + since,
                };
                let found = read.timestamp.expect("it has one");
                let more = found.duration_since(at);
                assert!(
                    more.is_ok_and(|more| more < Duration::from_millis(1)),
                    "{text}: {found:?}"
                );
            }
            (Err(error), None) => {
                let DecodeErrorKind::Envelope(violations) = &error.kind else {
                    panic!("{text}: {error}");
                };
                assert_eq!(violations[0].keyword, "format", "{text}");
            }
            (read, _) => panic!("{text}: {:?}", read.map(|read| read.timestamp)),
        }
    }
}
