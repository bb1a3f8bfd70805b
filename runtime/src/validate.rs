//! Checking a value that is in memory, by the same reading that checks a message.

use crate::{
    message::Payload,
    read::{Cx, Reader, Rules, Step, Stop},
};
use handfast_schema::{Mode, Pointer, Told, Violation, Violations};
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt;

/// A value that breaks the rules of its type, with every rule it breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Invalid {
    /// What is wrong, in order.
    pub violations: Violations,
}

impl Invalid {
    /// A value that is wrong as a whole.
    fn whole(message: &'static str) -> Self {
        let violation = Violation::new(Pointer::root(), Told::new("type", message));
        Self {
            violations: vec![violation],
        }
    }
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
    checked_text(value).map(|_| ())
}

/// A value as JSON text, which was read back and so keeps every rule. Written by one serializer and read by one reader,
/// whatever the type, so that a type costs a program no more code than that.
pub(crate) fn checked_text<T: Serialize + for<'de> Payload<'de>>(
    value: &T,
) -> Result<Box<RawValue>, Invalid> {
    let text = written(value)?;
    read_text::<T>(text.get(), Mode::Server)?;
    Ok(text)
}

fn written(value: &dyn erased_serde::Serialize) -> Result<Box<RawValue>, Invalid> {
    serde_json::value::to_raw_value(value).map_err(|_| Invalid::whole("cannot be written as JSON"))
}

/// How deep a value of the application's own may nest.
const DEPTH: u32 = 256;

/// Reads a typed value from JSON text, as the end `mode` would.
///
/// # Errors
/// Every rule that it breaks; where it is no JSON, that.
pub fn read_text<T: for<'de> Payload<'de>>(text: &str, mode: Mode) -> Result<T, Invalid> {
    let mut cx = Cx::new(mode);
    let mut reader = Reader::json(text, DEPTH);
    let read = T::read(&mut reader, &mut cx, &[]);
    settle(read, cx, &reader)
}

fn settle<T>(read: Step<T>, cx: Cx, reader: &Reader<'_>) -> Result<T, Invalid> {
    let clean = cx.clean_since(Cx::new(cx.mode()).mark());
    match read {
        Ok(Some(value)) if clean => Ok(value),
        Err(Stop) if clean => Err(Invalid::whole(reader.stopped().message)),
        _ => Err(Invalid {
            violations: cx.finish(),
        }),
    }
}

/// Reads a typed value from a JSON value, as the end `mode` would.
///
/// # Errors
/// Every rule that it breaks.
pub fn read_value<T: for<'de> Payload<'de>>(
    json: &serde_json::Value,
    rules: Rules,
    mode: Mode,
) -> Result<T, Invalid> {
    let mut cx = Cx::new(mode);
    let mut reader = Reader::value_of(json);
    let read = T::read(&mut reader, &mut cx, rules);
    settle(read, cx, &reader)
}
