//! Settings that are read into the model but have no effect yet, or not on both sides.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{EncodingKind, MessageId, RoleKind, RolePlayer};
use handfast_schema::Span;

impl Checker<'_> {
    /// Reports every setting that has no effect yet. A line is removed when its feature is implemented.
    pub(super) fn pending(&mut self) {
        self.pending_channels();
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

    fn pending_channels(&mut self) {
        let protocol = self.protocol;
        for (channel, entry) in protocol.channels.iter().zip(self.section("channels")) {
            let map = self.tree.map(entry.value);
            if let Some(history) = map.and_then(|map| map.get("history"))
                && channel.history.is_some()
            {
                let what = format!("the history of `{}`", channel.name.text);
                let at = self.place(history);
                self.not_yet(at, &what, "nothing is stored or replayed");
            }
        }
    }

    fn pending_messages(&mut self) {
        let protocol = self.protocol;
        for (index, message) in protocol.messages.iter().enumerate() {
            let id = MessageId(index);
            let name = &message.name.text;
            if message.reply.is_some() && message.server.is_some() {
                let at = self.of_message(id, "reply");
                let what = format!("the reply to `{name}`");
                self.not_yet(at, &what, "servers do not wait for one");
            }
        }
    }

    fn pending_session(&mut self) {
        let session = &self.protocol.session;
        for (role, (kind, name)) in session.roles.iter().zip(RoleKind::ALL) {
            let RolePlayer::Mapped { message, .. } = &role.player else {
                continue;
            };
            if !matches!(kind, RoleKind::Resume | RoleKind::Negotiate) {
                continue;
            }
            let Some(at) = self.said(&["session", "roles", name]) else {
                continue;
            };
            let player = &self.protocol.messages[message.0].name.text;
            let what = format!("`{player}` in the role `{name}`");
            let instead = "the role counts as `off`";
            self.not_yet(at, &what, instead);
        }
    }

    fn pending_settings(&mut self) {
        let encodings = &self.protocol.encodings;
        let json = encodings.iter().any(|one| one.kind == EncodingKind::Json);
        if let Some(at) = self.entry(&["encodings"]).map(|entry| entry.at)
            && !json
        {
            let text = "the encodings do not include JSON; the protocol is served as JSON nevertheless, without a subprotocol";
            let help = "other encodings are not supported yet: add `json` to them";
            self.out
                .push(Diagnostic::warning("P041", at, text).help(help));
        }
        for encoding in encodings {
            let key = match encoding.kind {
                EncodingKind::Json => continue,
                EncodingKind::Msgpack => "msgpack",
                EncodingKind::Cbor => "cbor",
            };
            if let Some(at) = self.said(&["encodings", key]) {
                let what = format!("the encoding `{key}`");
                self.not_yet(at, &what, "JSON is used");
            }
        }
        if let Some(at) = self.said(&["generate", "rust", "types"]) {
            self.not_yet(at, "`generate.rust.types`", "a `format` stays a string");
        }
    }
}
