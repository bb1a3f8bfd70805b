//! How a client dials: which URLs it takes, and what it makes of the server's response.

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
async fn schemes_of_the_web_are_taken() {
    soon(async {
        let (.., address) = serve().await;
        for url in [format!("http://{address}/ws"), format!("WS://{address}/ws")] {
            let client = dial(url).await.expect("it is let in");
            assert_eq!(client.state(), State::Connected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_without_auth_does_not_dial() {
    soon(async {
        let connect = ClientBuilder::<Chat, Client>::over(|| async {
            Err::<MemoryTransport, _>("it dials")
        });
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
            "the server refused: INVALID: the payload does not fit: /payload/auth/name must be at least 1 character long"
        );
    })
    .await;
}

#[tokio::test]
async fn what_an_address_cannot_have_is_refused_by_name() {
    soon(async {
        for (url, words) in [
            (
                "wss://example.org",
                "`wss` is not built in; let a proxy end the TLS, or dial it yourself (`ClientBuilder::over`)",
            ),
            (
                "https://example.org",
                "`https` is not built in; let a proxy end the TLS, or dial it yourself (`ClientBuilder::over`)",
            ),
            (
                "ftp://example.org",
                "it does not begin with `ws://` or `http://`",
            ),
            (
                "example.org:80",
                "it does not begin with `ws://` or `http://`",
            ),
            (
                "/ws",
                "it is a path and names no host; write `ws://host/path`",
            ),
            (
                "//example.org/ws",
                "it has no scheme; write `ws://` before the host",
            ),
            (
                "ws://example.org/ws#top",
                "it has a fragment, which no server sees; leave out what begins with `#`",
            ),
            (
                "ws://ada:secret@example.org/ws",
                "it has a user's name; send that with `auth` or a header",
            ),
            ("not a url", "it is no URL"),
            ("", "it is no URL"),
        ] {
            let error = dial(url.into()).await.expect_err("it cannot be reached");
            assert!(error.is_final(), "{url}");
            let expected = format!("the address cannot be used: {words}");
            assert_eq!(error.to_string(), expected, "{url}");
        }
    })
    .await;
}

/// A server that takes one connection, reads the head of its request, and writes a response.
async fn answers(response: Vec<u8>) -> (SocketAddr, tokio::task::JoinHandle<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let served = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("it dials");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.expect("there is more"));
        }
        // A client that has read enough may be gone.
        let _ = socket.write_all(&response).await;
        socket
    });
    (address, served)
}

#[tokio::test]
async fn a_refused_upgrade_says_its_status() {
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
                .expect_err("it is refused");
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
async fn a_body_that_does_not_end_does_not_hide_the_status() {
    soon(async {
        let response = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 100\r\n\r\nslow ";
        let (address, _served) = answers(response.to_vec()).await;
        let error = dial(format!("ws://{address}/ws"))
            .await
            .expect_err("it is refused");
        assert_eq!(
            error.to_string(),
            "the server refused the upgrade with status 429: slow"
        );
    })
    .await;
}

/// A server that upgrades, with other header lines, and writes bytes behind them.
async fn upgrades(lines: &'static str, accept: bool, behind: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("it dials");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.expect("there is more"));
        }
        let head = String::from_utf8(head).expect("it is text");
        let key = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
            .map(|(_, key)| key.to_owned())
            .expect("it has a key");
        let key = derive_accept_key(if accept { key.as_bytes() } else { b"another" });
        let mut response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {key}\r\n{lines}\r\n"
        )
        .into_bytes();
        response.extend(behind);
        // One write: what is behind the head comes with it.
        socket.write_all(&response).await.expect("it reads");
        std::future::pending::<()>().await;
    });
    address
}

const UPGRADE: &str = "upgrade: websocket\r\nconnection: keep-alive, Upgrade\r\n";

fn text_frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("it is short");
    let mut frame = if length < 126 {
        vec![0x81, length]
    } else {
        vec![0x81, 126, 0, length]
    };
    frame.extend(text.as_bytes());
    frame
}

#[tokio::test]
async fn what_comes_with_the_upgrade_is_read() {
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
            .expect("it is let in");
        let state = client
            .wait_for_state(|s| matches!(s, State::Closed(_)))
            .await;
        assert_eq!(state, State::Closed(Some(CloseFrame::new(4001, ""))));
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_that_is_none_is_refused() {
    soon(async {
        let cases = [
            (
                UPGRADE,
                false,
                "the response does not answer the request's key",
            ),
            (
                "connection: upgrade\r\n",
                true,
                "the response does not upgrade to a WebSocket",
            ),
            (
                "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-protocol: chat.v2+json\r\n",
                true,
                "the response has a subprotocol that was not offered",
            ),
            (
                "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-extensions: permessage-deflate\r\n",
                true,
                "the response has an extension that was not offered",
            ),
        ];
        for (lines, accept, words) in cases {
            let address = upgrades(lines, accept, Vec::new()).await;
            let error = dial(format!("ws://{address}/ws"))
                .await
                .expect_err("it is refused");
            let source = std::error::Error::source(&error).expect("it says why");
            assert_eq!(source.to_string(), words);
        }
    })
    .await;
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    soon(async {
        let mut response = b"HTTP/1.1 200 OK\r\n".to_vec();
        for n in 0..5000 {
            response.extend(format!("x-{n}: {}\r\n", "x".repeat(100)).bytes());
        }
        let (address, _served) = answers(response).await;
        let dialled = dial(format!("ws://{address}/ws"));
        let dialled = tokio::time::timeout(Duration::from_secs(5), dialled).await;
        let error = dialled
            .expect("it does not wait")
            .expect_err("it is refused");
        assert!(matches!(error, ConnectError::Transport(_)), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_handshake_that_hangs_is_timed() {
    tokio::time::pause();
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let error = dial(format!("ws://{address}/ws"))
        .await
        .expect_err("nobody answers");
    assert!(matches!(error, ConnectError::Timeout), "{error}");
}
