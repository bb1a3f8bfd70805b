//! The section `session`.

use super::{CODE, MAX_U32, OFF_OR_DURATION, Section, Shape, key, must};

pub(super) static SESSION: Section = Section {
    name: "session",
    doc: "How a session behaves.",
    keys: &[
        key(
            "heartbeat",
            OFF_OR_DURATION,
            "The interval at which each side sends a sign of life. 25s.",
        ),
        key(
            "timeout",
            Shape::Duration,
            "The timeout of the handshake, and of the answer to a ping. 10s.",
        ),
        key(
            "auth",
            Shape::Name,
            "The message whose payload the hello contains, to authenticate the client.",
        ),
        key(
            "resume",
            Shape::Either(&[Shape::Off, Shape::Duration, Shape::Section(&RESUME)]),
            "How long a session is kept after its connection was lost. 2m.",
        ),
        key(
            "backoff",
            Shape::Section(&BACKOFF),
            "How long a client waits before it reconnects.",
        ),
        key(
            "roles",
            Shape::Either(&[Shape::Off, Shape::Section(&ROLES)]),
            "The messages of the session itself; `off` turns off all of them.",
        ),
        key(
            "phases",
            Shape::Section(&PHASES),
            "Who sends first, and what is allowed before ready.",
        ),
    ],
};

static RESUME: Section = Section {
    name: "resume",
    doc: "How sessions resume if every message of the server has its number in its envelope.",
    keys: &[
        key(
            "for",
            Shape::Duration,
            "How long a session is kept after its connection was lost. 2m.",
        ),
        must(
            "seq",
            Shape::Field,
            "The field of the envelope with the message's number in the session.",
        ),
    ],
};

static BACKOFF: Section = Section {
    name: "backoff",
    doc: "A random time below a bound that doubles from `min` to `max`.",
    keys: &[
        key("min", Shape::Duration, "The first bound. 500ms."),
        key("max", Shape::Duration, "The last bound. 30s."),
        key(
            "attempts",
            Shape::Count(1, MAX_U32),
            "How many attempts in a row may fail before a client gives up. By default no limit.",
        ),
    ],
};

const ROLE: Shape = Shape::Either(&[Shape::Off, Shape::Section(&ROLE_SECTION)]);

static ROLES: Section = Section {
    name: "roles",
    doc: "The messages of the session itself. Each is Handfast's own, an application message, or `off`.",
    keys: &[
        key(
            "hello",
            ROLE,
            "Client: introduces itself, with its version and hash.",
        ),
        key("ready", ROLE, "Server: welcome."),
        key("refuse", ROLE, "Server: refuses the client, with a reason."),
        key(
            "auth",
            ROLE,
            "Client: authenticates, if the hello does not.",
        ),
        key(
            "resume",
            ROLE,
            "Client: asks for what it missed, if the server numbers its messages.",
        ),
        key("gap", ROLE, "Server: messages are missing."),
        key("join", ROLE, "Client: joins a channel."),
        key("leave", ROLE, "Client: leaves a channel."),
        key("ping", ROLE, "Either: asks for a pong."),
        key("pong", ROLE, "Either: I am."),
        key("negotiate", ROLE, "Client: switches to another encoding."),
        key("error", ROLE, "Server: reports an error."),
        key(
            "received",
            ROLE,
            "Either: acknowledges messages, so that sessions resume.",
        ),
        key(
            "skip",
            ROLE,
            "Server: a number of a channel whose message is for others.",
        ),
        key(
            "greeting",
            ROLE,
            "Server: speaks first, before the hello. Off.",
        ),
        key(
            "presence",
            ROLE,
            "Server: who is in a channel that has `presence`.",
        ),
    ],
};

static ROLE_SECTION: Section = Section {
    name: "role",
    doc: "Who plays a role: `tag` renames Handfast's own message, `message` names an application message.",
    keys: &[
        key("tag", CODE, "The tag of Handfast's own message."),
        key("message", Shape::Name, "The message that plays the role."),
        key(
            "fields",
            Shape::Free(&Shape::Text),
            "The locations of the role's fields in its payload, as JSON Pointers: `{ version: /ver }`.",
        ),
    ],
};

static PHASES: Section = Section {
    name: "phases",
    doc: "Who sends first, and what is allowed before the session is ready.",
    keys: &[
        key(
            "first",
            Shape::Word(&["client", "server"]),
            "Who sends the first message. client.",
        ),
        key(
            "beforeReady",
            Shape::List(&Shape::Name),
            "The messages allowed before ready, beside the session's own.",
        ),
        key(
            "ids",
            Shape::Flag,
            "Whether messages before ready have ids. true.",
        ),
    ],
};
