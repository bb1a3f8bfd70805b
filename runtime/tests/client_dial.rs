//! Dialing: which URLs a client accepts, and how it handles the response of the server.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod support;

use chat::{Auth, Chat, Client, HASH, raw::serve};
use handfast::{
    client::{ClientBuilder, ConnectError, State},
    transport::{CloseFrame, MemoryTransport},
};
use std::{net::SocketAddr, time::Duration};
use support::soon;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

async fn dial(url: String) -> Result<Client, ConnectError> {
    Client::connect(url)
        .auth(&Auth { name: "ada".into() })
        .await
}

#[tokio::test]
async fn http_schemes_are_accepted() {
    soon(async {
        let (.., address) = serve().await;
        for url in [format!("http://{address}/ws"), format!("WS://{address}/ws")] {
            let client = dial(url).await.expect("the client connects");
            assert_eq!(client.state(), State::Connected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_without_auth_does_not_dial() {
    soon(async {
        let connect =
            ClientBuilder::<Chat, Client>::over(|| async { Err::<MemoryTransport, _>("it dials") });
        let error = connect.await.expect_err("there is no auth");
        assert!(matches!(error, ConnectError::Auth(_)), "{error:?}");
        assert!(error.is_final());
        assert_eq!(
            error.to_string(),
            "the client cannot authenticate: the protocol authenticates clients: call `auth` or `auth_with` before awaiting"
        );
    })
    .await;
}

#[tokio::test]
async fn a_refusal_shows_what_is_wrong_with_the_auth() {
    soon(async {
        let (.., address) = serve().await;
        let auth = Auth { name: "".into() };
        let url = format!("ws://{address}/ws");
        let error = Client::connect(url).auth(&auth).await;
        assert_eq!(
            error.expect_err("its name is empty").to_string(),
            "the server refused the session: INVALID: the payload does not fit: /payload/auth/name must be at least 1 character long"
        );
    })
    .await;
}

#[tokio::test]
async fn invalid_addresses_are_refused_with_a_reason() {
    soon(async {
        for (url, words) in [
            (
                "wss://example.org",
                "`wss` is not built in; terminate TLS in a proxy, or bring a TLS transport (`ClientBuilder::over`)",
            ),
            (
                "https://example.org",
                "`https` is not built in; terminate TLS in a proxy, or bring a TLS transport (`ClientBuilder::over`)",
            ),
            (
                "ftp://example.org",
                "it does not begin with `ws://` or `http://`",
            ),
            (
                "example.org:80",
                "it does not begin with `ws://` or `http://`",
            ),
            ("/ws", "it is a path without a host; write `ws://host/path`"),
            (
                "//example.org/ws",
                "it has no scheme; write `ws://` before the host",
            ),
            (
                "ws://example.org/ws#top",
                "it has a fragment, which is never sent to a server; remove `#` and what follows",
            ),
            (
                "ws://ada:secret@example.org/ws",
                "it has user information; send that with `auth` or a header",
            ),
            ("not a url", "it is not a valid URL"),
            ("", "it is not a valid URL"),
        ] {
            let error = dial(url.into()).await.expect_err("the address is invalid");
            assert!(error.is_final(), "{url}");
            let expected = format!("the address cannot be used: {words}");
            assert_eq!(error.to_string(), expected, "{url}");
        }
    })
    .await;
}

/// A server that accepts one connection, reads the request head, and writes a response.
async fn answers(response: Vec<u8>) -> (SocketAddr, tokio::task::JoinHandle<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("the listener is bound");
    let served = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("the client dials");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.expect("more bytes arrive"));
        }
        // The client may have closed already.
        let _ = socket.write_all(&response).await;
        socket
    });
    (address, served)
}

#[tokio::test]
async fn a_refused_upgrade_reports_its_status() {
    soon(async {
        let long = "x".repeat(100_000);
        let cases = [
            (
                "403 Forbidden",
                "pages of\r\nothers may not",
                "403: pages of  others may not",
            ),
            ("404 Not Found", "", "404"),
            ("200 OK", &*long, "200: xxx"),
            ("503 Service Unavailable", "later", "503: later"),
        ];
        for (status, body, words) in cases {
            let response = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let (address, served) = answers(response.into_bytes()).await;
            let error = dial(format!("ws://{address}/ws"))
                .await
                .expect_err("the server refuses");
            let text = error.to_string();
            let expected = format!("the server refused the upgrade with status {words}");
            assert!(text.starts_with(&expected), "{text}");
            assert!(text.len() < 400, "{}", text.len());
            assert!(!error.is_final());
            drop(served);
        }
    })
    .await;
}

#[tokio::test]
async fn an_endless_body_does_not_hide_the_status() {
    soon(async {
        let response = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 100\r\n\r\nslow ";
        let (address, _served) = answers(response.to_vec()).await;
        let error = dial(format!("ws://{address}/ws"))
            .await
            .expect_err("the server refuses");
        assert_eq!(
            error.to_string(),
            "the server refused the upgrade with status 429: slow"
        );
    })
    .await;
}

/// A server that upgrades with extra header lines and writes bytes after the response.
async fn upgrades(lines: &'static str, accept: bool, behind: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("the listener is bound");
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("the client dials");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.expect("more bytes arrive"));
        }
        let head = String::from_utf8(head).expect("the head is text");
        let key = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
            .map(|(_, key)| key.to_owned())
            .expect("the request has a key");
        let key = derive_accept_key(if accept { key.as_bytes() } else { b"another" });
        let mut response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {key}\r\n{lines}\r\n"
        )
        .into_bytes();
        response.extend(behind);
        // One write, so that the bytes arrive together with the head.
        socket
            .write_all(&response)
            .await
            .expect("the reader finishes");
        std::future::pending::<()>().await;
    });
    address
}

const UPGRADE: &str = "upgrade: websocket\r\nconnection: keep-alive, Upgrade\r\n";

fn text_frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("the text is short");
    let mut frame = if length < 126 {
        vec![0x81, length]
    } else {
        vec![0x81, 126, 0, length]
    };
    frame.extend(text.as_bytes());
    frame
}

#[tokio::test]
async fn bytes_after_the_upgrade_are_read() {
    soon(async {
        let ready = format!(
            r#"{{"type":"ready","payload":{{"version":"1.2.0","hash":"{HASH}","session":"s"}}}}"#
        );
        let mut behind = text_frame(&ready);
        behind.extend([0x88, 2, 0x0f, 0xa1]); // 4001
        let address = upgrades(UPGRADE, true, behind).await;
        let client = Client::connect(format!("ws://{address}/ws"))
            .auth(&Auth { name: "ada".into() })
            .reconnect(false)
            .await
            .expect("the client connects");
        let state = client
            .wait_for_state(|s| matches!(s, State::Closed(_)))
            .await;
        assert_eq!(state, State::Closed(Some(CloseFrame::new(4001, ""))));
    })
    .await;
}

#[tokio::test]
async fn an_invalid_upgrade_is_refused() {
    soon(async {
        let cases = [
            (
                UPGRADE,
                false,
                "the `Sec-WebSocket-Accept` header does not match the request",
            ),
            (
                "connection: upgrade\r\n",
                true,
                "the response does not upgrade to a WebSocket",
            ),
            (
                "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-protocol: chat.v2+json\r\n",
                true,
                "the response selects a subprotocol that was not offered",
            ),
            (
                "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-extensions: permessage-deflate\r\n",
                true,
                "the response selects an extension that was not offered",
            ),
        ];
        for (lines, accept, words) in cases {
            let address = upgrades(lines, accept, Vec::new()).await;
            let error = dial(format!("ws://{address}/ws"))
                .await
                .expect_err("the server refuses");
            let source = std::error::Error::source(&error).expect("the error has a source");
            assert_eq!(source.to_string(), words);
        }
        // A server that selects none speaks JSON.
        let address = upgrades(UPGRADE, true, Vec::new()).await;
        let error = Client::connect(format!("ws://{address}/ws"))
            .auth(&Auth { name: "ada".into() })
            .encoding(handfast::codec::Encoding::MsgPack)
            .await
            .expect_err("the server does not speak it");
        let source = std::error::Error::source(&error).expect("the error has a source");
        assert_eq!(
            source.to_string(),
            "the response does not select the subprotocol of the encoding"
        );
    })
    .await;
}

#[tokio::test]
async fn an_endless_head_is_refused() {
    soon(async {
        let mut response = b"HTTP/1.1 200 OK\r\n".to_vec();
        for n in 0..5000 {
            response.extend(format!("x-{n}: {}\r\n", "x".repeat(100)).bytes());
        }
        let (address, _served) = answers(response).await;
        let dialled = dial(format!("ws://{address}/ws"));
        let dialled = tokio::time::timeout(Duration::from_secs(5), dialled).await;
        let error = dialled
            .expect("the client does not wait")
            .expect_err("the server refuses");
        assert!(matches!(error, ConnectError::Transport(_)), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_handshake_that_hangs_times_out() {
    tokio::time::pause();
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = listener.local_addr().expect("the listener is bound");
    let error = dial(format!("ws://{address}/ws"))
        .await
        .expect_err("the server does not respond");
    assert!(matches!(error, ConnectError::Timeout), "{error}");
}
