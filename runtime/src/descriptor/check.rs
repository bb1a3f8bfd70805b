//! What a protocol says that its ends could not keep: calls that would hang, messages that would be lost. `#[protocol]` calls this when it
//! is compiled, once for each protocol.

mod roles;

use super::{
    CloseReason, EnvelopeDescriptor, FieldKind, Limits, MessageDescriptor, Presence,
    ProtocolDescriptor, ReplyKind, Tag, UnionDescriptor,
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
    roles::check_roles(protocol);
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

const fn own(tag: Option<Tag>, is_mapped: bool) -> Option<Tag> {
    if is_mapped { None } else { tag }
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
