//! The types of channels.

use super::{
    RustContext,
    attribute::{attribute, text},
    constraints,
    derives::COMPARED,
    docs,
    rules::rules,
    type_names::{channel_type, type_of},
};
use crate::{names, shape::DeclKind};
use handfast_naming::rust_ident;
use handfast_spec::model::{ChannelId, ChannelPresence, MessageId, Side};

pub(super) fn channels(cx: &RustContext<'_>, items: &mut Vec<String>) {
    for (i, channel) in cx.protocol.channels.iter().enumerate() {
        let mut out = String::new();
        let name = channel_type(cx, ChannelId(i));
        let words = channel
            .description
            .clone()
            .unwrap_or_else(|| format!("The channel `{}`.", channel.name.text));
        docs::outer(&mut out, "", &words);
        let mut args = vec![format!("channel = {}", text(&channel.pattern()))];
        if names::pascal(&channel.name.text) != name {
            args.push(format!("name = {}", text(&channel.name.text)));
        }
        if let Some(join) = channel.join {
            args.push(format!("join = {}", type_of(cx, join, Side::Client)));
            if !is_made_of_params(cx, ChannelId(i), join) {
                args.push("join_more".to_owned());
            }
        }
        if let Some(leave) = channel.leave {
            args.push(format!("leave = {}", type_of(cx, leave, Side::Client)));
            if !is_made_of_params(cx, ChannelId(i), leave) {
                args.push("leave_more".to_owned());
            }
        }
        if let Some(history) = channel.history {
            let ttl = history
                .ttl
                .map(|ttl| format!(", ttl_ms = {}", ttl.as_millis()))
                .unwrap_or_default();
            let bytes = match history.bytes {
                1_048_576 => String::new(),
                bytes => format!(", bytes = {bytes}"),
            };
            args.push(format!("history(size = {}{ttl}{bytes})", history.size));
        }
        args.extend(presence(cx, ChannelId(i)));
        args.extend(cx.krate());
        attribute(&mut out, "", "protocol", &args);
        out.push_str(COMPARED);
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
            let rust = rust_ident(&names::snake(&param.name.text));
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

/// `presence` or `presence(…)`
fn presence(cx: &RustContext<'_>, channel: ChannelId) -> Option<String> {
    let presence = cx.protocol.channels[channel.0].presence?;
    let info = cx.shapes.infos[channel.0];
    let mut parts = Vec::new();
    parts.extend(info.map(|info| format!("info = {}", cx.shapes.decls[info.0].rust)));
    if presence.members != ChannelPresence::MEMBERS {
        parts.push(format!("members = {}", presence.members));
    }
    Some(match parts.as_slice() {
        [] => "presence".to_owned(),
        parts => format!("presence({})", parts.join(", ")),
    })
}

/// Whether the payload of a message consists of exactly the parameters of a channel, so that it can be made from them.
fn is_made_of_params(cx: &RustContext<'_>, channel: ChannelId, message: MessageId) -> bool {
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
            let name = rust_ident(&names::snake(&param.name.text));
            fields
                .iter()
                .any(|field| field.required && field.rust == name && field.ty == *ty)
        })
}
