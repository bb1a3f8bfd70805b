//! `format` as an assertion: one rule for each name, exact by its RFC and small enough to be implemented again in
//! TypeScript. Formats apply to strings only. All digits and letters are ASCII.
//!
//! | format | rule |
//! |---|---|
//! | `date` | `YYYY-MM-DD`, a day that the Gregorian calendar has (RFC 3339 `full-date`) |
//! | `time` | `HH:MM:SS`, a fraction of one digit or more after `.`, then `Z`, `z` or `±HH:MM`; hours to 23, minutes to 59, seconds to 59, or 60 where it is 23:59 in UTC (RFC 3339 `full-time`) |
//! | `date-time` | a `date`, `T` or `t`, a `time` |
//! | `duration` | `P` and weeks alone, or years, months, days, then `T` and hours, minutes, seconds; whole numbers, no unit skipped between two others, at least one (RFC 3339, appendix A) |
//! | `email` | a mailbox of RFC 5321: at most 64 characters, words of `atext` between single dots or a quoted string; `@`; a `hostname`, or an address in brackets |
//! | `idn-email` | the same with any character that is not ASCII in words and quoted strings (RFC 6531), at most 64 bytes of them, and an `idn-hostname` |
//! | `hostname` | at most 253 characters; labels of 1 to 63 letters, digits and hyphens between dots, no hyphen at either end of a label (RFC 1123); what follows `xn--` is Punycode of a label that has to be written so (RFC 5891) |
//! | `idn-hostname` | labels as in `hostname` and those of IDNA 2008, by Unicode 15.0 and its rules of context and of direction (RFC 5891 to 5893), between any of the four full stops; no hyphens in the third and fourth place but for `xn--` |
//! | `ipv4` | four numbers to 255 without leading zeros |
//! | `ipv6` | eight groups of one to four hex digits, the last two may be an `ipv4`, one `::` for one group or more (RFC 4291); no zone |
//! | `uri` | RFC 3986 `URI`: with a scheme |
//! | `uri-reference` | RFC 3986 `URI-reference` |
//! | `iri`, `iri-reference` | the same with the characters of RFC 3987 |
//! | `uri-template` | RFC 6570, with the operators that it reserves |
//! | `uuid` | hex digits in groups of 8-4-4-4-12, in either case (RFC 9562) |
//! | `json-pointer` | empty, or begins with `/`; `~` only before `0` or `1` (RFC 6901) |
//! | `relative-json-pointer` | a number without leading zeros, `±` and a number above zero where an index is moved, then `#` or a `json-pointer` |
//! | `regex` | what ECMA-262 (11th edition) takes with the `u` flag, properties of Unicode by the names of Unicode 16.0 |
//! | `int64`, `uint64` | a whole decimal number in the range, as `BigInt(text).toString()` writes it |
//!
//! The rules of `contentEncoding` are in [`encoding`].

mod email;
mod encoding;
mod hostname;
mod idna;
mod ip;
pub(crate) mod regex;
mod template;
mod uri;

pub use encoding::{ENCODINGS, encoding, encoding_pattern};
use uri::Alphabet;

/// Whether a string is valid for a format; `None` for an unknown format, which asserts nothing.
pub fn check(format: &str, text: &str) -> Option<bool> {
    Some(match format {
        "date" => is_date(text.as_bytes()),
        "time" => is_time(text.as_bytes()),
        "date-time" => is_date_time(text.as_bytes()),
        "duration" => is_duration(text),
        "email" => email::is_email(text),
        "idn-email" => email::is_idn_email(text),
        "hostname" => idna::is_hostname(text),
        "idn-hostname" => idna::is_idn_hostname(text),
        "ipv4" => ip::is_ipv4(text),
        "ipv6" => ip::is_ipv6(text),
        "uri" => uri::is_absolute(text, Alphabet::Uri),
        "uri-reference" => uri::is_reference(text, Alphabet::Uri),
        "iri" => uri::is_absolute(text, Alphabet::Iri),
        "iri-reference" => uri::is_reference(text, Alphabet::Iri),
        "uri-template" => template::is_uri_template(text),
        "uuid" => is_uuid(text),
        "json-pointer" => is_json_pointer(text),
        "relative-json-pointer" => is_relative_json_pointer(text),
        "regex" => regex::is_regex(text),
        "int64" => is_whole(text, "9223372036854775807", Some("9223372036854775808")),
        "uint64" => is_whole(text, "18446744073709551615", None),
        _ => return None,
    })
}

/// The formats that [`check`] knows.
pub const KNOWN: [&str; 21] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
    "int64",
    "uint64",
];

/// Exactly two digits.
fn two(digits: &[u8]) -> Option<u32> {
    match digits {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

fn is_date(text: &[u8]) -> bool {
    let [c1, c2, y1, y2, b'-', m1, m2, b'-', d1, d2] = text else {
        return false;
    };
    let (Some(century), Some(year)) = (two(&[*c1, *c2]), two(&[*y1, *y2])) else {
        return false;
    };
    let (Some(month), Some(day)) = (two(&[*m1, *m2]), two(&[*d1, *d2])) else {
        return false;
    };
    let leap = if year == 0 {
        century % 4 == 0
    } else {
        year % 4 == 0
    };
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

fn is_time(text: &[u8]) -> bool {
    let Some((clock, rest)) = text.split_at_checked(8) else {
        return false;
    };
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) =
        (two(&[*h1, *h2]), two(&[*m1, *m2]), two(&[*s1, *s2]))
    else {
        return false;
    };
    let zone = match rest {
        [b'.', fraction @ ..] => {
            let digits = fraction
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        rest => rest,
    };
    // Minutes east of Greenwich.
    let (east, west) = match zone {
        [b'Z' | b'z'] => (0, 0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (Some(hours), Some(minutes)) = (two(&[*h1, *h2]), two(&[*m1, *m2])) else {
                return false;
            };
            if hours > 23 || minutes > 59 {
                return false;
            }
            let offset = hours * 60 + minutes;
            if *sign == b'+' {
                (offset, 0)
            } else {
                (0, offset)
            }
        }
        _ => return false,
    };
    let utc = (hour * 60 + minute + west + 1440 - east) % 1440;
    hour <= 23 && minute <= 59 && (second <= 59 || second == 60 && utc == 23 * 60 + 59)
}

fn is_date_time(text: &[u8]) -> bool {
    text.split_at_checked(10).is_some_and(|(date, rest)| {
        matches!(rest, [b'T' | b't', time @ ..] if is_time(time)) && is_date(date)
    })
}

fn is_duration(text: &str) -> bool {
    let Some(text) = text.strip_prefix('P') else {
        return false;
    };
    match text.split_once('T') {
        Some((date, time)) => (date.is_empty() || is_run(date, "YMD")) && is_run(time, "HMS"),
        None => is_run(text, "YMD") || is_run(text, "W"),
    }
}

/// Whole numbers, each with its unit, the units in order and none skipped in between.
fn is_run(text: &str, units: &str) -> bool {
    let mut found = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let Some(unit) = part.chars().next_back().filter(|c| !c.is_ascii_digit()) else {
            return false;
        };
        if part.len() == unit.len_utf8() {
            return false;
        }
        found.push(unit);
    }
    !found.is_empty() && units.contains(&found)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_json_pointer(text: &str) -> bool {
    (text.is_empty() || text.starts_with('/'))
        && text
            .split('~')
            .skip(1)
            .all(|rest| rest.starts_with(['0', '1']))
}

fn is_relative_json_pointer(text: &str) -> bool {
    let number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let zero = text.starts_with('0');
        (digits > 0 && (!zero || digits == 1)).then_some((digits, zero))
    };
    let Some((digits, _)) = number(text) else {
        return false;
    };
    let mut rest = &text[digits..];
    if let Some(moved) = rest.strip_prefix(['+', '-']) {
        match number(moved) {
            Some((digits, false)) => rest = &moved[digits..],
            _ => return false,
        }
    }
    rest == "#" || is_json_pointer(rest)
}

/// A whole decimal number up to `max`, or down to `-min` if there is a `min`.
fn is_whole(text: &str, max: &str, min: Option<&str>) -> bool {
    let (digits, bound) = match (text.strip_prefix('-'), min) {
        (Some("0") | Some(_), None) => return false,
        (Some(digits), Some(min)) => (digits, min),
        (None, _) => (text, max),
    };
    let negative_zero = digits == "0" && text.len() == 2;
    let plain = digits == "0" || !digits.starts_with('0');
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && plain
        && !negative_zero
        && (digits.len() < bound.len() || digits.len() == bound.len() && digits <= bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: &str, good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(check(format, text), Some(true), "{format} {text:?}");
        }
        for text in bad {
            assert_eq!(check(format, text), Some(false), "{format} {text:?}");
        }
    }

    #[test]
    fn times() {
        all(
            "date",
            &["2024-02-29", "2000-02-29", "0001-01-01"],
            &[
                "2023-02-29",
                "1900-02-29",
                "2024-13-01",
                "2024-00-10",
                "2024-04-31",
                "2024-1-01",
                "2024-01-00",
                "٢٠٢٤-01-01",
                "",
                "2024-01-01 ",
                "+024-01-01",
            ],
        );
        all(
            "time",
            &[
                "23:59:60Z",
                "00:00:00.1+23:59",
                "08:30:06z",
                "01:29:60+01:30",
            ],
            &[
                "24:00:00Z",
                "00:60:00Z",
                "12:00:60Z",
                "12:00:00",
                "12:00:00.Z",
                "12:00:00+24:00",
                "12:00:00+1:00",
                "12:00Z",
                "12:00:00ZZ",
                "23:59:60+01:00",
                "00:00:61Z",
            ],
        );
        all(
            "date-time",
            &["2026-01-31T09:00:00.000Z", "1998-12-31t23:59:60z"],
            &[
                "2026-01-31 09:00:00Z",
                "2026-01-31",
                "2026-02-30T09:00:00Z",
                "2026-01-31T09:00:00",
                "2026-01-31T",
                "é026-01-31T09:00:00Z",
            ],
        );
        all(
            "duration",
            &[
                "P1Y", "P1Y2M3D", "PT1H", "PT1H2M3S", "P3DT4H", "P4W", "P0D", "PT36H",
            ],
            &[
                "P", "PT", "1Y", "P1YT", "P1Y2D", "PT1H2S", "P1W2D", "P1D2Y", "P1.5D", "P-1D",
                "p1D", "PD", "P1", "P1Y2", "PT1D", "P1H",
            ],
        );
    }

    #[test]
    fn the_rest() {
        all(
            "uuid",
            &["2EB8AA08-aa98-11ea-b4aa-73b441d16380"],
            &[
                "2eb8aa08aa9811eab4aa73b441d16380",
                "2eb8aa08-aa98-11ea-b4aa-73b441d1638",
                "2eb8aa08-aa98-11ea-b4aa_73b441d16380",
                "2eb8aa08-aa98-11ea-b4aa-73b441d1638g",
            ],
        );
        all(
            "json-pointer",
            &["", "/", "/a~0b/~1", "//", "/é"],
            &["a", "/~", "/~2", "#/a"],
        );
        all(
            "relative-json-pointer",
            &["0", "1/a", "0#", "12/a~1", "0+1", "2-1#"],
            &["01", "-1", "a", "1a", "0##", "0+0", "", "/a", "0+", "1 /a"],
        );
        all(
            "int64",
            &["0", "-1", "9223372036854775807", "-9223372036854775808"],
            &[
                "9223372036854775808",
                "-9223372036854775809",
                "01",
                "-0",
                "+1",
                "",
                "-",
                "1.0",
                "1e3",
            ],
        );
        all(
            "uint64",
            &["0", "18446744073709551615"],
            &["18446744073709551616", "-1", "-0", "00"],
        );
        all("regex", &["^a$", "(?=a)"], &["(", "[b-a]"]);
        assert_eq!(check("color", "x"), None);
    }
}
