//! The part of the queue that counts: what was written and is not acknowledged, and what is sent again.

use super::Outbound;
#[cfg(feature = "client")]
use super::Overflow;
#[cfg(feature = "server")]
use crate::codec::Numbering;
use crate::{encoded::EncodedMessage, session::counting::NeverSent};

impl Outbound {
    /// Begins to count the messages that are written from now on.
    pub(crate) fn begin_counting(&self) {
        self.lock().sent.begin();
    }

    /// Begins to number the messages that are written from now on, and keeps them within the limit, the volatile ones too.
    #[cfg(feature = "server")]
    pub(crate) fn begin_numbering(&self, numbering: Numbering) {
        let mut state = self.lock();
        state.sent.begin();
        state.numbering = Some(Box::new(numbering));
    }

    /// The number of the last message that was written.
    #[cfg(feature = "server")]
    pub(crate) fn last(&self) -> u64 {
        self.lock().sent.last()
    }

    /// Stops counting: what was written is not sent again.
    #[cfg(feature = "client")]
    pub(crate) fn end_counting(&self) {
        self.lock().sent.end();
    }

    /// Whether written messages are kept, so that the session can be resumed.
    #[cfg(feature = "server")]
    pub(crate) fn is_keeping(&self) -> bool {
        self.lock().sent.is_keeping()
    }

    /// Whether the session can be resumed by a peer that has received so many messages.
    #[cfg(feature = "server")]
    pub(crate) fn can_resume(&self, received: u64) -> bool {
        self.lock().sent.is_possible(received)
    }

    /// The peer has received so many messages. Returns whether that is new.
    ///
    /// # Errors
    /// If so many were never sent.
    pub(crate) fn acknowledge(&self, received: u64) -> Result<bool, NeverSent> {
        let mut state = self.lock();
        let acknowledged = state.sent.acknowledge(received);
        #[cfg(feature = "server")]
        if acknowledged == Ok(true) {
            state.answers.acknowledged(received);
        }
        #[cfg(feature = "client")]
        if self.overflow == Overflow::Wait && !state.queue.is_empty() {
            self.wake_task(state);
        }
        acknowledged
    }

    /// Resumes on another connection, whose peer has received so many messages: the rest precedes everything that is queued, and `first`
    /// precedes that.
    ///
    /// # Errors
    /// If the peer cannot have received so many.
    pub(crate) fn resume(
        &self,
        received: u64,
        first: Option<EncodedMessage>,
    ) -> Result<(), NeverSent> {
        let mut state = self.lock();
        state.sent.resume(received)?;
        #[cfg(feature = "server")]
        state.answers.acknowledged(received);
        drop(state);
        match first {
            Some(packet) => self.control(packet, 0),
            None => self.wake(),
        }
        Ok(())
    }

    /// The bytes that the queue and the messages without an acknowledgement hold.
    #[cfg(feature = "server")]
    pub(crate) fn held(&self) -> usize {
        let mut state = self.lock();
        state.settle();
        state.bytes + state.sent.bytes()
    }
}
