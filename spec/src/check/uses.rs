//! What a message is for: each end handles what it receives in one way.

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{ChannelId, Message, MessageId, Reply, RoleKind, RolePlayer, Scalar, Side};
use handfast_schema::Span;

/// The code of a message that is for two things.
const CODE: &str = "P052";

/// What one end does with a message that it receives, in place of calling its handler, or beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Join(ChannelId),
    Leave(ChannelId),
    Auth,
    /// It is a request.
    Request,
    /// It cancels the stream that this message asks for.
    Cancel(MessageId),
    /// It answers this message.
    Answer(MessageId),
    Role(RoleKind, &'static str),
}

impl Use {
    /// Whether a message may be for both, or that it is was reported already.
    fn goes_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Cancel(_), Self::Cancel(_)) | (Self::Answer(_), Self::Answer(_)) => true,
            // Credentials in the hello.
            (Self::Auth, Self::Role(RoleKind::Hello | RoleKind::Auth, _)) => true,
            // Joins and leaves are requests. Credentials are answered by the session, whatever their `reply` says.
            (Self::Join(_) | Self::Leave(_) | Self::Auth, Self::Request) => true,
            // Reported where replies are checked.
            (Self::Join(_) | Self::Leave(_) | Self::Request, Self::Answer(_)) => true,
            // Reported where roles are checked.
            (Self::Answer(_) | Self::Cancel(_), Self::Role(..)) => true,
            // A request in a role is the session's.
            (Self::Request | Self::Role(..), Self::Role(..)) => true,
            _ => false,
        }
    }
}

fn parts(reply: &Reply) -> [(&'static str, Option<MessageId>); 3] {
    [
        ("ack", reply.ack),
        ("stream", reply.stream),
        ("end", reply.end),
    ]
}

fn sent_by(message: &Message, end: Side) -> Option<&crate::model::Sent> {
    match end {
        Side::Client => message.client.as_ref(),
        Side::Server => message.server.as_ref(),
    }
}

impl Checker<'_> {
    pub(super) fn uses(&mut self) {
        let protocol = self.protocol;
        let count = protocol.messages.len();
        for end in [Side::Client, Side::Server] {
            let mut uses = vec![Vec::new(); count];
            self.collect(end, &mut uses);
            for (index, uses) in uses.into_iter().enumerate() {
                self.one_use(MessageId(index), &uses);
            }
        }
        for (index, message) in protocol.messages.iter().enumerate() {
            if let Some(reply) = message.reply.as_ref().filter(|reply| reply.is_stream()) {
                self.parts(MessageId(index), message, reply);
            }
        }
    }

    /// What the messages of an end are for, and where the spec says so.
    fn collect(&self, end: Side, uses: &mut [Vec<(Use, Span)>]) {
        let protocol = self.protocol;
        let mut add = |id: MessageId, what: Use, at: Span| {
            if sent_by(&protocol.messages[id.0], end).is_some() {
                uses[id.0].push((what, at));
            }
        };
        if end == Side::Client {
            let entries = self.section("channels");
            for (index, (channel, entry)) in protocol.channels.iter().zip(entries).enumerate() {
                let id = ChannelId(index);
                let map = self.tree.map(entry.value);
                let place = |key| {
                    let entry = map.and_then(|map| map.get(key));
                    entry.map_or(channel.name.span, |entry| self.place(entry))
                };
                if let Some(join) = channel.join {
                    add(join, Use::Join(id), place("join"));
                }
                if let Some(leave) = channel.leave {
                    add(leave, Use::Leave(id), place("leave"));
                }
            }
            if let Some(auth) = protocol.session.auth {
                let entry = self.entry(&["session", "auth"]);
                let at = entry.map_or_else(Span::default, |entry| self.place(entry));
                add(auth, Use::Auth, at);
            }
        }
        for (index, message) in protocol.messages.iter().enumerate() {
            let id = MessageId(index);
            let Some(reply) = &message.reply else {
                continue;
            };
            add(id, Use::Request, self.of_message(id, "reply"));
            if let Some(cancel) = reply.cancel.filter(|_| sent_by(message, end).is_some()) {
                add(cancel, Use::Cancel(id), self.reply_place(id, "cancel"));
            }
            let other = match end {
                Side::Client => Side::Server,
                Side::Server => Side::Client,
            };
            for (key, part) in parts(reply) {
                if let Some(part) = part.filter(|_| sent_by(message, other).is_some()) {
                    add(part, Use::Answer(id), self.reply_place(id, key));
                }
            }
        }
        for (role, (kind, name)) in protocol.session.roles.iter().zip(RoleKind::ALL) {
            let (up, down) = kind.sent_by();
            if let RolePlayer::Mapped { message, .. } = role.player
                && (if end == Side::Client { up } else { down })
            {
                let entry = self.entry(&["session", "roles", name]);
                let at = entry.map_or_else(Span::default, |entry| self.place(entry));
                add(message, Use::Role(kind, name), at);
            }
        }
    }

    /// The location of a part of a reply.
    fn reply_place(&self, id: MessageId, key: &str) -> Span {
        let reply = self.tree.get(self.block(id), "reply");
        let entry = reply.and_then(|reply| self.tree.map(reply)?.get(key));
        entry.map_or_else(|| self.of_message(id, "reply"), |entry| self.place(entry))
    }

    /// A message is for one thing.
    fn one_use(&mut self, id: MessageId, uses: &[(Use, Span)]) {
        let pairs = uses.iter().enumerate();
        let mut pairs =
            pairs.flat_map(|(at, one)| uses[..at].iter().map(move |first| (first, one)));
        let Some(((first, label), (other, at))) =
            pairs.find(|((one, _), (other, _))| !one.goes_with(*other) && !other.goes_with(*one))
        else {
            return;
        };
        let name = &self.protocol.messages[id.0].name.text;
        let (first, other) = (self.words(*first), self.words(*other));
        let text = format!("`{name}` {first}, and {other}");
        let help = "what a message is for is known by its tag alone: declare one for each";
        self.out.push(
            Diagnostic::error(CODE, *at, text)
                .label(*label, "here already")
                .help(help),
        );
    }

    fn words(&self, what: Use) -> String {
        let message = |id: MessageId| &self.protocol.messages[id.0].name.text;
        let channel = |id: ChannelId| &self.protocol.channels[id.0].name.text;
        match what {
            Use::Join(id) => format!("joins `{}`", channel(id)),
            Use::Leave(id) => format!("leaves `{}`", channel(id)),
            Use::Auth => "has the credentials of a session".to_owned(),
            Use::Request => "is a request".to_owned(),
            Use::Cancel(id) => format!("cancels `{}`", message(id)),
            Use::Answer(id) => format!("answers `{}`", message(id)),
            Use::Role(_, role) => format!("plays the role `{role}`"),
        }
    }

    /// The parts of a stream can be distinguished: by their tags, since all have the id of the request.
    fn parts(&mut self, id: MessageId, message: &Message, reply: &Reply) {
        let name = &message.name.text;
        let parts: Vec<_> = parts(reply)
            .into_iter()
            .filter_map(|(key, part)| Some((key, part?)))
            .collect();
        let pairs = parts.iter().enumerate();
        let pairs = pairs.flat_map(|(at, one)| parts[..at].iter().map(move |first| (first, one)));
        for (&(first_key, first), &(key, part)) in pairs {
            let (at, label) = (self.reply_place(id, key), self.reply_place(id, first_key));
            let part_name = &self.protocol.messages[part.0].name.text;
            if part == first {
                let text = format!("`{part_name}` is `{first_key}` and `{key}` of `{name}`");
                let help = format!(
                    "nothing says which of the two has arrived: declare a message of its own for each, or delete `{key}`"
                );
                self.out.push(
                    Diagnostic::error(CODE, at, text)
                        .label(label, "here already")
                        .help(help),
                );
                continue;
            }
            let same = |end: Side, asked: bool| -> Option<Option<&Scalar>> {
                let [one, other] = [first, part].map(|id| {
                    let sent = sent_by(&self.protocol.messages[id.0], end);
                    sent.map(|sent| sent.tag.as_ref())
                });
                one.zip(other)
                    .filter(|(one, other)| asked && one == other)
                    .map(|(one, _)| one)
            };
            let same = same(Side::Server, message.client.is_some())
                .or_else(|| same(Side::Client, message.server.is_some()));
            let Some(tag) = same else { continue };
            let first_name = &self.protocol.messages[first.0].name.text;
            let (code, what) = match tag {
                None => ("P035", "no tag".to_owned()),
                Some(tag) => {
                    let tag = super::messages::spelled(tag);
                    ("P014", format!("the tag `{tag}`"))
                }
            };
            let text = format!("`{first_name}` and `{part_name}` of one stream have {what}");
            let help = "the id says to which stream a message belongs, and the tag which of its parts it is: give one of them a `tag` of its own";
            self.out.push(
                Diagnostic::error(code, at, text)
                    .label(label, "the other")
                    .help(help),
            );
        }
    }
}
