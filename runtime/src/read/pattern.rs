//! The keyword `pattern`: regular expressions of ECMA-262, matched in linear time.

use handfast_schema::pattern;
use std::sync::OnceLock;

/// A regular expression of ECMA-262, translated and compiled at first use. It matches in linear time.
#[derive(Debug)]
pub struct Pattern {
    pub(super) source: &'static str,
    compiled: OnceLock<Matcher>,
}

#[derive(Debug)]
enum Matcher {
    Run(Run),
    Regex(pattern::Matcher),
    /// The pattern cannot be translated.
    Nothing,
}

impl Pattern {
    /// Creates a pattern. One that cannot be translated matches nothing; the generator rejects such patterns.
    pub const fn new(source: &'static str) -> Self {
        Self {
            source,
            compiled: OnceLock::new(),
        }
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        match self.compiled.get_or_init(|| compile(self.source)) {
            Matcher::Run(run) => run.is_match(text),
            Matcher::Regex(regex) => regex.is_match(text),
            Matcher::Nothing => false,
        }
    }
}

fn compile(source: &str) -> Matcher {
    if let Some(run) = Run::parse(source) {
        return Matcher::Run(run);
    }
    pattern::compile(source).map_or(Matcher::Nothing, Matcher::Regex)
}

/// A run of characters of one class, such as `^[a-z0-9-]{1,64}$`. Most names have such patterns, which need no automaton.
#[derive(Debug)]
struct Run {
    /// The ASCII characters of the class, one bit each.
    class: u128,
    min: usize,
    max: usize,
}

impl Run {
    /// Parses a pattern as a run, if its class contains only letters, digits and characters that are never special in a class.
    fn parse(source: &str) -> Option<Self> {
        let (class, times) = source
            .strip_prefix("^[")?
            .strip_suffix('$')?
            .split_once(']')?;
        let bytes = class.as_bytes();
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_.:/ @".contains(&b);
        let mut bits = 0u128;
        let mut i = 0;
        while let Some(&first) = bytes.get(i) {
            let range = bytes.get(i + 1) == Some(&b'-') && bytes.get(i + 2).is_some();
            let last = if range { bytes[i + 2] } else { first };
            // A hyphen is literal only at the end.
            let hyphen = first == b'-' && i + 1 == bytes.len();
            if !(hyphen || (is_plain(first) && is_plain(last) && first <= last)) {
                return None;
            }
            for b in first..=last {
                bits |= 1 << b;
            }
            i += if range { 3 } else { 1 };
        }
        let (min, max) = match times {
            "" => (1, 1),
            "+" => (1, usize::MAX),
            "*" => (0, usize::MAX),
            "?" => (0, 1),
            braces => {
                let inner = braces.strip_prefix('{')?.strip_suffix('}')?;
                match inner.split_once(',') {
                    None => (number(inner)?, number(inner)?),
                    Some((min, "")) => (number(min)?, usize::MAX),
                    Some((min, max)) => (number(min)?, number(max)?),
                }
            }
        };
        (!class.is_empty() && min <= max).then_some(Self {
            class: bits,
            min,
            max,
        })
    }

    fn is_match(&self, text: &str) -> bool {
        // All are ASCII, so the number of characters is that of bytes.
        (self.min..=self.max).contains(&text.len())
            && text.bytes().all(|b| b < 128 && self.class & (1 << b) != 0)
    }
}

/// Parses a count that consists of digits only.
fn number(text: &str) -> Option<usize> {
    (text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{Matcher, Run, compile};

    /// A pattern parsed as a run matches like the regular expression.
    #[test]
    fn runs_match_as_their_patterns() {
        let patterns = [
            "^[a-z0-9-]{1,64}$",
            "^[A-Z]{3}-?$",
            "^[A-Za-z_.]+$",
            "^[0-9]*$",
            "^[a-c]$",
            "^[a-f0-9]{8}$",
            "^[a-]?$",
            "^[a-z]{2,}$",
            "^[^a]+$",
            "^[a-z]+|b$",
            "^[a\\]b]+$",
            "^[z-a]$",
            "^[]$",
            "^[a]{2}{3}$",
            "^[a-z-9]$",
            "^[ -~]+$",
            "^[a-z]{,3}$",
            "^[a.b]{1,2}$",
        ];
        let texts = [
            "", "a", "b", "-", "ab", "abc", "a-b", "A", "ABC", "ABC-", "0", "deadbeef", "deadbeeg",
            "a.b", "_", "\u{e9}", "a\n", "\n", "aé", " ", "~", "]", "{2}", "a,", "xyz-9",
        ];
        let mut runs = 0;
        for pattern in patterns {
            let Some(run) = Run::parse(pattern) else {
                continue;
            };
            runs += 1;
            let regex = handfast_schema::pattern::compile(pattern);
            for text in texts {
                let expected = regex.as_ref().is_ok_and(|regex| regex.is_match(text));
                assert_eq!(run.is_match(text), expected, "{pattern} on {text:?}");
            }
        }
        assert_eq!(runs, 8);
        assert!(matches!(compile("^[a-z]+|b$"), Matcher::Regex(_)));
    }
}
