//! Why messages of a channel are lost.

use std::fmt;

/// Why messages of a channel are lost, as the server reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GapReason {
    /// They did not fit into the channel's history.
    Evicted,
    /// They were older than the `ttl` of the history.
    Expired,
    /// The numbering began anew.
    Epoch,
    /// The history cannot be read now.
    Unavailable,
    /// A reason that this version does not know.
    Other,
}

impl GapReason {
    /// Returns its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Evicted => "evicted",
            Self::Expired => "expired",
            Self::Epoch => "epoch",
            Self::Unavailable => "unavailable",
            Self::Other => "other",
        }
    }

    /// Returns the reason with a name on the wire.
    #[cfg(feature = "client")]
    pub(crate) fn of(name: &str) -> Self {
        [Self::Evicted, Self::Expired, Self::Epoch, Self::Unavailable]
            .into_iter()
            .find(|reason| reason.as_str() == name)
            .unwrap_or(Self::Other)
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
