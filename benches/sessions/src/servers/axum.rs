//! The WebSockets of axum.

use super::{Failure, listen};
use crate::messages::{Effect, handle};
use axum::{
    Router,
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    routing::get,
};

pub(super) async fn serve() -> Result<(), Failure> {
    let upgrade = |upgrade: WebSocketUpgrade| async {
        upgrade.on_upgrade(|socket| async { drop(talk(socket).await) })
    };
    axum::serve(listen().await?, Router::new().route("/ws", get(upgrade))).await?;
    Ok(())
}

async fn talk(mut socket: WebSocket) -> Result<(), Failure> {
    while let Some(message) = socket.recv().await {
        let Message::Text(text) = message? else {
            continue;
        };
        if let Effect::Answer(answer) | Effect::Join(answer) = handle(&text)? {
            socket.send(Message::Text(answer.into())).await?;
        }
    }
    Ok(())
}
