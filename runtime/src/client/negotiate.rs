//! Agreeing on the encoding by a message before the hello, where no subprotocol says it.

use super::{
    ConnectError,
    core::Core,
    dial::Subprotocol,
    handshake::{lost, next_packet, refusal},
};
use crate::{
    Side,
    codec::{Encoding, Outgoing},
    descriptor::ProtocolDescriptor,
    encoded::EncodedMessage,
    system::{Head, Negotiation, Role},
    transport::Transport,
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
            name: Some(name),
            required: false,
        }),
        None => Err(ConnectError::Negotiation(
            "the protocol does not have the encoding `json`, in which it begins",
        )),
    }
}

impl Core {
    /// Asks the server for the client's encoding, and waits until it agrees.
    pub(super) async fn negotiate(
        &self,
        transport: &mut dyn Transport,
    ) -> Result<(), ConnectError> {
        let (json, wanted) = (Encoding::Json.codec(), self.codec.name());
        let asked = self
            .ask_for(wanted)
            .ok_or(ConnectError::Negotiation("its message cannot be encoded"))?;
        transport.send(&asked).await.map_err(lost)?;
        let protocol = self.descriptor;
        let packet = next_packet(transport, protocol).await?;
        let unexpected = || ConnectError::UnexpectedReply;
        let source = json.source(packet.frame()).map_err(|_| unexpected())?;
        let (head, role) = Head::find(&source, protocol.server, Side::Server, &protocol.session)
            .map_err(|_| unexpected())?;
        match role {
            Some(Role::Negotiate) => match Negotiation::read(&head) {
                Ok(agreed) if agreed.0 == wanted => Ok(()),
                _ => Err(unexpected()),
            },
            Some(Role::Refuse | Role::Error) => Err(refusal(&head, transport, protocol).await),
            _ => Err(unexpected()),
        }
    }

    /// Encodes the message that asks for an encoding.
    fn ask_for(&self, encoding: &str) -> Option<EncodedMessage> {
        let asked = Negotiation(encoding.into());
        let message = self.session_message(Role::Negotiate, Some(&asked)).ok()??;
        let payload = message.payload.as_deref();
        let outgoing = Outgoing {
            payload: payload
                .as_ref()
                .map(|payload| payload as &dyn erased_serde::Serialize),
            ..self.outgoing(message.heading)
        };
        EncodedMessage::encode(Encoding::Json.codec(), &outgoing).ok()
    }
}
