//! The server over a real socket, byte for byte as `docs/wire.md` has it.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod support;

use chat::{
    App, ChatMessage, HASH, News, Server,
    raw::{Raw, hello, listen, serve},
};
use futures_util::{SinkExt, StreamExt};
use handfast::{
    Protocol,
    broker::InMemory,
    descriptor::Limits,
    server::ConnectionInfo,
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use std::{net::SocketAddr, time::Duration};
use support::{simulated, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

const LIMITS: Limits = chat::Chat::DESCRIPTOR.limits;

async fn serve_limited(limits: Limits) -> (App, Server, SocketAddr) {
    let app = App::new();
    let server = Server::builder(app.clone()).limits(limits).build();
    let address = listen(&server).await;
    (app, server, address)
}

/// A connection in memory.
fn over_memory(server: &Server) -> (MemoryTransport, tokio::task::JoinHandle<()>) {
    let (client, end) = duplex(16);
    let server = server.clone();
    let served = tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
    (client, served)
}

async fn text(client: &mut MemoryTransport) -> String {
    match client.receive().await.expect("it is open") {
        TransportEvent::Packet(Packet::Text(text)) => text.to_string(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_session_begins() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::connect(address).await;
        raw.send(&hello("ada")).await;
        let ready = raw.next().await;
        let start = format!(
            r#"{{"type":"ready","payload":{{"version":"1.2.0","hash":"{HASH}","session":""#
        );
        let session = ready.strip_prefix(&start).expect("it begins as it should");
        assert_eq!(session.len(), 22 + r#""}}"#.len(), "{ready}");
    })
    .await;
}

#[tokio::test]
async fn an_old_client_is_told_so() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::connect(address).await;
        raw.send(
            r#"{"type":"hello","payload":{"version":"0.9.0","hash":"x","auth":{"name":"ada"}}}"#,
        )
        .await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"refuse","payload":{"code":"VERSION","message":"the client speaks 0.9.0, and this server takes >=1.0: the client is too old","side":"client"}}"#
        );
        assert_eq!(raw.closed().await, 4406);
    })
    .await;
}

#[tokio::test]
async fn a_bad_token_is_refused() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::connect(address).await;
        raw.send(&hello("mallory")).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"refuse","payload":{"code":"BAD_TOKEN","message":"The token is not one of ours, or it has expired."}}"#
        );
        assert_eq!(raw.closed().await, 4401);
    })
    .await;
}

#[tokio::test]
async fn a_proof_that_does_not_fit_is_refused_with_its_violations() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::connect(address).await;
        raw.send(&hello("")).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"refuse","payload":{"code":"INVALID","message":"the payload does not fit","violations":[{"path":"/payload/auth/name","keyword":"minLength","message":"must be at least 1 character long","allowed":1}]}}"#
        );
        assert_eq!(raw.closed().await, 4401);
    })
    .await;
}

#[tokio::test]
async fn nothing_but_hello_is_taken_first() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::connect(address).await;
        raw.send(r#"{"type":"wait","id":"1"}"#).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"NOT_READY","message":"the hello comes first"},"id":"1"}"#
        );
        raw.send(&hello("ada")).await;
        assert!(raw.next().await.starts_with(r#"{"type":"ready""#));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_hello_in_time_closes() {
    simulated(async {
        let server = Server::new(App::new());
        let started = tokio::time::Instant::now();
        let (mut client, _) = over_memory(&server);
        assert!(text(&mut client).await.contains("code: 4408"));
        assert_eq!(started.elapsed().as_secs(), 10);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_proof_that_takes_too_long_closes() {
    simulated(async {
        let server = Server::new(App::new());
        let (mut client, _) = over_memory(&server);
        client.send(&hello("slow")).await.expect("it is open");
        assert!(text(&mut client).await.contains("code: 1011"));
    })
    .await;
}

#[tokio::test]
async fn a_request_behind_the_hello_is_answered() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::connect(address).await;
        raw.send(&hello("ada")).await;
        raw.send(r#"{"type":"chat.send","payload":{"roomId":"lobby","text":"hi"},"id":"1"}"#)
            .await;
        assert!(raw.next().await.starts_with(r#"{"type":"ready""#));
        assert_eq!(
            raw.next().await,
            r#"{"type":"chat.sent","id":"1","timestamp":"…"}"#
        );
    })
    .await;
}

#[tokio::test]
async fn a_declared_error_bears_its_data() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        raw.send(r#"{"type":"chat.send","payload":{"roomId":"full","text":"hi"},"id":"1"}"#)
            .await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"ROOM_FULL","message":"The room has no place left.","retryable":true,"data":{"limit":9}},"id":"1"}"#
        );
    })
    .await;
}

#[tokio::test]
async fn a_bad_message_is_answered_and_the_connection_stays() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        for (sent, told) in [
            (
                r#"{"type":"chat.send","payload":{"roomId":"lobby","text":""},"id":"1"}"#,
                r#"{"type":"error","payload":{"code":"INVALID","message":"the payload does not fit","violations":[{"path":"/payload/text","keyword":"minLength","message":"must be at least 1 character long","allowed":1}]},"id":"1"}"#,
            ),
            (
                r#"{"type":"chat.shout","payload":{"secret":1},"id":"2"}"#,
                r#"{"type":"error","payload":{"code":"UNKNOWN_TYPE","message":"no message has this type"},"id":"2"}"#,
            ),
            (
                r#"{"type":"wait","id":3}"#,
                r#"{"type":"error","payload":{"code":"ENVELOPE","message":"the envelope does not fit","violations":[{"path":"/id","keyword":"type","message":"must be a string","allowed":"string"}]}}"#,
            ),
        ] {
            raw.send(sent).await;
            assert_eq!(raw.next().await, told);
        }
        raw.send("secret").await;
        let syntax = raw.next().await;
        assert!(
            syntax.starts_with(r#"{"type":"error","payload":{"code":"SYNTAX","message":""#),
            "{syntax}"
        );
        assert!(!syntax.contains("secret"), "{syntax}");
        raw.send(r#"{"type":"chat.send","payload":{"roomId":"lobby","text":"hi"},"id":"5"}"#)
            .await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"chat.sent","id":"5","timestamp":"…"}"#
        );
    })
    .await;
}

#[tokio::test]
async fn too_many_bad_messages_in_a_row_close() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        for _ in 0..4 {
            raw.send("{").await;
            raw.next().await;
        }
        // A good one, and the count begins again.
        raw.send(r#"{"type":"ping"}"#).await;
        assert_eq!(raw.next().await, r#"{"type":"pong"}"#);
        for _ in 0..5 {
            raw.send("{").await;
            raw.next().await;
        }
        assert_eq!(raw.closed().await, 1008);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_too_large_closes() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        raw.send(&"x".repeat(200 * 1024)).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"TOO_LARGE","message":"a message may have 65536 bytes"}}"#
        );
        assert_eq!(raw.closed().await, 1009);
    })
    .await;
}

#[tokio::test]
async fn a_hello_that_is_too_large_closes_with_a_reason() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::connect(address).await;
        raw.send(&hello(&"x".repeat(200 * 1024))).await;
        let reason = "a message may have 65536 bytes".to_owned();
        assert_eq!(raw.closed_with().await, (1009, reason));
    })
    .await;
}

#[tokio::test]
async fn a_second_hello_is_called_that() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        raw.send(&hello("ada")).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"UNKNOWN_TYPE","message":"a second hello"}}"#
        );
    })
    .await;
}

#[tokio::test]
async fn too_fast_is_told_and_then_closes() {
    soon(async {
    let (.., address) = serve_limited(Limits {
        rate: Some((2, Duration::from_secs(3600))),
        ..LIMITS
    })
    .await;
    let mut raw = Raw::enter(address, "ada").await;
    for _ in 0..2 {
        raw.send(r#"{"type":"prices.stop","id":"none"}"#).await;
    }
    // Pings have a count of their own.
    for _ in 0..10 {
        raw.send(r#"{"type":"ping"}"#).await;
        assert_eq!(raw.next().await, r#"{"type":"pong"}"#);
    }
    for id in 0..5 {
        raw.send(&format!(r#"{{"type":"wait","id":"{id}"}}"#)).await;
        assert_eq!(
            raw.next().await,
            format!(
                r#"{{"type":"error","payload":{{"code":"RATE_LIMITED","message":"too many messages in too short a time","retryable":true}},"id":"{id}"}}"#
            )
        );
    }
    assert_eq!(raw.closed().await, 4429);
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_panics_is_an_error_of_that_request() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        raw.send(r#"{"type":"crash","id":"1"}"#).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"INTERNAL","message":"the server failed"},"id":"1"}"#
        );
        raw.send(r#"{"type":"ping"}"#).await;
        assert_eq!(raw.next().await, r#"{"type":"pong"}"#);
    })
    .await;
}

/// The epoch in the answer to a join.
fn epoch(joined: &str) -> String {
    let (_, rest) = joined.split_once(r#""epoch":""#).expect("it has an epoch");
    rest.split_once('"').expect("it is a string").0.to_owned()
}

#[tokio::test]
async fn a_join_is_answered_before_what_comes_after_it() {
    soon(async {
    let (_, server, address) = serve().await;
    let mut ada = Raw::enter(address, "ada").await;
    ada.send(r#"{"type":"room.join","payload":{"roomId":"r"},"id":"3"}"#)
        .await;
    ada.send(r#"{"type":"chat.send","payload":{"roomId":"r","text":"hi"},"id":"4"}"#)
        .await;
    let joined = ada.next().await;
    let first = epoch(&joined);
    assert_eq!(
        joined,
        format!(
            r#"{{"type":"room.joined","payload":{{"members":0}},"id":"3","channel":"room:r","seq":0,"epoch":"{first}","timestamp":"…"}}"#
        )
    );
    assert_eq!(
        ada.next().await,
        r#"{"type":"chat.message","payload":{"from":"ada","text":"hi"},"channel":"room:r","seq":1,"timestamp":"…"}"#
    );
    assert_eq!(
        ada.next().await,
        r#"{"type":"chat.sent","id":"4","timestamp":"…"}"#
    );

    let mut bob = Raw::enter(address, "bob").await;
    bob.send(r#"{"type":"room.join","payload":{"roomId":"r"},"id":"1"}"#)
        .await;
    assert_eq!(
        bob.next().await,
        format!(
            r#"{{"type":"room.joined","payload":{{"members":1}},"id":"1","channel":"room:r","seq":1,"epoch":"{first}","timestamp":"…"}}"#
        )
    );
    // Volatile messages bear no number, and take none.
    bob.send(r#"{"type":"user.typing","payload":{"roomId":"r"},"channel":"room:r"}"#)
        .await;
    let typing =
        r#"{"type":"user.typing","payload":{"name":"bob"},"channel":"room:r","timestamp":"…"}"#;
    assert_eq!(ada.next().await, typing);
    assert_eq!(bob.next().await, typing);
    server.handle().room(&"r".into()).publish(&ChatMessage {
        from: "all".into(),
        text: "x".into(),
    });
    let said = r#"{"type":"chat.message","payload":{"from":"all","text":"x"},"channel":"room:r","seq":2,"timestamp":"…"}"#;
    assert_eq!(ada.next().await, said);
    assert_eq!(bob.next().await, said);

    bob.send(r#"{"type":"room.leave","payload":{"roomId":"r"},"id":"2"}"#)
        .await;
    assert_eq!(
        bob.next().await,
        r#"{"type":"room.left","id":"2","timestamp":"…"}"#
    );
    assert_eq!(server.handle().room(&"r".into()).members(), 1);
    // A second join changes nothing, and a failed one joins nothing.
    for room in ["r", "full"] {
        ada.send(&format!(
            r#"{{"type":"room.join","payload":{{"roomId":"{room}"}},"id":"9"}}"#
        ))
        .await;
        ada.next().await;
    }
    assert_eq!(server.handle().room(&"r".into()).members(), 1);
    assert_eq!(server.handle().room(&"full".into()).members(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_channel_without_messages_of_its_own_is_joined_by_its_key() {
    soon(async {
    let (_, server, address) = serve().await;
    let mut raw = Raw::enter(address, "ada").await;
    for (id, key) in ["room:r", "nowhere"].into_iter().enumerate() {
        raw.send(&format!(
            r#"{{"type":"join","payload":{{"channel":"{key}"}},"id":"n{id}"}}"#
        ))
        .await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"INVALID","message":"the payload does not fit","violations":[{"path":"/payload/channel","keyword":"enum","message":"must be the key of a channel that can be joined"}]},"id":"n0"}"#
                .replace("n0", &format!("n{id}"))
        );
    }
    raw.send(r#"{"type":"join","payload":{"channel":"lobby"},"id":"4"}"#)
        .await;
    let joined = raw.next().await;
    let epoch = epoch(&joined);
    assert_eq!(
        joined,
        format!(
            r#"{{"type":"join","payload":{{"channel":"lobby"}},"id":"4","channel":"lobby","seq":0,"epoch":"{epoch}"}}"#
        )
    );
    server.handle().lobby().publish(&News { text: "x".into() });
    assert_eq!(
        raw.next().await,
        r#"{"type":"news","payload":{"text":"x"},"channel":"lobby","seq":1,"timestamp":"…"}"#
    );
    raw.send(r#"{"type":"leave","payload":{"channel":"lobby"},"id":"5"}"#)
        .await;
    assert_eq!(
        raw.next().await,
        r#"{"type":"leave","payload":{"channel":"lobby"},"id":"5","channel":"lobby"}"#
    );
    assert_eq!(server.handle().lobby().members(), 0);
    })
    .await;
}

#[tokio::test]
async fn servers_of_one_broker_share_their_channels() {
    soon(async {
    let broker = InMemory::new();
    let app = App::new();
    let server = || Server::builder(app.clone()).broker(broker.clone()).build();
    let (a, b) = (server(), server());
    let mut ada = Raw::enter(listen(&a).await, "ada").await;
    let mut bob = Raw::enter(listen(&b).await, "bob").await;
    for raw in [&mut ada, &mut bob] {
        raw.send(r#"{"type":"room.join","payload":{"roomId":"r"},"id":"1"}"#)
            .await;
        raw.next().await;
    }
    ada.send(r#"{"type":"chat.send","payload":{"roomId":"r","text":"hi"},"id":"2"}"#)
        .await;
    let said = r#"{"type":"chat.message","payload":{"from":"ada","text":"hi"},"channel":"room:r","seq":1,"timestamp":"…"}"#;
    assert_eq!(bob.next().await, said);
    assert_eq!(ada.next().await, said);
    })
    .await;
}

#[tokio::test]
async fn a_stream_has_an_ack_items_and_an_end() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        raw.send(r#"{"type":"prices.watch","payload":{"count":2},"id":"2"}"#)
            .await;
        for expected in [
            r#"{"type":"prices.watching","id":"2","timestamp":"…"}"#,
            r#"{"type":"prices.tick","payload":{"n":0},"id":"2","timestamp":"…"}"#,
            r#"{"type":"prices.tick","payload":{"n":1},"id":"2","timestamp":"…"}"#,
            r#"{"type":"prices.done","payload":{"ticks":2},"id":"2","timestamp":"…"}"#,
        ] {
            assert_eq!(raw.next().await, expected);
        }
        raw.send(r#"{"type":"prices.watch","payload":{"count":0},"id":"3"}"#)
            .await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"UNKNOWN_SYMBOL","message":"Nothing of that name is traded here."},"id":"3"}"#
        );
    })
    .await;
}

#[tokio::test]
async fn a_cancel_passes_what_is_waiting_and_drops_the_stream() {
    soon(async {
        let (app, _, address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        // Seven ticks, and then it goes on for ever.
        raw.send(r#"{"type":"prices.watch","payload":{"count":7},"id":"s"}"#)
            .await;
        for _ in 0..8 {
            raw.next().await;
        }
        raw.send(r#"{"type":"prices.watch","payload":{"count":8},"id":"s"}"#)
            .await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"ID_REUSED","message":"another request has this id"},"id":"s"}"#
        );
        // This one is not answered until the test says so; what follows passes it.
        raw.send(r#"{"type":"wait","id":"w"}"#).await;
        raw.send(r#"{"type":"prices.stop","id":"s"}"#).await;
        raw.send(r#"{"type":"ping"}"#).await;
        assert_eq!(raw.next().await, r#"{"type":"pong"}"#);
        app.dropped.acquire().await.expect("it is open").forget();
        app.gate.add_permits(1);
        assert_eq!(
            raw.next().await,
            r#"{"type":"waited","id":"w","timestamp":"…"}"#
        );
    })
    .await;
}

#[tokio::test]
async fn what_runs_ends_with_its_connection() {
    soon(async {
        let (app, server, address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        raw.send(r#"{"type":"room.join","payload":{"roomId":"r"},"id":"1"}"#)
            .await;
        raw.next().await;
        raw.send(r#"{"type":"prices.watch","payload":{"count":7},"id":"s"}"#)
            .await;
        raw.next().await;
        drop(raw);
        app.dropped.acquire().await.expect("it is open").forget();
        server.handle().shutdown().await;
        assert_eq!(server.handle().connections(), 0);
        assert_eq!(server.handle().room(&"r".into()).members(), 0);
        assert_eq!(*app.closed.lock().expect("it is whole"), ["ada"]);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed() {
    soon(async {
        let (_, server, address) = serve_limited(Limits {
            outbound: 256 * 1024,
            ..LIMITS
        })
        .await;
        let mut raw = Raw::enter(address, "ada").await;
        raw.send(r#"{"type":"room.join","payload":{"roomId":"r"},"id":"1"}"#)
            .await;
        raw.next().await;
        let handle = server.handle();
        let message = ChatMessage {
            from: "all".into(),
            text: "x".repeat(60 * 1024),
        };
        while handle.room(&"r".into()).members() == 1 {
            handle.room(&"r".into()).publish(&message);
            tokio::task::yield_now().await;
        }
        assert_eq!(raw.closed().await, 4008);
    })
    .await;
}

#[tokio::test]
async fn a_shutdown_lets_handlers_finish() {
    soon(async {
    let (app, server, address) = serve().await;
    let mut raw = Raw::enter(address, "ada").await;
    raw.send(r#"{"type":"wait","id":"w"}"#).await;
    raw.send(r#"{"type":"ping"}"#).await;
    assert_eq!(raw.next().await, r#"{"type":"pong"}"#);
    let handle = server.handle();
    let down = tokio::spawn(async move { handle.shutdown().await });
    while http(address, "GET /ws HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n").await.0 != 503 {
        tokio::task::yield_now().await;
    }
    app.gate.add_permits(1);
    assert_eq!(
        raw.next().await,
        r#"{"type":"waited","id":"w","timestamp":"…"}"#
    );
    assert_eq!(raw.closed().await, 1001);
    drop(raw);
    down.await.expect("it ends");
    assert_eq!(server.handle().connections(), 0);
    })
    .await;
}

/// Asks for something by hand: the status, and all of the answer.
async fn http(address: std::net::SocketAddr, head: &str) -> (u16, String) {
    let mut tcp = tokio::net::TcpStream::connect(address)
        .await
        .expect("it listens");
    let close = if head.contains("Connection") {
        ""
    } else {
        "Connection: close\r\n"
    };
    tcp.write_all(format!("{head}Host: {address}\r\n{close}\r\n").as_bytes())
        .await
        .expect("it is sent");
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    // An upgrade stays open: read until the head, and the words that go with it, are there.
    while !answer.windows(4).any(|window| window == b"\r\n\r\n")
        || !answer.ends_with(b"\n") && !answer.ends_with(b"}")
    {
        let read = tcp.read(&mut buffer).await.expect("it answers");
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..read]);
    }
    let answer = String::from_utf8(answer).expect("it is text");
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("it has a status");
    (status, answer)
}

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn the_upgrade_is_that_of_the_rfc() {
    soon(async {
        let (.., address) = serve().await;
        let (status, answer) = http(address, UPGRADE).await;
        assert_eq!(status, 101);
        // RFC 6455, section 1.3.
        assert!(
            answer
                .to_lowercase()
                .contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
            "{answer}"
        );
        assert!(
            !answer.to_lowercase().contains("sec-websocket-protocol"),
            "{answer}"
        );

        let offered = format!("{UPGRADE}Sec-WebSocket-Protocol: other, chat.v1+json\r\n");
        let (status, answer) = http(address, &offered).await;
        assert_eq!(status, 101);
        assert!(
            answer
                .to_lowercase()
                .contains("sec-websocket-protocol: chat.v1+json\r\n"),
            "{answer}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_bad_upgrade_is_told_what_is_wrong() {
    soon(async {
        let (.., address) = serve().await;
        for (head, status, words) in [
            (
                "GET /ws HTTP/1.1\r\n".to_owned(),
                426,
                "a WebSocket is served here",
            ),
            (UPGRADE.replace("13", "8"), 426, "has to be 13"),
            (UPGRADE.replace("GET", "POST"), 405, "begins with GET"),
            (UPGRADE.replace("dGhl", ""), 400, "Sec-WebSocket-Key"),
            (
                format!("{UPGRADE}Sec-WebSocket-Protocol: chat.v9\r\n"),
                400,
                "these are: chat.v1+json",
            ),
            (
                format!("{UPGRADE}Origin: https://evil.example\r\n"),
                403,
                "pages of this origin",
            ),
        ] {
            let (is, answer) = http(address, &head).await;
            assert_eq!(is, status, "{answer}");
            assert!(answer.contains(words), "{answer}");
        }
        let same = format!("{UPGRADE}Origin: http://{address}\r\n");
        assert_eq!(http(address, &same).await.0, 101);
    })
    .await;
}

#[tokio::test]
async fn health_names_the_protocol() {
    soon(async {
        let (.., address) = serve().await;
        let (status, answer) = http(address, "GET /healthz HTTP/1.1\r\n").await;
        assert_eq!(status, 200);
        let body =
            format!(r#"{{"status":"ok","protocol":"chat","version":"1.2.0","hash":"{HASH}"}}"#);
        assert!(answer.ends_with(&body), "{answer}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn silence_is_asked_about_and_then_closed() {
    simulated(async {
        let server = Server::new(App::new());
        let (mut client, served) = over_memory(&server);
        client.send(&hello("ada")).await.expect("it is open");
        let started = tokio::time::Instant::now();
        assert!(text(&mut client).await.starts_with(r#"{"type":"ready""#));
        assert_eq!(text(&mut client).await, r#"{"type":"ping"}"#);
        assert_eq!(started.elapsed().as_secs(), 25);
        assert!(text(&mut client).await.contains("code: 4000"));
        assert_eq!(started.elapsed().as_secs(), 35);
        drop(client);
        served.await.expect("it ends");
        assert_eq!(server.handle().connections(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_ping_of_the_transport_is_answered() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        raw.socket
            .send(Message::Ping("x".into()))
            .await
            .expect("it is open");
        let answer = raw
            .socket
            .next()
            .await
            .expect("it is open")
            .expect("it works");
        assert_eq!(answer, Message::Pong("x".into()));
    })
    .await;
}

#[tokio::test]
async fn a_close_is_answered_and_the_server_hangs_up_first() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        let started = std::time::Instant::now();
        raw.socket.close(None).await.expect("it is open");
        while raw.socket.next().await.is_some() {}
        // An end that waited for the other would give up after two seconds.
        assert!(started.elapsed() < Duration::from_millis(1500));
    })
    .await;
}

#[tokio::test]
async fn json_in_a_binary_frame_is_refused() {
    soon(async {
        let (.., address) = serve().await;
        let mut raw = Raw::enter(address, "ada").await;
        let frame = Message::Binary(r#"{"type":"wait","id":"1"}"#.into());
        raw.socket.send(frame).await.expect("it is open");
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"SYNTAX","message":"expected a text frame at byte 0"}}"#
        );
        raw.send("[]").await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"SYNTAX","message":"not an object at byte 0"}}"#
        );
    })
    .await;
}
