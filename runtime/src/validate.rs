//! Checking a value that is in memory, by the same reading that checks a message.

use crate::{
    message::Payload,
    read::{Cx, Rules, ValueReader},
};
use handfast_schema::{Mode, Violation, Violations, words};
use serde::Serialize;
use std::fmt;

/// A value that breaks the rules of its type, with every rule it breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Invalid {
    /// What is wrong, in order.
    pub violations: Violations,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, violation) in self.violations.iter().enumerate() {
            write!(f, "{}{violation}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// Checks a value against all that its type asks for.
///
/// # Errors
/// Every rule that it breaks.
pub fn validate<T: Serialize + for<'de> Payload<'de>>(value: &T) -> Result<(), Invalid> {
    let json = serde_json::to_value(value).map_err(|_| Invalid {
        violations: vec![Violation {
            path: handfast_schema::Pointer::root(),
            keyword: "type",
            message: words::NOTHING.into(),
        }],
    })?;
    read_value::<T>(&json, &Rules::NONE, Mode::Server).map(|_| ())
}

/// Reads a typed value from a JSON value, as the end `mode` would.
///
/// # Errors
/// Every rule that it breaks.
pub fn read_value<T: for<'de> Payload<'de>>(
    json: &serde_json::Value,
    rules: &'static Rules,
    mode: Mode,
) -> Result<T, Invalid> {
    let mut cx = Cx::new(mode);
    // A value in memory has no syntax to break.
    match T::read(&mut ValueReader::new(json), &mut cx, rules) {
        Ok(Some(value)) if cx.clean_since(Cx::new(mode).mark()) => Ok(value),
        _ => Err(Invalid {
            violations: cx.finish(),
        }),
    }
}
