//! What a protocol says that its ends could not keep: calls that would hang, messages that would be lost. `#[protocol]` calls this when it
//! is compiled, once for each protocol.

use super::{
    ChannelDescriptor, CloseReason, EnvelopeDescriptor, FieldKind, Limits, MappedRole,
    MessageDescriptor, Presence, ProtocolDescriptor, ReplyKind, Tag, UnionDescriptor,
};

/// Checks a protocol.
///
/// # Panics
/// If its ends could not keep to it.
// The error is then at the protocol, and not in here.
#[track_caller]
pub const fn check(protocol: &ProtocolDescriptor) {
    let ProtocolDescriptor {
        client,
        server,
        session,
        limits,
        closes,
        ..
    } = protocol;
    check_limits(limits);
    assert!(
        session.backoff.0.as_nanos() <= session.backoff.1.as_nanos(),
        "the first bound of `session(backoff_ms(first, last))` is longer than the last"
    );
    assert!(
        !session.backoff.1.is_zero(),
        "`session(backoff_ms(0, 0))` connects again without a pause"
    );
    assert!(
        !session.timeout.is_zero(),
        "nothing arrives within `session(timeout_ms = 0)`"
    );
    if let Some(heartbeat) = session.heartbeat {
        assert!(
            !heartbeat.is_zero(),
            "`session(heartbeat_ms = 0)` has no interval: write `none` to turn it off"
        );
    }
    check_closes(closes);
    check_union(client);
    check_union(server);
    check_replies(client, server, server.envelope.by_order);
    check_replies(server, client, false);
    check_roles(protocol);
    if let Some(channel) = server.envelope.channel
        && matches!(channel.presence, Presence::Required)
    {
        let (roles, mapped) = (&session.roles, &session.mapped);
        assert!(
            own(roles.ready, mapped.ready.is_some()).is_none()
                && own(roles.refuse, mapped.refuse.is_some()).is_none()
                && own(roles.pong, mapped.pong.is_some()).is_none()
                && own(roles.error, mapped.error.is_some()).is_none(),
            "`channel(…, required)` of the server's envelope: the messages of the session have no channel"
        );
    }
}

#[track_caller]
const fn check_limits(limits: &Limits) {
    assert!(
        8 <= limits.depth && limits.depth <= Limits::MAX_DEPTH,
        "`limits(depth = …)` is 8 to 128"
    );
    assert!(
        limits.message > 0 && limits.outbound > 0 && limits.inbound > 0,
        "no message has room in `limits(message = …, outbound = …, inbound = …)`"
    );
    assert!(
        limits.violations > 0 && limits.channels > 0 && limits.streams > 0,
        "`limits(violations = …, channels = …, streams = …)` are at least 1"
    );
    if let Some((count, per)) = limits.rate {
        assert!(
            count > 0 && !per.is_zero(),
            "`limits(rate(n, ms))` admits no message: write `no_rate` to turn it off"
        );
    }
}

#[track_caller]
const fn check_closes(closes: &[(CloseReason, u16)]) {
    let mut i = 0;
    while i < closes.len() {
        assert!(
            matches!(closes[i].1, 1000 | 1001 | 1008 | 1009 | 1011..=1014 | 3000..=4999),
            "a code in `closes(…)` cannot be sent: those of applications are 3000 to 4999 (RFC 6455, section 7.4)"
        );
        i += 1;
    }
}

#[track_caller]
const fn check_union(union: &UnionDescriptor) {
    // Most messages have it, so that its names are collected once.
    let usual = names(&union.envelope);
    check_names(&usual);
    let mut i = 0;
    while i < union.messages.len() {
        let message = &union.messages[i];
        match message.envelope {
            Some(own) => {
                let names = names(&own.fields);
                check_names(&names);
                check_fields(message, &own.fields, &names);
            }
            None => check_fields(message, &union.envelope, &usual),
        }
        i += 1;
    }
}

#[track_caller]
const fn check_fields(message: &MessageDescriptor, envelope: &EnvelopeDescriptor, names: &Names) {
    let Some(fields) = message.fields else { return };
    let mut has_key = message.volatile_key.is_none();
    let mut i = 0;
    while i < fields.len() {
        let (name, may_be_absent) = fields[i];
        assert!(
            message.payload || !matches!(may_be_absent, Some(false)),
            "a `bare` message has a type with a field that is required: what is sent without a payload could not be read"
        );
        assert!(
            !message.payload || envelope.content.is_some() || !has_name(names, name),
            "a field of a message has the name of a field of the envelope, beside which it is written (`content = none`)"
        );
        if let Some(key) = message.volatile_key
            && !matches!(may_be_absent, Some(true))
            && is_same(key, name)
        {
            has_key = true;
        }
        i += 1;
    }
    assert!(
        has_key,
        "`volatile_key` names a field on the wire that every message of the type has"
    );
}

const fn envelope_of<'d>(
    union: &'d UnionDescriptor,
    message: &MessageDescriptor,
) -> &'d EnvelopeDescriptor {
    match message.envelope {
        Some(own) => &own.fields,
        None => &union.envelope,
    }
}

/// The names of the fields of an envelope, as many as there are.
type Names = ([&'static str; 10], usize);

const fn names(envelope: &EnvelopeDescriptor) -> Names {
    let fields = [
        envelope.id,
        envelope.reply_to,
        envelope.version,
        envelope.channel,
        envelope.seq,
        envelope.epoch,
        match envelope.timestamp {
            Some((field, _)) => Some(field),
            None => None,
        },
    ];
    let mut names = [envelope.tag; 10];
    let mut count = 1;
    if let Some(content) = envelope.content {
        names[count] = content;
        count += 1;
    }
    if let Some((name, ..)) = envelope.outcome {
        names[count] = name;
        count += 1;
    }
    let mut i = 0;
    while i < fields.len() {
        if let Some(field) = fields[i] {
            names[count] = field.name;
            count += 1;
        }
        i += 1;
    }
    (names, count)
}

const fn has_name((names, count): &Names, name: &str) -> bool {
    let mut i = 0;
    while i < *count {
        if is_same(names[i], name) {
            return true;
        }
        i += 1;
    }
    false
}

#[track_caller]
const fn check_names((names, count): &Names) {
    let mut i = 0;
    while i < *count {
        let mut j = 0;
        while j < i {
            assert!(
                !is_same(names[i], names[j]),
                "two fields of an envelope have one name"
            );
            j += 1;
        }
        i += 1;
    }
}

/// Whether what is asked can be answered: an answer has the id of its request, unless answers come in the order of the requests.
#[track_caller]
const fn check_replies(asking: &UnionDescriptor, answering: &UnionDescriptor, by_order: bool) {
    let (mut text, mut integer) = (false, false);
    let mut i = 0;
    while i < answering.messages.len() {
        let envelope = envelope_of(answering, &answering.messages[i]);
        let id = match envelope.reply_to {
            Some(field) => Some(field),
            None => envelope.id,
        };
        if let Some(id) = id {
            match id.kind {
                FieldKind::Text => text = true,
                FieldKind::Integer => integer = true,
            }
        }
        i += 1;
    }
    let mut i = 0;
    while i < asking.messages.len() {
        let message = &asking.messages[i];
        i += 1;
        if !message.reply.is_request() || (by_order && matches!(message.reply, ReplyKind::One)) {
            continue;
        }
        let Some(id) = envelope_of(asking, message).id else {
            panic!(
                "a message with a `reply` or a `stream` has no `id` in its envelope: its answer could not be recognized"
            );
        };
        assert!(
            match id.kind {
                FieldKind::Text => text,
                FieldKind::Integer => integer,
            },
            "the answers to a message have no `id` of the type that its own is of: `integer` at one end, text at the other"
        );
    }
}

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
const fn check_roles(protocol: &ProtocolDescriptor) {
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

const fn own(tag: Option<Tag>, is_mapped: bool) -> Option<Tag> {
    if is_mapped { None } else { tag }
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

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
