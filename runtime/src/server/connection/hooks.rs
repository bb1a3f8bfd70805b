//! What the application hears of the life of a session.

use super::super::{Service, connection_handle::ConnectionHandle, state::ServerState};
use crate::transport::CloseFrame;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// Calls a hook of the application. If it panics, that is logged, and the session goes on.
pub(super) fn call(connection: u64, hook: &'static str, call: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(call)).is_err() {
        tracing::error!(connection, hook, "a hook of the session handler panicked");
    }
}

/// Leaves every channel when the connection's task ends, in whatever way.
pub(super) struct LeaveOnDrop {
    pub(super) connection: Arc<ConnectionHandle>,
    pub(super) server: Arc<ServerState>,
    pub(super) service: Arc<dyn Service>,
    /// The close frame that either end sent.
    pub(super) close: Option<CloseFrame>,
}

impl LeaveOnDrop {
    pub(super) fn end(mut self, close: Option<CloseFrame>) {
        self.close = close;
    }
}

impl Drop for LeaveOnDrop {
    fn drop(&mut self) {
        self.server.disconnect(&self.connection);
        call(self.connection.id, "disconnected", || {
            let session = &self.connection.peer().session;
            self.service.disconnected(session, self.close.as_ref());
        });
    }
}
