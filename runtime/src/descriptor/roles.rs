//! Messages of the application in roles of the session, and envelopes of single messages.

use super::{EnvelopeDescriptor, EnvelopeLayout, Tag};
#[cfg(feature = "net")]
use super::{Roles, SessionDescriptor};

/// The envelope of one message, which differs from that of the other messages of its side.
#[derive(Debug)]
pub struct OwnEnvelope {
    /// The fields.
    pub fields: EnvelopeDescriptor,
    /// The same, in the order of decoding.
    pub layout: EnvelopeLayout,
}

impl OwnEnvelope {
    /// Creates the envelope.
    pub const fn new(fields: EnvelopeDescriptor) -> Self {
        Self {
            layout: fields.layout(),
            fields,
        }
    }
}

/// A message of the application that plays a role of the session.
#[derive(Debug)]
pub struct MappedRole {
    /// The name of the message.
    pub name: &'static str,
    /// The discriminant; `None` for an error that is identified by its request.
    pub tag: Option<Tag>,
    /// Whether the client sends it, and whether the server does.
    pub sent_by: (bool, bool),
    /// Its envelopes as the client and as the server sends it, if they are not those of their side.
    pub envelopes: (Option<&'static OwnEnvelope>, Option<&'static OwnEnvelope>),
    /// The fields of the role, and where in the payload each is (JSON Pointer, RFC 6901).
    pub fields: &'static [(&'static str, &'static str)],
}

/// The roles that messages of the application play.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the role of that name")]
pub struct MappedRoles {
    pub hello: Option<&'static MappedRole>,
    pub ready: Option<&'static MappedRole>,
    pub refuse: Option<&'static MappedRole>,
    pub resume: Option<&'static MappedRole>,
    pub gap: Option<&'static MappedRole>,
    pub skip: Option<&'static MappedRole>,
    pub join: Option<&'static MappedRole>,
    pub leave: Option<&'static MappedRole>,
    pub ping: Option<&'static MappedRole>,
    pub pong: Option<&'static MappedRole>,
    pub received: Option<&'static MappedRole>,
    pub error: Option<&'static MappedRole>,
    pub greeting: Option<&'static MappedRole>,
    pub negotiate: Option<&'static MappedRole>,
    pub presence: Option<&'static MappedRole>,
}

impl MappedRoles {
    /// Handfast's own messages play all roles.
    pub const NONE: Self = Self {
        hello: None,
        ready: None,
        refuse: None,
        resume: None,
        gap: None,
        skip: None,
        join: None,
        leave: None,
        ping: None,
        pong: None,
        received: None,
        error: None,
        greeting: None,
        negotiate: None,
        presence: None,
    };
}

#[cfg(feature = "net")]
impl SessionDescriptor {
    /// Whether what authenticates a client is a message of its own, after the hello: a message of the application plays the hello, and has no
    /// place for it.
    pub(crate) fn auth_follows(&self) -> bool {
        let hello = self.mapped.hello.filter(|_| self.auth);
        self.roles.auth.is_some()
            && hello.is_some_and(|hello| hello.fields.iter().all(|(field, _)| *field != "auth"))
    }

    /// Where the payload of the hello has the credentials (JSON Pointer, RFC 6901).
    #[cfg(feature = "server")]
    pub(crate) fn auth_pointer(&self) -> &'static str {
        let fields = self.mapped.hello.map_or(&[][..], |hello| hello.fields);
        let auth = fields.iter().find(|(field, _)| *field == "auth");
        auth.map_or("/auth", |(_, pointer)| pointer)
    }

    /// Whether the message in the role `resume` names the session, as the server's ready did. Otherwise it is found by its principal.
    pub(crate) fn names_session(&self) -> bool {
        let has = |tag: Option<Tag>, mapped: Option<&MappedRole>| match mapped {
            Some(mapped) => mapped.fields.iter().any(|(field, _)| *field == "session"),
            None => tag.is_some(),
        };
        let (roles, mapped) = (&self.roles, &self.mapped);
        has(roles.resume, mapped.resume) && has(roles.ready, mapped.ready)
    }

    /// The settings as one side has them: without a heartbeat if it cannot send a ping, or the other side answers none.
    pub(crate) fn of_side(&self, server: bool) -> Self {
        let Roles { ping, pong, .. } = self.roles;
        let sends = |mapped: Option<&MappedRole>, server: bool| {
            mapped.is_none_or(|mapped| match server {
                true => mapped.sent_by.1,
                false => mapped.sent_by.0,
            })
        };
        let pings = ping.is_some() && sends(self.mapped.ping, server);
        let answers = pong.is_some() && sends(self.mapped.pong, !server);
        Self {
            heartbeat: self.heartbeat.filter(|_| pings && answers),
            ..*self
        }
    }
}

#[cfg(all(test, feature = "net"))]
mod tests {
    use super::*;
    use crate::descriptor::SessionDescriptor;

    #[test]
    fn a_side_without_an_answer_to_its_pings_has_no_heartbeat() {
        static OF_CLIENT: MappedRole = MappedRole {
            name: "alive",
            tag: Some(Tag::Text("alive")),
            sent_by: (true, false),
            envelopes: (None, None),
            fields: &[],
        };
        let beats = |session: &SessionDescriptor| {
            [false, true].map(|server| session.of_side(server).heartbeat.is_some())
        };
        let mut session = SessionDescriptor::DEFAULT;
        assert_eq!(beats(&session), [true, true]);
        session.mapped.pong = Some(&OF_CLIENT);
        assert_eq!(beats(&session), [false, true]);
        session.mapped.ping = Some(&OF_CLIENT);
        assert_eq!(beats(&session), [false, false]);
        session = SessionDescriptor::DEFAULT;
        session.roles.pong = None;
        assert_eq!(beats(&session), [false, false]);
    }
}
