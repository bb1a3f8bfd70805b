//! Messages: their descriptors, the union of those of each side, and how they are decoded.

use super::{
    bytes::Places,
    context::Context,
    descriptors::{descriptor, order, sent},
    envelope::{Envelopes, envelopes, tags},
    names::has_both_sides,
    text,
    types::named_union,
};
use handfast_spec::model::{MessageId, Side};
use handfast_templates::typescript::{Decoding, DecodingClientMessages, lay_out};

/// The descriptors, the unions, and the table for decoding what the server sends.
pub(super) fn messages(cx: &mut Context<'_>) -> Vec<String> {
    let mut items = Vec::new();
    let mut envelopes = Envelopes::new();
    let mut places = Places::default();
    let kinds = (tags(cx, Side::Client), tags(cx, Side::Server));
    let mut made = vec![(false, false); cx.protocol.messages.len()];
    for part in order(cx) {
        descriptor(
            cx,
            part,
            kinds,
            &mut made,
            &mut envelopes,
            &mut places,
            &mut items,
        );
    }
    for end in [Side::Client, Side::Server] {
        let (name, words) = match end {
            Side::Client => ("ClientMessage", "Everything the client sends."),
            Side::Server => ("ServerMessage", "Everything the server sends."),
        };
        let members: Vec<String> = members(cx, end)
            .into_iter()
            .map(|id| {
                let message = &cx.protocol.messages[id.0];
                let kind = match (end, message.channel) {
                    (Side::Server, Some(_)) => "hf.ChannelMessage",
                    _ => "hf.Message",
                };
                let (ty, _) = cx.carried(id, end);
                format!("{kind}<{}, {ty}>", text::string(&message.name.text))
            })
            .collect();
        let members = if members.is_empty() {
            vec!["never".to_owned()]
        } else {
            members
        };
        items.push(named_union(text::doc("", words, &[]), name, members));
    }
    let envelope = envelopes.name(
        &cx.protocol.envelope.server,
        kinds.1,
        || "serverEnvelope".to_owned(),
        &mut items,
    );
    let received = members(cx, Side::Server);
    let lengths = cx.lengths(&received, &mut items);
    let messages = received
        .into_iter()
        .map(|id| cx.descriptor(id, Side::Server))
        .collect();
    items.push(lay_out(&Decoding {
        table: "serverMessages",
        envelope: &envelope,
        depth: cx.protocol.limits.depth,
        messages,
        lengths,
    }));
    items
}

/// How the client's messages are decoded; nothing if only the client's side is generated.
pub(super) fn as_server(cx: &Context<'_>) -> Vec<String> {
    if !has_both_sides(cx.protocol) {
        return Vec::new();
    }
    let (envelope, _) = envelopes(cx, &mut Vec::new());
    let messages = members(cx, Side::Client)
        .into_iter()
        .map(|id| cx.descriptor(id, Side::Client))
        .collect();
    vec![lay_out(&DecodingClientMessages {
        envelope: &envelope,
        depth: cx.protocol.limits.depth,
        messages,
    })]
}

/// The messages of an end's union.
fn members(cx: &Context<'_>, end: Side) -> Vec<MessageId> {
    (0..cx.protocol.messages.len())
        .map(MessageId)
        .filter(|id| cx.is_in_union(*id) && sent(&cx.protocol.messages[id.0], end).is_some())
        .collect()
}
