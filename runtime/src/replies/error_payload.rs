//! The payload of `error` and `refuse` messages.

use crate::{
    DecodeError, SessionCode, Side, Violation, descriptor::TagRef, encoded::EncodedMessage,
};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use std::{borrow::Cow, fmt};

/// The payload of `error` and `refuse`.
#[derive(Default)]
pub struct ErrorPayload<'a> {
    pub(crate) code: Option<TagRef<'a>>,
    pub(crate) message: Cow<'a, str>,
    pub(crate) retryable: bool,
    pub(crate) data: Option<&'a dyn erased_serde::Serialize>,
    pub(crate) violations: &'a [Violation],
    /// Only in `refuse`.
    pub(crate) side: Option<Side>,
}

impl<'a> ErrorPayload<'a> {
    /// An error of the session itself.
    pub(crate) fn new(code: SessionCode, message: impl Into<Cow<'a, str>>) -> Self {
        Self {
            code: Some(TagRef::Text(code.as_str())),
            message: message.into(),
            ..Self::default()
        }
    }

    /// An error whose cause is for the log, and not for the other end.
    pub(crate) fn internal(of: Side) -> Self {
        let text = match of {
            Side::Server => "the server failed",
            Side::Client => "the client failed",
        };
        Self::new(SessionCode::Internal, text)
    }

    #[cfg(feature = "server")]
    pub(crate) fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Returns the error for a message that could not be decoded. Its text reveals nothing of the received values.
    pub(crate) fn of(error: &'a DecodeError) -> Self {
        use crate::DecodeErrorKind;
        let message: Cow<'_, str> = match &error.kind {
            DecodeErrorKind::Syntax { offset, message } => {
                format!("{message} at byte {offset}").into()
            }
            DecodeErrorKind::Envelope(_) => "the envelope does not fit".into(),
            DecodeErrorKind::UnknownType => "no message has this type".into(),
            DecodeErrorKind::Invalid(_) => "the payload does not fit".into(),
            DecodeErrorKind::Failed => "the request failed".into(),
        };
        Self {
            violations: error.kind.violations(),
            ..Self::new(error.kind.session_code(), message)
        }
    }
}

/// Encodes an error with `encode` within `limit` bytes: without its violations if it is too large, and as `INTERNAL` if its data is too
/// large. Every request gets a reply. `of` is the end that sends it.
pub(crate) fn fit(
    of: Side,
    payload: &ErrorPayload<'_>,
    limit: usize,
    encode: impl Fn(&ErrorPayload<'_>) -> Option<EncodedMessage>,
) -> Option<EncodedMessage> {
    let whole = encode(payload)?;
    if whole.len() <= limit {
        return Some(whole);
    }
    if payload.data.is_none() {
        return encode(&ErrorPayload {
            code: payload.code,
            message: (&*payload.message).into(),
            retryable: payload.retryable,
            side: payload.side,
            ..ErrorPayload::default()
        });
    }
    let code = payload.code;
    tracing::error!(?code, "the data of an error exceeds `limits.message`");
    encode(&ErrorPayload::internal(of))
}

impl fmt::Debug for ErrorPayload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorPayload")
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

impl Serialize for ErrorPayload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.code {
            Some(TagRef::Text(code)) => map.serialize_entry("code", code)?,
            Some(TagRef::Integer(code)) => map.serialize_entry("code", &code)?,
            None => {}
        }
        map.serialize_entry("message", &*self.message)?;
        if self.retryable {
            map.serialize_entry("retryable", &true)?;
        }
        if let Some(data) = self.data {
            map.serialize_entry("data", data)?;
        }
        if !self.violations.is_empty() {
            map.serialize_entry("violations", &List(self.violations))?;
        }
        if let Some(side) = self.side {
            map.serialize_entry("side", side.as_str())?;
        }
        map.end()
    }
}

struct List<'a>(&'a [Violation]);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for violation in self.0 {
            list.serialize_element(&Entry(violation))?;
        }
        list.end()
    }
}

struct Entry<'a>(&'a Violation);

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", self.0.path.as_str())?;
        map.serialize_entry("keyword", self.0.keyword)?;
        map.serialize_entry("message", &*self.0.message)?;
        if let Some(allowed) = &self.0.allowed {
            map.serialize_entry("allowed", allowed)?;
        }
        map.end()
    }
}
