//! The summary at the top of the file: what the macro defines besides the types in it.

use super::{
    RustContext,
    type_names::{channel_type, message_name},
};
use crate::shape::api_names::{self, server_requests};
use handfast_naming::{handler_trait, segment, snake};
use handfast_spec::model::{ChannelId, Message};

/// The traits and methods that `#[protocol]` defines, as a list.
pub(super) fn summary(cx: &RustContext<'_>) -> String {
    let mut traits: Vec<(String, Vec<&Message>)> = Vec::new();
    let messages: Vec<&Message> = api_names::handled(cx.protocol).collect();
    for message in &messages {
        let name = handler_trait(segment(&message.name.text));
        match traits.iter_mut().find(|(known, _)| *known == name) {
            Some((_, messages)) => messages.push(message),
            None => traits.push((name, vec![message])),
        }
    }
    let channels: Vec<String> = (0..cx.protocol.channels.len())
        .map(|i| snake(&channel_type(cx, ChannelId(i))))
        .collect();
    let mut out = "The attributes also define:\n\n\
        - `Server`, `ServerHandle`, `ClientHandle`, `Context`, and `SessionHandler` for connections\n"
        .to_owned();
    for (name, messages) in &traits {
        out.push_str(&format!("- `{name}`, with {}\n", methods(messages)));
    }
    out.push_str("- `Handlers`, which is all of these traits\n- `Client`");
    if !messages.is_empty() {
        out.push_str(&format!(", with {}", methods(&messages)));
    }
    let requests: Vec<&Message> = server_requests(cx.protocol).collect();
    if !requests.is_empty() {
        let methods = methods(&requests);
        out.push_str(&format!(
            "\n- `ServerRequestHandler`, by which a client answers the requests of `ClientHandle`: {methods}"
        ));
    }
    if !channels.is_empty() {
        out.push_str(&format!(
            "\n- for each channel a method of `Context` and `Client`: {}",
            code(&channels)
        ));
    }
    out
}

fn methods(messages: &[&Message]) -> String {
    let names: Vec<String> = messages
        .iter()
        .map(|message| snake(&message_name(message)))
        .collect();
    code(&names)
}

fn code(names: &[String]) -> String {
    format!("`{}`", names.join("`, `"))
}
