//! Numbers as JSON has them: one kind, compared as doubles, kept exact while they are integers.

/// A number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Num {
    /// An integer written without fraction or exponent.
    Int(i64),
    /// Any other, as the nearest double; infinite where it is out of range.
    Float(f64),
}

impl Num {
    /// The number as a double.
    #[expect(clippy::cast_precision_loss, reason = "numbers compare as doubles")]
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Int(n) => n as f64,
            Self::Float(x) => x,
        }
    }

    /// The number as an integer, where it is one: `1.0` and `-0` are. Beyond 64 bits it is the nearest end of them.
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
