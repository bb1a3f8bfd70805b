//! The sessions of a server, by id and by principal.

use super::{connection_handle::ConnectionHandle, shrink::shrink};
use crate::broker::{MemberId, Recipients, ServerId, SessionEntry, SessionList};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The sessions of a server.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    by_id: HashMap<u64, Arc<ConnectionHandle>>,
    by_principal: HashMap<Arc<str>, BTreeSet<u64>>,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, connection: &Arc<ConnectionHandle>) {
        let mut state = self.lock();
        state.by_id.insert(connection.id, connection.clone());
        if let Some(principal) = &connection.principal {
            let sessions = state.by_principal.entry(principal.clone()).or_default();
            sessions.insert(connection.id);
        }
    }

    pub(crate) fn remove(&self, connection: &ConnectionHandle) {
        let mut state = self.lock();
        state.by_id.remove(&connection.id);
        shrink(&mut state.by_id);
        let Some(principal) = &connection.principal else {
            return;
        };
        if let Some(sessions) = state.by_principal.get_mut(principal) {
            sessions.remove(&connection.id);
            if sessions.is_empty() {
                state.by_principal.remove(principal);
                shrink(&mut state.by_principal);
            }
        }
    }

    pub(crate) fn get(&self, id: u64) -> Option<Arc<ConnectionHandle>> {
        self.lock().by_id.get(&id).cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().by_id.is_empty()
    }

    pub(crate) fn all(&self) -> Vec<Arc<ConnectionHandle>> {
        self.lock().by_id.values().cloned().collect()
    }

    /// Returns the sessions that something is for, on the server with this id.
    pub(crate) fn find(&self, server: ServerId, of: &Recipients) -> Vec<Arc<ConnectionHandle>> {
        let state = self.lock();
        match of {
            Recipients::Session(member) if member.server == server => state
                .by_id
                .get(&member.connection)
                .cloned()
                .into_iter()
                .collect(),
            Recipients::Session(_) => Vec::new(),
            Recipients::Principal(principal) => {
                let ids = state.by_principal.get(principal).into_iter().flatten();
                ids.filter_map(|id| state.by_id.get(id).cloned()).collect()
            }
            Recipients::All => state.by_id.values().cloned().collect(),
        }
    }

    /// Lists sessions.
    pub(crate) fn list(&self, server: ServerId, of: &Recipients, limit: usize) -> SessionList {
        let found = self.find(server, of);
        let entry = |connection: &Arc<ConnectionHandle>| SessionEntry {
            id: MemberId {
                server,
                connection: connection.id,
            },
            principal: connection.principal.clone(),
            away: connection.is_detached(),
        };
        SessionList {
            count: found.len(),
            sessions: found.iter().take(limit).map(entry).collect(),
        }
    }
}
