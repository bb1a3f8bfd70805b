//! The sections `limits`, `encodings` and `closes`.

use super::{MAX_U32, OFF_OR_DURATION, Section, Shape, key};

pub(super) static LIMITS: Section = Section {
    name: "limits",
    doc: "What a side accepts from its peer.",
    keys: &[
        key("message", Shape::Size, "The largest message. 64KiB."),
        key(
            "depth",
            Shape::Count(8, 128),
            "How deeply a message may be nested; the session's own messages need up to 8. 64.",
        ),
        key(
            "rate",
            Shape::Either(&[Shape::Off, Shape::Rate]),
            "How many messages a client may send. 1000/s.",
        ),
        key(
            "violations",
            Shape::Count(1, MAX_U32),
            "How many invalid messages in a row close the connection. 5.",
        ),
        key(
            "outbound",
            Shape::Size,
            "How many bytes may be queued for a slow client. 1MiB.",
        ),
        key(
            "inbound",
            Shape::Size,
            "How many bytes of received messages may be queued for handlers. 256KiB.",
        ),
        key(
            "channels",
            Shape::Count(1, MAX_U32),
            "How many channels a connection may have joined. 256.",
        ),
        key(
            "streams",
            Shape::Count(1, MAX_U32),
            "How many streams a connection may have open. 256.",
        ),
        key(
            "history",
            Shape::Size,
            "How many bytes the histories of all channels may take together. 64MiB.",
        ),
        key(
            "handlerTimeout",
            OFF_OR_DURATION,
            "How long a handler may take, except for streams. Twice the message's timeout.",
        ),
        key(
            "detached",
            Shape::Section(&DETACHED),
            "How many sessions may wait to be resumed.",
        ),
    ],
};

static DETACHED: Section = Section {
    name: "detached",
    doc: "The sessions that lost their connection and wait to be resumed. Beyond a limit, the oldest ends.",
    keys: &[
        key(
            "sessions",
            Shape::Count(0, MAX_U32),
            "How many in all. 10000.",
        ),
        key(
            "bytes",
            Shape::Size,
            "How many bytes of messages they hold in all. 256MiB.",
        ),
        key(
            "sessionsEach",
            Shape::Count(0, MAX_U32),
            "How many of one principal, or of one address if the principal is not known. 100.",
        ),
        key(
            "bytesEach",
            Shape::Size,
            "How many bytes those of one principal or address hold. 16MiB.",
        ),
    ],
};

pub(super) static ENCODINGS: Section = Section {
    name: "encodings",
    doc: "The supported encodings in the order in which they are preferred, each with its WebSocket subprotocol.",
    keys: &[
        key(
            "json",
            Shape::Text,
            "JSON text; `off` is JSON without a subprotocol.",
        ),
        key("msgpack", Shape::Text, "MessagePack."),
        key("cbor", Shape::Text, "CBOR."),
    ],
};

const CLOSE: Shape = Shape::Count(1000, 4999);

pub(super) static CLOSES: Section = Section {
    name: "closes",
    doc: "The close codes, by the reason why a connection ended (RFC 6455, section 7.4).",
    keys: &[
        key("going-away", CLOSE, "The server shuts down. 1001."),
        key(
            "unauthorized",
            CLOSE,
            "The client failed to authenticate. 4401.",
        ),
        key("version", CLOSE, "The versions are not compatible. 4406."),
        key("hello-timeout", CLOSE, "No hello in time. 4408."),
        key(
            "taken-over",
            CLOSE,
            "Another connection took the session over. 4409.",
        ),
        key("kicked", CLOSE, "The server removes the client. 4403."),
        key("violations", CLOSE, "Too many invalid messages. 1008."),
        key("too-large", CLOSE, "A message was too large. 1009."),
        key("rate-limited", CLOSE, "Too many messages. 4429."),
        key("slow", CLOSE, "The client reads too slowly. 4008."),
        key("silent", CLOSE, "Nothing was received for too long. 4000."),
        key("internal", CLOSE, "An internal error of the server. 1011."),
        key(
            "invalid",
            CLOSE,
            "A message was invalid. Without a code it is answered.",
        ),
        key(
            "not-ready",
            CLOSE,
            "A message came before the session was ready. Without a code it is answered.",
        ),
        key(
            "repeated-hello",
            CLOSE,
            "A second hello. Without a code it is answered.",
        ),
        key(
            "id-reused",
            CLOSE,
            "The id of a request is in use. Without a code it is answered.",
        ),
    ],
};
