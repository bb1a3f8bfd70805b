//! Validation of values in memory, by the same code that reads messages.

use crate::{
    codec::Source,
    foreign::AsPayload,
    message::Payload,
    read::{ReadContext, Reader, Rules, Stop, read_any},
};
#[cfg(feature = "net")]
use crate::{codec::envelope_fields, descriptor::EnvelopeDescriptor};
use handfast_schema::{Pointer, Side, Violation, ViolationDetail, Violations};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// The error of an invalid value: every violation of its schema.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationError {
    /// The violations, in the order of the report.
    pub violations: Violations,
}

impl ValidationError {
    /// Creates the error of a value that is invalid as a whole.
    fn whole(message: impl Into<Cow<'static, str>>) -> Self {
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

/// Validation of a value in memory. Implemented for every type of a protocol.
pub trait Validate {
    /// Validates the value against its schema.
    ///
    /// # Errors
    /// Every violation of its schema.
    fn validate(&self) -> Result<(), ValidationError>;
}

impl<T: Serialize + Payload> Validate for T {
    fn validate(&self) -> Result<(), ValidationError> {
        valid(&AsPayload(self), |r, cx| reads::<T>(r, cx))
    }
}

/// Validates the data of a declared error, by reading it as its receiver does, which takes messages of so many levels.
#[cfg(feature = "net")]
pub(crate) fn validate_error<E: crate::DeclaredErrors>(
    error: &E,
    depth: u32,
) -> Result<(), ValidationError> {
    let Some(data) = error.data() else {
        return Ok(());
    };
    let code = error.code().into();
    let text = encode(&*data)?;
    collect(
        // The envelope and the error are one level each.
        &mut Reader::json(text.get(), depth.saturating_sub(2)),
        Side::Server,
        &mut |r, cx| E::read(&code, Some(r), cx).map(|error| error.is_some()),
    )
}

/// Validates a value with at most `depth` nested arrays and objects.
#[cfg(feature = "net")]
pub(crate) fn validate_within<T: Serialize + Payload>(
    value: &T,
    depth: u32,
) -> Result<(), ValidationError> {
    check(&AsPayload(value), depth, |r, cx| reads::<T>(r, cx)).map(drop)
}

/// Checks that a payload without a field of its own has no member with the name of a field of the envelope, as which its receiver would read it. The fields
/// that a type declares have other names, so only what has further members is looked at.
///
/// # Errors
/// The members with such names.
#[cfg(feature = "net")]
#[inline]
pub(crate) fn beside_envelope<T: Payload>(
    envelope: &EnvelopeDescriptor,
    payload: &T,
) -> Result<(), ValidationError> {
    if T::OPEN && envelope.content.is_none() {
        return members_beside(envelope, &AsPayload(payload));
    }
    Ok(())
}

#[cfg(feature = "net")]
#[cold]
fn members_beside(
    envelope: &EnvelopeDescriptor,
    payload: &dyn erased_serde::Serialize,
) -> Result<(), ValidationError> {
    let taken = envelope_fields(envelope, payload);
    let violations: Vec<_> = taken
        .iter()
        .map(|name| {
            let mut path = Pointer::root();
            path.push_key(name);
            let text = "is a field of the envelope";
            Violation::new(path, ViolationDetail::new("propertyNames", text))
        })
        .collect();
    match violations.is_empty() {
        true => Ok(()),
        false => Err(ValidationError { violations }),
    }
}

fn valid(value: &dyn erased_serde::Serialize, read: Read) -> Result<(), ValidationError> {
    check(value, DEPTH, read).map(drop)
}

/// Reads a value of some type and returns whether there is one.
type Read = for<'de> fn(&mut Reader<'de>, &mut ReadContext) -> Result<bool, Stop>;

/// Encodes a value as JSON text and validates it by reading the text. There is one serializer and one reader for all types, so that a type
/// adds little code to a program.
#[cfg(feature = "net")]
pub(crate) fn checked_text<T: Serialize + Payload>(
    value: &T,
) -> Result<Box<RawValue>, ValidationError> {
    check(&AsPayload(value), DEPTH, |r, cx| reads::<T>(r, cx))
}

fn reads<T: Payload>(r: &mut Reader<'_>, cx: &mut ReadContext) -> Result<bool, Stop> {
    T::read(r, cx, &[]).map(|value| value.is_some())
}

fn check(
    value: &dyn erased_serde::Serialize,
    depth: u32,
    read: Read,
) -> Result<Box<RawValue>, ValidationError> {
    let text = encode(value)?;
    collect(
        &mut Reader::json(text.get(), depth),
        Side::Server,
        &mut |r, cx| read(r, cx),
    )?;
    Ok(text)
}

fn encode(value: &dyn erased_serde::Serialize) -> Result<Box<RawValue>, ValidationError> {
    serde_json::value::to_raw_value(value)
        .map_err(|error| ValidationError::whole(format!("cannot be encoded as JSON: {error}")))
}

/// The maximum nesting depth of a value that no limit of a protocol holds: one of the application, or a part of a message that was read already.
pub(crate) const DEPTH: u32 = 256;

/// Reads a typed value from JSON text, as the receiving side `side`.
///
/// # Errors
/// Every violation of its schema, or the syntax error.
pub fn from_str<T: Payload>(text: &str, side: Side) -> Result<T, ValidationError> {
    read_with(&mut Reader::json(text, DEPTH), side)
}

/// Reads a typed value from a message of any encoding that is this value, as the receiving side `side`.
///
/// # Errors
/// Every violation of its schema, or the syntax error.
pub fn from_source<T: Payload>(source: Source<'_>, side: Side) -> Result<T, ValidationError> {
    read_with(&mut source.reader(DEPTH), side)
}

fn read_with<T: Payload>(reader: &mut Reader<'_>, side: Side) -> Result<T, ValidationError> {
    let mut value = None;
    collect(reader, side, &mut |r, cx| {
        value = T::read(r, cx, &[])?;
        Ok(value.is_some())
    })?;
    value.ok_or_else(no_violations)
}

/// The error of a type that reads nothing and reports nothing.
const fn no_violations() -> ValidationError {
    ValidationError {
        violations: Vec::new(),
    }
}

/// Reads with `read`, which returns whether there is a value, and returns the violations.
fn collect<'de>(
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

/// Reads a typed value from a JSON value, as the receiving side `side`.
///
/// # Errors
/// Every violation of its schema.
pub fn from_value<T: Payload>(
    json: &serde_json::Value,
    rules: Rules,
    side: Side,
) -> Result<T, ValidationError> {
    let mut value = None;
    let reader = &mut Reader::value_of(json);
    collect(reader, side, &mut |r, cx| {
        value = read_any(r, cx, rules)?;
        Ok(value.is_some())
    })?;
    value.ok_or_else(no_violations)
}
