//! Values of JSON without a counterpart in Rust: an explicit null, bytes as text, JSON that is only validated.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer};
use std::fmt;

/// A value or an explicit null: `type: [string, 'null']` in JSON Schema. An [`Option`], in contrast, is a field that may be absent; the two
/// differ on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Nullable<T> {
    /// `null`
    #[default]
    Null,
    /// Any other value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Returns the value, if it is not null.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Borrows the value, if it is not null.
    pub const fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T> From<Nullable<T>> for Option<T> {
    fn from(value: Nullable<T>) -> Self {
        value.into_option()
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

/// A value of the kinds that its schema speaks of, or any value of another kind. A schema without `type` accepts what its keywords do not apply
/// to: `{minLength: 3}` accepts `7`. `#[protocol(implied(string))]` names the kinds on the field.
#[derive(Clone, Debug, PartialEq)]
pub enum Implied<T> {
    /// A value that the schema speaks of.
    Value(T),
    /// Any other value.
    Other(ValidatedJson),
}

impl<T> Implied<T> {
    /// Returns the value, if the schema speaks of it.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Other(_) => None,
        }
    }

    /// Borrows the value, if the schema speaks of it.
    pub const fn as_ref(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

impl<T> From<T> for Implied<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<T: Serialize> Serialize for Implied<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

/// Bytes, encoded in JSON as base64 (RFC 4648, section 4, with padding): `contentEncoding: base64`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// Decodes base64; `None` if the text is invalid.
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok().map(Self)
    }

    /// Encodes as base64.
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// Returns the number of bytes.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.to_base64())
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

/// A JSON value whose schema has no faithful Rust type. It is validated against the schema when it is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValidatedJson(pub serde_json::Value);

impl From<serde_json::Value> for ValidatedJson {
    fn from(value: serde_json::Value) -> Self {
        Self(value)
    }
}

impl Serialize for ValidatedJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A 64-bit integer, encoded as a string of decimal digits because a JavaScript number would lose precision: `{type: string, format:
/// int64}` is a `StringInteger<i64>`, `format: uint64` a `StringInteger<u64>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StringInteger<T>(pub T);

impl<T> From<T> for StringInteger<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: fmt::Display> fmt::Display for StringInteger<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: fmt::Display> Serialize for StringInteger<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
