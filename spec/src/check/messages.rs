//! Messages: tags, replies, and keys that depend on each other.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{Message, MessageId, RoleKind, RolePlayer, Scalar, Sent};
use handfast_schema::Span;
use std::collections::BTreeMap;

/// What a tag belongs to.
#[derive(Clone, Copy)]
enum TagOwner {
    Message(MessageId),
    Role(&'static str),
}

/// The version that a pre-release leads to, as which it counts where versions are compared.
fn release(version: &semver::Version) -> semver::Version {
    semver::Version::new(version.major, version.minor, version.patch)
}

pub(super) fn spelled(tag: &Scalar) -> String {
    match tag {
        Scalar::Text(text) => text.clone(),
        Scalar::Integer(number) => number.to_string(),
    }
}

impl Checker<'_> {
    pub(super) fn messages(&mut self) {
        // How each message is used by others: as a single reply, or as a part of a stream.
        let count = self.protocol.messages.len();
        let mut acks = vec![false; count];
        let mut parts = vec![false; count];
        for message in &self.protocol.messages {
            let Some(reply) = &message.reply else {
                continue;
            };
            let single = !reply.is_stream();
            if let Some(ack) = reply.ack {
                if single {
                    acks[ack.0] = true
                } else {
                    parts[ack.0] = true
                }
            }
            for part in [reply.stream, reply.end].into_iter().flatten() {
                parts[part.0] = true;
            }
        }
        self.tags("client", &acks, &parts);
        self.tags("server", &acks, &parts);
        for (at, message) in self.protocol.messages.iter().enumerate() {
            let id = MessageId(at);
            self.reply(id, message);
            self.effects(id, message);
            self.failures(id, message);
            self.delivery(id, message);
        }
        self.correlation();
        self.versions();
        self.error_codes();
    }

    fn tag_place(&self, id: MessageId, end: &str) -> Span {
        let block = self.block(id);
        let part = self
            .tree
            .get(block, end)
            .and_then(|part| self.tree.map(part)?.get("tag"));
        part.map_or_else(|| self.of_message(id, "tag"), |entry| self.place(entry))
    }

    fn tags(&mut self, end: &str, acks: &[bool], parts: &[bool]) {
        let client = end == "client";
        let mut seen: BTreeMap<&Scalar, (TagOwner, Span)> = BTreeMap::new();
        let mut textual_roles = Vec::new();
        let protocol = self.protocol;
        for (role, (kind, name)) in protocol.session.roles.iter().zip(RoleKind::ALL) {
            let (up, down) = kind.sent_by();
            let RolePlayer::Own { tag } = &role.player else {
                continue;
            };
            let up = up || (kind == RoleKind::Error && self.has_server_requests());
            if !(if client { up } else { down }) {
                continue;
            }
            let at = self
                .entry(&["session", "roles", name])
                .map(|entry| entry.at);
            if matches!(tag, Scalar::Text(_)) {
                textual_roles.push(name);
            }
            let at = at.unwrap_or_default();
            if let Some((TagOwner::Role(other), _)) = seen.get(tag) {
                let tag = spelled(tag);
                let message = format!("the roles `{other}` and `{name}` have the same tag `{tag}`");
                let help = format!(
                    "give one of them another tag: `session: {{ roles: {{ {name}: {{ tag: session.{name} }} }} }}`"
                );
                self.out
                    .push(Diagnostic::error("P018", at, message).help(help));
            }
            seen.insert(tag, (TagOwner::Role(name), at));
        }
        // The answer to credentials has their tag.
        let answer = protocol.session.auth_tag(&protocol.messages);
        if let Some(tag) = answer.filter(|tag| !client && !seen.contains_key(tag)) {
            seen.insert(tag, (TagOwner::Role("auth"), Span::default()));
        }
        let mut integer = None;
        for (index, message) in protocol.messages.iter().enumerate() {
            let id = MessageId(index);
            let sent = if client {
                &message.client
            } else {
                &message.server
            };
            let Some(sent) = sent else { continue };
            let at = self.tag_place(id, end);
            let name = &message.name.text;
            let Some(tag) = &sent.tag else {
                if !acks[index] && !parts[index] && !self.is_failure(id, sent) {
                    let text = format!("`{name}` has no tag and is not a reply");
                    let help = "give it a `tag`, or make it the reply to a request (`reply: …`), which identifies it";
                    self.out
                        .push(Diagnostic::error("P035", at, text).help(help));
                }
                continue;
            };
            if matches!(tag, Scalar::Integer(_)) {
                integer.get_or_insert(at);
            }
            match seen.get(tag).copied() {
                // Replies are identified by their request, and a failure by the outcome.
                Some((TagOwner::Message(other), _))
                    if self.is_answer(other, client, acks) && self.is_answer(id, client, acks) => {}
                Some((TagOwner::Message(other), first)) => {
                    let other = &protocol.messages[other.0].name.text;
                    let tag = spelled(tag);
                    let text =
                        format!("the {end} sends both `{other}` and `{name}` with the tag `{tag}`");
                    self.out.push(
                        Diagnostic::error("P014", at, text)
                            .at("the same tag")
                            .label(first, "first here")
                            .help("a tag identifies a message: give one of them another `tag`; if the wire has one tag for both, make them one message whose payload is a `oneOf`"),
                    );
                }
                Some((TagOwner::Role(role), place)) => {
                    let text = format!("`{name}` has the same tag as the session's own `{role}`");
                    let mut problem = Diagnostic::error("P018", at, text);
                    if place != Span::default() {
                        problem = problem.label(place, "the role");
                    }
                    self.out.push(problem.help(format!(
                        "give the message another `tag`; if the wire requires it, change the tag of the role: `session: {{ roles: {{ {role}: {{ tag: session.{role} }} }} }}`, or `off`"
                    )));
                }
                None => {
                    seen.insert(tag, (TagOwner::Message(id), at));
                }
            }
        }
        if let Some(at) = integer {
            self.textual_roles(end, &textual_roles, at);
        }
    }

    /// If the tags are integers, those of the roles must be, too.
    fn textual_roles(&mut self, end: &str, textual_roles: &[&str], at: Span) {
        if textual_roles.is_empty() {
            return;
        }
        let roles: Vec<_> = textual_roles
            .iter()
            .map(|role| format!("`{role}`"))
            .collect();
        let text = format!(
            "the {end} sends integer tags, but these roles have strings: {}",
            roles.join(", ")
        );
        let help = "under `session: { roles: … }`, give each an integer (`ping: { tag: 9 }`), a message of your own, or `off`";
        self.out
            .push(Diagnostic::error("P019", at, text).help(help));
    }

    /// Keys of a message that have no effect.
    fn effects(&mut self, id: MessageId, message: &Message) {
        let name = &message.name.text;
        let plays = |message: MessageId| {
            let roles = self.protocol.session.roles.iter();
            let mut mapped = roles.map(|role| &role.player);
            mapped.any(|player| matches!(player, RolePlayer::Mapped { message: own, .. } if *own == message))
        };
        let plays = plays(id);
        let mut idle = Vec::new();
        if message.reply.is_none() && !plays {
            let errors = !message.errors.is_empty() && !self.may_be_refused(message);
            for (key, said) in [
                ("timeout", message.timeout.is_some()),
                ("idempotent", message.idempotent),
                ("errors", errors),
            ] {
                if said {
                    idle.push((key, "it has no `reply` to wait for"));
                }
            }
        }
        for (key, why) in idle {
            let text = format!("`{key}` has no effect on `{name}`: {why}");
            let at = self.of_message(id, key);
            self.out.push(Diagnostic::warning("P028", at, text));
        }
    }

    /// Whether a message is the reply to a request that failed, distinguished from a success by the `outcome` and not
    /// by a tag.
    fn is_failure(&self, id: MessageId, sent: &Sent) -> bool {
        let error = self.protocol.session.role(RoleKind::Error);
        let plays = matches!(error, RolePlayer::Mapped { message, .. } if *message == id);
        plays && sent.envelope.outcome.is_some()
    }

    /// Whether a message is a single reply, or what any request is answered with if it failed.
    fn is_answer(&self, id: MessageId, client: bool, acks: &[bool]) -> bool {
        let message = &self.protocol.messages[id.0];
        let sent = if client {
            &message.client
        } else {
            &message.server
        };
        acks[id.0] || sent.as_ref().is_some_and(|sent| self.is_failure(id, sent))
    }

    /// Whether a message without a reply can still be answered with an error, matched by its id.
    fn may_be_refused(&self, message: &Message) -> bool {
        let sent = [&message.client, &message.server].into_iter().flatten();
        let mut with_id = sent.filter(|sent| sent.envelope.id.is_some());
        let error = self.protocol.session.role(RoleKind::Error);
        with_id.next().is_some() && !matches!(error, RolePlayer::Off)
    }

    /// Declared errors that no message can carry: `outcome` distinguishes a failed reply from a successful one, but
    /// is not a message with a field for the code.
    fn failures(&mut self, id: MessageId, message: &Message) {
        let off = matches!(self.protocol.session.role(RoleKind::Error), RolePlayer::Off);
        if message.errors.is_empty() || message.reply.is_none() || !off {
            return;
        }
        let text = format!(
            "no message can carry the errors of `{}`: the role `error` is off",
            message.name.text
        );
        let help = "leave the role `error` on; if it cannot fail, delete `errors`";
        let at = self.of_message(id, "errors");
        self.out
            .push(Diagnostic::error("P036", at, text).help(help));
    }

    fn versions(&mut self) {
        let protocol = self.protocol;
        if let Some(entry) = self.entry(&["protocol", "accepts"])
            && !self.tree.is_broken(entry.value)
            && self
                .entry(&["protocol", "version"])
                .is_some_and(|v| !self.tree.is_broken(v.value))
            && !protocol.accepts.matches(&release(&protocol.version))
        {
            let version = &protocol.version;
            let text = format!("`accepts` does not include the protocol's own version {version}");
            let at = self.place(entry);
            let help = format!(
                "name versions of the other end, this one among them: `accepts: '^{}'`",
                release(version)
            );
            self.out
                .push(Diagnostic::error("P032", at, text).help(help));
        }
        for (index, message) in protocol.messages.iter().enumerate() {
            if message
                .since
                .as_ref()
                .is_some_and(|since| *since > protocol.version)
            {
                let text = format!("`since` of `{}` is a future version", message.name.text);
                let at = self.of_message(MessageId(index), "since");
                let help = format!("the protocol has version {}", protocol.version);
                self.out
                    .push(Diagnostic::error("P032", at, text).help(help));
            }
        }
    }

    fn error_codes(&mut self) {
        let mut seen = BTreeMap::new();
        for (error, entry) in self.protocol.errors.iter().zip(self.section("errors")) {
            let code = self.tree.map(entry.value).and_then(|map| map.get("code"));
            let at = code.map_or(entry.at, |entry| self.place(entry));
            if let Some((first, other)) = seen.insert(&error.code, (at, &error.name.text)) {
                let code = spelled(&error.code);
                let text = format!(
                    "`{other}` and `{}` have the same code `{code}`",
                    error.name.text
                );
                self.out.push(
                    Diagnostic::error("P014", at, text)
                        .label(first, "first here")
                        .help(
                            "give one of them another `code`; if the wire has one code for both, declare one error and list it for every request that may fail with it",
                        ),
                );
            }
        }
    }
}
