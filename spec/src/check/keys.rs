//! The keys of channels: no two channels have the same.

use super::Checker;
use crate::diagnostic::Diagnostic;
use handfast_naming::key::{Part, common, parts};
use handfast_schema::Span;

/// How long a key may be, in bytes.
const MAX_KEY: usize = 1024;

/// The key of a channel, as the spec has it.
struct Key<'a> {
    channel: &'a str,
    pattern: String,
    /// The text before the first parameter.
    start: String,
    at: Span,
}

impl<'a> Checker<'a> {
    /// Patterns with a key in common. What the parameters' schemas say is of no matter: a key is found by the patterns alone, and a message that joins may have
    /// other schemas.
    pub(super) fn keys(&mut self) {
        let mut keys = self.whole_keys();
        // Those that begin with the text of one are right behind it.
        keys.sort_by(|a, b| a.start.cmp(&b.start));
        let mut reported = vec![false; keys.len()];
        for (i, one) in keys.iter().enumerate() {
            for (j, other) in keys.iter().enumerate().skip(i + 1) {
                if !other.start.starts_with(&one.start) {
                    break;
                }
                let is_later = (other.at.source, other.at.start) > (one.at.source, one.at.start);
                let (first, later, place) = match is_later {
                    true => (one, other, j),
                    false => (other, one, i),
                };
                if reported[place] {
                    continue;
                }
                let Some(key) = common(&first.pattern, &later.pattern) else {
                    continue;
                };
                reported[place] = true;
                let text = format!(
                    "the channels `{}` and `{}` can have the same key, such as `{key}`",
                    first.channel, later.channel
                );
                let help = "what is published to one would reach the members of the other, whatever the schemas of the parameters say: begin one of the keys with a text of its own";
                self.out.push(
                    Diagnostic::error("P022", later.at, text)
                        .label(first.at, "the other key")
                        .help(help),
                );
            }
        }
    }

    /// The keys in which nothing is wrong so far. One with a text that is too long is reported.
    fn whole_keys(&mut self) -> Vec<Key<'a>> {
        let mut keys = Vec::new();
        for (channel, entry) in self.protocol.channels.iter().zip(self.section("channels")) {
            let pattern = channel.pattern();
            let key = self.tree.map(entry.value).and_then(|map| map.get("key"));
            let Some(key) = key.filter(|key| self.tree.text(key.value) == Some(&pattern)) else {
                continue;
            };
            let at = self.place(key);
            if pattern.len() > MAX_KEY {
                let text = format!(
                    "the key has {} bytes; the maximum is {MAX_KEY}",
                    pattern.len()
                );
                let help = "a key is sent with each message of the channel: shorten it";
                self.out
                    .push(Diagnostic::error("P022", at, text).help(help));
                continue;
            }
            let start = match parts(&pattern).next() {
                Some(Ok(Part::Text(text))) => text.into_owned(),
                _ => String::new(),
            };
            keys.push(Key {
                channel: &channel.name.text,
                pattern,
                start,
                at,
            });
        }
        keys
    }
}
