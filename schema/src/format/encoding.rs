//! `contentEncoding` as an assertion, for the encodings of RFC 4648: padded, with zero as the unused bits, so that
//! every byte sequence has exactly one encoding.

/// The encodings known to [`encoding`].
pub const ENCODINGS: [&str; 4] = ["base64", "base64url", "base32", "base16"];

/// Whether a string is valid in an encoding; `None` for an unknown encoding, which asserts nothing.
pub fn encoding(name: &str, text: &str) -> Option<bool> {
    Some(match name {
        "base64" => is_digits(text, 6, |byte| sextet(byte, b'+', b'/')),
        "base64url" => is_digits(text, 6, |byte| sextet(byte, b'-', b'_')),
        "base32" => is_digits(text, 5, |byte| match byte {
            b'A'..=b'Z' => Some(byte - b'A'),
            b'2'..=b'7' => Some(byte - b'2' + 26),
            _ => None,
        }),
        "base16" => is_digits(text, 4, |byte| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'A'..=b'F' => Some(byte - b'A' + 10),
            _ => None,
        }),
        _ => return None,
    })
}

/// [`encoding`] as a pattern, for tools that treat `contentEncoding` as an annotation.
pub fn encoding_pattern(name: &str) -> Option<&'static str> {
    Some(match name {
        "base64" => {
            "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
        }
        "base64url" => {
            "^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]==|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]=)?$"
        }
        "base32" => {
            "^(?:[A-Z2-7]{8})*(?:[A-Z2-7][AEIMQUY4]={6}|[A-Z2-7]{3}[AQ]={4}|[A-Z2-7]{4}[ACEGIKMOQSUWY246]={3}|[A-Z2-7]{6}[AIQY]=)?$"
        }
        "base16" => "^(?:[0-9A-F]{2})*$",
        _ => return None,
    })
}

pub(super) fn sextet(byte: u8, last_but_one: u8, last: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        byte if byte == last_but_one => Some(62),
        byte if byte == last => Some(63),
        _ => None,
    }
}

/// Digits of `bits` bits each, in groups of whole bytes.
fn is_digits(text: &str, bits: usize, digit: impl Fn(u8) -> Option<u8>) -> bool {
    let text = text.as_bytes();
    // The digits of a group: the least common multiple of 8 and the bits.
    let group = match bits {
        6 => 4,
        5 => 8,
        _ => 2,
    };
    let digits = text.iter().take_while(|byte| **byte != b'=').count();
    let padding = text.len() - digits;
    let left_over = digits % group * bits % 8;
    // A last group has less than a whole byte to spare, and is padded.
    let whole = text.len().is_multiple_of(group) && padding < group && left_over < bits;
    let (digits, padded) = text.split_at(digits);
    let last = digits.last().and_then(|byte| digit(*byte)).unwrap_or(0);
    whole
        && padded.iter().all(|byte| *byte == b'=')
        && digits.iter().all(|byte| digit(*byte).is_some())
        && last & ((1u8 << left_over) - 1) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern;

    #[test]
    fn encodings_and_their_patterns_agree() -> Result<(), pattern::PatternError> {
        let texts = [
            "",
            "AA==",
            "AAA=",
            "AAAA",
            "+/+/",
            "AB==",
            "AAB=",
            "A===",
            "====",
            "AA=A",
            "AAA",
            "AA",
            "AA==AAAA",
            "AA-_",
            "AAA\n",
            "AAAA\n",
            "zw==",
            "zx==",
            "-_-_",
            "é",
            "MY======",
            "MZXQ====",
            "MZXW6===",
            "MZXW6YQ=",
            "MZXW6YTB",
            "MZ======",
            "MZXR====",
            "MZXW7===",
            "MZXW6YR=",
            "MZXW6YTBOI======",
            "mzxw6ytb",
            "M=======",
            "MZX=====",
            "MZXW6Y==",
            "00",
            "0",
            "FF",
            "ff",
            "0F1",
            "=",
            "==",
            "A=======",
            "AAAAAA==",
            "AAAAA===",
        ];
        for name in ENCODINGS {
            let pattern = pattern::compile(encoding_pattern(name).unwrap_or("("))?;
            let good: Vec<&str> = texts
                .into_iter()
                .filter(|text| encoding(name, text) == Some(true))
                .collect();
            for text in texts {
                let fits = good.contains(&text);
                assert_eq!(pattern.is_match(text), fits, "{name} {text:?}");
            }
            let expected: &[&str] = match name {
                "base64" => &[
                    "", "AA==", "AAA=", "AAAA", "+/+/", "zw==", "MZXW6YQ=", "MZXW6YTB", "mzxw6ytb",
                    "AAAAAA==",
                ],
                "base64url" => &[
                    "", "AA==", "AAA=", "AAAA", "AA-_", "zw==", "-_-_", "MZXW6YQ=", "MZXW6YTB",
                    "mzxw6ytb", "AAAAAA==",
                ],
                "base32" => &[
                    "",
                    "MY======",
                    "MZXQ====",
                    "MZXW6===",
                    "MZXW6YQ=",
                    "MZXW6YTB",
                    "MZXW6YTBOI======",
                    "AAAAA===",
                ],
                _ => &["", "AAAA", "AA", "00", "FF"],
            };
            assert_eq!(good, expected, "{name}");
        }
        assert_eq!(encoding("8bit", "é"), None);
        Ok(())
    }
}
