//! Replies to a request of the server. Internal: handlers reply with their return value.

use super::{core::Core, handle::CloseOnDrop, handlers::Handled};
use crate::{
    Payload, Side,
    calls::Permit,
    codec::{ErasedPayload, Outgoing},
    descriptor::MessageDescriptor,
    encoded::EncodedMessage,
    replies::{ErrorPayload, Replier, SendError},
    validate::{beside_envelope, validate_within},
};
use std::{
    error::Error,
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::mpsc::UnboundedSender;

/// What a handler answers: the task of its request takes it, and waits for room. An item has waited already.
pub(crate) struct Output {
    pub(crate) packet: EncodedMessage,
    pub(crate) permit: Option<Permit>,
}

/// Replies to one request of the server.
#[derive(Clone)]
pub struct Responder {
    core: Arc<Core>,
    pub(super) handle: Weak<CloseOnDrop>,
    request: Arc<Handled>,
    /// Whether the requested stream was acknowledged.
    accepted: Arc<AtomicBool>,
    outputs: UnboundedSender<Output>,
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

impl Responder {
    pub(super) fn new(
        core: Arc<Core>,
        handle: Weak<CloseOnDrop>,
        request: Handled,
        outputs: UnboundedSender<Output>,
    ) -> Self {
        Self {
            core,
            handle,
            request: Arc::new(request),
            accepted: Arc::default(),
            outputs,
        }
    }

    pub(super) fn session(&self) -> u64 {
        self.request.session
    }

    fn output(&self, packet: EncodedMessage, permit: Option<Permit>) -> Result<(), SendError> {
        let output = Output { packet, permit };
        self.outputs.send(output).map_err(|_| SendError::Closed)
    }
}

impl Replier for Responder {
    fn is_valid<M: Payload>(&self, message: &MessageDescriptor, payload: &M) -> bool {
        // The envelope adds one level.
        let depth = self.core.limits.depth.saturating_sub(1);
        let envelope = self.core.descriptor.client.heading(message).envelope;
        beside_envelope(envelope, payload)
            .and_then(|()| validate_within(payload, depth))
            .map_err(|invalid| {
                tracing::error!(
                    message_type = message.name,
                    violations = %invalid,
                    "an outgoing message violates its schema and is not sent"
                );
            })
            .is_ok()
    }

    fn side(&self) -> Side {
        Side::Client
    }

    fn checked_depth(&self) -> Option<u32> {
        Some(self.core.limits.depth)
    }

    fn can_report(&self) -> bool {
        true
    }

    fn accept(&self) {
        self.accepted.store(true, Ordering::Relaxed);
    }

    fn is_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }

    fn send(&self, message: &'static MessageDescriptor, payload: &dyn ErasedPayload) {
        match self.item(message, payload) {
            // If the session has ended, there is nobody to answer.
            Some(packet) => {
                let _ = self.output(packet, None);
            }
            None => self.send_error(&ErrorPayload::internal(Side::Client)),
        }
    }

    fn item(
        &self,
        message: &'static MessageDescriptor,
        payload: &dyn ErasedPayload,
    ) -> Option<EncodedMessage> {
        let packet = self.core.encode_outgoing(&Outgoing {
            payload: message.payload.then_some(payload),
            id: Some(&self.request.id),
            is_reply: true,
            outcome: Some(true),
            ..self
                .core
                .outgoing(self.core.descriptor.client.heading(message))
        });
        let fits = packet.filter(|packet| packet.len() <= self.core.limits.message);
        if fits.is_none() {
            tracing::error!(
                message_type = message.name,
                "a message cannot be encoded, or exceeds `limits.message`, and is not sent"
            );
        }
        fits
    }

    /// Waits for room in `limits.outbound`.
    async fn send_item(self, packet: EncodedMessage) -> Result<(), SendError> {
        let permit = self.core.budget.take(packet.len()).await;
        let permit = permit.map_err(|_| SendError::Closed)?;
        self.output(packet, Some(permit))
    }

    fn send_error(&self, error: &ErrorPayload<'_>) {
        if let Some(packet) = self.core.encode_error(&self.request.id, error) {
            let _ = self.output(packet, None);
        }
    }

    fn log(&self, error: &(dyn Error + 'static), what: &'static str) {
        tracing::error!(message_type = self.request.message, error, "{what}");
    }
}
