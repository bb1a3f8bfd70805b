//! The contenders, and what the load generator must know of each.

/// How a contender is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// A subcommand of this program.
    Rust,
    /// A file in `node`.
    Node,
}

/// What a contender speaks over WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Messages from the start.
    Plain,
    /// Engine.IO 4 and Socket.IO 5.
    SocketIo,
    /// A hello first. If it counts, both ends acknowledge, and the session can be resumed.
    Handfast { counting: bool },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// What is served: several contenders may differ in what the client does alone.
    pub(crate) server: &'static str,
    pub(crate) program: Program,
    pub(crate) dialect: Dialect,
    /// The packages whose versions are printed.
    pub(crate) packages: &'static [&'static str],
    pub(crate) scenarios: &'static [Scenario],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scenario {
    Echo,
    FanOut,
    Idle,
    Latency,
}

impl Scenario {
    pub(crate) const ALL: [Self; 4] = [Self::Echo, Self::FanOut, Self::Idle, Self::Latency];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::FanOut => "fan-out",
            Self::Idle => "idle",
            Self::Latency => "p99",
        }
    }
}

use Scenario::{Echo, FanOut, Idle, Latency};

pub(crate) const HANDFAST: &str = "handfast";
pub(crate) const HANDFAST_COUNTING: &str = "handfast, resumable";
pub(crate) const WS: &str = "ws";
pub(crate) const BATCHES: &str = "tungstenite, in batches";
pub(crate) const YAWC: &str = "yawc";
pub(crate) const BY_HAND: &str = "by hand";

pub(crate) const CONTENDERS: &[Contender] = &[
    Contender {
        name: WS,
        server: "ws",
        program: Program::Node,
        dialect: Dialect::Plain,
        packages: &["ws"],
        scenarios: &Scenario::ALL,
    },
    Contender {
        name: "socket.io",
        server: "socket.io",
        program: Program::Node,
        dialect: Dialect::SocketIo,
        packages: &["socket.io", "ws"],
        scenarios: &Scenario::ALL,
    },
    Contender {
        name: "tungstenite, each flushed",
        server: "tungstenite-each",
        program: Program::Rust,
        dialect: Dialect::Plain,
        packages: &["tokio-tungstenite"],
        scenarios: &[Echo, Latency],
    },
    Contender {
        name: BATCHES,
        server: "tungstenite-batches",
        program: Program::Rust,
        dialect: Dialect::Plain,
        packages: &["tokio-tungstenite"],
        scenarios: &[Echo, Idle, Latency],
    },
    Contender {
        name: "socketioxide",
        server: "socketioxide",
        program: Program::Rust,
        dialect: Dialect::SocketIo,
        packages: &["socketioxide"],
        scenarios: &[Echo, FanOut, Idle],
    },
    Contender {
        name: YAWC,
        server: "yawc",
        program: Program::Rust,
        dialect: Dialect::Plain,
        packages: &["yawc"],
        scenarios: &[Echo, FanOut, Idle],
    },
    Contender {
        name: "axum",
        server: "axum",
        program: Program::Rust,
        dialect: Dialect::Plain,
        packages: &["axum"],
        scenarios: &[Idle],
    },
    Contender {
        name: BY_HAND,
        server: "by-hand",
        program: Program::Rust,
        dialect: Dialect::Plain,
        packages: &["mio"],
        scenarios: &Scenario::ALL,
    },
    Contender {
        name: HANDFAST,
        server: "handfast",
        program: Program::Rust,
        dialect: Dialect::Handfast { counting: false },
        packages: &["handfast"],
        scenarios: &[Echo, FanOut, Latency],
    },
    Contender {
        name: HANDFAST_COUNTING,
        server: "handfast",
        program: Program::Rust,
        dialect: Dialect::Handfast { counting: true },
        packages: &["handfast"],
        scenarios: &Scenario::ALL,
    },
];
