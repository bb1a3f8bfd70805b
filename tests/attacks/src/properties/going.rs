//! Going away, whatever peers keep open.

use super::Property;
use crate::{
    peer::{ConnectionInfo, upgrade},
    process::Process,
    server::Setup,
};
use futures_util::FutureExt;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// How long going away may take: `session.timeout` for the handlers, and then what is left of a second for closing.
const GONE: Duration = Duration::from_secs(5);

pub(crate) fn all() -> Vec<Property> {
    vec![Property {
        name: "going-away",
        line: "A5",
        holds: |_| going().boxed(),
    }]
}

/// A server of its own goes away under half-open requests, connections that keep alive, and a handler that hangs.
async fn going() -> Result<(), String> {
    let words = |error: std::io::Error| error.to_string();
    let mut server = Process::start(&Setup::default()).await?;
    let request = upgrade(server.address, "");
    let mut open = Vec::new();
    for bytes in [0, 20, 100] {
        let mut peer = ConnectionInfo::dial(server.address).await.map_err(words)?;
        let half = &request.as_bytes()[..bytes];
        peer.stream.write_all(half).await.map_err(words)?;
        open.push(peer);
    }
    let mut kept = ConnectionInfo::dial(server.address).await.map_err(words)?;
    let health = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    kept.ask(&health).await?;
    open.push(kept);
    open.push(ConnectionInfo::connect(server.address, "").await?);
    let mut session = ConnectionInfo::enter(server.address).await?;
    session.say(r#"{"type":"hang","id":"1"}"#).await?;

    server.stop().await?;
    let code = session.closed(GONE).await?;
    if code != 1001 {
        return Err(format!("a session was closed with {code}, not 1001"));
    }
    match server.ended(GONE).await {
        true => Ok(()),
        false => Err(format!(
            "the server is still there after {} s",
            GONE.as_secs()
        )),
    }
}
