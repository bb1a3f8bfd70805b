//! Integers of any size.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
    ser,
};
use serde_json::value::RawValue;
use std::{cmp::Ordering, fmt, str::FromStr};

/// An integer of any size: `type: integer` without bounds, where the integers of JSON Schema are meant to the letter.
///
/// It is an `i64`; what is larger keeps its decimal digits, on the heap. JSON limits it to the range of a double, some 309 digits. `1.0` and
/// `1e3` are integers in JSON, and each value is equal to itself however it is written.
///
/// JSON text has all digits. MessagePack and CBOR have 64 bits, with or without a sign; what is larger is written as the nearest double.
///
/// ```
/// use handfast::Integer;
///
/// let small = Integer::from(-3);
/// let large: Integer = "123456789012345678901234567890".parse()?;
/// assert!(small < large);
/// assert_eq!(i64::try_from(&small), Ok(-3));
/// assert!(i64::try_from(&large).is_err());
/// assert_eq!(large.to_string(), "123456789012345678901234567890");
/// # Ok::<(), handfast::IntegerError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Integer(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Small(i64),
    /// Beyond 64 bits.
    Large {
        negative: bool,
        /// Without leading zeros.
        digits: Box<str>,
    },
}

/// Why something is not an [`Integer`], or an [`Integer`] not one of a primitive type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntegerError {
    /// The text is no decimal integer, or the number has a fractional part.
    Invalid,
    /// It is beyond the range of the type, or of a double.
    TooLarge,
}

impl fmt::Display for IntegerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "not an integer",
            Self::TooLarge => "an integer that is too large",
        })
    }
}

impl std::error::Error for IntegerError {}

impl Integer {
    /// Creates an integer from its decimal digits, which may have leading zeros.
    pub(crate) fn of_digits(negative: bool, digits: &str) -> Self {
        let digits = digits.trim_start_matches('0');
        let sign = if negative { "-" } else { "" };
        let small = match digits.len() {
            0 => Some(0),
            1..=19 => format!("{sign}{digits}").parse().ok(),
            _ => None,
        };
        Self(small.map_or_else(
            || Repr::Large {
                negative,
                digits: digits.into(),
            },
            Repr::Small,
        ))
    }

    /// Returns the number that JSON text names, if it is an integer: `12`, `1.0`, `1.5e1`. The text must be a number of JSON in the range of a
    /// double.
    pub(crate) fn of_json(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Some(Self::from(0));
        }
        let exponent: i64 = exponent.parse().ok()?;
        let shift = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        if let Ok(zeros) = usize::try_from(shift) {
            // The number is in the range of a double.
            return (zeros < MAX_DIGITS)
                .then(|| Self::of_digits(negative, &format!("{digits}{}", "0".repeat(zeros))));
        }
        let cut = usize::try_from(shift.unsigned_abs()).ok()?;
        let (whole, rest) = digits.split_at_checked(digits.len().checked_sub(cut)?)?;
        rest.bytes()
            .all(|digit| digit == b'0')
            .then(|| Self::of_digits(negative, whole))
    }

    /// Returns the integer, if it has at most 64 bits.
    pub const fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Small(n) => Some(n),
            Repr::Large { .. } => None,
        }
    }

    /// Returns the nearest double.
    #[expect(clippy::cast_precision_loss, reason = "it is the nearest")]
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small(n) => *n as f64,
            Repr::Large { .. } => self.to_string().parse().unwrap_or(f64::NAN),
        }
    }
}

/// The largest double has so many digits.
const MAX_DIGITS: usize = 309;

impl Default for Integer {
    fn default() -> Self {
        Self::from(0)
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small(n) => n.fmt(f),
            Repr::Large { negative, digits } => f.pad_integral(!negative, "", digits),
        }
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Ord for Integer {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a), Repr::Small(b)) => a.cmp(b),
            (Repr::Large { negative, .. }, Repr::Small(_)) => sign(*negative),
            (Repr::Small(_), Repr::Large { negative, .. }) => sign(!negative),
            (
                Repr::Large {
                    negative,
                    digits: a,
                },
                Repr::Large {
                    negative: other,
                    digits: b,
                },
            ) if negative == other => {
                let order = (a.len(), &**a).cmp(&(b.len(), &**b));
                if *negative { order.reverse() } else { order }
            }
            (Repr::Large { negative, .. }, Repr::Large { .. }) => sign(*negative),
        }
    }
}

const fn sign(negative: bool) -> Ordering {
    if negative {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

impl PartialOrd for Integer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Integer {
    type Err = IntegerError;

    /// Parses decimal digits, with a sign in front or not.
    fn from_str(text: &str) -> Result<Self, IntegerError> {
        if let Ok(n) = text.parse::<i64>() {
            return Ok(n.into());
        }
        let negative = text.starts_with('-');
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if digits.is_empty() || digits.contains(|c: char| !c.is_ascii_digit()) {
            return Err(IntegerError::Invalid);
        }
        let is_finite = |x: f64| x.is_finite();
        if !digits.parse().is_ok_and(is_finite) {
            return Err(IntegerError::TooLarge);
        }
        Ok(Self::of_digits(negative, digits))
    }
}

impl TryFrom<f64> for Integer {
    type Error = IntegerError;

    /// Converts the shortest decimal that names the double, as JSON has it: 2⁶⁴ is 18446744073709552000.
    fn try_from(x: f64) -> Result<Self, IntegerError> {
        if !x.is_finite() {
            return Err(IntegerError::TooLarge);
        }
        if x.fract() != 0.0 {
            return Err(IntegerError::Invalid);
        }
        Self::of_json(&format!("{x:e}")).ok_or(IntegerError::Invalid)
    }
}

macro_rules! conversions {
    ($($ty:ty)*) => {$(
        impl From<$ty> for Integer {
            fn from(n: $ty) -> Self {
                match i64::try_from(n) {
                    Ok(n) => Self(Repr::Small(n)),
                    Err(_) => {
                        let text = n.to_string();
                        let digits = text.trim_start_matches('-');
                        Self::of_digits(digits.len() < text.len(), digits)
                    }
                }
            }
        }

        impl TryFrom<&Integer> for $ty {
            type Error = IntegerError;

            fn try_from(n: &Integer) -> Result<Self, IntegerError> {
                match n.0 {
                    Repr::Small(n) => n.try_into().map_err(|_| IntegerError::TooLarge),
                    Repr::Large { .. } => n.to_string().parse().map_err(|_| IntegerError::TooLarge),
                }
            }
        }

        impl TryFrom<Integer> for $ty {
            type Error = IntegerError;

            fn try_from(n: Integer) -> Result<Self, IntegerError> {
                (&n).try_into()
            }
        }
    )*};
}

conversions!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl Serialize for Integer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.0, u64::try_from(self)) {
            (Repr::Small(n), _) => serializer.serialize_i64(*n),
            (_, Ok(n)) => serializer.serialize_u64(n),
            _ if serializer.is_human_readable() => RawValue::from_string(self.to_string())
                .map_err(ser::Error::custom)?
                .serialize(serializer),
            _ => serializer.serialize_f64(self.to_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for Integer {
    /// Reads an integer, or a number without fractional part. Most deserializers have no more than 64 bits and doubles;
    /// [`handfast::from_str`](crate::from_str) has all digits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Integer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer")
            }
            fn visit_i64<E>(self, n: i64) -> Result<Integer, E> {
                Ok(n.into())
            }
            fn visit_u64<E>(self, n: u64) -> Result<Integer, E> {
                Ok(n.into())
            }
            fn visit_i128<E>(self, n: i128) -> Result<Integer, E> {
                Ok(n.into())
            }
            fn visit_u128<E>(self, n: u128) -> Result<Integer, E> {
                Ok(n.into())
            }
            fn visit_f64<E: de::Error>(self, x: f64) -> Result<Integer, E> {
                x.try_into().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Number)
    }
}

#[cfg(test)]
mod tests {
    use super::{Integer, IntegerError};
    use std::collections::BTreeSet;

    fn of(text: &str) -> Integer {
        Integer::of_json(text).unwrap_or_else(|| panic!("{text} is an integer"))
    }

    #[test]
    fn spellings_of_one_value_are_equal() {
        for (text, digits) in [
            ("0", "0"),
            ("-0", "0"),
            ("0e99999999999999999999999", "0"),
            ("1.0", "1"),
            ("1e3", "1000"),
            ("-1.50e1", "-15"),
            ("1000e-3", "1"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808.0", "9223372036854775808"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("-92233720368547758080e-1", "-9223372036854775808"),
            ("-9223372036854775809", "-9223372036854775809"),
            ("9007199254740993.0", "9007199254740993"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            (
                "1.2345678901234567890123456789e29",
                "123456789012345678901234567890",
            ),
        ] {
            assert_eq!(of(text).to_string(), digits, "{text}");
            assert_eq!(digits.parse(), Ok(of(text)), "{text}");
        }
        let largest = of("1e308");
        assert_eq!(largest.to_string().len(), 309);
        for text in ["0.5", "1e-1", "1.5", "10000.1", "1e-99999999999999999999"] {
            assert_eq!(Integer::of_json(text), None, "{text}");
        }
        // However long the text is.
        let zeros = "0".repeat(100_000);
        assert_eq!(of(&format!("1{zeros}e-100000")), Integer::from(1));
        assert_eq!(of(&format!("0.{zeros}1e100001")), Integer::from(1));
    }

    #[test]
    fn integers_are_ordered_and_converted() {
        let texts = [
            "-123456789012345678901234567890",
            "-99999999999999999999",
            "-9223372036854775808",
            "-1",
            "0",
            "7",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "123456789012345678901234567890",
        ];
        let sorted: BTreeSet<Integer> = texts.iter().rev().map(|text| of(text)).collect();
        let sorted: Vec<String> = sorted.iter().map(ToString::to_string).collect();
        assert_eq!(sorted, texts);
        for text in texts {
            let n = of(text);
            assert_eq!(i64::try_from(&n).ok(), text.parse().ok());
            assert_eq!(u64::try_from(&n).ok(), text.parse().ok());
            assert_eq!(u8::try_from(&n).ok(), text.parse().ok());
            assert_eq!(i128::try_from(&n).ok(), text.parse().ok());
            assert_eq!(Some(n.to_f64()), text.parse().ok());
            assert_eq!(i128::try_from(n.clone()).map(Integer::from), Ok(n));
        }
        assert_eq!(Integer::from(u64::MAX), of("18446744073709551615"));
        assert_eq!(Integer::try_from(1.5), Err(IntegerError::Invalid));
        assert_eq!(Integer::try_from(f64::NAN), Err(IntegerError::TooLarge));
        assert_eq!(
            Integer::try_from(18_446_744_073_709_551_616.0),
            Ok(of("18446744073709552000"))
        );
        for text in ["", "-", "1.0", "x", " 1", "99999999999999999999x"] {
            assert_eq!(
                text.parse::<Integer>(),
                Err(IntegerError::Invalid),
                "{text}"
            );
        }
        let long = "9".repeat(310);
        assert_eq!(long.parse::<Integer>(), Err(IntegerError::TooLarge));
    }

    #[test]
    fn serde_keeps_what_the_format_can_hold() {
        for text in [
            "-3",
            "18446744073709551615",
            "123456789012345678901234567890",
        ] {
            let n = of(text);
            assert_eq!(serde_json::to_string(&n).ok().as_deref(), Some(text));
            let back: Option<Integer> = serde_json::from_str(text).ok();
            let nearest = Integer::try_from(n.to_f64()).ok();
            assert!(back == Some(n) || back == nearest, "{text}");
        }
        assert!(serde_json::from_str::<Integer>("1.5").is_err());
    }
}
