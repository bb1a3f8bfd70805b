//! Settings that are read into the model but have no effect yet, or not on both sides.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{Envelope, MessageId, RoleKind, RolePlayer, Sent};
use handfast_schema::Span;

/// An envelope without the spans of its fields.
fn unplaced(envelope: &Envelope) -> Envelope {
    let mut envelope = envelope.clone();
    let timestamp = envelope.timestamp.as_mut().map(|one| &mut one.field);
    let fields = [
        envelope.id.as_mut(),
        envelope.reply_to.as_mut(),
        envelope.version.as_mut(),
        envelope.channel.as_mut(),
        envelope.seq.as_mut(),
        envelope.epoch.as_mut(),
        timestamp,
    ];
    for field in fields.into_iter().flatten() {
        field.span = Span::default();
    }
    envelope
}

impl Checker<'_> {
    /// Reports every setting that has no effect yet. A line is removed when its feature is implemented.
    pub(super) fn pending(&mut self) {
        self.pending_messages();
        self.pending_session();
        self.pending_settings();
    }

    fn not_yet(&mut self, at: Span, what: &str, instead: &str) {
        let text = format!("{what} has no effect yet: {instead}");
        self.out.push(Diagnostic::note("G005", at, text));
    }

    /// The location of the value at a path, unless it is broken and was reported already.
    fn said(&self, path: &[&str]) -> Option<Span> {
        let entry = self.entry(path)?;
        (!self.tree.is_broken(entry.value)).then(|| self.place(entry))
    }

    fn pending_messages(&mut self) {
        let protocol = self.protocol;
        for (index, message) in protocol.messages.iter().enumerate() {
            let id = MessageId(index);
            for (end, sent, usual) in [
                ("client", &message.client, &protocol.envelope.client),
                ("server", &message.server, &protocol.envelope.server),
            ] {
                if let Some(sent) = sent {
                    self.pending_envelope(id, end, sent, usual);
                }
            }
        }
    }

    fn pending_envelope(&mut self, id: MessageId, end: &str, sent: &Sent, usual: &Envelope) {
        if unplaced(&sent.envelope) == unplaced(usual) {
            return;
        }
        let block = self.block(id);
        let blocks = [self.tree.get(block, end), Some(block)];
        let mut own = blocks
            .into_iter()
            .flatten()
            .filter_map(|block| self.tree.map(block)?.get("envelope"));
        let Some(at) = own.next().map(|entry| entry.at) else {
            return;
        };
        let what = format!(
            "the envelope of `{}`",
            self.protocol.messages[id.0].name.text
        );
        let instead = format!("generated Rust uses the envelope of everything the {end} sends");
        self.not_yet(at, &what, &instead);
    }

    fn pending_session(&mut self) {
        let session = &self.protocol.session;
        if let Some(at) = self.said(&["session", "phases"]) {
            let instead = "the client sends first, and no message is allowed before ready";
            self.not_yet(at, "`session.phases`", instead);
        }
        for (role, (kind, name)) in session.roles.iter().zip(RoleKind::ALL) {
            let RolePlayer::Mapped { message, fields } = &role.player else {
                continue;
            };
            // The message of `session.auth` is sent inside the hello; that is how this role is played.
            if kind == RoleKind::Auth && session.auth == Some(*message) && fields.is_empty() {
                continue;
            }
            let Some(at) = self.said(&["session", "roles", name]) else {
                continue;
            };
            let player = &self.protocol.messages[message.0].name.text;
            let what = format!("`{player}` in the role `{name}`");
            let instead = match kind {
                RoleKind::Error => "the role counts as `off`, and failures are not answered",
                _ => "the role counts as `off`",
            };
            self.not_yet(at, &what, instead);
        }
    }

    fn pending_settings(&mut self) {
        if let Some(at) = self.said(&["generate", "rust", "types"]) {
            self.not_yet(at, "`generate.rust.types`", "a `format` stays a string");
        }
    }
}
