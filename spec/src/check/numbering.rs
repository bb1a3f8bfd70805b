//! Sessions that resume by the numbers of the server's messages: `session.resume.seq`.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{MessageId, RoleKind, RolePlayer};
use handfast_schema::Span;

/// The code of everything that keeps such a session from resuming.
const CODE: &str = "P049";

/// The roles whose messages from the server have no number in the session.
pub(super) const UNNUMBERED: [RoleKind; 7] = [
    RoleKind::Hello,
    RoleKind::Ready,
    RoleKind::Refuse,
    RoleKind::Greeting,
    RoleKind::Ping,
    RoleKind::Pong,
    RoleKind::Received,
];

impl Checker<'_> {
    pub(super) fn numbering(&mut self) {
        let session = &self.protocol.session;
        let seq = self.entry(&["session", "resume", "seq"]);
        let (true, Some(seq)) = (session.numbered, seq) else {
            return self.unused_resume();
        };
        let Some(field) = self.tree.text(seq.value) else {
            return;
        };
        let at = self.place(seq);
        self.numbered_messages(field, at);
        self.unnumbered_channels(at);
        self.asking(at);
        self.refusing(at);
    }

    /// Without numbers, a client resumes in its hello.
    fn unused_resume(&mut self) {
        let session = &self.protocol.session;
        let help =
            "name the field of the envelope with the number: `session: { resume: { seq: … } }`";
        if let RolePlayer::Mapped { .. } = session.role(RoleKind::Resume)
            && let Some(role) = self.entry(&["session", "roles", "resume"])
        {
            let text = "a message in the role `resume` asks for the messages after a number, but the server's have none";
            let at = self.place(role);
            self.out.push(Diagnostic::error(CODE, at, text).help(help));
        }
        if let Some(field) = self.entry(&["session", "roles", "ready", "fields", "session"]) {
            let text = "`ready` names the session for the role `resume`, which is not used: the server's messages have no numbers";
            let at = self.place(field);
            self.out.push(Diagnostic::error(CODE, at, text).help(help));
        }
    }

    /// Every message of the server has the field.
    fn numbered_messages(&mut self, field: &str, at: Span) {
        let protocol = self.protocol;
        let usual = &protocol.envelope.server.seq;
        if usual.as_ref().is_none_or(|seq| seq.name != field) {
            let text = format!("the envelope of the server's messages has no number `{field}`");
            let help = match usual {
                Some(seq) => format!("write `seq: {}`, as in `envelope`", seq.name),
                None => format!("write `envelope: {{ server: {{ seq: {field} }} }}`"),
            };
            self.out.push(Diagnostic::error(CODE, at, text).help(help));
            return;
        }
        for (index, message) in protocol.messages.iter().enumerate() {
            let id = MessageId(index);
            let Some(sent) = &message.server else {
                continue;
            };
            let exempt = UNNUMBERED.iter().any(|kind| {
                matches!(protocol.session.role(*kind), RolePlayer::Mapped { message, .. } if *message == id)
            });
            let has = sent.envelope.seq.as_ref();
            if exempt || has.is_some_and(|seq| seq.name == field) {
                continue;
            }
            let text = format!(
                "the envelope of `{}` has no number `{field}`, and all messages of the server are numbered",
                message.name.text
            );
            let own = self.of_message(id, "envelope");
            self.out
                .push(Diagnostic::error(CODE, own, text).label(at, "the number in the session"));
        }
    }

    /// The number is the session's, so that a channel has none.
    fn unnumbered_channels(&mut self, at: Span) {
        let protocol = self.protocol;
        for (channel, entry) in protocol.channels.iter().zip(self.section("channels")) {
            let map = self.tree.map(entry.value);
            let Some(history) = map.and_then(|map| map.get("history")) else {
                continue;
            };
            let name = &channel.name.text;
            let text = format!(
                "`{name}` cannot have a history: its messages are numbered in the session, not in the channel"
            );
            let place = self.place(history);
            self.out
                .push(Diagnostic::error(CODE, place, text).label(at, "the number in the session"));
        }
    }

    /// A message of the client asks for what comes after a number, and its session can be found.
    fn asking(&mut self, at: Span) {
        let session = &self.protocol.session;
        let place = self
            .entry(&["session", "roles", "resume"])
            .map_or(at, |role| self.place(role));
        let has = |kind: RoleKind, field: &str| match session.role(kind) {
            RolePlayer::Off => false,
            RolePlayer::Own { .. } => true,
            RolePlayer::Mapped { fields, .. } => fields.iter().any(|(name, _)| name == field),
        };
        let (asks, announced) = (
            has(RoleKind::Resume, "session"),
            has(RoleKind::Ready, "session"),
        );
        let mapped = matches!(session.role(RoleKind::Resume), RolePlayer::Mapped { .. });
        let (text, help) = if matches!(session.role(RoleKind::Resume), RolePlayer::Off) {
            (
                "no message of the client asks for what it missed: the role `resume` is off",
                "name the message: `session: { roles: { resume: { message: …, fields: { seq: /lastSeq } } } }`",
            )
        } else if !has(RoleKind::Resume, "seq") {
            (
                "the message in the role `resume` does not say which number the client received last",
                "add it to its `fields`: `seq: /lastSeq`",
            )
        } else if mapped && asks && !announced {
            (
                "the message in the role `resume` names a session, but the role `ready` does not say which that is",
                "add `session: /…` to the `fields` of `ready`, or remove it here",
            )
        } else if !(asks && announced) && session.auth.is_none() {
            (
                "nothing says which session a client resumes: no message names it, and without `session.auth` no principal is known",
                "add `session: /…` to the `fields` of `ready` and `resume`, or write `session: { auth: … }`",
            )
        } else {
            return;
        };
        self.out
            .push(Diagnostic::error(CODE, place, text).help(help));
    }

    /// The server can say that the session does not resume.
    fn refusing(&mut self, at: Span) {
        let session = &self.protocol.session;
        let off = |kind| matches!(session.role(kind), RolePlayer::Off);
        if off(RoleKind::Gap) && off(RoleKind::Error) {
            let text = "a client does not learn that its session does not resume: the roles `gap` and `error` are off";
            let help = "name a message for one of them";
            self.out.push(Diagnostic::error(CODE, at, text).help(help));
        }
    }
}
