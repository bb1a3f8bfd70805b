//! The session and the settings: roles, close codes, outputs; and what turning a role `off` gives up.

use super::Checker;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{CloseCondition, MessageId, RoleKind, RolePlayer};
use crate::parse::grammar::normal_path;
use handfast_schema::SchemaId;
use std::collections::BTreeMap;

/// The fields of a role that an application message may carry.
const fn role_fields(kind: RoleKind) -> &'static [&'static str] {
    match kind {
        RoleKind::Hello => &["version", "hash", "auth"],
        RoleKind::Ready => &["version", "hash", "session", "expires"],
        RoleKind::Greeting => &["version"],
        RoleKind::Refuse => &["code", "message", "side", "retryable", "data", "violations"],
        RoleKind::Auth => &["auth"],
        RoleKind::Resume => &["session", "seq"],
        RoleKind::Gap => &["channel", "from", "to", "reason"],
        RoleKind::Skip => &["channel", "seq"],
        RoleKind::Presence => &["channel", "event", "members", "member", "count"],
        RoleKind::Join | RoleKind::Leave => &["channel"],
        RoleKind::Ping | RoleKind::Pong => &["nonce"],
        RoleKind::Negotiate => &["encoding"],
        RoleKind::Error => &["code", "message", "retryable", "data", "violations"],
        RoleKind::Received => &["received", "sent"],
    }
}

/// What a protocol gives up if nobody plays a role.
pub(super) const fn given_up(kind: RoleKind) -> &'static str {
    match kind {
        RoleKind::Hello => {
            "versions and hashes are not compared when a client connects, and sessions do not resume"
        }
        RoleKind::Ready => {
            "a client does not learn when it may start, nor which version the server has"
        }
        RoleKind::Refuse => "a client that is too old sees only a close code",
        RoleKind::Auth => {
            "clients do not authenticate again: a session ends when its authentication expires"
        }
        RoleKind::Resume => "a session ends with its connection if the server numbers its messages",
        RoleKind::Gap => "a client does not learn of messages that it missed for good",
        RoleKind::Skip => "a message to others than one member is a gap for that member",
        RoleKind::Presence => "the members of a channel do not learn who is in it",
        RoleKind::Join => "channels without a `join` of their own cannot be joined",
        RoleKind::Leave => "channels without a `leave` of their own cannot be left",
        RoleKind::Ping => "a dead connection is noticed only when writing to it",
        RoleKind::Pong => "pings are not answered",
        RoleKind::Negotiate => "the encoding is fixed by the WebSocket subprotocol",
        RoleKind::Error => "invalid messages are not answered, and failed requests give no reason",
        RoleKind::Received => "sessions do not resume",
        RoleKind::Greeting => "the client sends first",
    }
}

impl Checker<'_> {
    pub(super) fn session(&mut self) {
        let session = &self.protocol.session;
        if let Some(auth) = session.auth {
            let message = &self.protocol.messages[auth.0];
            let at = self
                .entry(&["session", "auth"])
                .map(|entry| self.place(entry));
            if message.client.is_none() && message.server.is_some() {
                let name = &message.name.text;
                let text =
                    format!("`{name}` cannot prove who the client is: the client does not send it");
                let from = self.of_message(auth, "from");
                let at = at.unwrap_or(from);
                self.out
                    .push(Diagnostic::error("P015", at, text).label(from, "who sends it"));
            }
            self.credentials(auth, at);
        }
        if session.backoff.min > session.backoff.max {
            let at = self.entry(&["session", "backoff", "min"]);
            let other = self.entry(&["session", "backoff", "max"]);
            if let (Some(min), Some(max)) = (at, other) {
                let (at, other) = (self.place(min), self.place(max));
                let text = "`min` is longer than `max`";
                let help = "the bound of the wait doubles from `min` to `max`: exchange them";
                self.out.push(
                    Diagnostic::error("P027", at, text)
                        .label(other, "the last bound")
                        .help(help),
                );
            }
        }
        for (role, (kind, name)) in session.roles.iter().zip(RoleKind::ALL) {
            self.role(kind, name, &role.player);
        }
        self.played_twice();
        self.phases();
        self.presences();
        self.numbering();
        self.notes();
    }

    /// A presence is reported by a message of the session.
    fn presences(&mut self) {
        let protocol = self.protocol;
        let role = protocol.session.role(RoleKind::Presence);
        if matches!(role, RolePlayer::Own { .. }) {
            return;
        }
        for (channel, entry) in protocol.channels.iter().zip(self.section("channels")) {
            let map = self.tree.map(entry.value);
            if let Some(presence) = map.and_then(|map| map.get("presence"))
                && channel.presence.is_some()
            {
                let name = &channel.name.text;
                let text = format!(
                    "nothing reports who is in `{name}`: the session has no message of its own for the role `presence`"
                );
                let help = "give it a tag: `session: { roles: { presence: { tag: … } } }`";
                let at = self.place(presence);
                self.out
                    .push(Diagnostic::error("P044", at, text).help(help));
            }
        }
    }

    fn role(&mut self, kind: RoleKind, name: &str, player: &RolePlayer) {
        if kind == RoleKind::Presence && !self.protocol.has_presence() {
            return;
        }
        if let Some(all) = self.entry(&["session", "roles"])
            && self.tree.text(all.value) == Some("off")
        {
            let text = format!("without the role `{name}`, {}", given_up(kind));
            if kind != RoleKind::Greeting {
                self.out
                    .push(Diagnostic::note("G001", self.place(all), text));
            }
            return;
        }
        let Some(entry) = self.entry(&["session", "roles", name]) else {
            return;
        };
        if self.tree.text(entry.value) == Some("off") && kind == RoleKind::Greeting {
            return;
        }
        if self.tree.text(entry.value) == Some("off") {
            let text = format!("without the role `{name}`, {}", given_up(kind));
            self.out
                .push(Diagnostic::note("G001", self.place(entry), text));
            return;
        }
        if kind == RoleKind::Auth {
            return self.auth_role(entry, player);
        }
        let Some(map) = self.tree.map(entry.value) else {
            return;
        };
        let RolePlayer::Mapped { message, fields } = player else {
            if let Some(fields) = map.get("fields").filter(|_| map.get("message").is_none()) {
                let text = "`fields` says where the role's fields are in a message, but there is no `message`";
                let help = "add `message: …`";
                self.out
                    .push(Diagnostic::error("P030", fields.at, text).help(help));
            }
            return;
        };
        if let Some(tag) = map.get("tag") {
            let text = "a role has a `tag` or a `message`, not both";
            let help = "the message has its own `tag` on the wire";
            self.out
                .push(Diagnostic::error("P030", tag.at, text).help(help));
        }
        let at = map
            .get("message")
            .map_or(entry.at, |entry| self.place(entry));
        self.player(kind, name, *message, at);
        self.one_tag(kind, name, *message, at);
        let target = &self.protocol.messages[message.0];
        let (up, down) = kind.sent_by();
        let sent = target.client.as_ref().filter(|_| up);
        let sent = sent.or(target.server.as_ref().filter(|_| down));
        let payload = sent.and_then(|sent| sent.payload);
        let known = payload
            .map(|payload| self.fields(payload))
            .unwrap_or_default();
        for (field, pointer) in fields {
            let entry = map
                .get("fields")
                .and_then(|all| self.tree.map(all.value)?.get(field));
            let Some(entry) = entry else { continue };
            let allowed = role_fields(kind);
            if !allowed.contains(&field.as_str()) {
                let text = format!("the role `{name}` has no field `{field}`");
                let help = did_you_mean(field, allowed.iter().copied())
                    .unwrap_or_else(|| format!("it has `{}`", allowed.join("`, `")));
                self.out
                    .push(Diagnostic::error("P030", entry.at, text).help(help));
                continue;
            }
            // The empty pointer is the whole payload.
            if !pointer.is_empty() {
                self.role_pointer(pointer, self.place(entry), *message, (payload, &known));
            }
        }
        self.open_fields(kind, name, *message, at);
        self.not_an_answer(name, *message, at);
    }

    /// The pointer of a role's field must lead to a field of the payload.
    fn role_pointer(
        &mut self,
        pointer: &str,
        at: handfast_schema::Span,
        message: MessageId,
        (payload, known): (Option<SchemaId>, &[super::DeclaredField]),
    ) {
        let first = pointer
            .strip_prefix('/')
            .map(|rest| rest.split('/').next().unwrap_or(""));
        match first.map(|first| first.replace("~1", "/").replace("~0", "~")) {
            None => {
                let text = format!("`{pointer}` is not a JSON Pointer");
                let help = format!(
                    "a pointer begins with a slash: `/{pointer}`; `''` is the whole payload"
                );
                self.out
                    .push(Diagnostic::error("P030", at, text).help(help));
            }
            // An item of a list.
            Some(first)
                if first.parse::<usize>().is_ok()
                    && payload.is_some_and(|payload| self.may_be_list(payload)) => {}
            Some(first) if !known.iter().any(|known| known.name == first) => {
                let name = &self.protocol.messages[message.0].name.text;
                let text = format!("the payload of `{name}` has no field `{first}`");
                let help = did_you_mean(&first, known.iter().map(|known| known.name.as_str()));
                let label = self.of_message(message, "payload");
                self.out.push(
                    Diagnostic::error("P030", at, text)
                        .label(label, "the payload")
                        .maybe_help(help),
                );
            }
            Some(_) => {}
        }
    }

    /// The message that plays a role must be sent by the right side.
    fn player(&mut self, kind: RoleKind, name: &str, id: MessageId, at: handfast_schema::Span) {
        let message = &self.protocol.messages[id.0];
        let (up, down) = kind.sent_by();
        // Most roles of both sides may be played by one of them.
        let answered = matches!(kind, RoleKind::Join | RoleKind::Leave | RoleKind::Negotiate);
        let either = up && down && !answered;
        let (by_client, by_server) = (message.client.is_some(), message.server.is_some());
        let fits = either || (!by_client && !by_server);
        let missing = match (up && !by_client, down && !by_server) {
            _ if fits => None,
            (true, _) => Some("client"),
            (_, true) => Some("server"),
            _ => None,
        };
        if let Some(end) = missing {
            let text = format!(
                "`{}` cannot play the role `{name}`: the {end} does not send it",
                message.name.text
            );
            let from = self.of_message(id, "from");
            let help = answered.then_some("the client asks, and the answer is the same message from the server: write `from: both`");
            self.out.push(
                Diagnostic::error("P015", at, text)
                    .label(from, "who sends it")
                    .maybe_help(help.map(str::to_owned)),
            );
        }
    }

    fn notes(&mut self) {
        let off = |this: &Self, path: &[&str]| {
            let entry = this.entry(path)?;
            let text = this.tree.text(entry.value);
            let absent = this.tree.get(entry.value, "presence");
            let absent = absent.and_then(|id| this.tree.text(id)) == Some("absent");
            (text == Some("off") || absent).then(|| this.place(entry))
        };
        for (key, code, lost) in [
            (
                "heartbeat",
                "G002",
                "without a heartbeat, a dead connection is noticed only when writing to it",
            ),
            (
                "resume",
                "G003",
                "without `resume`, a client misses what is sent while it is disconnected",
            ),
        ] {
            if let Some(at) = off(self, &["session", key]) {
                self.out.push(Diagnostic::note(code, at, lost));
            }
        }
        for (key, lost) in [
            (
                "id",
                "without `id`, an error cannot be matched to its request",
            ),
            (
                "seq",
                "without `seq`, a client does not notice missed messages of a channel",
            ),
            (
                "epoch",
                "without `epoch`, a client cannot notice that a server restarted its numbering",
            ),
            (
                "channel",
                "without `channel`, a client does not know to which channel a message belongs",
            ),
        ] {
            for path in [
                &["envelope", key][..],
                &["envelope", "client", key],
                &["envelope", "server", key],
            ] {
                if let Some(at) = off(self, path) {
                    self.out.push(Diagnostic::note("G004", at, lost));
                }
            }
            for (index, message) in self.protocol.messages.iter().enumerate() {
                let id = MessageId(index);
                // The envelope of a message in a role is that of the role's protocol, and what is not published has no position.
                let matters = match key {
                    "id" => message.reply.is_some(),
                    _ => message.channel.is_some() && message.server.is_some(),
                };
                if !matters || self.protocol.session.is_own(id) {
                    continue;
                }
                for at in self.given_up_by(id, key) {
                    self.out.push(Diagnostic::note("G004", at, lost));
                }
            }
        }
        self.histories();
    }

    /// Where the envelopes of a message turn a field off.
    fn given_up_by(&self, id: MessageId, key: &str) -> Vec<handfast_schema::Span> {
        let block = self.block(id);
        let parts = [
            Some(block),
            self.tree.get(block, "client"),
            self.tree.get(block, "server"),
        ];
        let envelopes = parts
            .into_iter()
            .flatten()
            .filter_map(|part| self.tree.get(part, "envelope"));
        let entries = envelopes.filter_map(|envelope| self.tree.map(envelope)?.get(key));
        let off = entries.filter(|entry| {
            let absent = self.tree.get(entry.value, "presence");
            let absent = absent.and_then(|id| self.tree.text(id)) == Some("absent");
            self.tree.text(entry.value) == Some("off") || absent
        });
        off.map(|entry| self.place(entry)).collect()
    }

    /// A history is replayed from a position, which both ends send.
    fn histories(&mut self) {
        let protocol = self.protocol;
        let (client, server) = (&protocol.envelope.client, &protocol.envelope.server);
        let missing = [
            ("client", "seq", &client.seq),
            ("client", "epoch", &client.epoch),
            ("server", "seq", &server.seq),
            ("server", "epoch", &server.epoch),
        ]
        .into_iter()
        .find(|(.., field)| field.is_none());
        let Some((end, field, _)) = missing else {
            return;
        };
        for (channel, entry) in protocol.channels.iter().zip(self.section("channels")) {
            let map = self.tree.map(entry.value);
            if let Some(history) = map.and_then(|map| map.get("history"))
                && channel.history.is_some()
            {
                let name = &channel.name.text;
                let text = format!(
                    "without `{field}` in what the {end} sends, the history of `{name}` is not replayed"
                );
                let at = self.place(history);
                self.out.push(Diagnostic::note("G004", at, text));
            }
        }
    }

    pub(super) fn settings(&mut self) {
        self.closes();
        self.encodings();
        self.outputs();
    }

    fn closes(&mut self) {
        let mut seen: BTreeMap<u16, &str> = BTreeMap::new();
        for (close, (_, name, _)) in self.protocol.closes.iter().zip(CloseCondition::ALL) {
            let Some(code) = close.code else { continue };
            let given = self
                .entry(&["closes", name])
                .filter(|entry| !self.tree.is_broken(entry.value));
            let other = seen.insert(code, name);
            let Some(at) = given.map(|entry| self.place(entry)) else {
                // If the earlier one was written in the spec, the clash is reported there.
                if let Some(other) = other
                    && let Some(entry) = self.entry(&["closes", other])
                {
                    let text = format!("`{other}` and `{name}` close with the same code {code}");
                    let at = self.place(entry);
                    let help = "a client decides by the code whether to reconnect";
                    self.out
                        .push(Diagnostic::warning("P034", at, text).help(help));
                }
                continue;
            };
            if !matches!(code, 1000 | 1001 | 1008 | 1009 | 1011..=1014 | 3000..=4999) {
                let text = format!("{code} cannot be sent as a close code");
                let help = "codes for applications are 4000 to 4999 (RFC 6455, section 7.4); 1002, 1003, 1007 and 1010 are those of the transport itself";
                self.out
                    .push(Diagnostic::error("P025", at, text).help(help));
            }
            if let Some(other) = other {
                let text = format!("`{other}` and `{name}` close with the same code {code}");
                let mut problem = Diagnostic::warning("P034", at, text);
                if let Some(first) = self.entry(&["closes", other]) {
                    problem = problem.label(self.place(first), "first here");
                }
                let help = "a client decides by the code whether to reconnect";
                self.out.push(problem.help(help));
            }
        }
    }

    fn encodings(&mut self) {
        let mut seen = BTreeMap::new();
        for entry in self.section("encodings") {
            let Some(text) = self.tree.text(entry.value) else {
                continue;
            };
            let at = self.place(entry);
            if text == "off" {
                if entry.key != "json" {
                    let message = format!("`{}` has no subprotocol", entry.key);
                    let help = "a connection without a subprotocol speaks JSON, so only `json` can do without: name one";
                    self.out
                        .push(Diagnostic::error("P026", at, message).help(help));
                }
                continue;
            }
            let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            if text.is_empty() || !text.chars().all(token) {
                let message = format!("`{text}` cannot be a WebSocket subprotocol");
                let help =
                    "a subprotocol is a token as in RFC 9110: letters, digits, `.`, `-`, `+`, `_`";
                self.out
                    .push(Diagnostic::error("P026", at, message).help(help));
            }
            if let Some(first) = seen.insert(text, at) {
                let message = format!("two encodings have the subprotocol `{text}`");
                self.out
                    .push(Diagnostic::error("P026", at, message).label(first, "first here"));
            }
        }
    }

    fn outputs(&mut self) {
        let outside = self
            .entry(&["generate", "outside"])
            .is_some_and(|entry| self.tree.flag(entry.value) == Some(true));
        let mut outs = BTreeMap::new();
        for key in ["rust", "typescript", "schema"] {
            let Some(entry) = self.entry(&["generate", key, "out"]) else {
                continue;
            };
            let Some(text) = self.tree.text(entry.value) else {
                continue;
            };
            let at = self.place(entry);
            let Some(path) = normal_path(text) else {
                continue;
            };
            if path.starts_with("../") && !outside {
                let message = format!("`{text}` is outside the folder of the spec");
                let help =
                    "choose a file in that folder, or write `outside: true` under `generate`";
                self.out
                    .push(Diagnostic::error("P033", at, message).help(help));
            }
            // Some file systems are case-insensitive.
            if let Some(first) = outs.insert(path.to_lowercase(), at) {
                let message = format!("two outputs have the path `{path}`");
                self.out
                    .push(Diagnostic::error("P033", at, message).label(first, "first here"));
            }
        }
    }
}
