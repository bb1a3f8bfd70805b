//! Numbers in a text, parsed while their digits are scanned.

use super::Num;

/// The powers of ten that a double represents exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Scans a run of digits, accumulates them in a number, and returns the end of the run. More than 19 digits wrap around.
#[inline]
pub(super) fn digits(bytes: &[u8], mut at: usize, n: &mut u64) -> usize {
    while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
        *n = n.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        at += 1;
    }
    at
}

/// Parses a number of at most 18 digits without an exponent. Returns it and its end.
#[inline]
pub(super) fn plain_number(bytes: &[u8], start: usize) -> Option<(Num, usize)> {
    let negative = bytes.get(start) == Some(&b'-');
    let whole = start + usize::from(negative);
    let mut n = 0;
    let point = match bytes.get(whole) {
        Some(b'0') => whole + 1,
        _ => digits(bytes, whole, &mut n),
    };
    let mut end = point;
    if bytes.get(point) == Some(&b'.') {
        end = digits(bytes, point + 1, &mut n);
    }
    if point == whole || end == point + 1 || end - whole > 18 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        return None;
    }
    if end == point {
        if negative && n == 0 {
            return Some((Num::Float(-0.0), end));
        }
        let n = n.cast_signed();
        return Some((Num::Int(if negative { -n } else { n }), end));
    }
    // If both are exact as doubles, their quotient is the double nearest to the number (Clinger 1990).
    if n >= 1 << 53 {
        return None;
    }
    let x = n as f64 / POWERS[end - point - 1];
    // Signs are unpredictable, so avoid a branch.
    let x = f64::from_bits(x.to_bits() | u64::from(negative) << 63);
    Some((Num::Float(x), end))
}

#[cfg(test)]
mod tests {
    use super::{Num, digits};
    use crate::read::JsonReader;

    /// Every length, with any following character, and at the end of the text.
    #[test]
    fn digits_are_added_up() {
        for behind in [
            "",
            "e",
            ".5",
            "/////////",
            ":::::::::",
            "\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}",
            "        ",
        ] {
            for length in 0..19 {
                let text = &"1928374650912837465"[..length];
                let whole = format!("{text}{behind}");
                let mut n = 0;
                assert_eq!(digits(whole.as_bytes(), 0, &mut n), length, "{whole}");
                assert_eq!(n, text.parse().unwrap_or(0), "{whole}");
            }
        }
    }

    /// As the standard library reads them, which rounds to the nearest double.
    #[test]
    fn numbers_are_those_nearest_to_their_text() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "0.1",
            "1.0",
            "-1.5e3",
            "123456789012345678",
            "1234567890123456789",
            "9007199254740993.5",
            "0.000000000000000001",
            "3.141592653589793",
            "2.718281828459045e-10",
            "1e-400",
            "9223372036854775808",
            "0.30000000000000004",
            "179769313486231570000",
            "1.7976931348623157",
            "123.456",
            "67123.45",
            "-0.075",
        ] {
            let read = JsonReader::new(text, 1).number().map(Num::as_f64);
            let x: f64 = text.parse().unwrap_or(f64::NAN);
            assert_eq!(read.map(f64::to_bits), Ok(x.to_bits()), "{text}");
        }
        for text in ["-", "01x", "1.", ".5", "1e", "1e+", "+1", "-a"] {
            let mut reader = JsonReader::new(text, 1);
            let read = reader.number().map(|_| reader.end());
            assert!(!matches!(read, Ok(Ok(()))), "{text}");
        }
    }
}
