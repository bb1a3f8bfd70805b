//! Internationalized names: labels by IDNA 2008 (RFC 5890 to 5893), with the properties of Unicode 15.0, which both
//! ends have as tables.

mod punycode;
mod tables;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use unicode_normalization::is_nfc;

/// RFC 1123, section 2.1, each label that begins with `xn--` being an A-label.
pub(super) fn is_hostname(text: &str) -> bool {
    super::hostname::is_host(text)
        && text
            .split('.')
            .all(|label| ace(label).is_none() || decoded(label).is_some())
}

/// A name of A-labels, U-labels and others of letters, digits and hyphens, between any of the four full stops, that obeys
/// the rule of bidirectional names.
pub(super) fn is_idn_hostname(text: &str) -> bool {
    let labels: Option<Vec<Vec<char>>> = text
        .split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'])
        .map(label)
        .collect();
    let Some(labels) = labels else {
        return false;
    };
    let length: usize = labels.iter().map(|label| length(label) + 1).sum();
    let is_bidi = labels.iter().flatten().any(|c| {
        matches!(
            direction(*c),
            Direction::RightToLeft | Direction::ArabicNumber
        )
    });
    length <= 254 && (!is_bidi || labels.iter().all(|label| runs_one_way(label)))
}

/// A label after decoding; `None` if it is invalid.
fn label(text: &str) -> Option<Vec<char>> {
    if !text.is_ascii() {
        let label: Vec<char> = text.chars().collect();
        return is_u_label(&label).then_some(label);
    }
    if !super::hostname::is_label(text) {
        return None;
    }
    if ace(text).is_some() {
        return decoded(text);
    }
    let label: Vec<char> = text.to_ascii_lowercase().chars().collect();
    (label.get(2..4) != Some(&['-', '-'])).then_some(label)
}

/// What follows `xn--`.
fn ace(label: &str) -> Option<&str> {
    let (prefix, rest) = label.split_at_checked(4)?;
    prefix.eq_ignore_ascii_case("xn--").then_some(rest)
}

/// The U-label of an A-label, if there is one and its canonical encoding is that A-label.
fn decoded(label: &str) -> Option<Vec<char>> {
    let written = ace(label)?.to_ascii_lowercase();
    let decoded = punycode::decode(&written)?;
    let fits = is_u_label(&decoded) && punycode::encode(&decoded) == written;
    fits.then_some(decoded)
}

/// The length of a label on the wire.
fn length(label: &[char]) -> usize {
    if label.iter().all(char::is_ascii) {
        label.len()
    } else {
        "xn--".len() + punycode::encode(label).len()
    }
}

/// RFC 5891, section 4.2, without the rule of bidirectional names.
fn is_u_label(label: &[char]) -> bool {
    let tables = &*TABLES;
    let text: String = label.iter().collect();
    !text.is_ascii()
        && is_nfc(&text)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && label.get(2..4) != Some(&['-', '-'])
        && label.first().is_some_and(|first| !tables.marks.has(*first))
        && (0..label.len()).all(|at| tables.valid.has(label[at]) || has_context(label, at))
        && length(label) <= 63
}

/// RFC 5892, appendix A.
fn has_context(label: &[char], at: usize) -> bool {
    let tables = &*TABLES;
    let before = at.checked_sub(1).map(|at| label[at]);
    let after = label.get(at + 1).copied();
    let is = |c: Option<char>, of: &Ranges| c.is_some_and(|c| of.has(c));
    match label[at] {
        '\u{200c}' => is(before, &tables.virama) || joins(label, at),
        '\u{200d}' => is(before, &tables.virama),
        '\u{b7}' => before == Some('l') && after == Some('l'),
        '\u{375}' => is(after, &tables.greek),
        '\u{5f3}' | '\u{5f4}' => is(before, &tables.hebrew),
        '\u{30fb}' => label.iter().any(|c| tables.japanese.has(*c)),
        '\u{660}'..='\u{669}' => !label.iter().any(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
        '\u{6f0}'..='\u{6f9}' => !label.iter().any(|c| matches!(c, '\u{660}'..='\u{669}')),
        _ => false,
    }
}

/// Whether letters on both sides would join if nothing were between them.
fn joins(label: &[char], at: usize) -> bool {
    let tables = &*TABLES;
    let seen = |c: &&char| !tables.nonspacing.has(**c);
    label[..at]
        .iter()
        .rev()
        .find(seen)
        .is_some_and(|c| tables.joins_after.has(*c))
        && label[at + 1..]
            .iter()
            .find(seen)
            .is_some_and(|c| tables.joins_before.has(*c))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    LeftToRight,
    RightToLeft,
    EuropeanNumber,
    ArabicNumber,
    Nonspacing,
    Neutral,
}

fn direction(c: char) -> Direction {
    let tables = &*TABLES;
    match c {
        '0'..='9' | '\u{6f0}'..='\u{6f9}' => Direction::EuropeanNumber,
        '\u{660}'..='\u{669}' | '\u{10d30}'..='\u{10d39}' => Direction::ArabicNumber,
        c if tables.right_to_left.has(c) => Direction::RightToLeft,
        c if tables.nonspacing.has(c) => Direction::Nonspacing,
        c if tables.neutral.has(c) => Direction::Neutral,
        _ => Direction::LeftToRight,
    }
}

/// RFC 5893, section 2.
fn runs_one_way(label: &[char]) -> bool {
    use Direction::{ArabicNumber, EuropeanNumber, LeftToRight, Nonspacing, RightToLeft};
    let ways: Vec<Direction> = label.iter().map(|c| direction(*c)).collect();
    let last = ways.iter().rev().find(|way| **way != Nonspacing);
    match ways.first() {
        Some(LeftToRight) => {
            matches!(last, Some(LeftToRight | EuropeanNumber))
                && !ways.contains(&RightToLeft)
                && !ways.contains(&ArabicNumber)
        }
        Some(RightToLeft) => {
            matches!(last, Some(RightToLeft | EuropeanNumber | ArabicNumber))
                && !ways.contains(&LeftToRight)
                && !(ways.contains(&EuropeanNumber) && ways.contains(&ArabicNumber))
        }
        _ => false,
    }
}

/// Code points, as the start of each range and the first after its end.
struct Ranges(BTreeMap<u32, u32>);

impl Ranges {
    fn read(tables: &[&str]) -> Self {
        let mut ranges = BTreeMap::new();
        for table in tables {
            let (mut at, mut start, mut number, mut shift) = (0, None, 0, 0);
            for byte in table.bytes() {
                let digit = u32::from(super::encoding::sextet(byte, b'+', b'/').unwrap_or(0));
                number |= (digit & 31) << shift;
                shift += 5;
                if digit < 32 {
                    at += number;
                    start = match start {
                        None => Some(at),
                        Some(start) => {
                            ranges.insert(start, at);
                            None
                        }
                    };
                    (number, shift) = (0, 0);
                }
            }
        }
        Self(ranges)
    }

    fn has(&self, c: char) -> bool {
        let c = u32::from(c);
        self.0
            .range(..=c)
            .next_back()
            .is_some_and(|(_, end)| c < *end)
    }
}

struct Tables {
    valid: Ranges,
    marks: Ranges,
    nonspacing: Ranges,
    virama: Ranges,
    joins_after: Ranges,
    joins_before: Ranges,
    right_to_left: Ranges,
    neutral: Ranges,
    greek: Ranges,
    hebrew: Ranges,
    japanese: Ranges,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    valid: Ranges::read(&[tables::VALID]),
    marks: Ranges::read(&[tables::MARKS]),
    nonspacing: Ranges::read(&[tables::NONSPACING]),
    virama: Ranges::read(&[tables::VIRAMA]),
    joins_after: Ranges::read(&[tables::JOINS_AFTER]),
    joins_before: Ranges::read(&[tables::JOINS_BEFORE]),
    right_to_left: Ranges::read(&[tables::RIGHT_TO_LEFT]),
    neutral: Ranges::read(&[tables::NEUTRAL]),
    greek: Ranges::read(&[tables::GREEK]),
    hebrew: Ranges::read(&[tables::HEBREW]),
    japanese: Ranges::read(&[tables::HIRAGANA, tables::KATAKANA, tables::HAN]),
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in [
            "실례.테스트",
            "xn--ihqwcrb4cv8a8dqg056pqjye",
            "ßς་〇",
            "\u{6fd}\u{6fe}",
            "l·l",
            "α\u{375}β",
            "א\u{5f3}ב",
            "\u{30fb}ぁ",
            "ب\u{660}ب",
            "\u{6f0}0",
            "क\u{94d}\u{200d}ष",
            "بي\u{200c}بي",
            "a。b．c｡d",
            "Example.ORG",
            "אב.example",
        ] {
            assert!(is_idn_hostname(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "a..b",
            "\u{302e}실례",
            "-> $1.00 <--",
            "xn--X",
            "XN--aa---o47jg78q",
            "ab--c",
            "-é",
            "é-",
            "\u{300}hello",
            "\u{640}\u{7fa}",
            "a·l",
            "α\u{375}S",
            "A\u{5f3}ב",
            "def\u{30fb}abc",
            "ب\u{660}\u{6f0}",
            "क\u{200d}ष",
            "É",
            "e\u{301}",
            "אa",
            "1a.אב",
            "א\u{660}1",
        ] {
            assert!(!is_idn_hostname(bad), "{bad}");
        }
        let long = "é".repeat(60);
        assert!(is_idn_hostname(&long[..100]));
        assert!(!is_idn_hostname(&"éü".repeat(60)));
    }

    #[test]
    fn hosts() {
        for good in ["a", "xn--4gbwdl.xn--wgbh1c", "XN--4GBWDL", "ab--c"] {
            assert!(is_hostname(good), "{good}");
        }
        for bad in [
            "xn--",
            "xn--a",
            "xn--X",
            "xn--07jt112bpxg.xn--9t4b11yi5a",
            "é",
        ] {
            assert!(!is_hostname(bad), "{bad}");
        }
    }
}
