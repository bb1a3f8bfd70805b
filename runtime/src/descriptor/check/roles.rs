//! What a protocol says of the session's own messages that its ends could not keep.

use super::{
    super::{ChannelDescriptor, MappedRole, ProtocolDescriptor, Tag, UnionDescriptor},
    envelope_of, is_same,
};

/// A role: the tag of the message that plays it, that message if it is one of the application's, and whether the client or the server plays it.
type Played = (Option<Tag>, Option<&'static MappedRole>, bool, bool);

/// Every role that is played.
const fn played(protocol: &ProtocolDescriptor) -> [Played; 16] {
    let ProtocolDescriptor {
        server, session, ..
    } = protocol;
    let (roles, mapped) = (&session.roles, &session.mapped);
    let presence = if has_presence(protocol.channels) {
        roles.presence
    } else {
        None
    };
    let resume = if session.numbered { roles.resume } else { None };
    let auth = if session.auth { roles.auth } else { None };
    [
        (roles.hello, mapped.hello, true, false),
        (roles.ready, mapped.ready, false, true),
        (roles.refuse, mapped.refuse, false, true),
        (resume, mapped.resume, true, false),
        (roles.gap, mapped.gap, false, true),
        (roles.skip, mapped.skip, false, true),
        (presence, mapped.presence, false, true),
        (roles.join, mapped.join, true, true),
        (roles.leave, mapped.leave, true, true),
        (roles.ping, mapped.ping, true, true),
        (roles.pong, mapped.pong, true, true),
        (roles.received, mapped.received, true, true),
        // A client answers with errors what it is asked.
        (roles.error, mapped.error, asks(server), true),
        (auth, None, true, true),
        (roles.greeting, mapped.greeting, false, true),
        (roles.negotiate, mapped.negotiate, true, true),
    ]
}

/// Whether the session's messages can be told apart, come from the end that has to send them, and have what the session needs.
#[track_caller]
pub(super) const fn check_roles(protocol: &ProtocolDescriptor) {
    let ProtocolDescriptor {
        client,
        server,
        session,
        ..
    } = protocol;
    let (roles, mapped) = (&session.roles, &session.mapped);
    let all = played(protocol);
    let mut i = 0;
    while i < all.len() {
        check_role(&all, i, client, server);
        i += 1;
    }
    check_before_ready(protocol, &all);
    check_sender(mapped.hello, true, false);
    check_sender(mapped.ready, false, true);
    check_sender(mapped.refuse, false, true);
    check_sender(mapped.resume, true, false);
    check_sender(mapped.gap, false, true);
    check_sender(mapped.skip, false, true);
    check_sender(mapped.join, true, true);
    check_sender(mapped.leave, true, true);
    check_sender(mapped.error, false, true);
    check_sender(mapped.greeting, false, true);
    check_sender(mapped.negotiate, true, true);
    assert!(
        roles.presence.is_some() || !has_presence(protocol.channels),
        "a channel has a `presence`, and `roles(presence = none)` reports none"
    );
    if session.auth {
        assert!(
            roles.hello.is_some(),
            "nothing carries the credentials of `auth = …`: the role `hello` is off"
        );
        assert!(
            roles.auth.is_some() || has_place(mapped.hello, "auth"),
            "nothing carries the credentials of `auth = …`: the message in the role `hello` has no place for them (`fields(auth = …)`), and the role `auth` is off"
        );
    }
    if session.numbered {
        check_numbered(protocol);
    }
}

/// Whether what is allowed before ready are messages of the application.
#[track_caller]
const fn check_before_ready(protocol: &ProtocolDescriptor, all: &[Played; 16]) {
    let names = protocol.session.before_ready;
    let mut i = 0;
    while i < names.len() {
        let mut is_known =
            has_message(protocol.client, names[i]) || has_message(protocol.server, names[i]);
        let mut j = 0;
        while j < all.len() {
            if let Some(MappedRole { name, .. }) = all[j].1 {
                is_known |= is_same(name, names[i]);
            }
            j += 1;
        }
        assert!(
            is_known,
            "`before_ready(…)` names no message: neither one of the unions, nor one in a role"
        );
        i += 1;
    }
}

const fn has_message(union: &UnionDescriptor, name: &str) -> bool {
    let mut i = 0;
    while i < union.messages.len() {
        if is_same(union.messages[i].name, name) {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether a role has a place in the message of the application that plays it. Handfast's own messages have all.
const fn has_place(role: Option<&MappedRole>, field: &str) -> bool {
    let Some(role) = role else { return true };
    let mut i = 0;
    while i < role.fields.len() {
        if is_same(role.fields[i].0, field) {
            return true;
        }
        i += 1;
    }
    false
}

const fn has_presence(channels: &[ChannelDescriptor]) -> bool {
    let mut i = 0;
    while i < channels.len() {
        if channels[i].presence.is_some() {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether there are requests among the messages.
const fn asks(union: &UnionDescriptor) -> bool {
    let mut i = 0;
    while i < union.messages.len() {
        if union.messages[i].reply.is_request() {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether the message in a role of the application is sent by the ends that have to.
#[track_caller]
const fn check_sender(role: Option<&MappedRole>, client: bool, server: bool) {
    if let Some(MappedRole {
        sent_by: (by_client, by_server),
        ..
    }) = role
    {
        assert!(
            (*by_client || !client) && (*by_server || !server),
            "a message in a role is not sent by the end that plays it: the client says `hello` and `resume`, both ends `join`, `leave` and `negotiate`, and the server the others"
        );
    }
}

/// Whether the number of the last message says what a client has missed.
#[track_caller]
const fn check_numbered(protocol: &ProtocolDescriptor) {
    let ProtocolDescriptor {
        server,
        session,
        channels,
        ..
    } = protocol;
    let (roles, mapped) = (&session.roles, &session.mapped);
    let mut has_number = server.envelope.seq.is_some();
    let mut i = 0;
    while i < server.messages.len() {
        has_number &= envelope_of(server, &server.messages[i]).seq.is_some();
        i += 1;
    }
    assert!(
        has_number,
        "`session(numbered)` numbers every message of the server, and an envelope has no `seq`"
    );
    let mut i = 0;
    while i < channels.len() {
        assert!(
            channels[i].history.is_none(),
            "a channel has a `history`, and no numbers of its own: those of `session(numbered)` are the session's"
        );
        i += 1;
    }
    assert!(
        roles.resume.is_some() && has_place(mapped.resume, "seq"),
        "no message says which number of `session(numbered)` the client had last: `roles(resume = \"resume\")`, or one of yours with `fields(seq = …)`"
    );
    assert!(
        session.auth
            || (roles.ready.is_some()
                && has_place(mapped.ready, "session")
                && has_place(mapped.resume, "session")),
        "nothing says which session a client resumes: no message names it (`fields(session = …)`), and without `auth = …` no principal is known"
    );
    assert!(
        roles.gap.is_some() || roles.error.is_some(),
        "a client does not learn that its session does not resume: the roles `gap` and `error` are off"
    );
}

/// Whether a role can be told from the messages of its ends, and from the roles before it.
#[track_caller]
const fn check_role(
    all: &[Played; 16],
    at: usize,
    client: &UnionDescriptor,
    server: &UnionDescriptor,
) {
    let (tag, mapped, ..) = all[at];
    let (by_client, by_server) = senders(&all[at]);
    let Some(tag) = tag else { return };
    if let Some(MappedRole { fields, .. }) = mapped {
        let mut i = 0;
        while i < fields.len() {
            let pointer = fields[i].1.as_bytes();
            assert!(
                pointer.is_empty() || pointer[0] == b'/',
                "a place in `fields(…)` is a JSON Pointer: `/name`, or `\"\"` for the whole payload"
            );
            i += 1;
        }
    } else {
        if by_client {
            check_tags(client, tag);
        }
        if by_server {
            check_tags(server, tag);
        }
    }
    let mut i = 0;
    while i < at {
        let (other_by_client, other_by_server) = senders(&all[i]);
        if let Some(other) = all[i].0 {
            assert!(
                !is_same_tag(tag, other)
                    || !(by_client && other_by_client || by_server && other_by_server),
                "one end sends two of the session's messages with one type: give one of them another in `roles(…)`"
            );
        }
        i += 1;
    }
}

/// Whether the client sends the message in a role, and whether the server does.
const fn senders((_, mapped, client, server): &Played) -> (bool, bool) {
    match mapped {
        Some(mapped) => (*client && mapped.sent_by.0, *server && mapped.sent_by.1),
        None => (*client, *server),
    }
}

#[track_caller]
const fn check_tags(union: &UnionDescriptor, role: Tag) {
    let mut i = 0;
    while i < union.messages.len() {
        if let Some(tag) = union.messages[i].tag {
            assert!(
                !is_same_tag(tag, role),
                "a message has the type of one of the session's own: give it another, or the session's in `roles(…)`"
            );
        }
        i += 1;
    }
}

const fn is_same_tag(a: Tag, b: Tag) -> bool {
    match (a, b) {
        (Tag::Text(a), Tag::Text(b)) => is_same(a, b),
        (Tag::Integer(a), Tag::Integer(b)) => a == b,
        _ => false,
    }
}
