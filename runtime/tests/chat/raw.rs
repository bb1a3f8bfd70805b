//! A client that speaks bytes: what is on the wire, and nothing between.

use super::{App, HASH, Server};
use futures_util::{SinkExt, StreamExt};
use std::{net::SocketAddr, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

/// How long a test waits for anything: far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves on a port of its own, until the test is over.
pub async fn listen(server: &Server) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let router = server.router();
    tokio::spawn(async move { handfast::server::serve(listener, router).await });
    address
}

pub struct Raw {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

pub fn hello(name: &str) -> String {
    format!(
        r#"{{"type":"hello","payload":{{"version":"1.2.0","hash":"{HASH}","auth":{{"name":"{name}"}}}}}}"#
    )
}

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        let request = format!("ws://{address}/ws")
            .into_client_request()
            .expect("it is a URL");
        let (socket, _) = tokio_tungstenite::connect_async(request)
            .await
            .expect("it is upgraded");
        Self { socket }
    }

    /// Connects and says hello.
    pub async fn enter(address: SocketAddr, name: &str) -> Self {
        let mut raw = Self::connect(address).await;
        raw.send(&hello(name)).await;
        let ready = raw.next().await;
        assert!(
            ready.starts_with(r#"{"type":"ready","payload":{"version":"1.2.0","#),
            "{ready}"
        );
        raw
    }

    pub async fn send(&mut self, text: &str) {
        self.socket
            .send(Message::text(text))
            .await
            .expect("it is sent");
    }

    /// The next text, with its timestamp replaced by `…`.
    pub async fn next(&mut self) -> String {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .expect("something comes");
            match message.expect("it is open").expect("it works") {
                Message::Text(text) => return timeless(&text),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The close code, after whatever else comes.
    pub async fn closed(&mut self) -> u16 {
        self.closed_with().await.0
    }

    /// The code and the reason of the close.
    pub async fn closed_with(&mut self) -> (u16, String) {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .expect("something comes");
            match message {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(Message::Close(None))) => return (1005, String::new()),
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("{error}"),
                None => return (1006, String::new()),
            }
        }
    }
}

/// A message with its timestamp replaced by `…`.
pub fn timeless(text: &str) -> String {
    const FIELD: &str = r#","timestamp":""#;
    match text.split_once(FIELD) {
        Some((before, after)) => {
            let (time, after) = after.split_once('"').expect("it is a string");
            assert_eq!(time.len(), "2026-01-31T09:00:00.000Z".len(), "{time}");
            format!(r#"{before}{FIELD}…"{after}"#)
        }
        None => text.to_owned(),
    }
}

pub async fn serve() -> (App, Server, SocketAddr) {
    let app = App::new();
    let server = Server::new(app.clone());
    let address = listen(&server).await;
    (app, server, address)
}
