//! The handle of a server, for use outside handlers.

use super::{ClientHandle, Publisher, state::ServerState};
use crate::{
    ChannelKey, Message, MessageSet, Protocol,
    broker::{BrokerError, Command, Recipients, SessionList},
    foreign::AsPayload,
};
use std::{sync::Arc, time::SystemTime};

/// Publishes to the channels of a server, reaches its sessions, and shuts it down. Cloning is cheap: one reference count.
///
/// ```
/// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
/// # use api::*;
/// # #[cfg(feature = "client")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use handfast::client::Event;
///
/// let server = Server::new(App);
/// let client = connect(&server).await?;
/// let mut lobby = client.room(&"lobby".into()).join().await?;
///
/// let handle = server.handle();
/// handle.room(&"lobby".into()).publish(&ChatMessage { text: "maintenance at noon".into() });
/// let Some(Event::Message(received)) = lobby.next().await else {
///     panic!("the channel is open");
/// };
/// assert!(matches!(received.message, ServerMessage::ChatMessage(m) if m.text == "maintenance at noon"));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "client"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct ServerHandle {
    state: Arc<ServerState>,
}

impl ServerHandle {
    pub(crate) fn new(state: Arc<ServerState>) -> Self {
        Self { state }
    }

    /// Returns a publisher for a channel of the server.
    pub fn publisher<C: ChannelKey>(&self, channel: &C) -> Publisher<C> {
        Publisher::new(self.state.clone(), channel)
    }

    /// Returns the handle of the client whose session has an id, until the session has ended. Generated code wraps it.
    pub fn client<P: Protocol>(&self, id: u64) -> Option<ClientHandle<P>> {
        let connection = self.state.connection(id)?;
        Some(ClientHandle::new(connection, self.state.clone()))
    }

    /// Sends a message to sessions on all servers with the same broker, as [`ClientHandle::send`] does to one. Does not block. Generated code wraps
    /// it.
    pub fn send<U: MessageSet, M: Message<U>>(&self, to: Recipients, message: &M) {
        let descriptor = &U::DESCRIPTOR.messages[M::INDEX];
        if !self.state.is_valid(descriptor, message) {
            return;
        }
        let payload: &dyn erased_serde::Serialize = &AsPayload(message);
        let payload = descriptor
            .payload
            .then(|| serde_json::value::to_raw_value(payload))
            .transpose();
        match payload {
            Ok(payload) => {
                let command = Command::Send {
                    message: descriptor,
                    payload: payload.map(Arc::from),
                    at: SystemTime::now(),
                };
                self.state.broker.command(to, command);
            }
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                message_type = descriptor.name,
                "cannot encode a message"
            ),
        }
    }

    /// Closes the connections of sessions on all servers with the same broker, and ends the sessions, as [`ClientHandle::kick`] does with one.
    /// Does not block.
    pub fn kick(&self, whom: Recipients, reason: &str) {
        let command = Command::Kick {
            reason: reason.into(),
        };
        self.state.broker.command(whom, command);
    }

    /// Returns sessions on all servers with the same broker, at most `limit`, and how many there are.
    ///
    /// # Errors
    /// If the broker fails.
    pub async fn sessions(
        &self,
        of: &Recipients,
        limit: usize,
    ) -> Result<SessionList, BrokerError> {
        self.state.broker.sessions(of, limit).await
    }

    /// Returns the number of connections, including those that have not sent their hello yet.
    pub fn connections(&self) -> usize {
        *self.state.alive.borrow()
    }

    /// Returns the number of sessions that lost their connection and wait to be resumed.
    pub fn detached(&self) -> usize {
        self.state.sessions.detached().0
    }

    /// Shuts the server down gracefully: accepts no more connections, lets each session finish the messages that it is handling (for at most
    /// `session.timeout`; streams end at once), whether it has a connection or not, closes it with the code for
    /// [`CloseReason::GoingAway`](crate::descriptor::CloseReason::GoingAway), and returns when all have ended. Calling it again waits as
    /// well.
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// # #[cfg(feature = "client")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::new(App);
    /// let client = connect(&server).await?;
    /// let handle = server.handle();
    /// assert_eq!(handle.connections(), 1);
    /// handle.shutdown().await;
    /// assert_eq!(handle.connections(), 0);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "client"))]
    /// # fn main() {}
    /// ```
    pub async fn shutdown(&self) {
        let mut alive = self.state.alive.subscribe();
        self.state.begin_shutdown();
        // `state` holds the sender, so this cannot fail.
        let _ = alive.wait_for(|alive| *alive == 0).await;
        self.state.sessions_ended().await;
    }
}
