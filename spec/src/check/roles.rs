//! Messages of the application in roles of the session: what their senders fill, and who speaks first.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{MessageId, RoleKind, RolePlayer, Side};
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
