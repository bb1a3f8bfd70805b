//! A protocol of any size: messages of six properties each, with nested types and enums.

use std::fmt::Write;

/// What the sixth property of a message is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A type of the protocol's that it refers to.
    Shared,
    /// An object that is declared there, so that each message has a second type of its own.
    Own,
}

/// The spec of a protocol with that many messages, with all outputs or only the Rust.
pub(crate) fn spec(messages: usize, place: Place, outputs: &str) -> String {
    const PLACE: &str = "{ type: object, required: [x, y], properties: { x: { type: number }, y: { type: number } } }";
    let mut out = String::from(
        "handfast: 1\nprotocol: { name: large, version: 1.0.0, description: A protocol of many messages. }\ntypes:\n",
    );
    // A thing for every ten messages. It contains the one before, five deep.
    let types = messages.div_ceil(10);
    for i in 0..types {
        let _ = writeln!(
            out,
            "  Kind{i}:\n    description: A kind of thing, number {i}.\n    type: string\n    enum: [one, two, three, four-{i}]\n  Id{i}: {{ description: Names a thing., type: string, pattern: '^[a-z0-9-]{{1,64}}$' }}\n  Thing{i}:\n    description: A thing, number {i}.\n    type: object\n    required: [id, kind]\n    properties:\n      id: {{ $ref: '#/types/Id{i}' }}\n      kind: {{ $ref: '#/types/Kind{i}' }}\n      size: {{ type: integer, minimum: 0, maximum: 1000000 }}",
        );
        if i % 5 > 0 {
            let _ = writeln!(out, "      before: {{ $ref: '#/types/Thing{}' }}", i - 1);
        }
        if place == Place::Shared {
            let _ = writeln!(out, "  Place{i}: {PLACE}");
        }
    }
    out.push_str(
        "errors:\n  BUSY: { description: Try again later., retryable: true }\nmessages:\n",
    );
    for i in 0..messages {
        let kind = i / 10;
        let (group, from) = (i / 50, if i % 2 == 0 { "client" } else { "server" });
        let _ = writeln!(
            out,
            "  group{group}.message{i}:\n    from: {from}\n    description: The message number {i}.\n    payload:\n      type: object\n      required: [id, text, thing]\n      properties:\n        id: {{ $ref: '#/types/Id{kind}' }}\n        text: {{ description: What is said., type: string, minLength: 1, maxLength: 2000 }}\n        thing: {{ $ref: '#/types/Thing{kind}' }}\n        kind: {{ $ref: '#/types/Kind{kind}' }}\n        counts: {{ type: array, items: {{ type: integer, minimum: 0 }}, maxItems: 100 }}",
        );
        let _ = match place {
            Place::Shared => writeln!(out, "        place: {{ $ref: '#/types/Place{kind}' }}"),
            Place::Own => writeln!(out, "        place: {PLACE}"),
        };
        if i % 4 == 0 && i + 1 < messages {
            let (next, next_group) = (i + 1, (i + 1) / 50);
            let _ = writeln!(
                out,
                "    reply: group{next_group}.message{next}\n    errors: [BUSY]\n    timeout: 5s"
            );
        }
    }
    out.push_str(outputs);
    out
}
