//! Numbers and values as JSON Schema compares them, by rules that JavaScript can follow to the bit.

use crate::{Number, Schema, Schemas};
use serde_json::Value;
use std::hash::{BuildHasher, Hash, Hasher};

/// The largest integer that a double represents exactly along with all smaller ones, 2⁵³−1. The default bounds of an
/// `integer` are ± this number.
pub const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// How deep two values are compared; values that differ only further in count as different.
const MAX_DEPTH: u32 = 256;

/// The number as the double nearest to it: the only form in which numbers are compared.
pub fn double(n: &Number) -> f64 {
    n.as_f64().unwrap_or(f64::NAN)
}

/// Whether a number has no fractional part: `1.0` and `-0` have none.
pub fn is_integer(n: &Number) -> bool {
    double(n).fract() == 0.0
}

/// Whether an integer of which all these schemas hold is within ±(2⁵³−1): by their bounds, or by the default one where a bound is missing. Wider bounds are an error in
/// Handfast's dialect.
pub fn are_safe_integers(schemas: &Schemas, all: &[&Schema]) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "that bound is a double")]
    let limit = MAX_SAFE_INTEGER as f64;
    let holds = |bounds: [fn(&Schema) -> &Option<Number>; 2], test: &dyn Fn(f64) -> bool| {
        all.iter().any(|schema| {
            let mut bounds = bounds.iter().filter_map(|of| of(schema).as_ref());
            bounds.any(|bound| test(double(bound)))
        })
    };
    let is_safe = |bounds| {
        holds(bounds, &|n| n.abs() <= limit) || schemas.safe_integers() && !holds(bounds, &|_| true)
    };
    schemas.has_defaults()
        || is_safe([|s| &s.minimum, |s| &s.exclusive_minimum])
            && is_safe([|s| &s.maximum, |s| &s.exclusive_maximum])
}

/// Whether `value` is a whole multiple of `divisor`, both read as the shortest decimals that name their doubles, so that
/// `0.3` is a multiple of `0.1`.
///
/// In JavaScript: split `Number.prototype.toExponential()` into digits and exponent, scale both digits to the smaller
/// exponent as `BigInt`, and ask whether the remainder is zero. Nothing is a multiple of zero or of a negative number
/// (JSON Schema asks for a divisor above zero).
pub fn is_multiple(value: f64, divisor: f64) -> bool {
    if divisor.is_nan() || divisor <= 0.0 || !value.is_finite() || divisor.is_infinite() {
        return false;
    }
    if value == 0.0 {
        return true;
    }
    let ((digits, exponent), (modulus, scale)) = (decimal(value.abs()), decimal(divisor));
    if exponent >= scale {
        // digits · 10^k mod modulus. Both have at most 17 digits, so the products fit.
        let mut remainder = digits % modulus;
        for _ in 0..exponent - scale {
            remainder = remainder * 10 % modulus;
            if remainder == 0 {
                return true;
            }
        }
        remainder == 0
    } else {
        // A modulus that outgrows the digits leaves them as the remainder, and they are not zero.
        let mut modulus = modulus;
        for _ in 0..scale - exponent {
            modulus *= 10;
            if modulus > digits {
                return false;
            }
        }
        digits % modulus == 0
    }
}

/// A double above zero as digits · 10^exponent, with the fewest digits that name it.
fn decimal(n: f64) -> (u128, i32) {
    let text = format!("{n:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}").parse().unwrap_or(0);
    let places = i32::try_from(fraction.len()).unwrap_or(0);
    (digits, exponent.parse::<i32>().unwrap_or(0) - places)
}

/// Whether two values are equal: numbers as doubles, so that `1` is `1.0`, objects without regard to order.
pub fn equal(a: &Value, b: &Value) -> bool {
    equal_within(a, b, MAX_DEPTH)
}

fn equal_within(a: &Value, b: &Value, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => double(a) == double(b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal_within(a, b, depth))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| equal_within(a, b, depth)))
        }
        (a, b) => a == b,
    }
}

/// Whether no two items are equal. Items are compared only if their hashes agree, so that a long array costs no more
/// than sorting it; the hash is seeded for each call, so that nobody can choose colliding items.
pub fn all_unique(items: &[Value]) -> bool {
    if items.len() < 8 {
        return (1..items.len()).all(|i| !items[..i].iter().any(|other| equal(other, &items[i])));
    }
    let state = std::hash::RandomState::new();
    let mut hashes: Vec<(u64, usize)> = items
        .iter()
        .enumerate()
        .map(|(i, item)| (digest(item, &state, MAX_DEPTH), i))
        .collect();
    hashes.sort_unstable();
    hashes.chunk_by(|a, b| a.0 == b.0).all(|alike| {
        alike.iter().enumerate().all(|(n, (_, i))| {
            !alike[..n]
                .iter()
                .any(|(_, other)| equal(&items[*other], &items[*i]))
        })
    })
}

fn digest(value: &Value, state: &std::hash::RandomState, depth: u32) -> u64 {
    let mut hasher = state.build_hasher();
    let Some(depth) = depth.checked_sub(1) else {
        return 0;
    };
    match value {
        Value::Null => 0_u8.hash(&mut hasher),
        Value::Bool(b) => (1_u8, b).hash(&mut hasher),
        // Adding zero makes -0 and 0 one.
        Value::Number(n) => (2_u8, (double(n) + 0.0).to_bits()).hash(&mut hasher),
        Value::String(s) => (3_u8, s).hash(&mut hasher),
        Value::Array(items) => {
            (4_u8, items.len()).hash(&mut hasher);
            for item in items {
                digest(item, state, depth).hash(&mut hasher);
            }
        }
        Value::Object(fields) => {
            // A sum does not depend on the order, and neither does an object.
            let sum = fields.iter().fold(0_u64, |sum, (key, value)| {
                sum.wrapping_add(state.hash_one((key, digest(value, state, depth))))
            });
            (5_u8, fields.len(), sum).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// A number as JavaScript writes it (ECMA-262, `Number::toString`): the fewest digits that name the double.
pub fn text(n: &Number) -> String {
    let x = double(n);
    if x == 0.0 || !x.is_finite() {
        return "0".to_owned();
    }
    let scientific = format!("{:e}", x.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = mantissa.replace('.', "");
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // The position of the decimal point, counted from the first digit.
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let sign = if x < 0.0 { "-" } else { "" };
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let plain = match point {
        count_or_more if (count..=21).contains(&count_or_more) => digits + &zeros(point - count),
        1..=21 => {
            let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
            format!("{whole}.{fraction}")
        }
        -5..=0 => format!("0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{first}{dot}{rest}e{:+}", point - 1)
        }
    };
    format!("{sign}{plain}")
}

/// JSON as JavaScript writes it: numbers as [`text`] does, and keys that are array indices first.
pub fn json(value: &Value) -> String {
    match value {
        Value::Number(n) => text(n),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(json).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(fields) => {
            let index = |key: &str| {
                let n = key.parse::<u32>().ok().filter(|n| *n < u32::MAX);
                n.filter(|n| n.to_string() == key)
            };
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| index(key).map_or((1, 0), |n| (0, n)));
            let fields: Vec<String> = fields
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), json(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn multiples_are_decimal() {
        for (value, divisor, is) in [
            (0.3, 0.1, true),
            (0.07, 0.01, true),
            (4.35, 0.01, true),
            (4.351, 0.01, false),
            (1e300, 7.0, false),
            (1e300, 1e-300, true),
            (1e-300, 1e300, false),
            (7.5, 2.5, true),
            (-9.0, 3.0, true),
            (0.0, 5.0, true),
            (10.0, 0.0, false),
            (10.0, -5.0, false),
            (9_007_199_254_740_991.0, 0.1, true),
            (1.000_000_000_000_000_2, 1.0, false),
            (1e22, 1e21, true),
            (3.0, 2.0, false),
        ] {
            assert_eq!(is_multiple(value, divisor), is, "{value} of {divisor}");
        }
    }

    #[test]
    fn long_arrays_are_compared_like_short_ones() {
        let mut items: Vec<Value> = (0..100).map(|n| json!({ "n": n, "s": [n, "x"] })).collect();
        assert!(all_unique(&items));
        items.push(json!({ "s": [7.0, "x"], "n": 7 }));
        assert!(!all_unique(&items));
    }

    #[test]
    fn numbers_as_javascript_writes_them() {
        for (n, expected) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("1.0", "1"),
            ("-2.50", "-2.5"),
            ("0.1", "0.1"),
            ("1e21", "1e+21"),
            ("123456789012345680000", "123456789012345680000"),
            ("18446744073709551615", "18446744073709552000"),
            ("0.000001", "0.000001"),
            ("1.5e-7", "1.5e-7"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("5e-324", "5e-324"),
        ] {
            let value: Option<Value> = serde_json::from_str(n).ok();
            assert_eq!(
                value.map(|value| json(&value)).as_deref(),
                Some(expected),
                "{n}"
            );
        }
        let value = serde_json::json!({ "b": 1, "10": [1.0], "2": "é\n\u{7f}", "01": null });
        assert_eq!(
            json(&value),
            "{\"2\":\"é\\n\u{7f}\",\"10\":[1],\"b\":1,\"01\":null}"
        );
    }
}
