//! What is sent to sessions rather than channels.

use super::MemberId;
use crate::descriptor::MessageDescriptor;
use serde_json::value::RawValue;
use std::{sync::Arc, time::SystemTime};

/// The sessions that a [`Command`] is for, on all servers of a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// One session.
    Session(MemberId),
    /// The sessions of a user.
    Principal(Arc<str>),
    /// All sessions.
    All,
}

/// What is done to sessions.
#[derive(Clone, Debug)]
pub enum Command {
    /// A message is sent to them.
    Send {
        /// Which message it is. Between processes, send its name.
        message: &'static MessageDescriptor,
        /// The payload as JSON text.
        payload: Option<Arc<RawValue>>,
        /// When it was sent.
        at: SystemTime,
    },
    /// They are closed, and do not come back.
    Kick {
        /// Why, at most 123 bytes.
        reason: Arc<str>,
    },
}

/// A session, as [`Broker::sessions`](super::Broker::sessions) lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEntry {
    /// Its id.
    pub id: MemberId,
    /// The user behind it, if it is known.
    pub principal: Option<Arc<str>>,
    /// Whether it has lost its connection.
    pub away: bool,
}

/// Some sessions, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionList {
    /// How many there are.
    pub count: usize,
    /// As many as were asked for.
    pub sessions: Vec<SessionEntry>,
}
