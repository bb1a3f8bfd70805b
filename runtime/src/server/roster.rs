//! Who is in a channel, on all servers, as this server knows it.

use crate::{
    broker::{MemberId, Presence, PresenceChange, Roster},
    system::{MemberNotice, PresenceKind},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The members of a channel, in the order in which they joined.
#[derive(Debug, Default)]
pub(super) struct KnownMembers {
    by_place: BTreeMap<u64, Arc<Presence>>,
    places: HashMap<MemberId, u64>,
    last: u64,
    /// The number of changes so far; `None` until the members are known.
    revision: Option<u64>,
    /// The highest number of a change that was delivered.
    latest: u64,
}

/// What a change means.
pub(super) enum Known {
    /// It is known already, or means nothing to members.
    Nothing,
    /// Something happened to a member.
    Event(PresenceKind, Arc<Presence>),
    /// A change was missed: the members must be read again.
    Missed,
}

impl KnownMembers {
    /// The revision of what is known, if no change was missed.
    pub(super) fn current(&self) -> Option<u64> {
        self.revision.filter(|revision| *revision >= self.latest)
    }

    pub(super) fn contains(&self, member: MemberId) -> bool {
        self.places.contains_key(&member)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The members, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Presence>> {
        self.by_place.values()
    }

    /// Replaces what is known, unless that is as new. Returns whether it did.
    pub(super) fn replace(&mut self, roster: Roster) -> bool {
        if self.revision.is_some_and(|known| known >= roster.revision) {
            return false;
        }
        self.by_place.clear();
        self.places.clear();
        for member in roster.members {
            self.insert(member);
        }
        self.revision = Some(roster.revision);
        true
    }

    fn insert(&mut self, member: Arc<Presence>) -> Option<Arc<Presence>> {
        let place = *self.places.entry(member.member).or_insert_with(|| {
            self.last += 1;
            self.last
        });
        self.by_place.insert(place, member)
    }

    /// Makes a change.
    pub(super) fn apply(&mut self, change: &PresenceChange, revision: u64) -> Known {
        self.latest = self.latest.max(revision);
        match self.revision {
            None => return Known::Missed,
            Some(known) if revision <= known => return Known::Nothing,
            Some(known) if revision > known + 1 => return Known::Missed,
            Some(_) => {}
        }
        self.revision = Some(revision);
        match change {
            PresenceChange::Removed(member) => {
                let place = self.places.remove(member);
                let removed = place.and_then(|place| self.by_place.remove(&place));
                removed.map_or(Known::Nothing, |member| {
                    Known::Event(PresenceKind::Leave, member)
                })
            }
            PresenceChange::Set(member) => {
                let Some(before) = self.insert(member.clone()) else {
                    return Known::Event(PresenceKind::Join, member.clone());
                };
                let info = |one: &Presence| one.info.as_deref().map(|info| info.get().to_owned());
                let kind = if info(&before) != info(member) {
                    PresenceKind::Update
                } else if before.away == member.away {
                    return Known::Nothing;
                } else if member.away {
                    PresenceKind::Away
                } else {
                    PresenceKind::Back
                };
                Known::Event(kind, member.clone())
            }
        }
    }
}

/// A member, as others see it.
pub(super) fn whole(member: &Presence) -> MemberNotice {
    MemberNotice {
        id: member.id.clone(),
        principal: member.principal.clone(),
        info: member.info.clone(),
        away: member.away,
    }
}

/// A member, as itself reads it: it has a connection when it does, and hears nothing of its return.
pub(super) fn by_itself(member: &Presence) -> MemberNotice {
    MemberNotice {
        away: false,
        ..whole(member)
    }
}

/// The part of a member that an event has.
pub(super) fn part(kind: PresenceKind, member: &Presence) -> MemberNotice {
    match kind {
        PresenceKind::List | PresenceKind::Join | PresenceKind::Update => whole(member),
        PresenceKind::Away | PresenceKind::Back | PresenceKind::Leave => MemberNotice {
            id: member.id.clone(),
            principal: None,
            info: None,
            away: false,
        },
    }
}

/// The approximate size of a member in a message, in bytes.
pub(super) fn size(member: &Presence) -> usize {
    let principal = member.principal.as_deref().map_or(0, str::len);
    let info = member.info.as_deref().map_or(0, |info| info.get().len());
    // A character of the principal may be escaped.
    64 + 6 * principal + info
}
