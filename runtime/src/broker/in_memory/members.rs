//! The members of one channel, in the order in which they joined.

use crate::broker::{MemberId, Presence, PresenceChange, Roster, ServerId};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

#[derive(Debug, Default)]
pub(super) struct Members {
    by_place: BTreeMap<u64, Arc<Presence>>,
    places: HashMap<MemberId, u64>,
    last: u64,
    revision: u64,
}

impl Members {
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) fn roster(&self) -> Roster {
        Roster {
            revision: self.revision,
            members: self.by_place.values().cloned().collect(),
        }
    }

    /// Makes a change. Returns false if there is nothing to change.
    pub(super) fn apply(&mut self, change: &PresenceChange) -> bool {
        match change {
            PresenceChange::Set(presence) => {
                let place = *self.places.entry(presence.member).or_insert_with(|| {
                    self.last += 1;
                    self.last
                });
                self.by_place.insert(place, presence.clone());
            }
            PresenceChange::Removed(member) => {
                let Some(place) = self.places.remove(member) else {
                    return false;
                };
                self.by_place.remove(&place);
            }
        }
        self.revision += 1;
        true
    }

    /// The members on a server.
    pub(super) fn of_server(&self, server: ServerId) -> Vec<MemberId> {
        let all = self.places.keys();
        all.filter(|member| member.server == server)
            .copied()
            .collect()
    }
}
