//! Agreeing on the encoding by a message before the hello, where no subprotocol says it.

use super::{ConnectError, core::Core, dial::Subprotocol};
use crate::{
    codec::{Encoding, ErasedPayload, Outgoing},
    descriptor::ProtocolDescriptor,
    encoded::EncodedMessage,
    system::{Negotiation, Role},
};

/// Returns the subprotocol of the connections on which a protocol's encoding is negotiated.
///
/// # Errors
/// If it cannot be negotiated.
pub(super) fn subprotocol(protocol: &ProtocolDescriptor) -> Result<Subprotocol, ConnectError> {
    let roles = &protocol.session.roles;
    if roles.negotiate.is_none() || roles.hello.is_none() {
        return Err(ConnectError::Negotiation(
            "the protocol has no message in the role `negotiate`, or none in the role `hello`",
        ));
    }
    if roles.greeting.is_some() {
        return Err(ConnectError::Negotiation("the server speaks first"));
    }
    let mut encodings = protocol.encodings.iter();
    match encodings.find(|(name, _)| Encoding::of(name) == Some(Encoding::Json)) {
        Some((_, name)) => Ok(Subprotocol {
            name: Some(*name).filter(|name| !name.is_empty()),
            required: false,
        }),
        None => Err(ConnectError::Negotiation(
            "the protocol does not have the encoding `json`, in which it begins",
        )),
    }
}

impl Core {
    /// Encodes the message that asks the server for the client's encoding.
    pub(super) fn ask_for_encoding(&self) -> Option<EncodedMessage> {
        let asked = Negotiation(self.codec.name().into());
        let message = self.session_message(Role::Negotiate, Some(&asked)).ok()??;
        let payload = message.payload.as_deref();
        let outgoing = Outgoing {
            payload: payload
                .as_ref()
                .map(|payload| payload as &dyn ErasedPayload),
            ..self.outgoing(message.heading)
        };
        EncodedMessage::encode(Encoding::Json.codec(), &outgoing).ok()
    }
}
