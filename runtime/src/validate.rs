//! Checking a value that is in memory, by the same reading that checks a message.

use crate::{
    message::Payload,
    read::{ReadContext, Reader, Rules, Stop},
};
use handfast_schema::{Pointer, Side, Violation, ViolationDetail, Violations};
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt;

/// A value that breaks the rules of its type, with every rule it breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationError {
    /// What is wrong, in order.
    pub violations: Violations,
}

impl ValidationError {
    /// A value that is wrong as a whole.
    fn whole(message: &'static str) -> Self {
        let violation = Violation::new(Pointer::root(), ViolationDetail::new("type", message));
        Self {
            violations: vec![violation],
        }
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, violation) in self.violations.iter().enumerate() {
            write!(f, "{}{violation}", if i == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for ValidationError {}

/// Checking a value that is in memory. Every type that lies in messages has it.
pub trait Validate {
    /// Checks the value against all that its type asks for.
    ///
    /// # Errors
    /// Every rule that it breaks.
    fn validate(&self) -> Result<(), ValidationError>;
}

impl<T: Serialize + Payload> Validate for T {
    fn validate(&self) -> Result<(), ValidationError> {
        valid(self, |r, cx| reads::<T>(r, cx))
    }
}

/// Checks what comes with an error, by reading it as the end that it is sent to does.
#[cfg(feature = "server")]
pub(crate) fn validate_error<E: crate::DeclaredErrors>(error: &E) -> Result<(), ValidationError> {
    let Some(data) = error.data() else {
        return Ok(());
    };
    let code = error.code().into();
    let text = written(data)?;
    judge(
        &mut Reader::json(text.get(), DEPTH),
        Side::Server,
        &mut |r, cx| E::read(&code, Some(r), cx).map(|error| error.is_some()),
    )
}

/// Checks a value that may nest no deeper than so.
#[cfg(feature = "server")]
pub(crate) fn validate_within<T: Serialize + Payload>(
    value: &T,
    depth: u32,
) -> Result<(), ValidationError> {
    check(value, depth, |r, cx| reads::<T>(r, cx)).map(drop)
}

fn valid(value: &dyn erased_serde::Serialize, read: Read) -> Result<(), ValidationError> {
    check(value, DEPTH, read).map(drop)
}

/// Reads a value of some type, and says whether there is one.
type Read = for<'de> fn(&mut Reader<'de>, &mut ReadContext) -> Result<bool, Stop>;

/// A value as JSON text, which was read back and so keeps every rule. Written by one serializer and read by one reader,
/// whatever the type, so that a type costs a program no more code than that.
#[cfg(feature = "client")]
pub(crate) fn checked_text<T: Serialize + Payload>(
    value: &T,
) -> Result<Box<RawValue>, ValidationError> {
    check(value, DEPTH, |r, cx| reads::<T>(r, cx))
}

fn reads<T: Payload>(r: &mut Reader<'_>, cx: &mut ReadContext) -> Result<bool, Stop> {
    T::read(r, cx, &[]).map(|value| value.is_some())
}

fn check(
    value: &dyn erased_serde::Serialize,
    depth: u32,
    read: Read,
) -> Result<Box<RawValue>, ValidationError> {
    let text = written(value)?;
    judge(
        &mut Reader::json(text.get(), depth),
        Side::Server,
        &mut |r, cx| read(r, cx),
    )?;
    Ok(text)
}

fn written(value: &dyn erased_serde::Serialize) -> Result<Box<RawValue>, ValidationError> {
    serde_json::value::to_raw_value(value)
        .map_err(|_| ValidationError::whole("cannot be written as JSON"))
}

/// How deep a value of the application's own may nest.
const DEPTH: u32 = 256;

/// Reads a typed value from JSON text, as the end `side` would.
///
/// # Errors
/// Every rule that it breaks; where it is no JSON, that.
pub fn from_str<T: Payload>(text: &str, side: Side) -> Result<T, ValidationError> {
    read_with(&mut Reader::json(text, DEPTH), &[], side)
}

fn read_with<T: Payload>(
    reader: &mut Reader<'_>,
    rules: Rules,
    side: Side,
) -> Result<T, ValidationError> {
    let mut value = None;
    judge(reader, side, &mut |r, cx| {
        value = T::read(r, cx, rules)?;
        Ok(value.is_some())
    })?;
    value.ok_or_else(|| ValidationError {
        violations: Vec::new(),
    })
}

/// Reads by `read`, which says whether there is a value: every rule that was broken, if any was.
fn judge<'de>(
    reader: &mut Reader<'de>,
    side: Side,
    read: &mut dyn FnMut(&mut Reader<'de>, &mut ReadContext) -> Result<bool, Stop>,
) -> Result<(), ValidationError> {
    let mut cx = ReadContext::new(side);
    let outcome = read(reader, &mut cx);
    let clean = cx.clean_since(ReadContext::new(side).mark());
    match outcome {
        Ok(true) if clean => Ok(()),
        Err(Stop) if clean => Err(ValidationError::whole(reader.stopped().message)),
        _ => Err(ValidationError {
            violations: cx.finish(),
        }),
    }
}

/// Reads a typed value from a JSON value, as the end `side` would.
///
/// # Errors
/// Every rule that it breaks.
pub fn from_value<T: Payload>(
    json: &serde_json::Value,
    rules: Rules,
    side: Side,
) -> Result<T, ValidationError> {
    read_with(&mut Reader::value_of(json), rules, side)
}
