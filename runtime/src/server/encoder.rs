//! The encoder of a server's messages, replies, errors and rejections.

use crate::{
    GapReason, Id, SessionCode, Side,
    codec::{Codec, Encoding, ErasedPayload, Numbering, Outgoing},
    descriptor::{Heading, MessageDescriptor, Presence, ProtocolDescriptor},
    encoded::{self, EncodedMessage},
    metrics,
    replies::{ErrorPayload, fit},
    system::{GapNotice, Role, mapped},
};
use serde_json::value::RawValue;
use std::{fmt, time::SystemTime};

/// One of the session's messages.
pub(crate) struct SessionMessage<'a> {
    pub(crate) role: Role,
    /// The fields of the role.
    pub(crate) payload: Option<&'a dyn ErasedPayload>,
    pub(crate) id: Option<&'a Id>,
    /// If it answers a request: whether that succeeded.
    pub(crate) succeeded: Option<bool>,
    /// What the application has built of the payload.
    pub(crate) built: Option<&'a RawValue>,
    /// A position in a channel.
    pub(crate) position: Option<(u64, &'a str)>,
}

impl<'a> SessionMessage<'a> {
    pub(crate) fn new(role: Role, payload: &'a dyn ErasedPayload) -> Self {
        Self {
            payload: Some(payload),
            ..Self::bare(role)
        }
    }

    /// A message without fields.
    pub(crate) const fn bare(role: Role) -> Self {
        Self {
            role,
            payload: None,
            id: None,
            succeeded: None,
            built: None,
            position: None,
        }
    }
}

/// Encodes the messages of one protocol, in each of its encodings.
pub(crate) struct Encoder {
    pub(crate) protocol: &'static ProtocolDescriptor,
    /// The encodings with their subprotocols, in order of preference.
    pub(crate) encodings: Box<[(Encoding, &'static str)]>,
    /// `limits.message`, in bytes, without the number of a message.
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
        let number = protocol
            .server
            .envelope
            .seq
            .filter(|_| protocol.session.numbered);
        Self {
            protocol,
            encodings: encodings.into(),
            limit: limit.saturating_sub(number.map_or(0, Numbering::overhead)),
            major,
        }
    }

    pub(crate) fn codec(&self, encoding: usize) -> &'static dyn Codec {
        self.encodings[encoding].0.codec()
    }

    /// Returns how the messages of a session are numbered, if they are.
    pub(crate) fn numbering(&self, encoding: usize) -> Option<Numbering> {
        let field = self.protocol.server.envelope.seq?;
        let encoding = self.encodings[encoding].0;
        let numbering = Numbering { field, encoding };
        self.protocol.session.numbered.then_some(numbering)
    }

    /// Returns the index of an encoding, or of the preferred one; `None` if the protocol does not have it.
    pub(crate) fn index_of(&self, encoding: Option<Encoding>) -> Option<usize> {
        let Some(encoding) = encoding else {
            return Some(0);
        };
        self.encodings.iter().position(|(one, _)| *one == encoding)
    }

    /// Returns a message of the application with the envelope fields that every message has.
    pub(crate) fn outgoing(&self, message: &MessageDescriptor) -> Outgoing<'static> {
        self.headed(self.heading(message))
    }

    /// Returns what a message of the application begins with.
    pub(crate) fn heading(&self, message: &MessageDescriptor) -> Heading {
        self.protocol.server.heading(message)
    }

    /// Returns what one of the session's messages begins with; `None` if the server does not send it.
    pub(crate) fn role_heading(&self, role: Role) -> Option<Heading> {
        let session = &self.protocol.session;
        let usual = &self.protocol.server.envelope;
        let Some(mapped) = role.mapped(&session.mapped) else {
            return Some(Heading {
                envelope: usual,
                tag: Some(role.tag(&session.roles)?),
            });
        };
        if !mapped.is_sent_by(Side::Server) {
            return None;
        }
        let own = mapped.own_envelope(Side::Server);
        Some(Heading {
            envelope: own.map_or(usual, |own| &own.fields),
            tag: mapped.tag,
        })
    }

    /// Returns a message with the envelope fields that every message has.
    pub(crate) fn headed(&self, heading: Heading) -> Outgoing<'static> {
        let Heading { envelope, tag } = heading;
        Outgoing {
            version: envelope
                .version
                .filter(|field| field.presence == Presence::Required)
                .map(|_| self.major),
            ..Outgoing::new(envelope, tag)
        }
    }

    /// Returns the current time if the envelope of a message has a timestamp.
    pub(crate) fn timestamp(&self, message: &MessageDescriptor) -> Option<SystemTime> {
        let envelope = self.heading(message).envelope;
        envelope.timestamp.map(|_| SystemTime::now())
    }

    /// Encodes a message. A message that cannot be encoded or exceeds `limits.message` is logged and not sent: clients enforce the same
    /// limit.
    pub(crate) fn encode(
        &self,
        encoding: usize,
        outgoing: &Outgoing<'_>,
    ) -> Option<EncodedMessage> {
        self.encode_with(encoding, outgoing, EncodedMessage::new)
    }

    /// As [`Self::encode`], but calls `take` with the bytes, and whether they are text.
    pub(crate) fn encode_with<R>(
        &self,
        encoding: usize,
        outgoing: &Outgoing<'_>,
        take: impl FnOnce(&[u8], bool) -> R,
    ) -> Option<R> {
        let take = |bytes: &[u8], is_text| {
            let (length, tag) = (bytes.len(), &outgoing.tag);
            if length > self.limit {
                tracing::error!(
                    bytes = length,
                    limit = self.limit,
                    ?tag,
                    "a message exceeds `limits.message` and is not sent"
                );
                return None;
            }
            Some(take(bytes, is_text))
        };
        self.encode_unbounded(encoding, outgoing, take)?
    }

    fn encode_unbounded<R>(
        &self,
        encoding: usize,
        outgoing: &Outgoing<'_>,
        take: impl FnOnce(&[u8], bool) -> R,
    ) -> Option<R> {
        let codec = self.codec(encoding);
        let unnumbered;
        let outgoing = match self.protocol.session.numbered {
            false => outgoing,
            // A message gets its number when it is written, and channels have no positions.
            true => {
                unnumbered = Outgoing {
                    seq: None,
                    epoch: None,
                    ..*outgoing
                };
                &unnumbered
            }
        };
        match encoded::encode(codec, outgoing, take) {
            Ok(taken) => Some(taken),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, tag = ?outgoing.tag, "cannot encode a message");
                None
            }
        }
    }

    /// Encodes one of the session's messages; `None` if the server does not send it.
    pub(crate) fn session(
        &self,
        encoding: usize,
        message: &SessionMessage<'_>,
    ) -> Option<EncodedMessage> {
        if message.role == Role::Gap && self.role_heading(Role::Gap).is_some() {
            metrics::gap();
        }
        self.session_unbounded(encoding, message)
            .filter(|packet| self.is_within_limit(packet, message.role))
    }

    fn is_within_limit(&self, packet: &EncodedMessage, role: Role) -> bool {
        let bytes = packet.len();
        let within = bytes <= self.limit;
        if !within {
            let limit = self.limit;
            tracing::error!(
                bytes,
                limit,
                ?role,
                "a message exceeds `limits.message` and is not sent"
            );
        }
        within
    }

    fn session_unbounded(
        &self,
        encoding: usize,
        message: &SessionMessage<'_>,
    ) -> Option<EncodedMessage> {
        let outgoing = self.headed(self.role_heading(message.role)?);
        let needs_id = outgoing
            .envelope
            .id
            .is_some_and(|id| id.presence == Presence::Required);
        let outgoing = Outgoing {
            id: message.id,
            is_reply: message.id.is_some() || message.succeeded.is_some(),
            outcome: message.succeeded,
            seq: message.position.map(|(seq, _)| seq),
            epoch: message.position.map(|(_, epoch)| epoch),
            ..outgoing
        };
        let Some(mapped) = message.role.mapped(&self.protocol.session.mapped) else {
            let payload = message.payload;
            return self.encode_unbounded(
                encoding,
                &Outgoing {
                    payload,
                    ..outgoing
                },
                EncodedMessage::new,
            );
        };
        if needs_id && message.id.is_none() {
            tracing::debug!(role = ?message.role, "a message without an id cannot be sent: its envelope requires one");
            return None;
        }
        let payload = message.payload.unwrap_or(&());
        match mapped::write(mapped, payload, message.built) {
            Ok(payload) => {
                let payload = payload.as_ref().map(|raw| raw as &dyn ErasedPayload);
                self.encode_unbounded(
                    encoding,
                    &Outgoing {
                        payload,
                        ..outgoing
                    },
                    EncodedMessage::new,
                )
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, role = ?message.role, "cannot encode a message");
                None
            }
        }
    }

    /// Encodes a `refuse`, if the protocol has that message.
    pub(crate) fn rejection(
        &self,
        encoding: usize,
        payload: &ErrorPayload<'_>,
    ) -> Option<EncodedMessage> {
        fit(Side::Server, payload, self.limit, |payload| {
            self.session_unbounded(encoding, &SessionMessage::new(Role::Refuse, payload))
        })
    }

    /// Encodes the answer to a client whose session does not resume, so that another begins: a `gap`, or an `error` if the protocol has none.
    /// `after` is the number that the client has named, and `last` that of the last message of its session, if they are known.
    pub(crate) fn not_resumed(
        &self,
        encoding: usize,
        after: Option<u64>,
        last: Option<u64>,
    ) -> Option<EncodedMessage> {
        let from = after.and_then(|after| after.checked_add(1));
        let gap = GapNotice {
            channel: None,
            from,
            to: last.filter(|last| from.is_some_and(|from| from <= *last)),
            reason: Some(GapReason::Epoch),
        };
        let gap = self.session(encoding, &SessionMessage::new(Role::Gap, &gap));
        gap.or_else(|| {
            let text = "the session cannot be resumed: another begins";
            self.error(
                encoding,
                None,
                &ErrorPayload::new(SessionCode::NotResumed, text),
            )
        })
    }

    /// Encodes an `error`, if the protocol has that message. An id longer than [`MAX_ID`](crate::envelope::MAX_ID) is omitted.
    pub(crate) fn error(
        &self,
        encoding: usize,
        id: Option<&Id>,
        payload: &ErrorPayload<'_>,
    ) -> Option<EncodedMessage> {
        fit(Side::Server, payload, self.limit, |payload| {
            let message = SessionMessage {
                id: id.filter(|id| !id.is_long()),
                succeeded: Some(false),
                ..SessionMessage::new(Role::Error, payload)
            };
            self.session_unbounded(encoding, &message)
        })
    }
}
