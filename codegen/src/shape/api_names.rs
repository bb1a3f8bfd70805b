//! The names in the typed API of a protocol besides its types: traits, methods, variants and constants. Those of Rust
//! are made by the macro, from the names of types.

use super::name_scope::NameScope;
use crate::names;
use handfast_naming::{handler_trait, rust_ident, segment, snake};
use handfast_schema::Span;
use handfast_spec::model::{ErrorCode, ErrorId, Message, MessageId, Name, Protocol, Reply, Side};
use std::collections::{BTreeMap, BTreeSet};

/// The built-in functions of the client, and its methods, which a generated one would hide. For `call`, `stream`, `send`, `join` and
/// `join_by_key` there are the generated ones.
const CLIENT: [&str; 12] = [
    "connect",
    "connect_with",
    "over_with",
    "notifications",
    "skew",
    "state",
    "resumed",
    "wait_for_state",
    "retry_now",
    "close",
    "refresh_auth",
    "clone",
];

/// The built-in methods of the context of handlers.
const CONTEXT: [&str; 12] = [
    "session",
    "send",
    "client",
    "id",
    "channel",
    "is_rejoin",
    "connection_id",
    "connection_info",
    "channel_handle",
    "kick",
    "close",
    "clone",
];

/// Those of the handle of the server.
const SERVER_HANDLE: [&str; 9] = [
    "publisher",
    "client",
    "send",
    "kick",
    "sessions",
    "connections",
    "detached",
    "shutdown",
    "clone",
];

/// Those of the handle of a client. For `call` and `stream` there are the generated ones.
const CLIENT_HANDLE: [&str; 6] = ["send", "id", "session", "channel_handle", "kick", "clone"];

pub(super) fn check(protocol: &Protocol, scope: &mut NameScope) {
    traits(protocol, scope);
    methods(protocol, scope);
    for message in &protocol.messages {
        errors(protocol, message, scope);
    }
    for id in declared(protocol) {
        let error = &protocol.errors[id.0];
        if error.data.is_none() {
            scope.take_rust(&error_type(error), error.name.span);
        }
    }
    constants(protocol, scope);
}

/// The errors that messages declare.
pub(crate) fn declared(protocol: &Protocol) -> BTreeSet<ErrorId> {
    let messages = protocol.messages.iter();
    messages
        .flat_map(|message| message.errors.iter().copied())
        .collect()
}

/// The Rust type of an error without data.
pub(crate) fn error_type(error: &ErrorCode) -> String {
    rust_ident(&format!(
        "{}Error",
        in_rust(&error.name, error.names.rust.as_ref())
    ))
}

fn in_rust(name: &Name, given: Option<&Name>) -> String {
    names::pascal(&given.unwrap_or(name).text)
}

/// The messages with which an end cancels streams.
pub(crate) fn cancels(protocol: &Protocol, end: Side) -> BTreeSet<MessageId> {
    requests(protocol, end)
        .filter_map(|reply| reply.cancel)
        .collect()
}

/// The messages that answer the requests of an end, and the parts of streams.
pub(crate) fn replies(protocol: &Protocol, end: Side) -> BTreeSet<MessageId> {
    requests(protocol, end)
        .flat_map(|reply| [reply.ack, reply.stream, reply.end])
        .flatten()
        .collect()
}

/// What answers the requests of an end.
fn requests(protocol: &Protocol, end: Side) -> impl Iterator<Item = &Reply> {
    let sent = protocol.messages.iter().filter(move |one| match end {
        Side::Client => one.client.is_some(),
        Side::Server => one.server.is_some(),
    });
    sent.filter_map(|one| one.reply.as_ref())
}

/// The requests of the server, which the application of a client answers.
pub(crate) fn server_requests(protocol: &Protocol) -> impl Iterator<Item = &Message> {
    let messages = protocol.messages.iter();
    messages.filter(|message| message.server.is_some() && message.reply.is_some())
}

/// The messages that an application handles.
pub(crate) fn handled(protocol: &Protocol) -> impl Iterator<Item = &Message> {
    let cancels = cancels(protocol, Side::Client);
    let answers = replies(protocol, Side::Server);
    protocol
        .messages
        .iter()
        .enumerate()
        .filter(move |(i, message)| {
            let id = MessageId(*i);
            message.client.is_some()
                && !protocol.session.is_own(id)
                && protocol.session.auth != Some(id)
                && (message.reply.is_some() || !(cancels.contains(&id) || answers.contains(&id)))
        })
        .map(|(_, message)| message)
}

/// One trait for each first segment of a name.
fn traits(protocol: &Protocol, scope: &mut NameScope) {
    let mut segments: BTreeMap<&str, Span> = BTreeMap::new();
    for message in handled(protocol) {
        let segment = segment(&message.name.text);
        segments.entry(segment).or_insert(message.name.span);
    }
    for (segment, span) in segments {
        // The trait for names without segments is reserved.
        if !segment.is_empty() {
            scope.take_rust(&handler_trait(segment), span);
        }
    }
}

/// The methods of a type, with their origin; `None` for a built-in one.
struct Methods<'t> {
    of: &'t str,
    seen: BTreeMap<String, Option<Span>>,
}

impl<'t> Methods<'t> {
    fn new(of: &'t str, own: &[&str]) -> Self {
        let seen = own.iter().map(|name| ((*name).to_owned(), None)).collect();
        Self { of, seen }
    }

    fn take(&mut self, name: &str, span: Span, scope: &mut NameScope) -> bool {
        match self.seen.insert(name.to_owned(), Some(span)) {
            None => true,
            Some(first) => {
                scope.same_method(self.of, name, span, first);
                false
            }
        }
    }
}

fn methods(protocol: &Protocol, scope: &mut NameScope) {
    let mut application = Methods::new("an application", &[]);
    let mut client = Methods::new("the client", &CLIENT);
    let mut context = Methods::new("the context of a handler", &CONTEXT);
    let mut server = Methods::new("the handle of the server", &SERVER_HANDLE);
    for message in handled(protocol) {
        let name = snake(&in_rust(&message.name, message.names.rust.as_ref()));
        let span = message.name.span;
        // One problem is one error.
        if application.take(&name, span, scope) {
            client.take(&name, span, scope);
        }
    }
    let mut handle = Methods::new("the handle of a client", &CLIENT_HANDLE);
    for message in server_requests(protocol) {
        let name = snake(&in_rust(&message.name, message.names.rust.as_ref()));
        handle.take(&name, message.name.span, scope);
    }
    for channel in &protocol.channels {
        let name = snake(&in_rust(&channel.name, channel.names.rust.as_ref()));
        let span = channel.name.span;
        // One problem is one error.
        let _ = context.take(&name, span, scope)
            && server.take(&name, span, scope)
            && client.take(&name, span, scope);
        let mut params: BTreeMap<String, Span> = BTreeMap::new();
        for param in &channel.params {
            let rust = names::snake(&param.name.text);
            if let Some(first) = params.insert(rust.clone(), param.name.span) {
                let (of, wire) = (&channel.name.text, &param.name.text);
                scope.same_field(of, wire, &rust, param.name.span, first);
            }
        }
    }
}

/// The enum of a message's errors, and its variants.
fn errors(protocol: &Protocol, message: &Message, scope: &mut NameScope) {
    if message.errors.is_empty() {
        return;
    }
    let base = in_rust(&message.name, message.names.rust.as_ref());
    scope.take_rust(&format!("{base}Error"), message.name.span);
    let mut variants: BTreeMap<String, Span> = BTreeMap::new();
    for id in &message.errors {
        let ErrorCode { name, names, .. } = &protocol.errors[id.0];
        let variant = in_rust(name, names.rust.as_ref());
        if let Some(first) = variants.insert(variant.clone(), name.span) {
            scope.same_variant(&message.name.text, &variant, name.span, first);
        }
    }
}

/// The TypeScript exports for messages, errors and channels.
fn constants(protocol: &Protocol, scope: &mut NameScope) {
    let camel =
        |name: &Name, given: &Option<Name>| names::camel(&given.as_ref().unwrap_or(name).text);
    for message in &protocol.messages {
        scope.take_constant(&camel(&message.name, &message.names.ts), message.name.span);
    }
    for error in &protocol.errors {
        let name = format!("{}Error", camel(&error.name, &error.names.ts));
        scope.take_constant(&name, error.name.span);
    }
    for channel in &protocol.channels {
        let name = format!("{}Channel", camel(&channel.name, &channel.names.ts));
        scope.take_constant(&name, channel.name.span);
    }
}
