//! A counter that everybody shares.
//!
//! Made by Handfast from `protocol.yaml`, the protocol `counter`.
//! Do not edit: change that file, then run `cargo run -p codegen`.

use handfast::protocol;

/// `CounterValue`
#[protocol]
#[derive(Clone, Debug)]
pub struct CounterValue {
    pub count: i64,
}

/// `CounterAdd`
#[protocol]
#[derive(Clone, Debug)]
pub struct CounterAdd {
    /// -10 to 10.
    #[protocol(minimum = -10, maximum = 10)]
    pub by: i64,
}

/// `CounterChanged`
#[protocol]
#[derive(Clone, Debug)]
pub struct CounterChanged {
    pub count: i64,
}

/// `counter.follow`
#[protocol]
#[derive(Clone, Debug)]
pub struct CounterFollow {}

/// `counter.added`
#[protocol]
#[derive(Clone, Debug)]
pub struct CounterAdded {}

/// Everything the client sends.
#[protocol(client)]
#[derive(Clone, Debug)]
pub enum ClientMessage {
    /// `counter.follow`
    #[message("counter.follow", bare, reply = CounterValue, join = Changes)]
    CounterFollow(CounterFollow),
    /// `counter.add`
    #[message("counter.add", reply = CounterAdded)]
    CounterAdd(CounterAdd),
}

/// Everything the server sends.
#[protocol(server)]
#[derive(Clone, Debug)]
pub enum ServerMessage {
    /// `counter.value`
    #[message("counter.value")]
    CounterValue(CounterValue),
    /// `counter.added`
    #[message("counter.added", bare)]
    CounterAdded(CounterAdded),
    /// `counter.changed`
    #[message("counter.changed", channel = Changes)]
    CounterChanged(CounterChanged),
}

/// The channel `changes`.
#[protocol(channel = "changes", join = CounterFollow)]
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {}

/// A counter that everybody shares.
#[protocol(
    name = "counter",
    version = "1.0.0",
    accepts = "^1",
    hash = "69c3b847d8284c28f2985c7684334680",
    client = ClientMessage,
    server = ServerMessage,
    channels(Changes),
    session(
        heartbeat_ms = 25000,
        timeout_ms = 10000,
        resume_ms = 120000,
        backoff_ms(500, 30000)
    ),
    limits(
        message = 65536,
        depth = 64,
        rate(1000, 1000),
        violations = 5,
        outbound = 1048576,
        inbound = 262144,
        channels = 256,
        streams = 256
    ),
    encodings(json = "counter.v1+json")
)]
#[derive(Clone, Copy, Debug)]
pub struct Counter;
