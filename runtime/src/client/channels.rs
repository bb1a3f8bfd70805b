//! The channels that a client is in, or is about to be in: who holds a place there, and which numbers came.

use super::{
    Gap,
    backoff::Backoff,
    error::Failure,
    inbox::{Entry, Inbox},
    pending::{ReplyResult, RequestMessage},
};
use crate::Id;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::oneshot;

/// A channel, for as long as anybody holds a place in it or has asked for one.
pub(crate) struct Channel {
    /// Which room of this key it is: one that was left and joined again is another.
    pub(crate) life: u64,
    /// Who is in it.
    pub(crate) holders: Vec<Arc<Inbox>>,
    /// Who has asked to be, and has no answer.
    pub(crate) pending: Vec<Arc<Inbox>>,
    /// The server has this connection in the channel.
    pub(crate) entered: bool,
    /// It may have, and nobody knows: a join was sent, and its answer is not waited for or is none.
    pub(crate) doubt: bool,
    /// The request that joins it again, while it has no answer.
    pub(crate) rejoin: Option<Id>,
    /// How long it is waited before it is joined again, where that was refused for now.
    pub(crate) backoff: Option<Backoff>,
    /// The application knows that it may have missed something in this session.
    pub(crate) behind: bool,
    pub(crate) epoch: Option<String>,
    pub(crate) seq: Option<u64>,
    /// The numbers that were last reported as missing.
    pub(crate) hole: Option<(u64, u64)>,
    /// What joined it last.
    pub(crate) join: Option<RequestMessage>,
}

/// All channels, by their keys.
#[derive(Default)]
pub(crate) struct Channels {
    by_key: HashMap<String, Channel>,
    lives: u64,
}

impl Channels {
    /// A place in a channel is asked for.
    pub(crate) fn reserve(&mut self, key: &str, inbox: &Arc<Inbox>) {
        if let Some(room) = self.by_key.get_mut(key) {
            return room.pending.push(inbox.clone());
        }
        self.lives += 1;
        let room = Channel {
            life: self.lives,
            holders: Vec::new(),
            pending: vec![inbox.clone()],
            entered: false,
            doubt: false,
            rejoin: None,
            backoff: None,
            behind: false,
            epoch: None,
            seq: None,
            hole: None,
            join: None,
        };
        self.by_key.insert(key.to_owned(), room);
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Channel> {
        self.by_key.get_mut(key)
    }

    /// The room of a key, if it is still the one that is meant.
    pub(crate) fn same(&mut self, key: &str, life: u64) -> Option<&mut Channel> {
        self.by_key.get_mut(key).filter(|room| room.life == life)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Channel)> {
        self.by_key.iter_mut()
    }

    /// A place, or the wish for one, is given up. With the last of a channel the room goes, and is returned.
    pub(crate) fn exit(&mut self, key: &str, inbox: &Arc<Inbox>) -> Option<Channel> {
        let room = self.by_key.get_mut(key)?;
        let others = |other: &Arc<Inbox>| !Arc::ptr_eq(other, inbox);
        let before = room.holders.len() + room.pending.len();
        room.holders.retain(others);
        room.pending.retain(others);
        let left = room.holders.len() + room.pending.len();
        if left == 0 && before > 0 {
            self.by_key.remove(key)
        } else {
            None
        }
    }

    /// A join may have been handled, and nobody will know.
    pub(crate) fn may_be_in(&mut self, key: &str, inbox: &Arc<Inbox>) {
        if let Some(room) = self.by_key.get_mut(key)
            && room.pending.iter().any(|other| Arc::ptr_eq(other, inbox))
        {
            room.doubt = true;
        }
    }

    /// A join was answered: the place is taken.
    pub(crate) fn joined(
        &mut self,
        key: &str,
        inbox: &Arc<Inbox>,
        join: RequestMessage,
        seq: Option<u64>,
        epoch: Option<String>,
    ) {
        let Some(room) = self.by_key.get_mut(key) else {
            return;
        };
        let Some(at) = room
            .pending
            .iter()
            .position(|other| Arc::ptr_eq(other, inbox))
        else {
            return;
        };
        let inbox = room.pending.swap_remove(at);
        if room.holders.is_empty() {
            (room.seq, room.epoch, room.hole) = (seq, epoch, None);
        } else {
            room.rejoined(seq, epoch);
        }
        room.holders.push(inbox);
        room.settled();
        room.join = Some(join);
    }

    /// A channel cannot be joined again: who was in it learns why. Who has asked for a place waits for the answer.
    pub(crate) fn lose(&mut self, key: &str, failure: &Failure) {
        let Some(room) = self.by_key.get_mut(key) else {
            return;
        };
        for inbox in room.holders.drain(..) {
            inbox.end(Some(Entry::End(Err(failure.clone()))));
        }
        (room.entered, room.backoff) = (false, None);
        if room.pending.is_empty() {
            self.by_key.remove(key);
        }
    }

    /// The client is closed.
    pub(crate) fn end(&mut self) {
        for (_, room) in self.by_key.drain() {
            for inbox in room.holders {
                inbox.end(None);
            }
        }
    }
}

impl Channel {
    /// The connection was lost, and with it the server's knowledge of who is where.
    pub(crate) fn disconnected(&mut self) {
        (self.entered, self.doubt, self.behind) = (false, false, false);
        (self.rejoin, self.backoff) = (None, None);
    }

    /// The server has this connection in the channel.
    fn settled(&mut self) {
        self.entered = true;
        self.backoff = None;
    }

    /// Reports missing messages to everybody who is in it.
    pub(crate) fn miss(&self, gap: Gap) {
        for inbox in &self.holders {
            inbox.push(Entry::Gap(gap), 0, false);
        }
    }

    /// Reports once in a session that nobody knows what was missed.
    pub(crate) fn fall_behind(&mut self) {
        if !self.behind {
            self.behind = true;
            self.hole = None;
            self.miss(Gap::UNBOUNDED);
        }
    }

    /// The server says that messages are missing for good.
    pub(crate) fn noticed(&mut self, from: Option<u64>, to: Option<u64>) {
        if let Some(to) = to
            && self.seq.is_none_or(|last| to > last)
        {
            let first = self.seq.map_or(0, |last| last.saturating_add(1));
            self.hole = Some((from.unwrap_or(first).max(first), to));
            self.seq = Some(to);
        }
        self.miss(Gap { from, to });
    }

    /// A message with a number came: what lies between is a gap. False where it came before.
    pub(crate) fn advance(&mut self, seq: Option<u64>, epoch: Option<&str>) -> bool {
        let Some(seq) = seq else {
            return true;
        };
        let renewed = matches!((epoch, &self.epoch), (Some(new), Some(old)) if new != old);
        match self.seq {
            _ if renewed => {
                self.epoch = epoch.map(str::to_owned);
                self.hole = None;
                self.miss(Gap::UNBOUNDED);
            }
            Some(last) if seq <= last => {
                // One that was reported as missing did not come before. So one of the two numbers was not true, and nobody
                // knows what is missing.
                let Some((from, to)) = self.hole.take() else {
                    return false;
                };
                if !(from..=to).contains(&seq) {
                    self.hole = Some((from, to));
                    return false;
                }
                self.miss(Gap::UNBOUNDED);
            }
            Some(last) if seq - last > 1 => {
                let (from, to) = (last + 1, seq - 1);
                self.hole = Some((from, to));
                self.miss(Gap {
                    from: Some(from),
                    to: Some(to),
                });
            }
            _ => {}
        }
        self.seq = Some(seq);
        true
    }

    /// The channel was joined again: what was said meanwhile is a gap.
    pub(crate) fn rejoined(&mut self, seq: Option<u64>, epoch: Option<String>) {
        let renewed = matches!((&epoch, &self.epoch), (Some(new), Some(old)) if new != old);
        match (self.seq, seq) {
            _ if renewed => {
                self.hole = None;
                self.miss(Gap::UNBOUNDED);
            }
            // A count that went back is no count to go by.
            (Some(last), Some(now)) if now < last => {
                self.hole = None;
                self.miss(Gap::UNBOUNDED);
            }
            (Some(last), Some(now)) if now > last => {
                self.hole = Some((last + 1, now));
                self.miss(Gap {
                    from: Some(last + 1),
                    to: Some(now),
                });
            }
            _ => {}
        }
        self.epoch = epoch.or(self.epoch.take());
        self.seq = seq.or(self.seq);
        self.settled();
    }
}

/// A join on its way: who asked, and what is kept when it succeeds.
pub(crate) struct PendingJoin {
    pub(crate) answer: oneshot::Sender<ReplyResult>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) ask: RequestMessage,
    pub(crate) key: String,
}
