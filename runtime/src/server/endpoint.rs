//! What every connection of a server shares from the start: the server's state, the application and the allowed origins.

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
