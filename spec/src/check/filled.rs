//! Fields of envelopes: what is required of a message is what its sender always writes, in the type that it writes.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{
    Envelope, EnvelopeField, FieldKind, Message, MessageId, Presence, RoleKind, RolePlayer, Side,
};
use handfast_schema::Span;

/// The code of a field that the ends do not keep.
const CODE: &str = "P051";

/// The fields that not every message has. A version is in each, if it is required.
const PARTS: [&str; 5] = ["id", "channel", "seq", "epoch", "timestamp"];

fn part<'e>(envelope: &'e Envelope, name: &str) -> Option<&'e EnvelopeField> {
    match name {
        "id" => envelope.id.as_ref(),
        "channel" => envelope.channel.as_ref(),
        "seq" => envelope.seq.as_ref(),
        "epoch" => envelope.epoch.as_ref(),
        _ => envelope.timestamp.as_ref().map(|time| &time.field),
    }
}

fn is_required(envelope: &Envelope, name: &str) -> bool {
    part(envelope, name).is_some_and(|field| field.presence == Presence::Required)
}

const fn word(end: Side) -> &'static str {
    match end {
        Side::Client => "client",
        Side::Server => "server",
    }
}

impl Checker<'_> {
    pub(super) fn filled(&mut self) {
        for end in [Side::Client, Side::Server] {
            self.strings(end);
            for name in PARTS {
                self.required(end, name);
            }
        }
        self.addressed();
    }

    /// The location of a field of the envelope of a direction.
    fn usual_place(&self, end: Side, name: &str) -> Span {
        let paths = [
            &["envelope", word(end), name][..],
            &["envelope", name],
            &["envelope"],
        ];
        let entry = paths.into_iter().find_map(|path| self.entry(path));
        entry.map_or_else(Span::default, |entry| self.place(entry))
    }

    /// Keys and epochs are strings.
    fn strings(&mut self, end: Side) {
        let protocol = self.protocol;
        let usual = match end {
            Side::Client => &protocol.envelope.client,
            Side::Server => &protocol.envelope.server,
        };
        for name in ["channel", "epoch"] {
            let is_integer = |envelope: &Envelope| {
                part(envelope, name).is_some_and(|field| field.kind == FieldKind::Integer)
            };
            let mut places = Vec::new();
            // What holds for both directions is reported once.
            if is_integer(usual) && (end == Side::Client || !is_integer(&protocol.envelope.client))
            {
                places.push(self.usual_place(end, name));
            }
            for (index, message) in protocol.messages.iter().enumerate() {
                let sent = match end {
                    Side::Client => &message.client,
                    Side::Server => &message.server,
                };
                let differs = sent.as_ref().is_some_and(|sent| is_integer(&sent.envelope));
                if differs && !is_integer(usual) {
                    places.push(self.of_envelope(MessageId(index), word(end), name));
                }
            }
            for at in places {
                let text = format!("`{name}` is a string, and cannot be an integer");
                let help = "delete `type`: both ends write and read text there";
                self.out.push(Diagnostic::error(CODE, at, text).help(help));
            }
        }
    }

    /// A field that is required is in every message.
    fn required(&mut self, end: Side, name: &str) {
        let protocol = self.protocol;
        let usual = match end {
            Side::Client => &protocol.envelope.client,
            Side::Server => &protocol.envelope.server,
        };
        // The number in the session is added to a message that was written without one.
        let is_number = name == "seq" && end == Side::Server && protocol.session.numbered;
        let is_required = |envelope: &Envelope, name: &str| {
            let nullable =
                part(envelope, name).is_some_and(|field| field.presence == Presence::Nullable);
            is_required(envelope, name) || (is_number && nullable)
        };
        let is_usual = is_required(usual, name);
        let help = match is_number {
            true => "write `presence: optional`".to_owned(),
            false => format!(
                "write `presence: optional`; with `nullable` a sender writes null where it has no `{name}`"
            ),
        };
        let mut without = None;
        if is_usual && end == Side::Server {
            without = self.session_without(name);
        }
        for (index, message) in protocol.messages.iter().enumerate() {
            let id = MessageId(index);
            let sent = match end {
                Side::Client => &message.client,
                Side::Server => &message.server,
            };
            let Some(sent) = sent else { continue };
            if !is_required(&sent.envelope, name) || self.fills(end, id, message, name) {
                continue;
            }
            let own = self.own_envelope(id, word(end), name);
            match own.map(|entry| self.place(entry)) {
                Some(at) => {
                    let text = format!(
                        "`{name}` is required of `{}`, and its sender does not always fill it",
                        message.name.text
                    );
                    self.out
                        .push(Diagnostic::error(CODE, at, text).help(&*help));
                }
                None => {
                    without.get_or_insert_with(|| format!("`{}`", message.name.text));
                }
            }
        }
        if let (true, Some(message)) = (is_usual, without) {
            let end_name = word(end);
            let text = format!(
                "`{name}` is required of what the {end_name} sends, and {message} may be without it"
            );
            let at = self.usual_place(end, name);
            self.out.push(Diagnostic::error(CODE, at, text).help(help));
        }
    }

    /// One of the session's own messages that is without a field. A server does not ask for the fields of those that it receives.
    fn session_without(&self, name: &str) -> Option<String> {
        let session = &self.protocol.session;
        let mut roles = session.roles.iter().zip(RoleKind::ALL);
        let found = roles.find(|(role, (kind, _))| {
            let is_own = matches!(role.player, RolePlayer::Own { .. });
            is_own && kind.sent_by().1 && self.is_used(*kind) && !self.role_fills(*kind, name)
        });
        found.map(|(_, (_, role))| format!("the session's own `{role}`"))
    }

    /// Whether the messages of a role are ever sent.
    fn is_used(&self, kind: RoleKind) -> bool {
        let session = &self.protocol.session;
        match kind {
            RoleKind::Auth => session.auth_tag(&self.protocol.messages).is_some(),
            RoleKind::Presence => self.protocol.has_presence(),
            RoleKind::Ping => session.heartbeat.is_some(),
            RoleKind::Skip => !self.protocol.channels.is_empty(),
            RoleKind::Gap => !self.protocol.channels.is_empty() || session.numbered,
            _ => true,
        }
    }

    /// Whether the server fills a field of every message in a role.
    fn role_fills(&self, kind: RoleKind, name: &str) -> bool {
        match name {
            // An error that answers nothing is not sent where an id is required.
            "id" => matches!(
                kind,
                RoleKind::Join
                    | RoleKind::Leave
                    | RoleKind::Auth
                    | RoleKind::Negotiate
                    | RoleKind::Error
                    | RoleKind::Pong
            ),
            "seq" => {
                self.protocol.session.numbered && !super::numbering::UNNUMBERED.contains(&kind)
            }
            _ => false,
        }
    }

    /// Whether an end fills a field each time it sends a message.
    fn fills(&self, end: Side, id: MessageId, message: &Message, name: &str) -> bool {
        let session = &self.protocol.session;
        let mut roles = session.roles.iter();
        let role = roles.find(|role| {
            let (up, down) = role.kind.sent_by();
            let sends = if end == Side::Client { up } else { down };
            sends && matches!(role.player, RolePlayer::Mapped { message, .. } if message == id)
        });
        if end == Side::Client {
            // A server reads these without asking for their fields.
            let is_session = role.is_some() || session.is_own(id);
            return match name {
                // A client gives every message an id, if it needs one.
                "id" => true,
                "channel" => message.channel.is_some() || is_session,
                _ => is_session,
            };
        }
        if let Some(role) = role {
            return self.role_fills(role.kind, name);
        }
        let answers = self.answers_client(id);
        let published = message.channel.is_some() && !answers;
        match name {
            "id" => {
                (answers && !self.replies_in_order()) || message.reply.is_some() || self.cancels(id)
            }
            "channel" => published,
            "seq" => session.numbered || (published && !message.volatile),
            "epoch" => published && !message.volatile && !session.numbered,
            // The time at which it is sent.
            _ => true,
        }
    }

    /// Whether a message is a part of what answers a request of the client.
    fn answers_client(&self, id: MessageId) -> bool {
        let mut messages = self.protocol.messages.iter();
        messages.any(|asks| {
            let reply = asks.client.as_ref().and(asks.reply.as_ref());
            reply.is_some_and(|reply| [reply.ack, reply.stream, reply.end].contains(&Some(id)))
        })
    }

    /// Whether a message ends a stream that the server has asked for.
    fn cancels(&self, id: MessageId) -> bool {
        let mut messages = self.protocol.messages.iter();
        messages.any(|asks| {
            let reply = asks.server.as_ref().and(asks.reply.as_ref());
            reply.is_some_and(|reply| reply.cancel == Some(id))
        })
    }

    /// What is published says to which channel it belongs.
    fn addressed(&mut self) {
        let protocol = self.protocol;
        for (index, message) in protocol.messages.iter().enumerate() {
            let (Some(channel), Some(sent)) = (message.channel, &message.server) else {
                continue;
            };
            if sent.envelope.channel.is_some() {
                continue;
            }
            let (name, channel) = (&message.name.text, &protocol.channels[channel.0].name);
            let text = format!(
                "`{name}` is published to `{}`, and its envelope has no `channel`",
                channel.text
            );
            let id = MessageId(index);
            let own = self.own_envelope(id, "server", "channel");
            let at = own.map_or_else(
                || self.usual_place(Side::Server, "channel"),
                |entry| self.place(entry),
            );
            let label = self.of_message(id, "channel");
            let help = "a client delivers it by the key of the channel: leave the field on, or delete `channel` of the message";
            self.out.push(
                Diagnostic::error(CODE, at, text)
                    .label(label, "it is published")
                    .help(help),
            );
        }
    }
}
