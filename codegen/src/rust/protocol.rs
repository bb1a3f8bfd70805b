//! The type of the protocol itself.

use super::{
    RustContext,
    attribute::{attribute, scalar, text},
    docs,
    messages::own_envelope,
    type_names::{channel_type, errors_of, type_of},
};
use crate::names;
use handfast_spec::model::{
    ChannelId, CloseCondition, DetachedLimits, HandlerTimeout, Limits, MessageId, Protocol,
    RoleKind, RolePlayer, Scalar, SessionConfig, Side,
};

/// The type of the protocol itself, with everything the runtime needs to know.
pub(super) fn protocol(cx: &RustContext<'_>, items: &mut Vec<String>) {
    let protocol = cx.protocol;
    let session = &protocol.session;
    let mut args = vec![
        format!("name = {}", text(&protocol.name.text)),
        format!("version = {}", text(&protocol.version.to_string())),
        format!("accepts = {}", text(&protocol.accepts.to_string())),
        format!("hash = {}", text(&protocol.hash)),
        "client = ClientMessage".to_owned(),
        "server = ServerMessage".to_owned(),
    ];
    let channels: Vec<String> = (0..protocol.channels.len())
        .map(|i| channel_type(cx, ChannelId(i)))
        .collect();
    if !channels.is_empty() {
        args.push(format!("channels({})", channels.join(", ")));
    }
    if protocol
        .channels
        .iter()
        .any(|channel| channel.join.is_none())
    {
        args.push("authorize_joins".to_owned());
    }
    let informed: Vec<String> = (0..protocol.channels.len())
        .filter(|i| cx.shapes.infos[*i].is_some())
        .map(|i| channel_type(cx, ChannelId(i)))
        .collect();
    if !informed.is_empty() {
        args.push(format!("presence({})", informed.join(", ")));
    }
    if let Some(auth) = session.auth {
        args.push(format!("auth = {}", type_of(cx, auth, Side::Client)));
        args.extend(errors_of(cx, auth).map(|errors| format!("auth_errors = {errors}")));
    }
    args.push(session_arguments(session));
    args.extend(roles(cx));
    args.extend(before_ready(cx));
    args.push(limits(&protocol.limits));
    args.extend(encodings(protocol));
    args.extend(closes(protocol));
    args.extend(cx.krate());
    let mut out = String::new();
    let words = protocol
        .description
        .clone()
        .unwrap_or_else(|| format!("The protocol `{}`.", protocol.name.text));
    docs::outer(&mut out, "", &words);
    attribute(&mut out, "", "protocol", &args);
    out.push_str("#[derive(Clone, Copy, Debug)]\n");
    out.push_str(&format!(
        "pub struct {};\n",
        names::pascal(&protocol.name.text)
    ));
    items.push(out);
}

/// `session(…)`
fn session_arguments(session: &SessionConfig) -> String {
    let mut parts = vec![match session.heartbeat {
        Some(heartbeat) => format!("heartbeat_ms = {}", heartbeat.as_millis()),
        None => "heartbeat_ms = none".to_owned(),
    }];
    parts.push(format!("timeout_ms = {}", session.timeout.as_millis()));
    parts.push(match session.resume {
        Some(resume) => format!("resume_ms = {}", resume.as_millis()),
        None => "resume_ms = none".to_owned(),
    });
    if session.numbered {
        parts.push("numbered".to_owned());
    }
    parts.push(format!(
        "backoff_ms({}, {})",
        session.backoff.min.as_millis(),
        session.backoff.max.as_millis()
    ));
    parts.extend(
        session
            .backoff
            .attempts
            .map(|attempts| format!("attempts = {attempts}")),
    );
    format!("session({})", parts.join(", "))
}

/// `limits(…)`
fn limits(limits: &Limits) -> String {
    let rate = limits.rate.map_or("no_rate".to_owned(), |rate| {
        format!("rate({}, {})", rate.count, rate.per.as_millis())
    });
    let handler_timeout = match limits.handler_timeout {
        HandlerTimeout::TwiceTheReply => String::new(),
        HandlerTimeout::After(timeout) => {
            format!(", handler_timeout_ms = {}", timeout.as_millis())
        }
        HandlerTimeout::Off => ", handler_timeout_ms = none".to_owned(),
    };
    let history = match limits.history {
        0x400_0000 => String::new(),
        history => format!(", history = {history}"),
    };
    let detached = if limits.detached == DetachedLimits::DEFAULT {
        String::new()
    } else {
        let DetachedLimits {
            sessions,
            bytes,
            sessions_each,
            bytes_each,
        } = limits.detached;
        format!(
            ", detached(sessions = {sessions}, bytes = {bytes}, sessions_each = {sessions_each}, bytes_each = {bytes_each})"
        )
    };
    format!(
        "limits(message = {}, depth = {}, {rate}, violations = {}, outbound = {}, inbound = {}, channels = {}, streams = {}{history}{handler_timeout}{detached})",
        limits.message,
        limits.depth,
        limits.violations,
        limits.outbound,
        limits.inbound,
        limits.channels,
        limits.streams
    )
}

/// `encodings(…)`
fn encodings(protocol: &Protocol) -> Option<String> {
    let encodings: Vec<String> = protocol
        .encodings
        .iter()
        .map(|encoding| {
            let name = encoding.kind.name();
            let subprotocol = encoding.subprotocol.as_deref();
            format!("{name} = {}", subprotocol.map_or("none".into(), text))
        })
        .collect();
    (!encodings.is_empty()).then(|| format!("encodings({})", encodings.join(", ")))
}

/// `closes(…)`: the codes that differ from the default.
fn closes(protocol: &Protocol) -> Option<String> {
    let closes: Vec<String> = protocol
        .closes
        .iter()
        .filter_map(|close| {
            let (_, name, default) = CloseCondition::ALL
                .into_iter()
                .find(|(c, ..)| *c == close.condition)?;
            let code = close.code.filter(|_| close.code != default)?;
            Some(format!("{} = {code}", name.replace('-', "_")))
        })
        .collect();
    (!closes.is_empty()).then(|| format!("closes({})", closes.join(", ")))
}

/// `roles(…)`: those that differ from the default.
fn roles(cx: &RustContext<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for (kind, name) in RoleKind::ALL {
        if kind == RoleKind::Auth {
            parts.extend(auth_role(cx.protocol));
            continue;
        }
        if kind == RoleKind::Presence && !cx.protocol.has_presence() {
            continue;
        }
        let player = cx.protocol.session.role(kind);
        if kind == RoleKind::Resume && !matches!(player, RolePlayer::Mapped { .. }) {
            parts.extend(resume_role(&cx.protocol.session, player));
            continue;
        }
        match player {
            RolePlayer::Own { tag } if *tag == Scalar::Text(name.to_owned()) => {}
            RolePlayer::Own { tag } => parts.push(format!("{name} = {}", scalar(tag))),
            RolePlayer::Off if kind == RoleKind::Greeting => {}
            RolePlayer::Off => parts.push(format!("{name} = none")),
            RolePlayer::Mapped { message, fields } => {
                parts.push(format!("{name}({})", mapped(cx, kind, *message, fields)));
            }
        }
    }
    (!parts.is_empty()).then(|| format!("roles({})", parts.join(", ")))
}

/// The role of Handfast's own message that asks for what was missed. By default there is none: only numbered sessions resume by it.
fn resume_role(session: &SessionConfig, player: &RolePlayer) -> Option<String> {
    match player {
        RolePlayer::Own { tag } if session.numbered => Some(format!("resume = {}", scalar(tag))),
        _ => None,
    }
}

/// A message in a role.
fn mapped(
    cx: &RustContext<'_>,
    kind: RoleKind,
    id: MessageId,
    fields: &[(String, String)],
) -> String {
    let message = &cx.protocol.messages[id.0];
    let mut parts = vec![format!("name = {}", text(&message.name.text))];
    let tag = SessionConfig::tag_in_role(kind, message);
    parts.extend(tag.map(|tag| format!("tag = {}", scalar(tag))));
    for (side, word, sent) in [
        (Side::Client, "client", &message.client),
        (Side::Server, "server", &message.server),
    ] {
        let Some(sent) = sent else { continue };
        parts.push(word.to_owned());
        parts.extend(
            own_envelope(cx, sent, side).map(|envelope| format!("{word}_envelope({envelope})")),
        );
    }
    let built = matches!(kind, RoleKind::Ready | RoleKind::Greeting);
    if built
        && message
            .server
            .as_ref()
            .is_some_and(|sent| sent.payload.is_some())
    {
        parts.push(format!("payload = {}", type_of(cx, id, Side::Server)));
    }
    let fields: Vec<String> = fields
        .iter()
        .map(|(field, pointer)| format!("{field} = {}", text(pointer)))
        .collect();
    if !fields.is_empty() {
        parts.push(format!("fields({})", fields.join(", ")));
    }
    parts.join(", ")
}

/// `before_ready(…)`
fn before_ready(cx: &RustContext<'_>) -> Option<String> {
    let names: Vec<String> = cx
        .protocol
        .session
        .phases
        .before_ready
        .iter()
        .map(|id| text(&cx.protocol.messages[id.0].name.text))
        .collect();
    (!names.is_empty()).then(|| format!("before_ready({})", names.join(", ")))
}

/// The role of the message that authenticates a client again, if there is such a message and its tag is not the default.
fn auth_role(protocol: &Protocol) -> Option<String> {
    protocol.session.auth?;
    match protocol.session.auth_tag(&protocol.messages) {
        Some(tag) if *tag == Scalar::Text("auth".to_owned()) => None,
        Some(tag) => Some(format!("auth = {}", scalar(tag))),
        None => Some("auth = none".to_owned()),
    }
}
