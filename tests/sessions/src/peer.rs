//! A client by hand, in memory, in any encoding.

use crate::{api::Server, app::proof};
use futures_util::future::poll_fn;
use handfast::{
    codec::Encoding,
    server::ConnectionInfo,
    transport::{CloseFrame, MemoryTransport, Transport, TransportEvent, duplex},
};
use handfast_testing::frames;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::time::timeout;

/// How long anything that has to happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How many messages the transport holds in each direction.
const CAPACITY: usize = 64;

pub(crate) struct Peer {
    transport: MemoryTransport,
    encoding: Encoding,
}

/// What says who a peer is and what it wants to resume; null if it does not count.
pub(crate) fn hello(name: &str, proof: &str, resume: Value) -> Value {
    let auth = json!({ "name": name, "proof": proof });
    let mut payload = json!({ "version": "1.0.0", "auth": auth });
    if !resume.is_null() {
        payload["resume"] = resume;
    }
    json!({ "type": "hello", "payload": payload })
}

impl Peer {
    /// Connects, and says nothing yet.
    pub(crate) fn connect(
        server: &Server,
        encoding: Encoding,
        address: Option<SocketAddr>,
    ) -> Self {
        let (transport, theirs) = duplex(CAPACITY);
        let mut info = ConnectionInfo::default();
        info.encoding = Some(encoding);
        info.address = address;
        let server = server.clone();
        tokio::spawn(async move { server.serve(theirs, info).await });
        Self {
            transport,
            encoding,
        }
    }

    /// Connects as a user, with what the hello says of resuming. Returns what answers the hello as well.
    pub(crate) async fn enter(
        server: &Server,
        name: &str,
        resume: Value,
    ) -> Result<(Self, Value), String> {
        Self::enter_from(server, None, name, resume).await
    }

    /// The same from an address.
    pub(crate) async fn enter_from(
        server: &Server,
        address: Option<SocketAddr>,
        name: &str,
        resume: Value,
    ) -> Result<(Self, Value), String> {
        let mut peer = Self::connect(server, Encoding::Json, address);
        peer.say(&hello(name, &proof(name), resume)).await?;
        let ready = peer.hear().await?;
        match ready["type"] == "ready" {
            true => Ok((peer, ready["payload"].clone())),
            false => Err(format!("not ready: {ready}")),
        }
    }

    pub(crate) async fn say(&mut self, message: &Value) -> Result<(), String> {
        let packet = frames::write(message, self.encoding)?;
        self.transport
            .feed(packet.bytes(), packet.is_text())
            .map_err(|error| error.to_string())?;
        let written = timeout(PATIENCE, poll_fn(|cx| self.transport.poll_flush(cx))).await;
        let written = written.map_err(|_| "the server does not read")?;
        written.map_err(|error| error.to_string())
    }

    /// Returns the next message, or the close code: 1006 if there is none.
    pub(crate) async fn next(&mut self) -> Result<Result<Value, u16>, String> {
        let received = timeout(PATIENCE, self.transport.receive()).await;
        let received = received.map_err(|_| "the server says nothing")?;
        match received.map_err(|error| error.to_string())? {
            TransportEvent::Packet(packet) => frames::read(&packet, self.encoding).map(Ok),
            TransportEvent::Closed(frame) => Ok(Err(frame.map_or(1006, |frame| frame.code))),
            other => Err(format!("{other:?}")),
        }
    }

    /// Returns the next message that is not of the heartbeat and acknowledges nothing.
    pub(crate) async fn hear(&mut self) -> Result<Value, String> {
        loop {
            let message = self.next().await?;
            let message = message.map_err(|code| format!("closed with {code}"))?;
            let name = message["type"].as_str().unwrap_or_default();
            if !["ping", "pong", "received"].contains(&name) {
                return Ok(message);
            }
        }
    }

    /// Says something, and returns what answers it.
    pub(crate) async fn ask(&mut self, message: &Value) -> Result<Value, String> {
        self.say(message).await?;
        loop {
            let answer = self.hear().await?;
            if answer["id"] == message["id"] {
                return Ok(answer);
            }
        }
    }

    /// Closes with a code.
    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame::new(code, "");
        poll_fn(|cx| self.transport.poll_close(cx, &frame)).await;
    }
}
