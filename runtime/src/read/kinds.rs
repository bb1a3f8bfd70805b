//! Sets of kinds of values. The first token of a value shows its kind.

use super::Kind;

/// A set of kinds of values. Integers and other numbers are two.
pub type Kinds = u8;

/// `null`
pub const NULL: Kinds = 1;
/// `true` and `false`
pub const BOOLEAN: Kinds = 1 << 1;
/// Numbers without a fractional part.
pub const INTEGER: Kinds = 1 << 2;
/// Numbers with a fractional part.
pub const FRACTION: Kinds = 1 << 3;
/// Strings.
pub const STRING: Kinds = 1 << 4;
/// Arrays.
pub const ARRAY: Kinds = 1 << 5;
/// Objects.
pub const OBJECT: Kinds = 1 << 6;

/// Returns the kinds that a value may be of, as its first token has it.
pub(super) const fn of(kind: Kind) -> Kinds {
    match kind {
        Kind::Null => NULL,
        Kind::Boolean => BOOLEAN,
        Kind::Number => INTEGER | FRACTION,
        Kind::String => STRING,
        Kind::Array => ARRAY,
        Kind::Object => OBJECT,
    }
}
