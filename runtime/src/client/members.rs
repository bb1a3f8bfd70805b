//! Who is in a channel, as its client knows it.

use crate::system::{MemberNotice, PresenceKind, PresenceNotice};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The members of a channel, in the order in which they were listed.
#[derive(Debug)]
pub(crate) struct Members {
    known: Places,
    /// The parts of a list that has not been received as a whole.
    incoming: Option<Places>,
    own: Option<Arc<str>>,
    count: u64,
    /// Whether a list was received.
    listed: bool,
    /// How many members are kept.
    limit: usize,
    /// How many bytes of them.
    bytes: usize,
}

/// Members in their order.
#[derive(Debug, Default)]
struct Places {
    by_place: BTreeMap<u64, MemberNotice>,
    places: HashMap<Arc<str>, u64>,
    last: u64,
    bytes: usize,
}

fn size(member: &MemberNotice) -> usize {
    let principal = member.principal.as_deref().map_or(0, str::len);
    let info = member.info.as_deref().map_or(0, |info| info.get().len());
    128 + member.id.len() + principal + info
}

impl Places {
    fn get_mut(&mut self, id: &str) -> Option<&mut MemberNotice> {
        self.by_place.get_mut(self.places.get(id)?)
    }

    /// Adds or replaces a member, if there is room. Returns whether it did, and what it replaced.
    fn insert(
        &mut self,
        member: MemberNotice,
        limit: usize,
        bytes: usize,
    ) -> (bool, Option<MemberNotice>) {
        let before = self.get_mut(&member.id).map(|before| size(before));
        let total = self.bytes - before.unwrap_or(0) + size(&member);
        if total > bytes || (before.is_none() && self.places.len() >= limit) {
            return (false, None);
        }
        self.bytes = total;
        let place = *self.places.entry(member.id.clone()).or_insert_with(|| {
            self.last += 1;
            self.last
        });
        (true, self.by_place.insert(place, member))
    }

    fn remove(&mut self, id: &str) -> Option<MemberNotice> {
        let member = self.by_place.remove(&self.places.remove(id)?)?;
        self.bytes -= size(&member);
        Some(member)
    }
}

/// Something that happened to a member.
pub(crate) type Happened = (PresenceKind, Option<MemberNotice>);

/// What has become of a member, if anything.
fn difference(before: &MemberNotice, now: &MemberNotice) -> Option<PresenceKind> {
    let info = |one: &MemberNotice| one.info.as_deref().map(|info| info.get().to_owned());
    if info(before) != info(now) {
        Some(PresenceKind::Update)
    } else if before.away == now.away {
        None
    } else if now.away {
        Some(PresenceKind::Away)
    } else {
        Some(PresenceKind::Back)
    }
}

impl Members {
    /// Keeps at most so many members, and so many bytes of them.
    pub(crate) fn new(limit: usize, bytes: usize) -> Self {
        Self {
            known: Places::default(),
            incoming: None,
            own: None,
            count: 0,
            listed: false,
            limit,
            bytes,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &MemberNotice> {
        self.known.by_place.values()
    }

    /// How many members there are, of which not all may be known.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The id of this client.
    pub(crate) fn own(&self) -> Option<&Arc<str>> {
        self.own.as_ref()
    }

    /// Handles a notice, whose members are valid. Returns what happened.
    pub(crate) fn handle(&mut self, notice: PresenceNotice<'_>) -> Vec<Happened> {
        self.count = notice.count;
        if notice.kind == PresenceKind::List {
            return self.list(notice);
        }
        let Some(member) = notice.members.into_iter().next() else {
            return Vec::new();
        };
        let happened = match notice.kind {
            PresenceKind::Leave => self.known.remove(&member.id),
            PresenceKind::Away | PresenceKind::Back => {
                self.known.get_mut(&member.id).map(|known| {
                    known.away = notice.kind == PresenceKind::Away;
                    known.clone()
                })
            }
            PresenceKind::List | PresenceKind::Join | PresenceKind::Update => {
                let (inserted, before) = self.known.insert(member.clone(), self.limit, self.bytes);
                if !inserted {
                    // What was known of it is outdated.
                    self.known.remove(&member.id);
                }
                let is_news = before.is_none_or(|before| difference(&before, &member).is_some());
                (inserted && is_news).then_some(member)
            }
        };
        happened
            .map(|member| (notice.kind, Some(member)))
            .into_iter()
            .collect()
    }

    fn list(&mut self, notice: PresenceNotice<'_>) -> Vec<Happened> {
        let incoming = self.incoming.get_or_insert_default();
        for member in notice.members {
            incoming.insert(member, self.limit, self.bytes);
        }
        if notice.more {
            return Vec::new();
        }
        let now = self.incoming.take().unwrap_or_default();
        let mut before = std::mem::replace(&mut self.known, now);
        self.own = notice.own.or(self.own.take());
        let mut happened = Vec::new();
        if std::mem::replace(&mut self.listed, true) {
            for member in self.known.by_place.values() {
                let kind = match before.remove(&member.id) {
                    None => Some(PresenceKind::Join),
                    Some(before) => difference(&before, member),
                };
                happened.extend(kind.map(|kind| (kind, Some(member.clone()))));
            }
            let gone = before.by_place.into_values();
            happened.extend(gone.map(|member| (PresenceKind::Leave, Some(member))));
        }
        happened.push((PresenceKind::List, None));
        happened
    }

    /// The session has ended: a list that has not been received as a whole will not go on.
    pub(crate) fn disconnected(&mut self) {
        self.incoming = None;
    }
}
