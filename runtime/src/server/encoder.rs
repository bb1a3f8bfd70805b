//! The encoder of a server's messages, replies, errors and rejections.

use crate::{
    Id,
    codec::{Codec, Encoding, Outgoing},
    descriptor::{Presence, ProtocolDescriptor, Tag},
    metrics,
    replies::{ErrorPayload, fit},
    transport::Packet,
};
use std::{fmt, time::SystemTime};

/// The maximum length of an id, in characters. Every reply repeats the id of its request, so a long id would cost the server more than it
/// costs the client.
pub(crate) const MAX_ID: usize = 128;

/// Whether an id is longer than [`MAX_ID`].
pub(crate) fn is_long(id: &Id) -> bool {
    match id {
        Id::Text(text) => text.len() > MAX_ID && text.chars().nth(MAX_ID).is_some(),
        Id::Integer(_) => false,
    }
}

/// Encodes the messages of one protocol, in each of its encodings.
pub(crate) struct Encoder {
    pub(crate) protocol: &'static ProtocolDescriptor,
    /// The encodings with their subprotocols, in order of preference.
    pub(crate) encodings: Box<[(Encoding, &'static str)]>,
    /// `limits.message`, in bytes.
    limit: usize,
    /// The major version of the protocol.
    major: i64,
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("protocol", &self.protocol.name)
            .finish_non_exhaustive()
    }
}

impl Encoder {
    pub(crate) fn new(protocol: &'static ProtocolDescriptor, limit: usize) -> Self {
        let encodings = protocol.encodings.iter();
        let mut encodings: Vec<_> = encodings
            .filter_map(|(name, subprotocol)| Some((Encoding::of(name)?, *subprotocol)))
            .collect();
        if encodings.is_empty() {
            encodings.push((Encoding::Json, ""));
        }
        let major = semver::Version::parse(protocol.version)
            .ok()
            .and_then(|version| i64::try_from(version.major).ok())
            .unwrap_or_default();
        Self {
            protocol,
            encodings: encodings.into(),
            limit,
            major,
        }
    }

    pub(crate) fn codec(&self, encoding: usize) -> &'static dyn Codec {
        self.encodings[encoding].0.codec()
    }

    /// Returns the index of an encoding, or of the preferred one; `None` if the protocol does not have it.
    pub(crate) fn index_of(&self, encoding: Option<Encoding>) -> Option<usize> {
        let Some(encoding) = encoding else {
            return Some(0);
        };
        self.encodings.iter().position(|(one, _)| *one == encoding)
    }

    /// Returns a message with the envelope fields that every message has.
    pub(crate) fn outgoing(&self, tag: Option<Tag>) -> Outgoing<'static> {
        let envelope = &self.protocol.server.envelope;
        Outgoing {
            version: envelope
                .version
                .filter(|field| field.presence == Presence::Required)
                .map(|_| self.major),
            ..Outgoing::new(envelope, tag)
        }
    }

    /// Returns the current time if the protocol's envelope has a timestamp.
    pub(crate) fn timestamp(&self) -> Option<SystemTime> {
        let envelope = &self.protocol.server.envelope;
        envelope.timestamp.map(|_| SystemTime::now())
    }

    /// Encodes a message. A message that cannot be encoded or exceeds `limits.message` is logged and not sent: clients enforce the same
    /// limit.
    pub(crate) fn encode(&self, encoding: usize, outgoing: &Outgoing<'_>) -> Option<Packet> {
        let packet = self.encode_unbounded(encoding, outgoing)?;
        let (bytes, tag) = (packet.len(), &outgoing.tag);
        if bytes > self.limit {
            tracing::error!(
                bytes,
                limit = self.limit,
                ?tag,
                "a message exceeds `limits.message` and is not sent"
            );
            return None;
        }
        Some(packet)
    }

    fn encode_unbounded(&self, encoding: usize, outgoing: &Outgoing<'_>) -> Option<Packet> {
        let codec = self.codec(encoding);
        let encoded = codec
            .encode(outgoing)
            .map_err(Box::<dyn std::error::Error>::from);
        match encoded.and_then(|bytes| Packet::encoded(bytes, codec.is_text()).map_err(Into::into))
        {
            Ok(packet) => Some(packet),
            Err(error) => {
                tracing::error!(error = &*error, tag = ?outgoing.tag, "cannot encode a message");
                None
            }
        }
    }

    /// Encodes one of the session's own messages.
    pub(crate) fn message(
        &self,
        encoding: usize,
        tag: Option<Tag>,
        payload: &dyn erased_serde::Serialize,
    ) -> Option<Packet> {
        if tag.is_some() && tag == self.protocol.session.roles.gap {
            metrics::gap();
        }
        self.encode(
            encoding,
            &Outgoing {
                payload: Some(payload),
                ..self.outgoing(tag)
            },
        )
    }

    /// Encodes a `refuse`, if the protocol has that message.
    pub(crate) fn rejection(&self, encoding: usize, payload: &ErrorPayload<'_>) -> Option<Packet> {
        let tag = self.protocol.session.roles.refuse?;
        fit(payload, self.limit, |payload| {
            let outgoing = Outgoing {
                payload: Some(payload),
                ..self.outgoing(Some(tag))
            };
            self.encode_unbounded(encoding, &outgoing)
        })
    }

    /// Encodes an `error`, if the protocol has that message. An id longer than [`MAX_ID`] is omitted.
    pub(crate) fn error(
        &self,
        encoding: usize,
        id: Option<&Id>,
        payload: &ErrorPayload<'_>,
    ) -> Option<Packet> {
        let tag = self.protocol.session.roles.error?;
        fit(payload, self.limit, |payload| {
            let outgoing = Outgoing {
                payload: Some(payload),
                id: id.filter(|id| !is_long(id)),
                is_reply: true,
                outcome: Some(false),
                ..self.outgoing(Some(tag))
            };
            self.encode_unbounded(encoding, &outgoing)
        })
    }
}
