//! The messages of a client as packets.

use super::core::Core;
use crate::{
    Id, Side,
    calls::{Failure, ReplyIndices, RequestMessage},
    codec::{ErasedPayload, JsonPayload, Outgoing},
    descriptor::{EnvelopeDescriptor, FieldKind, Heading, Presence},
    encoded::EncodedMessage,
    replies::{ErrorPayload, fit},
    system::{Head, PingFields, ReceivedNotice, Role, mapped},
};

impl Core {
    fn envelope(&self) -> &'static EnvelopeDescriptor {
        &self.descriptor.client.envelope
    }

    /// Encodes a message.
    pub(crate) fn encode(
        &self,
        request: &RequestMessage,
        id: Option<&Id>,
    ) -> Result<EncodedMessage, Failure> {
        self.encode_rejoin(request, id, None)
    }

    /// Encodes a request that joins a channel again, with the position in it. The position is omitted if the envelope lacks one of its
    /// fields.
    pub(super) fn encode_rejoin(
        &self,
        request: &RequestMessage,
        id: Option<&Id>,
        position: Option<(u64, &str)>,
    ) -> Result<EncodedMessage, Failure> {
        let Heading { envelope, tag } = request.heading;
        let position = position.filter(|_| envelope.seq.is_some() && envelope.epoch.is_some());
        let channel = request.channel.as_deref();
        let needs_channel = envelope
            .channel
            .is_some_and(|field| field.presence == Presence::Required);
        if needs_channel && channel.is_none() {
            tracing::error!(
                ?tag,
                "a message without a channel is not sent: its envelope requires one"
            );
            return Err(Failure::Encode);
        }
        let payload = request.payload.as_deref();
        let payload = payload.map(|json| JsonPayload::new(self.descriptor.client, tag, json));
        self.encode_outgoing(&Outgoing {
            payload: payload
                .as_ref()
                .map(|payload| payload as &dyn ErasedPayload),
            id,
            channel,
            seq: position.map(|(seq, _)| seq),
            epoch: position.map(|(_, epoch)| epoch),
            ..self.outgoing(request.heading)
        })
        .ok_or(Failure::Encode)
    }

    /// Returns a message with the envelope fields that every message has.
    pub(crate) fn outgoing(&self, heading: Heading) -> Outgoing<'static> {
        let Heading { envelope, tag } = heading;
        Outgoing {
            version: envelope
                .version
                .filter(|field| field.presence == Presence::Required)
                .map(|_| self.major),
            ..Outgoing::new(envelope, tag)
        }
    }

    /// Encodes a message; `None` if it cannot be encoded.
    pub(crate) fn encode_outgoing(&self, outgoing: &Outgoing<'_>) -> Option<EncodedMessage> {
        EncodedMessage::encode(self.codec, outgoing).ok()
    }

    /// Encodes an `error` that answers a request of the server, if the protocol has that message.
    pub(crate) fn encode_error(&self, id: &Id, error: &ErrorPayload<'_>) -> Option<EncodedMessage> {
        fit(Side::Client, error, self.limits.message, |payload| {
            self.encode_session(Role::Error, Some(payload), Some(id), Some(false))
        })
    }

    /// Encodes one of the session's messages; `None` if the client does not send it. `id` is that of what it answers.
    fn encode_session(
        &self,
        role: Role,
        fields: Option<&dyn ErasedPayload>,
        id: Option<&Id>,
        outcome: Option<bool>,
    ) -> Option<EncodedMessage> {
        let message = self.session_message(role, fields).ok()??;
        let (client, tag) = (self.descriptor.client, message.heading.tag);
        let payload = message.payload.as_deref();
        let payload = payload.map(|json| JsonPayload::new(client, tag, json));
        self.encode_outgoing(&Outgoing {
            payload: payload
                .as_ref()
                .map(|payload| payload as &dyn ErasedPayload),
            id,
            is_reply: id.is_some(),
            outcome,
            ..self.outgoing(message.heading)
        })
    }

    /// Prepares one of the session's messages; `None` if the client does not send it. `fields` are those of the role.
    pub(super) fn session_message(
        &self,
        role: Role,
        fields: Option<&dyn ErasedPayload>,
    ) -> Result<Option<RequestMessage>, serde_json::Error> {
        let session = &self.descriptor.session;
        let (heading, payload) = match role.mapped(&session.mapped) {
            Some(mapped) if !mapped.is_sent_by(Side::Client) => return Ok(None),
            Some(mapped) => {
                let own = mapped.own_envelope(Side::Client);
                let envelope = own.map_or(self.envelope(), |own| &own.fields);
                // What authenticates may be the whole payload, or an object around other fields.
                let fields = fields.unwrap_or(&());
                let tag = mapped.tag;
                let payload = mapped::write(mapped, fields, None)?;
                (Heading { envelope, tag }, payload)
            }
            None => {
                let Some(tag) = role.tag(&session.roles) else {
                    return Ok(None);
                };
                let payload = fields.map(serde_json::value::to_raw_value);
                let (envelope, tag) = (self.envelope(), Some(tag));
                (Heading { envelope, tag }, payload.transpose()?)
            }
        };
        Ok(Some(RequestMessage {
            heading,
            payload: payload.map(Into::into),
            channel: None,
            idempotent: true,
            replies: ReplyIndices::NONE,
        }))
    }

    /// Encodes one of the session's messages; `None` if the client does not send it.
    pub(super) fn control(
        &self,
        role: Role,
        fields: Option<&dyn ErasedPayload>,
        id: Option<&Id>,
    ) -> Option<EncodedMessage> {
        self.encode_session(role, fields, id, None)
    }

    /// Encodes a `received`.
    pub(crate) fn received_notice(&self, notice: &ReceivedNotice) -> Option<EncodedMessage> {
        self.control(Role::Received, Some(notice), None)
    }

    /// Encodes the answer to a ping.
    pub(super) fn encode_pong(&self, ping: &Head<'_>) -> Option<EncodedMessage> {
        let fields = PingFields::read(ping);
        self.control(
            Role::Pong,
            fields.fields(),
            ping.id.as_ref().filter(|id| !id.is_long()),
        )
    }

    /// Returns the id of a request.
    pub(super) fn id(&self, number: u64, envelope: &EnvelopeDescriptor) -> Id {
        match envelope.id.map(|field| field.kind) {
            Some(FieldKind::Integer) => Id::Integer(i64::try_from(number).unwrap_or(i64::MAX)),
            _ => Id::Text(number.to_string()),
        }
    }
}
