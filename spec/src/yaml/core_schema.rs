//! The core schema of YAML 1.2: which plain scalars are numbers, booleans and null.

use serde_json::Number;

/// A plain scalar by the core schema (YAML 1.2.2, section 10.3.2).
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Number(Number),
    /// Infinity or not a number: `.inf`, `.nan`, `1e999`.
    NotJson,
    Text,
}

pub(super) fn core_schema(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::NotJson,
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Scalar::NotJson;
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        let digits = text
            .strip_prefix(prefix)
            .filter(|digits| !digits.is_empty());
        if let Some(digits) = digits
            && digits.chars().all(|c| c.is_digit(radix))
        {
            return u64::from_str_radix(digits, radix)
                .map_or(Scalar::NotJson, |number| Scalar::Number(number.into()));
        }
    }
    if !is_decimal(unsigned) {
        return Scalar::Text;
    }
    let whole = text.strip_prefix('+').unwrap_or(text);
    if let Ok(number) = whole.parse::<i64>() {
        return Scalar::Number(number.into());
    }
    if let Ok(number) = whole.parse::<u64>() {
        return Scalar::Number(number.into());
    }
    let number = whole.parse::<f64>().ok().and_then(Number::from_f64);
    number.map_or(Scalar::NotJson, Scalar::Number)
}

/// `[0-9]+`, or `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let mut rest = &text[whole..];
    let mut fraction = 0;
    if let Some(after) = rest.strip_prefix('.') {
        fraction = digits(after);
        rest = &after[fraction..];
    }
    if whole + fraction == 0 {
        return false;
    }
    if let Some(after) = rest.strip_prefix(['e', 'E']) {
        let after = after.strip_prefix(['-', '+']).unwrap_or(after);
        let exponent = digits(after);
        return exponent > 0 && after.len() == exponent;
    }
    rest.is_empty()
}
