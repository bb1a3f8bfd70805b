//! Messages of the application in roles of the session: what their senders fill, and who speaks first.

use super::Checker;
use super::session::given_up;
use crate::diagnostic::Diagnostic;
use crate::model::{MessageId, RoleKind, RolePlayer, Side};
use crate::tree::Entry;
use handfast_schema::{SchemaId, Span, Type};

impl Checker<'_> {
    /// Whether a value of a schema may be a list.
    pub(super) fn may_be_list(&self, schema: SchemaId) -> bool {
        let types = self.protocol.schemas[self.followed(schema)].types;
        types.is_none_or(|types| types.contains(Type::Array))
    }

    /// The required fields of a role's message that neither the session nor the application fills.
    pub(super) fn open_fields(&mut self, kind: RoleKind, role: &str, id: MessageId, at: Span) {
        // The application builds these payloads.
        if matches!(kind, RoleKind::Ready | RoleKind::Greeting | RoleKind::Auth) {
            return;
        }
        let RolePlayer::Mapped { fields, .. } = self.protocol.session.role(kind) else {
            return;
        };
        let pointers: Vec<&str> = fields.iter().map(|(_, pointer)| pointer.as_str()).collect();
        let message = &self.protocol.messages[id.0];
        let sent = [&message.client, &message.server];
        let mut open: Vec<String> = Vec::new();
        for payload in sent.into_iter().flatten().filter_map(|sent| sent.payload) {
            self.open_in(payload, &pointers, "", 0, &mut open);
        }
        open.sort();
        open.dedup();
        let [first, ..] = open.as_slice() else { return };
        let name = &message.name.text;
        let text = match open.len() {
            1 => format!("nothing fills `{first}` of `{name}` in the role `{role}`"),
            _ => format!(
                "nothing fills these fields of `{name}` in the role `{role}`: `{}`",
                open.join("`, `")
            ),
        };
        let help = match kind {
            RoleKind::Hello => format!(
                "write `session: {{ auth: {name} }}`, so that the application builds the whole payload; or name it in `fields`"
            ),
            _ => "name a field of the role that fills it in `fields`, or do not require it"
                .to_owned(),
        };
        let label = self.of_message(id, "payload");
        self.out.push(
            Diagnostic::error("P046", at, text)
                .label(label, "the payload")
                .help(help),
        );
    }

    fn open_in(
        &self,
        schema: SchemaId,
        pointers: &[&str],
        path: &str,
        depth: usize,
        open: &mut Vec<String>,
    ) {
        if depth > 8 || pointers.contains(&"") {
            return;
        }
        for field in self
            .fields(schema)
            .into_iter()
            .filter(|field| field.required)
        {
            let segment = field.name.replace('~', "~0").replace('/', "~1");
            let rest: Vec<&str> = pointers
                .iter()
                .filter_map(|pointer| pointer.strip_prefix('/')?.strip_prefix(&*segment))
                .filter(|rest| rest.is_empty() || rest.starts_with('/'))
                .collect();
            let path = format!("{path}/{segment}");
            if rest.is_empty() {
                open.push(path);
                continue;
            }
            let owner = &self.protocol.schemas[field.owner];
            let found = owner
                .properties
                .iter()
                .find(|(name, _)| *name == field.name);
            if let Some((_, schema)) = found {
                self.open_in(*schema, &rest, &path, depth + 1, open);
            }
        }
    }

    /// A message in a role is the session's: the application neither receives nor sends it.
    pub(super) fn not_an_answer(&mut self, role: &str, id: MessageId, at: Span) {
        let mut others = self.protocol.messages.iter().enumerate();
        let answers = others.find(|(index, other)| {
            let own = self.protocol.session.is_own(MessageId(*index));
            other.reply.as_ref().is_some_and(|reply| {
                !own && [reply.ack, reply.stream, reply.end, reply.cancel].contains(&Some(id))
            })
        });
        if let Some((_, answers)) = answers {
            let (name, other) = (&self.protocol.messages[id.0].name.text, &answers.name.text);
            let text = format!(
                "`{name}` plays the role `{role}`, and so cannot be part of the reply to `{other}`"
            );
            let help = "declare a message of its own for the reply; both may have the same `tag` because the request identifies a reply";
            self.out
                .push(Diagnostic::error("P030", at, text).help(help));
        }
    }

    /// Both ends send a role of theirs with the same tag.
    pub(super) fn one_tag(&mut self, kind: RoleKind, role: &str, id: MessageId, at: Span) {
        let message = &self.protocol.messages[id.0];
        let (up, down) = kind.sent_by();
        let up = up || (kind == RoleKind::Error && self.has_server_requests());
        let (Some(client), Some(server), true) = (&message.client, &message.server, up && down)
        else {
            return;
        };
        if client.tag == server.tag {
            return;
        }
        let name = &message.name.text;
        let text =
            format!("both ends send `{name}` in the role `{role}`, and each with another tag");
        let help = "give it one `tag`, or another message to the role";
        let from = message.name.span;
        self.out.push(
            Diagnostic::error("P018", at, text)
                .label(from, "the message")
                .help(help),
        );
    }

    /// A message is recognized by its tag, so that it plays one role.
    pub(super) fn played_twice(&mut self) {
        let roles = &self.protocol.session.roles;
        let mut seen: Vec<(MessageId, &str, (bool, bool))> = Vec::new();
        for (role, (kind, name)) in roles.iter().zip(RoleKind::ALL) {
            // The message of `session.auth` may be the hello as well.
            let RolePlayer::Mapped { message, .. } = &role.player else {
                continue;
            };
            if kind == RoleKind::Auth {
                continue;
            }
            let played = &self.protocol.messages[message.0];
            let (up, down) = kind.sent_by();
            let ends = (
                up && played.client.is_some(),
                down && played.server.is_some(),
            );
            let other = seen.iter().find(|(other, _, (client, server))| {
                other == message && ((ends.0 && *client) || (ends.1 && *server))
            });
            if let (Some((_, other, (client, _))), Some(entry)) =
                (other, self.entry(&["session", "roles", name]))
            {
                let end = if ends.0 && *client {
                    "client"
                } else {
                    "server"
                };
                let text = format!(
                    "`{}` plays both `{other}` and `{name}`, and the {end} sends both",
                    played.name.text
                );
                let help = format!(
                    "a tag says which role a message plays: give `{name}` a message of its own, or turn it `off`"
                );
                let at = self.place(entry);
                self.out
                    .push(Diagnostic::error("P018", at, text).help(help));
            }
            seen.push((*message, name, ends));
        }
    }

    /// A message carries the credentials, as it was declared.
    pub(super) fn credentials(&mut self, auth: MessageId, at: Option<Span>) {
        let session = &self.protocol.session;
        let message = &self.protocol.messages[auth.0];
        let name = &message.name.text;
        let at = at.unwrap_or(message.name.span);
        let hello = session.role(RoleKind::Hello);
        let why = match hello {
            RolePlayer::Off => "the role `hello` is off".to_owned(),
            RolePlayer::Mapped { message, .. }
                if session.auth_follows()
                    && matches!(session.role(RoleKind::Auth), RolePlayer::Off) =>
            {
                let hello = &self.protocol.messages[message.0].name.text;
                format!("`{hello}` has no place for them, and the role `auth` is off")
            }
            _ => String::new(),
        };
        if !why.is_empty() {
            let text = format!("no message carries the credentials of `{name}`: {why}");
            let help = match hello {
                RolePlayer::Off => {
                    "leave the role `hello` on, or let a message of yours play it; if the request of the connection says who a client is, delete `auth`"
                }
                _ => {
                    "name their place: `hello: { fields: { auth: /… } }`; or leave the role `auth` on: then they follow the hello"
                }
            };
            self.out
                .push(Diagnostic::error("P050", at, text).help(help));
            return;
        }
        let is_hello = matches!(hello, RolePlayer::Mapped { message, .. } if *message == auth);
        let usual = &self.protocol.envelope.client;
        let has_own = |sent: &crate::model::Sent| sent.envelope != *usual;
        if !is_hello
            && message.client.as_ref().is_some_and(has_own)
            && let Some(own) = self.envelope_entry(auth, "client")
        {
            let text =
                format!("`{name}` is sent in the envelope of the session, and not in its own");
            let help = "delete `envelope` here; what the hello carries has none, and what follows it has that of the session's messages";
            let place = own.at;
            self.out.push(
                Diagnostic::error("P050", place, text)
                    .label(at, "it authenticates clients")
                    .help(help),
            );
        }
        self.again(auth);
    }

    /// Notes that clients cannot authenticate again, where a message of the application that plays the hello is all that authenticates them.
    fn again(&mut self, auth: MessageId) {
        let session = &self.protocol.session;
        let is_off = matches!(session.role(RoleKind::Auth), RolePlayer::Off);
        let client = &self.protocol.messages[auth.0].client;
        if is_off || client.is_none() || session.auth_tag(&self.protocol.messages).is_some() {
            return;
        }
        let places = [
            &["session", "roles", "auth"][..],
            &["session", "roles", "hello"],
        ];
        if let Some(entry) = places.into_iter().find_map(|path| self.entry(path)) {
            let text = format!("without the role `auth`, {}", given_up(RoleKind::Auth));
            let at = self.place(entry);
            self.out.push(Diagnostic::note("G001", at, text));
        }
    }

    /// The role `auth` is that of the message of `session.auth`, whose payload is what it carries.
    pub(super) fn auth_role(&mut self, entry: &Entry, player: &RolePlayer) {
        let Some(map) = self.tree.map(entry.value) else {
            return;
        };
        let fields = map.get("fields");
        let auth = self.protocol.session.auth;
        // If it names no message, that is what is wrong.
        let is_given = self.entry(&["session", "auth"]).is_some();
        if auth.is_none() && is_given {
            return;
        }
        let RolePlayer::Mapped { message, .. } = player else {
            let tag = map.get("tag").filter(|_| auth.is_none());
            let (entry, text, help) = if let Some(tag) = tag {
                (
                    tag,
                    "the role `auth` is played by the message of `session.auth`, and there is none",
                    "write `session: { auth: … }`, or delete the role",
                )
            } else if let Some(fields) = fields {
                (
                    fields,
                    "the role `auth` has no fields in a message of yours: the payload of `session.auth` is the credentials",
                    "delete `fields`",
                )
            } else {
                return;
            };
            self.out
                .push(Diagnostic::error("P030", entry.at, text).help(help));
            return;
        };
        let name = &self.protocol.messages[message.0].name.text;
        let at = map
            .get("message")
            .map_or(entry.at, |entry| self.place(entry));
        let (place, text, help) = match auth {
            Some(auth) if auth != *message => (
                at,
                format!(
                    "the role `auth` is played by the message of `session.auth`, which is `{}`, and not by `{name}`",
                    self.protocol.messages[auth.0].name.text
                ),
                format!("write `session: {{ auth: {name} }}`, or delete the role"),
            ),
            None => (
                at,
                "the role `auth` is played by the message of `session.auth`, and there is none"
                    .to_owned(),
                format!("write `session: {{ auth: {name} }}`"),
            ),
            Some(_) => match (fields, map.get("tag")) {
                (Some(fields), _) => (
                    fields.at,
                    format!(
                        "the role `auth` has no fields in a message of yours: the payload of `{name}` is the credentials"
                    ),
                    "delete `fields`".to_owned(),
                ),
                (None, Some(tag)) => (
                    tag.at,
                    "a role has a `tag` or a `message`, not both".to_owned(),
                    "the message has its own `tag` on the wire".to_owned(),
                ),
                (None, None) => return,
            },
        };
        self.out
            .push(Diagnostic::error("P030", place, text).help(help));
    }

    /// A server that speaks first has a message for it, and no other server has.
    pub(super) fn phases(&mut self) {
        let session = &self.protocol.session;
        let is_off = |kind| matches!(session.role(kind), RolePlayer::Off);
        let (hello, greeting) = (!is_off(RoleKind::Hello), !is_off(RoleKind::Greeting));
        let first = self.entry(&["session", "phases", "first"]);
        let role = self.entry(&["session", "roles", "greeting"]);
        match (session.phases.first, &first, &role) {
            (Side::Server, Some(first), _) if hello && !greeting => {
                let at = self.place(first);
                let text = "the server sends first, but nothing says what";
                let help = "name the message: `session: { roles: { greeting: { message: … } } }`; or turn the role `hello` off, if the session is ready at once";
                self.out
                    .push(Diagnostic::error("P047", at, text).help(help));
            }
            (Side::Client, _, Some(role)) if greeting => {
                let at = self.place(role);
                let text = "the client sends first, so there is no greeting";
                let help = "write `session: { phases: { first: server } }`";
                self.out
                    .push(Diagnostic::error("P047", at, text).help(help));
            }
            _ => {}
        }
        if let (RolePlayer::Own { .. }, Some(role)) = (session.role(RoleKind::Greeting), role) {
            let at = self.place(role);
            let text = "Handfast has no greeting of its own";
            let help = "name a message of yours: `greeting: { message: … }`";
            self.out
                .push(Diagnostic::error("P047", at, text).help(help));
        }
    }
}
