//! What a client has to know of the protocol as a whole.

use super::{
    context::Context,
    descriptors::{handler_type, is_request},
    envelope::envelopes,
    tags::message_tags,
    text::{self, scalar},
};
use handfast_spec::model::{
    CloseCondition, EncodingKind, MessageId, RoleKind, RolePlayer, Scalar, Side,
};
use handfast_templates::typescript::{Connecting, Descriptor, lay_out};

pub(super) fn session(cx: &Context<'_>) -> Vec<String> {
    let protocol = cx.protocol;
    let mut items = Vec::new();
    let (client, server) = envelopes(cx, &mut items);
    let subprotocols: Vec<String> = protocol
        .encodings
        .iter()
        .map(|encoding| {
            let name = encoding_name(encoding.kind);
            format!("{name}: {}", text::string(&encoding.subprotocol))
        })
        .collect();
    let times = &protocol.session;
    let heartbeat = times.heartbeat.map_or("null".to_owned(), |heartbeat| {
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
        format!("envelope: {{ client: {client}, server: {server} }}"),
        format!("depth: {}", protocol.limits.depth),
        format!(
            "limits: {{ message: {}, outbound: {}, inbound: {} }}",
            protocol.limits.message, protocol.limits.outbound, protocol.limits.inbound
        ),
        format!(
            "session: {{ heartbeat: {heartbeat}, timeout: {timeout}, resume: {resume}, backoff: {{ min: {min}, max: {max}{attempts} }} }}"
        ),
    ];
    let hello = matches!(
        protocol.session.role(RoleKind::Hello),
        RolePlayer::Own { .. }
    );
    let proof = protocol
        .session
        .auth
        .filter(|_| hello)
        .map(|id| cx.carried(id, Side::Client))
        .filter(|(ty, _)| ty != "undefined");
    let mut auth = String::new();
    if let Some((ty, validator)) = proof {
        members.push(format!("auth: {validator}"));
        if protocol.session.auth_tag(&protocol.messages).is_some() {
            members.push("refresh: hf.authRefresh".to_owned());
        }
        auth = format!("<{ty}>");
    }
    members.extend(closes(cx));
    members.extend(roles(cx));
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
    items.push(lay_out(&Connecting {
        options: &options,
        auth: &auth,
        answering: &answering,
    }));
    items
}

/// The parameter of `connect`, with its type. Without JSON an encoding has to be chosen. `asks`: the server sends requests, which must be answered.
fn options(cx: &Context<'_>, auth: &str, asks: bool) -> String {
    let encodings = &cx.protocol.encodings;
    let binary: Vec<String> = encodings
        .iter()
        .filter(|encoding| encoding.kind != EncodingKind::Json)
        .map(|encoding| text::string(encoding_name(encoding.kind)))
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

fn encoding_name(kind: EncodingKind) -> &'static str {
    match kind {
        EncodingKind::Json => "json",
        EncodingKind::Msgpack => "msgpack",
        EncodingKind::Cbor => "cbor",
    }
}

/// The argument that gives the handlers of the server's requests to the client.
fn answering(cx: &Context<'_>, requests: &[MessageId]) -> String {
    if requests.is_empty() {
        return String::new();
    }
    let descriptors: Vec<String> = requests
        .iter()
        .map(|id| cx.descriptor(*id, Side::Server))
        .collect();
    let descriptors = descriptors.join(", ");
    format!(", hf.answering(options.handlers, [{descriptors}])")
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
        let of = |&(other, ..): &(CloseCondition, &str, u16)| other == condition;
        let (.., usual) = CloseCondition::ALL.into_iter().find(of)?;
        let mut closes = cx.protocol.closes.iter();
        let close = closes.find(|close| close.condition == condition)?;
        (close.code != usual).then(|| format!("{name}: {}", close.code))
    });
    let unusual: Vec<String> = unusual.collect();
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
        if matches!(kind, RoleKind::Resume | RoleKind::Negotiate) {
            // These have no message of their own yet.
            continue;
        }
        if kind == RoleKind::Presence && !cx.protocol.has_presence() {
            continue;
        }
        match cx.protocol.session.role(kind) {
            RolePlayer::Own { tag } if *tag == Scalar::Text(name.to_owned()) => {}
            RolePlayer::Own { tag } => parts.push(format!("{name}: {}", scalar(tag))),
            RolePlayer::Off | RolePlayer::Mapped { .. } => parts.push(format!("{name}: null")),
        }
    }
    (!parts.is_empty()).then(|| format!("roles: {{ {} }}", parts.join(", ")))
}
