//! Sessions whose server numbers its messages: duplicates, gaps, and the message that asks for what was missed.

use super::{
    core::Core,
    pending::PendingState,
    receive::Heard,
    sequence::{Check, Sequence},
};
use crate::{
    calls::{Entry, Gap},
    encoded::EncodedMessage,
    system::{ResumeAfter, Role},
};

impl Core {
    /// Advances to the number of a message of the server, and reports a gap if messages before it are missing. Returns what the message
    /// counts as; `None` if it is a duplicate.
    pub(super) fn number(&self, seq: Option<u64>) -> Option<Heard> {
        if !self.descriptor.session.numbered {
            return Some(Heard::Message);
        }
        let Some(seq) = seq else {
            return Some(Heard::Pong);
        };
        let mut inner = self.lock();
        if inner.resuming && seq == 1 && inner.position.last().is_some_and(|last| last > 0) {
            // A session that goes on has none that is not higher: another has begun.
            inner.renumber(Gap::UNBOUNDED);
        }
        self.went_on(&mut inner);
        match inner.position.message(Some(seq), None) {
            Check::New => {}
            Check::After(gap) => inner.report(gap),
            Check::Duplicate => return None,
        }
        Some(Heard::Numbered(seq))
    }

    /// Returns the position of a message in its channel. If messages are numbered in the session, they have none.
    pub(super) fn position(
        &self,
        position: (Option<u64>, Option<String>),
    ) -> (Option<u64>, Option<String>) {
        match self.descriptor.session.numbered {
            true => (None, None),
            false => position,
        }
    }

    /// Encodes the message that asks for what comes after the position in a session. `token` is that of the session.
    pub(super) fn resume_message(&self, token: &str) -> Option<EncodedMessage> {
        let names = self.descriptor.session.names_session();
        let after = ResumeAfter {
            session: names.then(|| token.to_owned()),
            seq: self.lock().position.last().unwrap_or_default(),
        };
        self.control(Role::Resume, Some(&after), None)
    }

    /// Expects the answer to that message: messages after the position, or the report that there are none.
    pub(super) fn expect_resumption(&self) {
        let mut inner = self.lock();
        (inner.may_go_on, inner.resuming) = (false, true);
    }

    /// Whether that answer is not known yet.
    pub(super) fn is_resuming(&self) -> bool {
        self.lock().resuming
    }

    /// The connection is lost; the session may go on.
    pub(super) fn keep_handling(&self) {
        self.lock().may_go_on = true;
    }

    /// The session is lost, and with it an unknown number of messages.
    pub(super) fn session_lost(&self) {
        self.lock().renumber(Gap::UNBOUNDED);
    }
}

impl PendingState {
    /// Reports messages of the session that are missing to everything that the application reads.
    pub(super) fn report(&mut self, gap: Gap) {
        for (_, channel) in self.channels.iter_mut() {
            channel.report_gap(gap);
        }
        self.listeners.notify(|| Entry::Gap(gap), 0);
    }

    /// The server reports that messages of the session are missing; as the answer to a resumption, that another session has begun.
    pub(super) fn missed(&mut self, gap: Gap) {
        if std::mem::take(&mut self.resuming) {
            return self.renumber(gap);
        }
        self.position.reported(gap, (None, None));
        self.report(gap);
    }

    /// Another session begins, with numbers of its own.
    pub(super) fn renumber(&mut self, gap: Gap) {
        (self.position, self.may_go_on, self.resuming) = (Sequence::default(), false, false);
        self.resumed.get_or_insert(false);
        self.end_handling();
        self.report(gap);
    }
}
