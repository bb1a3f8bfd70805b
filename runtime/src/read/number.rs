//! JSON numbers: compared as doubles, and exact as long as they are integers.

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Num {
    /// An integer written without fraction or exponent.
    Int(i64),
    /// Any other number, as the nearest double; infinite if out of range.
    Float(f64),
}

impl Num {
    /// Returns the number as a double.
    #[expect(clippy::cast_precision_loss, reason = "numbers compare as doubles")]
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Int(n) => n as f64,
            Self::Float(x) => x,
        }
    }

    /// Whether the double may be the nearest to an integer instead of the integer.
    pub(super) const fn is_inexact(self) -> bool {
        const TWO_TO_53: f64 = 9_007_199_254_740_992.0;
        matches!(self, Self::Float(x) if x.abs() >= TWO_TO_53)
    }

    /// Returns the number as an integer, if it is one, as `1.0` and `-0` are. Saturates beyond 64 bits.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and what is that large is out of every bound"
    )]
    pub fn as_integer(self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(n),
            Self::Float(x) if x.is_finite() && x.fract() == 0.0 => Some(x as i64),
            Self::Float(_) => None,
        }
    }
}
