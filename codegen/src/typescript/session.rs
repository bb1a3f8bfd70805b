//! What a client has to know of the protocol as a whole.

use super::{
    context::Context,
    descriptors::{handler_type, is_request},
    envelope::{Envelopes, envelopes, has_layout, tags},
    tags::message_tags,
    text::{self, scalar},
    versions::Interval,
};
use handfast_spec::model::{
    CloseCondition, EncodingKind, HandlerTimeout, MessageId, Protocol, RoleKind, RolePlayer,
    Scalar, SessionConfig, Side,
};
use handfast_templates::typescript::{Connecting, Descriptor, lay_out};

pub(super) fn session(cx: &mut Context<'_>) -> Vec<String> {
    let protocol = cx.protocol;
    let mut items = Vec::new();
    let (client, server) = envelopes(cx, &mut items);
    let mapped = mapped(cx, &mut items);
    let subprotocols: Vec<String> = protocol
        .encodings
        .iter()
        .map(|encoding| {
            let name = encoding.kind.name();
            format!(
                "{name}: {}",
                text::string(encoding.subprotocol.as_deref().unwrap_or_default())
            )
        })
        .collect();
    let times = &protocol.session;
    // A client that hears no answer to its pings would take every idle connection for a dead one.
    let pings = times.client_pings(&protocol.messages);
    let heartbeat = times.heartbeat.filter(|_| pings);
    let heartbeat = heartbeat.map_or("null".to_owned(), |heartbeat| {
        heartbeat.as_millis().to_string()
    });
    let resume = times
        .resume
        .map_or("null".to_owned(), |resume| resume.as_millis().to_string());
    let (timeout, min, max) = (
        times.timeout.as_millis(),
        times.backoff.min.as_millis(),
        times.backoff.max.as_millis(),
    );
    let attempts = times
        .backoff
        .attempts
        .map(|attempts| format!(", attempts: {attempts}"))
        .unwrap_or_default();
    let mut members = vec![
        format!("name: {}", text::string(&protocol.name.text)),
        format!("version: {}", text::string(&protocol.version.to_string())),
        format!("hash: {}", text::string(&protocol.hash)),
        format!("subprotocols: {{ {} }}", subprotocols.join(", ")),
    ];
    if mapped.is_some() || has_layout(cx) {
        members.push(format!(
            "envelope: {{ client: {client}, server: {server} }}"
        ));
    }
    members.extend([
        format!("depth: {}", protocol.limits.depth),
        format!(
            "limits: {{ message: {}, outbound: {} }}",
            protocol.limits.message, protocol.limits.outbound
        ),
        format!(
            "session: {{ heartbeat: {heartbeat}, timeout: {timeout}, resume: {resume}, backoff: {{ min: {min}, max: {max}{attempts} }} }}"
        ),
    ]);
    let hello = !matches!(protocol.session.role(RoleKind::Hello), RolePlayer::Off);
    let proof = protocol
        .session
        .auth
        .filter(|_| hello)
        .map(|id| cx.carried(id, Side::Client))
        .filter(|(ty, _)| ty != "undefined");
    let mut auth = String::new();
    if let Some((ty, validator)) = proof {
        members.push(format!("auth: {validator}"));
        let refresh = match protocol.session.auth_tag(&protocol.messages) {
            Some(_) => "authRefresh",
            None => "authExpiry",
        };
        members.push(format!("refresh: hf.{refresh}"));
        if protocol.session.auth_follows() {
            members.push("authFollows: true".to_owned());
        }
        auth = format!("<{ty}>");
    }
    if protocol.session.numbered {
        members.push("numbered: hf.numberedSession".to_owned());
    }
    members.extend(accepts(protocol));
    members.extend(closes(cx));
    members.extend(roles(cx));
    members.extend(mapped);
    let words = protocol.description.clone().unwrap_or_default();
    items.push(lay_out(&Descriptor {
        doc: text::doc("", &words, &[]),
        exported: true,
        name: "protocol",
        ty: format!("hf.Protocol{auth}"),
        members,
    }));
    let requests: Vec<MessageId> = (0..protocol.messages.len())
        .map(MessageId)
        .filter(|id| is_request(&protocol.messages[id.0], Side::Server))
        .collect();
    items.extend(handlers(cx, &requests));
    let options = options(cx, &auth, !requests.is_empty());
    let answering = answering(cx, &requests);
    let is_adapted = is_adapted(cx);
    items.push(lay_out(&Connecting {
        class: if is_adapted {
            "AdaptedClient"
        } else {
            "Client"
        },
        options: &options,
        auth: &auth,
        answering: &answering,
    }));
    items
}

/// Whether a client has more than a session of Handfast: another handshake, other envelopes, or numbers of its own.
fn is_adapted(cx: &Context<'_>) -> bool {
    let session = &cx.protocol.session;
    let is_mapped = |kind| matches!(session.role(kind), RolePlayer::Mapped { .. });
    has_layout(cx)
        || session.numbered
        || session.auth_follows()
        || matches!(session.role(RoleKind::Ready), RolePlayer::Off)
        || !matches!(session.role(RoleKind::Greeting), RolePlayer::Off)
        || RoleKind::ALL
            .into_iter()
            .any(|(kind, _)| kind != RoleKind::Auth && is_mapped(kind))
}

/// The versions of the server that are accepted, if it says which it has.
fn accepts(protocol: &Protocol) -> Option<String> {
    match protocol.session.role(RoleKind::Ready) {
        RolePlayer::Off => return None,
        RolePlayer::Mapped { fields, .. } => {
            fields.iter().find(|(field, _)| field == "version")?;
        }
        RolePlayer::Own { .. } => {}
    }
    let accepts = protocol.accepts.to_string();
    let mut arguments = vec![text::string(&accepts)];
    let bounds = Interval::of(&protocol.accepts).bounds();
    arguments.extend(bounds.iter().map(|bound| text::string(bound)));
    Some(format!(
        "accepts: /*@__PURE__*/ hf.accepting({})",
        arguments.join(", ")
    ))
}

/// The parameter of `connect`, with its type. Without JSON an encoding has to be chosen. `asks`: the server sends requests, which must be answered.
fn options(cx: &Context<'_>, auth: &str, asks: bool) -> String {
    let encodings = &cx.protocol.encodings;
    let binary: Vec<String> = encodings
        .iter()
        .filter(|encoding| encoding.kind != EncodingKind::Json)
        .map(|encoding| text::string(encoding.kind.name()))
        .collect();
    let has_json = binary.len() < encodings.len();
    let auth = auth.trim_start_matches('<').trim_end_matches('>');
    let arguments: Vec<String> = [auth.to_owned(), binary.join(" | ")]
        .into_iter()
        .filter(|argument| !argument.is_empty())
        .collect();
    let arguments = match arguments.as_slice() {
        [] => String::new(),
        arguments => format!("<{}>", arguments.join(", ")),
    };
    let mut required = String::new();
    if !has_json {
        let name = binary.join(" | ");
        required.push_str(&format!(" & {{ readonly encoding: hf.Encoding<{name}> }}"));
    }
    if asks {
        required.push_str(" & { readonly handlers: ServerRequestHandlers }");
    }
    match auth {
        "" if required.is_empty() => format!("options?: hf.ConnectOptions{arguments}"),
        "" => format!("options: hf.ConnectOptions{arguments}{required}"),
        _ => format!("options: hf.AuthenticatedConnectOptions{arguments}{required}"),
    }
}

/// The argument that gives the handlers of the server's requests to the client, and how long they may take if the protocol says so.
fn answering(cx: &Context<'_>, requests: &[MessageId]) -> String {
    if requests.is_empty() {
        return String::new();
    }
    let descriptors: Vec<String> = requests
        .iter()
        .map(|id| cx.descriptor(*id, Side::Server))
        .collect();
    let descriptors = descriptors.join(", ");
    let limit = match cx.protocol.limits.handler_timeout {
        HandlerTimeout::TwiceTheReply => String::new(),
        HandlerTimeout::After(timeout) => format!(", {}", timeout.as_millis()),
        HandlerTimeout::Off => ", null".to_owned(),
    };
    format!(", hf.answering(options.handlers, [{descriptors}]{limit})")
}

/// The type of what answers the requests of the server.
fn handlers(cx: &Context<'_>, requests: &[MessageId]) -> Option<String> {
    if requests.is_empty() {
        return None;
    }
    let mut out = "/** What answers the requests of the server: a handler for each. */\nexport interface ServerRequestHandlers {\n".to_owned();
    for id in requests {
        let message = &cx.protocol.messages[id.0];
        let words = message.description.clone().unwrap_or_default();
        out.push_str(&text::doc("  ", &words, &message_tags(message)));
        out.push_str(&format!(
            "  readonly {}: {};\n",
            text::key(&message.name.text),
            handler_type(cx, *id)
        ));
    }
    out.push_str("}\n");
    Some(out)
}

/// The codes that a client acts on, where they are not those that the runtime knows.
fn closes(cx: &Context<'_>) -> Option<String> {
    let names = [
        (CloseCondition::Violations, "violations"),
        (CloseCondition::TooLarge, "tooLarge"),
        (CloseCondition::Silent, "silent"),
        (CloseCondition::Slow, "slow"),
        (CloseCondition::Unauthorized, "unauthorized"),
        (CloseCondition::Kicked, "kicked"),
        (CloseCondition::Version, "version"),
        (CloseCondition::TakenOver, "takenOver"),
        (CloseCondition::RateLimited, "rateLimited"),
    ];
    let unusual = names.into_iter().filter_map(|(condition, name)| {
        let of = |&(other, ..): &(CloseCondition, &str, Option<u16>)| other == condition;
        let (.., usual) = CloseCondition::ALL.into_iter().find(of)?;
        let mut closes = cx.protocol.closes.iter();
        let close = closes.find(|close| close.condition == condition)?;
        let code = close.code.filter(|_| close.code != usual)?;
        Some(format!("{name}: {code}"))
    });
    let mut unusual: Vec<String> = unusual.collect();
    // Those that close only if they have a code are mistakes of the client.
    let mistakes: Vec<String> = cx
        .protocol
        .closes
        .iter()
        .zip(CloseCondition::ALL)
        .filter_map(|(close, (.., usual))| close.code.filter(|_| usual.is_none()))
        .map(|code| code.to_string())
        .collect();
    if !mistakes.is_empty() {
        unusual.push(format!("mistakes: [{}]", mistakes.join(", ")));
    }
    (!unusual.is_empty()).then(|| format!("closeCodes: {{ {} }}", unusual.join(", ")))
}

/// The roles that are not played as they are by default.
fn roles(cx: &Context<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for (kind, name) in RoleKind::ALL {
        if kind == RoleKind::Auth {
            let tag = cx.protocol.session.auth_tag(&cx.protocol.messages);
            let tag = tag.filter(|tag| **tag != Scalar::Text(name.to_owned()));
            parts.extend(tag.map(|tag| format!("{name}: {}", scalar(tag))));
            continue;
        }
        // Only numbered sessions resume by a message.
        if kind == RoleKind::Resume && !cx.protocol.session.numbered {
            continue;
        }
        if kind == RoleKind::Presence && !cx.protocol.has_presence() {
            continue;
        }
        match cx.protocol.session.role(kind) {
            RolePlayer::Own { tag } if *tag == Scalar::Text(name.to_owned()) => {}
            RolePlayer::Own { tag } => parts.push(format!("{name}: {}", scalar(tag))),
            RolePlayer::Off if kind == RoleKind::Greeting => {}
            RolePlayer::Off => parts.push(format!("{name}: null")),
            RolePlayer::Mapped { message, .. } => {
                let tag = SessionConfig::tag_in_role(kind, &cx.protocol.messages[message.0]);
                let tag = tag.map_or("null".to_owned(), scalar);
                parts.push(format!("{name}: {tag}"));
            }
        }
    }
    (!parts.is_empty()).then(|| format!("roles: {{ {} }}", parts.join(", ")))
}

/// The messages of the application that play roles, and the envelopes that they need.
fn mapped(cx: &mut Context<'_>, items: &mut Vec<String>) -> Option<String> {
    let protocol = cx.protocol;
    let mut known = Envelopes::new();
    for (end, name) in [
        (Side::Server, "serverEnvelope"),
        (Side::Client, "clientEnvelope"),
    ] {
        let envelope = match end {
            Side::Client => &protocol.envelope.client,
            Side::Server => &protocol.envelope.server,
        };
        known.name(envelope, tags(cx, end), || name.to_owned(), &mut Vec::new());
    }
    let mut parts = Vec::new();
    for (kind, role) in RoleKind::ALL {
        if kind == RoleKind::Auth {
            continue;
        }
        let RolePlayer::Mapped { message, fields } = protocol.session.role(kind) else {
            continue;
        };
        let message = &protocol.messages[message.0];
        let mut members = Vec::new();
        for (end, key, sent) in [
            (Side::Client, "send", &message.client),
            (Side::Server, "receive", &message.server),
        ] {
            let Some(sent) = sent else { continue };
            let kind = tags(cx, end);
            let stem = format!(
                "{role}{}Envelope",
                if key == "send" { "Sent" } else { "Received" }
            );
            let name = known.name(&sent.envelope, kind, || cx.names.take_value(&stem), items);
            members.push(format!("{key}: {name}"));
        }
        let fields: Vec<String> = fields
            .iter()
            .map(|(field, pointer)| format!("{field}: {}", text::string(pointer)))
            .collect();
        let fields = match fields.as_slice() {
            [] => "{}".to_owned(),
            fields => format!("{{ {} }}", fields.join(", ")),
        };
        members.push(format!("fields: {fields}"));
        parts.push(format!("{role}: {{ {} }}", members.join(", ")));
    }
    (!parts.is_empty()).then(|| format!("mapped: hf.mapRoles({{ {} }})", parts.join(", ")))
}
