//! WebSocket framing (RFC 6455) through the public API: `transport::WebSocket` over an in-memory pipe, with tungstenite or raw bytes at
//! the other end.

use futures_util::{SinkExt, StreamExt, future::poll_fn};
use handfast::transport::{
    CloseFrame, Packet, Transport, TransportError, TransportEvent, WebSocket,
};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame as PeerCloseFrame, Role, frame::coding::CloseCode},
    },
};

const LIMIT: usize = 100_000;

async fn receive(socket: &mut WebSocket<DuplexStream>) -> Result<TransportEvent, TransportError> {
    poll_fn(|cx| socket.poll_receive(cx)).await
}

async fn send(socket: &mut WebSocket<DuplexStream>, packet: Packet) {
    socket
        .feed(packet.bytes(), packet.is_text())
        .expect("the message is buffered");
    poll_fn(|cx| socket.poll_flush(cx))
        .await
        .expect("the message is written");
}

/// Returns a client frame whose mask is zero, so that its payload is readable.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        long => {
            bytes.push(0x80 | 126);
            bytes.extend((long as u16).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// Returns how a server reads bytes: its messages, and how the connection ended.
async fn read_all(bytes: &[u8], chunk: usize) -> (Vec<Packet>, String) {
    let (mut raw, io) = duplex(1 << 20);
    let mut server = WebSocket::server(io, LIMIT);
    let bytes = bytes.to_vec();
    let writer = tokio::spawn(async move {
        for part in bytes.chunks(chunk) {
            raw.write_all(part).await.expect("the buffer has room");
            tokio::task::yield_now().await;
        }
        raw.shutdown().await.expect("the stream is open");
        raw
    });
    let mut packets = Vec::new();
    let end = loop {
        match receive(&mut server).await {
            Ok(TransportEvent::Packet(packet)) => packets.push(packet),
            Ok(TransportEvent::Alive) => {}
            Ok(TransportEvent::Closed(closing)) => {
                break closing.map_or("end".into(), |closing| closing.code.to_string());
            }
            Err(TransportError::Protocol { code, .. }) => break format!("refused with {code}"),
            Err(TransportError::TooLarge { .. }) => break "too large".into(),
            Err(error) => panic!("{error}"),
        }
    };
    let _raw = writer.await.expect("the writer finishes");
    (packets, end)
}

#[tokio::test]
async fn messages_of_every_size_pass_both_ways_with_tungstenite() {
    for length in [0, 1, 125, 126, 127, 4095, 65_535, 65_536, LIMIT] {
        for (ours_is_server, text) in [(true, true), (true, false), (false, true), (false, false)] {
            let (theirs, ours) = duplex(1 << 20);
            let (mut ours, role) = if ours_is_server {
                (WebSocket::server(ours, LIMIT), Role::Client)
            } else {
                (WebSocket::client(ours, LIMIT), Role::Server)
            };
            let mut theirs = WebSocketStream::from_raw_socket(theirs, role, None).await;
            let content = "é".repeat(length / 2) + if length % 2 == 1 { "x" } else { "" };
            let (packet, message) = if text {
                (Packet::Text(content.clone().into()), Message::text(content))
            } else {
                let bytes = content.into_bytes();
                (Packet::Binary(bytes.clone().into()), Message::binary(bytes))
            };
            theirs
                .send(message.clone())
                .await
                .expect("the message is sent");
            match receive(&mut ours).await {
                Ok(TransportEvent::Packet(received)) => assert_eq!(received, packet),
                other => panic!("{other:?}"),
            }
            send(&mut ours, packet).await;
            assert_eq!(
                theirs
                    .next()
                    .await
                    .expect("a message arrives")
                    .expect("the frame is valid"),
                message
            );
        }
    }
}

#[tokio::test]
async fn a_close_reaches_either_end_and_is_echoed() {
    for ours_is_server in [true, false] {
        for code in [1000, 1012, 1014, 3000, 4999_u16] {
            let (theirs, ours) = duplex(1 << 16);
            let (mut ours, role) = if ours_is_server {
                (WebSocket::server(ours, LIMIT), Role::Client)
            } else {
                (WebSocket::client(ours, LIMIT), Role::Server)
            };
            let mut theirs = WebSocketStream::from_raw_socket(theirs, role, None).await;
            let frame = PeerCloseFrame {
                code: CloseCode::from(code),
                reason: "done".into(),
            };
            theirs
                .close(Some(frame))
                .await
                .expect("the message is sent");
            match receive(&mut ours).await {
                Ok(TransportEvent::Closed(Some(closing))) => {
                    assert_eq!(closing, CloseFrame::new(code, "done"))
                }
                other => panic!("{other:?}"),
            }
            let ours = tokio::spawn(async move {
                poll_fn(|cx| ours.poll_close(cx, &CloseFrame::new(1000, ""))).await;
            });
            match theirs
                .next()
                .await
                .expect("the reply arrives")
                .expect("the frame is valid")
            {
                Message::Close(Some(frame)) => assert_eq!(u16::from(frame.code), code),
                other => panic!("{other:?}"),
            }
            drop(theirs);
            ours.await.expect("the task finishes");
        }
    }
}

#[tokio::test]
async fn violations_are_refused_with_their_code() {
    let text = |text: &str| frame(0x81, text.as_bytes());
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("not masked", vec![0x81, 0x01, b'x'], "refused with 1002"),
        ("a reserved bit", frame(0xC1, b"x"), "refused with 1002"),
        ("a reserved opcode", frame(0x83, b"x"), "refused with 1002"),
        ("a reserved control", frame(0x8B, b"x"), "refused with 1002"),
        ("a fragmented ping", frame(0x09, b"x"), "refused with 1002"),
        (
            "a long ping",
            frame(0x89, &[b'x'; 126]),
            "refused with 1002",
        ),
        (
            "a continuation without a message",
            frame(0x80, b"x"),
            "refused with 1002",
        ),
        (
            "a message inside another",
            [frame(0x01, b"x"), text("y")].concat(),
            "refused with 1002",
        ),
        ("half a code", frame(0x88, &[3]), "refused with 1002"),
        (
            "a reserved close code",
            frame(0x88, &1005_u16.to_be_bytes()),
            "refused with 1002",
        ),
        (
            "an unassigned close code",
            frame(0x88, &2999_u16.to_be_bytes()),
            "refused with 1002",
        ),
        (
            "a reason that is not UTF-8",
            frame(0x88, &[3, 0xE8, 0xFF]),
            "refused with 1007",
        ),
        (
            "text that is not UTF-8",
            frame(0x81, &[0xFF]),
            "refused with 1007",
        ),
        (
            "half a character",
            frame(0x81, &[0xC3]),
            "refused with 1007",
        ),
        (
            "a fragmented surrogate",
            [frame(0x01, &[0xED]), frame(0x80, &[0xA0, 0x80])].concat(),
            "refused with 1007",
        ),
        (
            "a length with its most significant bit set",
            {
                let mut bytes = vec![0x82, 0xFF];
                bytes.extend([0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
                bytes
            },
            "refused with 1002",
        ),
        (
            "a large announced length",
            {
                let mut bytes = vec![0x82, 0xFF];
                bytes.extend([0x00, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]);
                bytes
            },
            "too large",
        ),
        (
            "large in fragments",
            [frame(0x02, &[0; 60_000]), frame(0x80, &[0; 60_000])].concat(),
            "too large",
        ),
        ("1014", frame(0x88, &1014_u16.to_be_bytes()), "1014"),
        ("no code", frame(0x88, &[]), "end"),
    ];
    for (name, bytes, expected) in cases {
        for chunk in [1, 3, bytes.len()] {
            let all = [text("before"), bytes.clone()].concat();
            let (packets, end) = read_all(&all, chunk).await;
            assert_eq!(
                packets,
                [Packet::Text("before".into())],
                "{name}, by {chunk}"
            );
            assert_eq!(end, expected, "{name}, by {chunk}");
        }
    }
}

#[tokio::test]
async fn invalid_text_is_refused_at_once() {
    let (mut raw, io) = duplex(1 << 16);
    let mut server = WebSocket::server(io, LIMIT);
    // The first part of a frame of ten bytes; the rest never arrives.
    raw.write_all(&[0x81, 0x8A, 0, 0, 0, 0, b'a', 0xFF])
        .await
        .expect("the buffer has room");
    match receive(&mut server).await {
        Err(TransportError::Protocol { code: 1007, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn fragments_are_one_message_with_pings_between() {
    let bytes = [
        frame(0x01, "h\u{e9}".as_bytes().split_at(2).0),
        frame(0x89, b"are you there"),
        frame(0x00, "h\u{e9}".as_bytes().split_at(2).1),
        frame(0x80, b""),
    ]
    .concat();
    for chunk in 1..bytes.len() {
        let (packets, end) = read_all(&bytes, chunk).await;
        assert_eq!(packets, [Packet::Text("h\u{e9}".into())]);
        assert_eq!(end, "end");
    }
}

/// Empty fragments have a cost, so the reader is informed of each.
#[tokio::test]
async fn an_empty_fragment_is_reported() {
    let (mut raw, io) = duplex(1 << 16);
    let mut server = WebSocket::server(io, LIMIT);
    raw.write_all(&frame(0x01, b""))
        .await
        .expect("the buffer has room");
    for _ in 0..100 {
        assert!(matches!(
            receive(&mut server).await,
            Ok(TransportEvent::Alive)
        ));
        raw.write_all(&frame(0x00, b""))
            .await
            .expect("the buffer has room");
    }
    raw.write_all(&frame(0x80, b"x"))
        .await
        .expect("the buffer has room");
    assert!(matches!(
        receive(&mut server).await,
        Ok(TransportEvent::Alive)
    ));
    match receive(&mut server).await {
        Ok(TransportEvent::Packet(packet)) => assert_eq!(packet, Packet::Text("x".into())),
        other => panic!("{other:?}"),
    }
}

/// However many pings arrive while nothing can be written, one pong is queued, for the newest (RFC 6455, section 5.5.3).
#[tokio::test]
async fn only_the_newest_ping_gets_a_pong() {
    let (mut raw, io) = duplex(64);
    let mut server = WebSocket::server(io, LIMIT);
    // The pipe from the server is full, with part of a message.
    server
        .feed("x".repeat(200).as_bytes(), true)
        .expect("the message is buffered");
    let mut cx = Context::from_waker(Waker::noop());
    assert!(server.poll_flush(&mut cx).is_pending());
    for n in 0..10_000_u32 {
        raw.write_all(&frame(0x89, &n.to_be_bytes()))
            .await
            .expect("the buffer has room");
        assert!(matches!(
            receive(&mut server).await,
            Ok(TransportEvent::Alive)
        ));
    }
    let reader = tokio::spawn(async move {
        let mut all = Vec::new();
        let mut buffer = [0; 64];
        while all.len() < 2 + 2 + 200 + 6 {
            let read = raw.read(&mut buffer).await.expect("the stream is open");
            all.extend_from_slice(&buffer[..read]);
        }
        (all, raw)
    });
    poll_fn(|cx| server.poll_flush(cx))
        .await
        .expect("the message is written");
    let (all, mut raw) = reader.await.expect("the reader finishes");
    let pong = [&[0x8A, 4][..], &9_999_u32.to_be_bytes()].concat();
    assert_eq!(&all[4 + 200..], pong);
    // And nothing else follows.
    poll_fn(|cx| {
        assert!(matches!(server.poll_flush(cx), Poll::Ready(Ok(()))));
        Poll::Ready(())
    })
    .await;
    drop(server);
    assert_eq!(raw.read(&mut [0; 64]).await.expect("the task finishes"), 0);
}

/// A server that cannot read any further sends a close code and ends the stream.
#[tokio::test]
async fn the_close_code_of_a_violation_is_sent() {
    let (mut raw, io) = duplex(1 << 16);
    let mut server = WebSocket::server(io, LIMIT);
    raw.write_all(&frame(0x83, b"x"))
        .await
        .expect("the buffer has room");
    let Err(TransportError::Protocol { code, reason }) = receive(&mut server).await else {
        panic!("the server must refuse");
    };
    let closing = tokio::spawn(async move {
        poll_fn(|cx| server.poll_close(cx, &CloseFrame::new(code, reason))).await;
    });
    let mut head = [0; 4];
    raw.read_exact(&mut head).await.expect("a frame arrives");
    assert_eq!(
        (head[0], u16::from_be_bytes([head[2], head[3]])),
        (0x88, 1002)
    );
    drop(raw);
    closing.await.expect("the task finishes");
}
