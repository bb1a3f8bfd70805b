//! Scalars that a schema names: `const`, `enum`, and the values that tell branches of a union apart.

use super::{Kind, ReadContext, ReadResult, Reader, Stop};
use handfast_schema::{Type, TypeSet, details};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A scalar that a schema names.
#[derive(Clone, Copy, Debug)]
pub enum Constant {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(&'static str),
}

/// A scalar that was read.
pub(super) enum Scalar<'a> {
    Null,
    Boolean(bool),
    Number(f64),
    Text(&'a str),
}

impl Scalar<'_> {
    fn is_of(&self, ty: Type) -> bool {
        match self {
            Self::Null => ty == Type::Null,
            Self::Boolean(_) => ty == Type::Boolean,
            Self::Number(x) => ty == Type::Number || (ty == Type::Integer && x.fract() == 0.0),
            Self::Text(_) => ty == Type::String,
        }
    }
}

impl Constant {
    /// Whether a scalar is equal, as JSON Schema compares them: numbers as doubles.
    pub(super) fn is(&self, scalar: &Scalar<'_>) -> bool {
        match (self, scalar) {
            (Self::Null, Scalar::Null) => true,
            (Self::Boolean(a), Scalar::Boolean(b)) => a == b,
            (Self::Integer(a), Scalar::Number(b)) => super::Num::Int(*a).as_f64() == *b,
            (Self::Float(a), Scalar::Number(b)) => a == b,
            (Self::Text(a), Scalar::Text(b)) => a == b,
            _ => false,
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(b) => b.into(),
            Self::Integer(n) => n.into(),
            Self::Float(x) => x.into(),
            Self::Text(text) => text.into(),
        }
    }
}

impl Serialize for Constant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(b) => serializer.serialize_bool(b),
            Self::Integer(n) => serializer.serialize_i64(n),
            Self::Float(x) => serializer.serialize_f64(x),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// Reads a scalar and looks at it. An array or an object is skipped: `None`.
pub(super) fn scalar<T>(
    r: &mut Reader<'_>,
    look: impl FnOnce(&Scalar<'_>) -> T,
) -> Result<Option<T>, Stop> {
    Ok(Some(match r.peek()? {
        Kind::Null => {
            r.null()?;
            look(&Scalar::Null)
        }
        Kind::Boolean => look(&Scalar::Boolean(r.boolean()?)),
        Kind::Number => look(&Scalar::Number(r.number()?.as_f64())),
        Kind::String => look(&Scalar::Text(&r.string()?)),
        Kind::Array | Kind::Object => {
            r.skip()?;
            return Ok(None);
        }
    }))
}

/// The values of an enum whose values are not all strings.
#[derive(Debug)]
pub struct Constants {
    /// The values, in the schema's order.
    pub values: &'static [Constant],
    /// The types that the schema names as well; none if it has no `type`.
    pub types: TypeSet,
    /// Whether the schema has `const` instead of `enum`.
    pub constant: bool,
}

/// Reads one of several constants. Returns its index.
///
/// # Errors
/// If the text is not valid JSON.
pub fn constant(
    r: &mut Reader<'_>,
    cx: &mut ReadContext,
    constants: &'static Constants,
) -> ReadResult<usize> {
    let types = constants.types;
    let is_array = r.peek()? == Kind::Array;
    let found = scalar(r, |scalar| {
        let place = constants.values.iter().position(|value| value.is(scalar));
        (place, types.iter().any(|ty| scalar.is_of(ty)))
    })?;
    let (place, fits) = found.unwrap_or_else(|| {
        let ty = if is_array { Type::Array } else { Type::Object };
        (None, types.contains(ty))
    });
    if place.is_some() {
        return Ok(place);
    }
    if types != TypeSet::NONE && !fits {
        cx.violation(details::types(constants.types));
        return Ok(None);
    }
    let values: Vec<Value> = constants.values.iter().map(|value| value.value()).collect();
    match values.as_slice() {
        [one] if constants.constant => cx.violation(details::constant(one)),
        all => cx.violation(details::enumeration(all)),
    }
    Ok(None)
}
