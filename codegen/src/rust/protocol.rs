//! The channels, and the type that stands for the whole protocol.

use super::{
    Cx,
    attribute::{attribute, text},
    constraints, docs, messages,
    rules::rules,
};
use crate::{names, shape::DeclKind};
use handfast_spec::model::{
    ChannelId, CloseCondition, EncodingKind, HandlerTimeout, KeyPart, MessageId, RoleKind,
    RolePlayer, Side,
};

/// The type of a channel.
pub(super) fn channel_type(cx: &Cx<'_>, id: ChannelId) -> String {
    let channel = &cx.protocol.channels[id.0];
    names::pascal(&channel.names.rust.as_ref().unwrap_or(&channel.name).text)
}

pub(super) fn channels(cx: &Cx<'_>, items: &mut Vec<String>) {
    for (i, channel) in cx.protocol.channels.iter().enumerate() {
        let mut out = String::new();
        let name = channel_type(cx, ChannelId(i));
        let words = channel
            .description
            .clone()
            .unwrap_or_else(|| format!("The channel `{}`.", channel.name.text));
        docs::outer(&mut out, "", &words);
        let key: String = channel
            .key
            .iter()
            .map(|part| match part {
                KeyPart::Text(text) => text.replace('{', "{{").replace('}', "}}"),
                KeyPart::Param(i) => format!("{{{}}}", channel.params[*i].name.text),
            })
            .collect();
        let mut args = vec![format!("channel = {}", text(&key))];
        if names::pascal(&channel.name.text) != name {
            args.push(format!("name = {}", text(&channel.name.text)));
        }
        if let Some(join) = channel.join {
            args.push(format!(
                "join = {}",
                messages::type_of(cx, join, Side::Client)
            ));
            if !is_made_of_params(cx, ChannelId(i), join) {
                args.push("join_more".to_owned());
            }
        }
        if let Some(leave) = channel.leave {
            args.push(format!(
                "leave = {}",
                messages::type_of(cx, leave, Side::Client)
            ));
            if !is_made_of_params(cx, ChannelId(i), leave) {
                args.push("leave_more".to_owned());
            }
        }
        if let Some(history) = channel.history {
            let ttl = history
                .ttl
                .map(|ttl| format!(", ttl_ms = {}", ttl.as_millis()))
                .unwrap_or_default();
            args.push(format!("history(size = {}{ttl})", history.size));
        }
        args.extend(cx.krate());
        attribute(&mut out, "", "protocol", &args);
        out.push_str(super::types::COMPARED);
        if channel.params.is_empty() {
            out.push_str(&format!("pub struct {name} {{}}\n"));
            items.push(out);
            continue;
        }
        out.push_str(&format!("pub struct {name} {{\n"));
        for (param, ty) in channel.params.iter().zip(&cx.shapes.channels[i]) {
            let annotations = &cx.protocol.schemas[param.schema].annotations;
            let mut words = annotations.description.clone().unwrap_or_default();
            let sentences = constraints::sentences(cx, param.schema, ty);
            constraints::append(&mut words, &sentences);
            docs::outer(&mut out, "    ", &words);
            let rust = names::rust_ident(&names::snake(&param.name.text));
            let mut args = Vec::new();
            if rust.trim_start_matches("r#") != param.name.text {
                args.push(format!("name = {}", text(&param.name.text)));
            }
            let place = format!("{name}.{}", param.name.text);
            args.extend(rules(cx, param.schema, ty, &place));
            if !args.is_empty() {
                attribute(&mut out, "    ", "protocol", &args);
            }
            out.push_str(&format!("    pub {rust}: {},\n", cx.ty(ty)));
        }
        out.push_str("}\n");
        items.push(out);
    }
}

/// Whether a message carries the parameters of a channel and nothing else, so that it can be made from them.
fn is_made_of_params(cx: &Cx<'_>, channel: ChannelId, message: MessageId) -> bool {
    let params = &cx.protocol.channels[channel.0].params;
    let payload = cx.shapes.messages[message.0].client.as_ref();
    let Some(decl) = payload.and_then(|payload| payload.decl) else {
        return params.is_empty();
    };
    let DeclKind::Struct { fields, .. } = &cx.shapes.decls[decl.0].kind else {
        return false;
    };
    let types = &cx.shapes.channels[channel.0];
    fields.len() == params.len()
        && params.iter().zip(types).all(|(param, ty)| {
            let name = names::rust_ident(&names::snake(&param.name.text));
            fields
                .iter()
                .any(|field| field.required && field.rust == name && field.ty == *ty)
        })
}

/// The type that stands for the protocol: what the runtime has to know of it.
pub(super) fn marker(cx: &Cx<'_>, items: &mut Vec<String>) {
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
    if let Some(auth) = session.auth {
        args.push(format!(
            "auth = {}",
            messages::type_of(cx, auth, Side::Client)
        ));
        args.extend(messages::errors_of(cx, auth).map(|errors| format!("auth_errors = {errors}")));
    }
    let mut parts = vec![match session.heartbeat {
        Some(heartbeat) => format!("heartbeat_ms = {}", heartbeat.as_millis()),
        None => "heartbeat_ms = none".to_owned(),
    }];
    parts.push(format!("timeout_ms = {}", session.timeout.as_millis()));
    parts.extend(
        session
            .resume
            .map(|resume| format!("resume_ms = {}", resume.as_millis())),
    );
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
    args.push(format!("session({})", parts.join(", ")));
    args.extend(roles(cx));
    let limits = &protocol.limits;
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
    args.push(format!(
        "limits(message = {}, depth = {}, {rate}, violations = {}, outbound = {}, inbound = {}, channels = {}, streams = {}{handler_timeout})",
        limits.message,
        limits.depth,
        limits.violations,
        limits.outbound,
        limits.inbound,
        limits.channels,
        limits.streams
    ));
    if !protocol.encodings.is_empty() {
        let encodings: Vec<String> = protocol
            .encodings
            .iter()
            .map(|encoding| {
                let name = match encoding.kind {
                    EncodingKind::Json => "json",
                    EncodingKind::Msgpack => "msgpack",
                    EncodingKind::Cbor => "cbor",
                };
                format!("{name} = {}", text(&encoding.subprotocol))
            })
            .collect();
        args.push(format!("encodings({})", encodings.join(", ")));
    }
    let closes: Vec<String> = protocol
        .closes
        .iter()
        .filter_map(|close| {
            let (_, name, default) = CloseCondition::ALL
                .into_iter()
                .find(|(c, ..)| *c == close.condition)?;
            (close.code != default).then(|| format!("{} = {}", name.replace('-', "_"), close.code))
        })
        .collect();
    if !closes.is_empty() {
        args.push(format!("closes({})", closes.join(", ")));
    }
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

/// `roles(…)`: those that are not played as they are by default.
fn roles(cx: &Cx<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for (kind, name) in RoleKind::ALL {
        // These have no message of their own yet.
        if matches!(
            kind,
            RoleKind::Auth | RoleKind::Resume | RoleKind::Negotiate
        ) {
            continue;
        }
        match cx.protocol.session.role(kind) {
            RolePlayer::Own { tag }
                if *tag == handfast_spec::model::Scalar::Text(name.to_owned()) => {}
            RolePlayer::Own { tag } => parts.push(format!("{name} = {}", messages::scalar(tag))),
            RolePlayer::Off | RolePlayer::Mapped { .. } => parts.push(format!("{name} = none")),
        }
    }
    (!parts.is_empty()).then(|| format!("roles({})", parts.join(", ")))
}
