//! The names of types in generated Rust.

use super::RustContext;
use crate::names;
use crate::shape::{MessageShape, PayloadShape};
use handfast_spec::model::{ChannelId, Message, MessageId, Side};

/// The payload of a message as a side sends it.
pub(super) fn payload(shape: &MessageShape, side: Side) -> Option<&PayloadShape> {
    match side {
        Side::Client => shape.client.as_ref(),
        Side::Server => shape.server.as_ref(),
    }
}

/// The type of a message as a side sends it.
pub(super) fn type_of(cx: &RustContext<'_>, id: MessageId, side: Side) -> String {
    payload(&cx.shapes.messages[id.0], side)
        .map(|payload| payload.rust.clone())
        .unwrap_or_default()
}

/// The enum of the errors with which a message may be answered.
pub(super) fn errors_of(cx: &RustContext<'_>, id: MessageId) -> Option<String> {
    let message = &cx.protocol.messages[id.0];
    (!message.errors.is_empty()).then(|| format!("{}Error", message_name(message)))
}

/// The name of a message in Rust.
pub(super) fn message_name(message: &Message) -> String {
    names::pascal(&message.names.rust.as_ref().unwrap_or(&message.name).text)
}

/// The type of a channel.
pub(super) fn channel_type(cx: &RustContext<'_>, id: ChannelId) -> String {
    let channel = &cx.protocol.channels[id.0];
    names::pascal(&channel.names.rust.as_ref().unwrap_or(&channel.name).text)
}
