//! The session as a state machine without I/O and without a clock, for both ends.
//!
//! Time is a [`Duration`] since an origin that the caller chooses. The drivers (`server`, `client`) feed it what happens and do what it
//! says; the TypeScript runtime has the same machine. `vectors.json` contains events and outcomes that both run.
//!
//! - [`counting`]: which messages the peer has received, and what is sent again after a loss.
//! - [`liveness`]: when to ping, and when the peer counts as lost.
//! - [`link`]: both of them for one connection after the other.
//!
//! [`Duration`]: std::time::Duration

pub(crate) mod counting;
pub(crate) mod link;
pub(crate) mod liveness;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod vectors;
