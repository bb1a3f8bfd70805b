//! Another end with the token of a session, such as a duplicated tab: it takes the session over.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that has taken a session over.
pub(crate) struct Raw {
    socket: WebSocketStream<TcpStream>,
    ready: Value,
    /// Whether the session is this end's to resume.
    is_own: bool,
}

/// Resumes a session whose client has received nothing yet, as a user.
pub(crate) async fn take_over(
    address: SocketAddr,
    name: &str,
    token: &str,
    is_own: bool,
) -> Result<Raw, String> {
    let resumed = timeout(PATIENCE, resume(address, name, token)).await;
    let (socket, ready) = resumed.map_err(|_| "the server does not answer".to_owned())??;
    Ok(Raw {
        socket,
        ready,
        is_own,
    })
}

async fn resume(
    address: SocketAddr,
    name: &str,
    token: &str,
) -> Result<(WebSocketStream<TcpStream>, Value), String> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| error.to_string())?;
    let (mut socket, _) = client_async(format!("ws://{address}/ws"), stream)
        .await
        .map_err(|error| error.to_string())?;
    let payload = json!({ "version": "1.0.0", "auth": { "name": name }, "resume": { "session": token, "received": 0 } });
    let hello = json!({ "type": "hello", "payload": payload }).to_string();
    socket
        .send(Message::text(hello))
        .await
        .map_err(|error| error.to_string())?;
    let ready = match socket.next().await {
        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap_or_default(),
        other => return Err(format!("{other:?} in place of a ready")),
    };
    Ok((socket, ready))
}

impl Raw {
    /// Checks that the session was resumed, if it may be, and that this end still has one.
    pub(crate) async fn check(&mut self) -> Result<(), String> {
        if (self.ready["payload"]["resumed"] == true) != self.is_own {
            return Err(format!("another end was answered {}", self.ready));
        }
        timeout(PATIENCE, self.ask())
            .await
            .map_err(|_| "the session that was taken over does not answer".to_owned())?
    }

    async fn ask(&mut self) -> Result<(), String> {
        let request = json!({ "type": "get", "payload": { "n": 1 }, "id": "taken" });
        self.socket
            .send(Message::text(request.to_string()))
            .await
            .map_err(|error| error.to_string())?;
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) if text.contains(r#""type":"got""#) => return Ok(()),
                Some(Ok(Message::Text(_) | Message::Ping(_))) => {}
                other => return Err(format!("{other:?} in place of an answer")),
            }
        }
    }
}
