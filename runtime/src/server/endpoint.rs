//! What a connection needs from its first byte on: the state of its server, the application, and the pages that may connect.

use super::{Service, origins::Origins, state::ServerState};
use std::{fmt, sync::Arc};

pub(crate) struct Endpoint {
    pub(crate) state: Arc<ServerState>,
    pub(crate) service: Arc<dyn Service>,
    pub(crate) origins: Origins,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("state", &self.state)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}
