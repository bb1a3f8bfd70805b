//! Who is in which room.

use crate::api::{Member, RoomFullErrorData, RoomId, ServerHandle, Status, UserName, UserPresence};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// How many fit into a room.
const LIMIT: usize = 100;

/// The rooms that somebody is in. Somebody who is there twice, with two pages open, is counted twice and listed once.
#[derive(Default)]
pub struct Rooms {
    present: Mutex<BTreeMap<RoomId, BTreeMap<UserName, usize>>>,
    handle: OnceLock<ServerHandle>,
}

impl Rooms {
    /// Says who comes and goes by this handle, from now on.
    pub fn publish_with(&self, handle: ServerHandle) {
        // A second handle would be to the same server.
        let _ = self.handle.set(handle);
    }

    fn present(&self) -> MutexGuard<'_, BTreeMap<RoomId, BTreeMap<UserName, usize>>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn enter(&self, room: &RoomId, name: &UserName) -> Result<(), RoomFullErrorData> {
        let mut present = self.present();
        let members = present.entry(room.clone()).or_default();
        if members.values().sum::<usize>() >= LIMIT {
            return Err(RoomFullErrorData {
                limit: LIMIT as u64,
            });
        }
        let count = members.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 {
            self.tell(room, name, true);
        }
        Ok(())
    }

    pub fn leave(&self, room: &RoomId, name: &UserName) {
        let mut present = self.present();
        let Some(members) = present.get_mut(room) else {
            return;
        };
        if let Some(count) = members.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                members.remove(name);
                self.tell(room, name, false);
            }
        }
        if members.is_empty() {
            present.remove(room);
        }
    }

    pub fn members(&self, room: &RoomId) -> Vec<Member> {
        let present = self.present();
        let names = present.get(room).into_iter().flat_map(BTreeMap::keys);
        names.map(member).collect()
    }

    pub fn topic(&self, room: &RoomId) -> Option<String> {
        (room.as_str() == "lobby")
            .then(|| "Say hello. Open a second tab to answer yourself.".to_owned())
    }

    fn tell(&self, room: &RoomId, name: &UserName, present: bool) {
        if let Some(handle) = self.handle.get() {
            handle.room(room).publish(&UserPresence {
                member: member(name),
                present,
            });
        }
    }
}

fn member(name: &UserName) -> Member {
    Member {
        name: name.clone(),
        status: Status::Online,
    }
}
