//! Publishing from outside of handlers, and shutting down.

use super::{Publisher, state::ServerState};
use crate::ChannelKey;
use std::sync::Arc;

/// Publishes to the channels of a server, and shuts it down. A clone is a counted reference.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    state: Arc<ServerState>,
}

impl ServerHandle {
    pub(crate) fn new(state: Arc<ServerState>) -> Self {
        Self { state }
    }

    /// A channel of the server, to publish to.
    pub fn publisher<C: ChannelKey>(&self, channel: &C) -> Publisher<C> {
        Publisher::new(self.state.clone(), channel)
    }

    /// The number of connections, including those before their hello.
    pub fn connections(&self) -> usize {
        *self.state.alive.borrow()
    }

    /// Accepts no more connections, lets each one finish the messages that it is handling (within `session.timeout`; streams end at once),
    /// closes it with 1001, and waits until all have ended. Further calls wait as well.
    pub async fn shutdown(&self) {
        let mut alive = self.state.alive.subscribe();
        self.state.go();
        // The sender is part of `state`, so this cannot fail.
        let _ = alive.wait_for(|alive| *alive == 0).await;
    }
}
