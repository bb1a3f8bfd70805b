//! Queueing what the server publishes and sends: within the limit, at the cost of volatile messages, and never behind a lost one.

#[cfg(feature = "server")]
use super::run::{self, Run};
use super::{EnqueueError, Item, Locked, Outbound, Packet, State};
use crate::encoded::EncodedMessage;
#[cfg(feature = "server")]
use crate::metrics::{self, DropReason};
use std::sync::Arc;

impl Outbound {
    /// Queues a message that is not a reply. If there is no room, queued volatile messages are dropped. If there is still none, the message is lost,
    /// unless it is volatile: then no other is queued behind it, since a client that received that would never ask for what it missed.
    ///
    /// # Errors
    /// If there is no room, or the connection has ended.
    pub(crate) fn push(&self, packet: EncodedMessage, volatile: bool) -> Result<(), EnqueueError> {
        let item = Item {
            packet: Packet::Message(packet),
            volatile,
            key: None,
            mark: 0,
        };
        let state = self.push_item(item)?;
        self.wake_task(state);
        Ok(())
    }

    /// As [`Self::push`], of a message that is not lost: its caller waits for room and tries again.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn try_push(&self, packet: EncodedMessage) -> Result<(), EnqueueError> {
        let item = Item::new(Packet::Message(packet), 0);
        let mut state = self.lock();
        Self::make_room(&mut state, item.cost(), false, self.limit)?;
        state.push_item(item);
        self.wake_task(state);
        Ok(())
    }

    /// Queues the first message of a run, which is not volatile, and with it whatever is appended until that is taken or followed by something else.
    ///
    /// # Errors
    /// As [`Self::push`].
    #[cfg(feature = "server")]
    pub(crate) fn push_run(&self, run: &Run) -> Result<(), EnqueueError> {
        let mut state = self.push_item(Item::new(Packet::open(run), 0))?;
        if state.bytes + run::LARGEST > self.limit {
            state.settle();
        }
        self.wake_task(state);
        Ok(())
    }

    fn push_item(&self, item: Item) -> Result<Locked<'_>, EnqueueError> {
        let volatile = item.volatile;
        let mut state = self.lock();
        if state.has_lost && !volatile && !state.ended {
            return Err(EnqueueError::Full);
        }
        match Self::make_room(&mut state, item.cost(), volatile, self.limit) {
            Ok(()) => state.push_item(item),
            Err(error) => {
                state.has_lost |= !volatile;
                return Err(error);
            }
        }
        Ok(state)
    }

    /// Whether there is room for a message of that cost, perhaps without queued volatile messages.
    fn make_room(
        state: &mut State,
        cost: usize,
        volatile: bool,
        limit: usize,
    ) -> Result<(), EnqueueError> {
        if state.ended {
            return Err(EnqueueError::Ended);
        }
        state.settle();
        if state.bytes + cost > limit && !volatile && state.volatile > 0 {
            #[cfg(feature = "server")]
            metrics::dropped(DropReason::Full, state.volatile);
            state.drop_volatile();
        }
        if state.bytes + cost > limit && state.bytes > 0 {
            return Err(EnqueueError::Full);
        }
        Ok(())
    }

    /// Queues a volatile message with a key. It takes the place of one with the same key that is queued. If it finds no room, both are dropped.
    ///
    /// # Errors
    /// If there is no room, or the connection has ended.
    pub(crate) fn push_keyed(
        &self,
        packet: EncodedMessage,
        key: &Arc<str>,
    ) -> Result<(), EnqueueError> {
        let mut state = self.lock();
        if state.ended {
            return Err(EnqueueError::Ended);
        }
        let item = Item {
            packet: Packet::Message(packet),
            volatile: true,
            key: Some(key.clone()),
            mark: 0,
        };
        state.settle();
        let (limit, bytes, cost) = (self.limit, state.bytes, item.cost());
        let Some(waiting) = state.keyed(key) else {
            if bytes + cost > limit && bytes > 0 {
                return Err(EnqueueError::Full);
            }
            state.push_item(item);
            self.wake_task(state);
            return Ok(());
        };
        let others = bytes - waiting.cost();
        if others + cost > limit && others > 0 {
            // There is a newer one, which is lost.
            state.drop_keyed(key);
            return Err(EnqueueError::Full);
        }
        *waiting = item;
        state.bytes = others + cost;
        #[cfg(feature = "server")]
        metrics::dropped(DropReason::Replaced, 1);
        Ok(())
    }
}
