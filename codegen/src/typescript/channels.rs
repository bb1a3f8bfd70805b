//! The descriptors of channels.

use super::{context::Context, text};
use crate::shape::Section;
use handfast_spec::model::{KeyPart, Side};
use handfast_templates::typescript::{Descriptor, lay_out};

pub(super) fn channels(cx: &mut Context<'_>) -> Vec<String> {
    let mut items = cx.all_declarations(Section::Channels);
    for (i, channel) in cx.protocol.channels.iter().enumerate() {
        let name = text::string(&channel.name.text);
        let join = channel.join.map(|id| (id, &cx.protocol.messages[id.0]));
        let params = match join {
            Some((id, _)) => cx.carried(id, Side::Client).0,
            None if channel.params.is_empty() => "undefined".to_owned(),
            None => {
                let params: Vec<String> = channel
                    .params
                    .iter()
                    .map(|param| {
                        let name = text::property(&param.name.text);
                        format!("readonly {name}: {}", cx.ty(param.schema))
                    })
                    .collect();
                format!("{{ {} }}", params.join("; "))
            }
        };
        let joined = join
            .and_then(|(_, message)| message.reply.as_ref()?.ack)
            .map_or("unknown".to_owned(), |id| cx.carried(id, Side::Server).0);
        let errors = match join.map(|(_, message)| message.errors.as_slice()) {
            None | Some([]) => String::new(),
            Some(errors) => format!(", {}", cx.errors_of(errors)),
        };
        let mut members = vec![format!("name: {name}"), format!("key: {}", key(channel))];
        if let Some(id) = channel.join {
            members.push(format!("join: {}", cx.descriptor(id, Side::Client)));
        }
        if let Some(id) = channel.leave {
            members.push(format!("leave: {}", cx.descriptor(id, Side::Client)));
            let names: Vec<String> = channel
                .params
                .iter()
                .map(|param| text::string(&param.name.text))
                .collect();
            members.push(format!("params: [{}]", names.join(", ")));
        }
        members.push("via: hf.joinChannel".to_owned());
        let mut generics = errors;
        if let Some(presence) = channel.presence {
            let (info, validator) = match cx.shapes.infos[i] {
                Some(id) => (
                    cx.names.types[id.0].as_str(),
                    cx.names.validators[id.0].as_str(),
                ),
                None => ("undefined", "hf.noPayload"),
            };
            if generics.is_empty() {
                generics.push_str(", never");
            }
            generics.push_str(&format!(", {info}"));
            members.push(format!(
                "presence: {{ info: {validator}, members: {}, via: hf.presence }}",
                presence.members
            ));
        }
        let words = channel.description.clone().unwrap_or_default();
        items.push(lay_out(&Descriptor {
            doc: text::doc("", &words, &[]),
            exported: true,
            name: &cx.names.channels[i],
            ty: format!("hf.Channel<{name}, {params}, {joined}{generics}>"),
            members,
        }));
    }
    items
}

/// The function that makes a channel's key.
fn key(channel: &handfast_spec::model::Channel) -> String {
    let varies = channel
        .key
        .iter()
        .any(|part| matches!(part, KeyPart::Param(_)));
    let last = channel
        .key
        .iter()
        .rposition(|part| matches!(part, KeyPart::Param(_)));
    let parts: String = channel
        .key
        .iter()
        .enumerate()
        .map(|(at, part)| match part {
            KeyPart::Text(text) if varies => text::template(text),
            KeyPart::Text(text) => text.clone(),
            KeyPart::Param(i) => {
                let name = &channel.params[*i].name.text;
                match channel.key.get(at + 1) {
                    // The key says where it ends.
                    Some(KeyPart::Text(behind)) if last > Some(at) => format!(
                        "${{hf.delimited(params, {}, {})}}",
                        text::string(name),
                        text::string(behind)
                    ),
                    _ => format!("${{params{}}}", text::member(name)),
                }
            }
        })
        .collect();
    if varies {
        format!("params => `{parts}`")
    } else {
        format!("() => {}", text::string(&parts))
    }
}
