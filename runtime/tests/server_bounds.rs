//! What one peer can make a server do, keep and say: each bound is reached by one client over a real socket or a transport in memory. What many do
//! at once is in `tests/attacks`.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod support;

use chat::{
    App, ClientMessage, Server,
    raw::{Raw, hello, listen, timeless},
};
use handfast::{
    Protocol,
    descriptor::{HandlerTimeout, Limits},
    server::{ConnectionInfo, Context, Middleware, Rejection, serve},
    transport::{MemoryTransport, Packet, TransportEvent, duplex},
};
use std::{
    future::IntoFuture,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use support::{simulated, soon};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const LIMITS: Limits = chat::Chat::DESCRIPTOR.limits;

async fn limited(limits: Limits) -> (App, SocketAddr) {
    let app = App::new();
    let server = Server::builder(app.clone()).limits(limits).build();
    (app, listen(&server).await)
}

fn join(room: &str, id: usize) -> String {
    format!(r#"{{"type":"room.join","payload":{{"roomId":"{room}"}},"id":"{id}"}}"#)
}

#[tokio::test]
async fn channels_of_a_connection_are_counted() {
    soon(async {
        let (_, address) = limited(Limits {
            channels: 3,
            ..LIMITS
        })
        .await;
        let mut raw = Raw::enter(address, "ada").await;
        for n in 0..3 {
            raw.send(&join(&format!("r{n}"), n)).await;
            assert!(raw.next().await.starts_with(r#"{"type":"room.joined""#));
        }
        raw.send(&join("r3", 3)).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"TOO_MANY","message":"too many channels are joined"},"id":"3"}"#
        );
        // One that it is in already costs nothing.
        raw.send(&join("r0", 4)).await;
        assert!(raw.next().await.starts_with(r#"{"type":"room.joined""#));
        raw.send(r#"{"type":"room.leave","payload":{"roomId":"r1"},"id":"5"}"#)
            .await;
        raw.next().await;
        raw.send(&join("r3", 6)).await;
        assert!(raw.next().await.starts_with(r#"{"type":"room.joined""#));
    })
    .await;
}

#[tokio::test]
async fn streams_of_a_connection_are_counted() {
    soon(async {
        let (_, address) = limited(Limits {
            streams: 1,
            ..LIMITS
        })
        .await;
        let mut raw = Raw::enter(address, "ada").await;
        let watch =
            |id: &str| format!(r#"{{"type":"prices.watch","payload":{{"count":7}},"id":"{id}"}}"#);
        raw.send(&watch("a")).await;
        for _ in 0..8 {
            raw.next().await;
        }
        raw.send(&watch("b")).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"TOO_MANY","message":"too many streams and concurrent messages are being handled"},"id":"b"}"#
        );
        raw.send(r#"{"type":"prices.stop","id":"a"}"#).await;
        raw.send(&watch("c")).await;
        assert!(raw.next().await.starts_with(r#"{"type":"prices.watching""#));
    })
    .await;
}

/// A connection in memory.
fn over_memory(server: &Server) -> MemoryTransport {
    let (client, end) = duplex(1024);
    let server = server.clone();
    tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
    client
}

async fn text(client: &mut MemoryTransport) -> String {
    match client.receive().await.expect("it is open") {
        TransportEvent::Packet(Packet::Text(text)) => timeless(&text),
        other => format!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_takes_too_long_is_given_up() {
    simulated(async {
        let server = Server::builder(App::new())
            .limits(Limits {
                handler_timeout: HandlerTimeout::After(Duration::from_secs(3)),
                ..LIMITS
            })
            .build();
        let mut client = over_memory(&server);
        client.send(&hello("ada")).await.expect("it is open");
        text(&mut client).await;
        let began = tokio::time::Instant::now();
        client
            .send(r#"{"type":"wait","id":"1"}"#)
            .await
            .expect("it is open");
        client
            .send(r#"{"type":"crash","id":"2"}"#)
            .await
            .expect("it is open");
        assert_eq!(
            text(&mut client).await,
            r#"{"type":"error","payload":{"code":"TIMEOUT","message":"the server took too long"},"id":"1"}"#
        );
        assert_eq!(began.elapsed(), Duration::from_secs(3));
        // Its place is free.
        assert_eq!(
            text(&mut client).await,
            r#"{"type":"error","payload":{"code":"INTERNAL","message":"the server failed"},"id":"2"}"#
        );
    })
    .await;
}

/// What waits is bounded in bytes; a cancel, a ping and the end of the connection need not wait.
#[tokio::test(start_paused = true)]
async fn what_waits_is_bounded_and_what_is_urgent_passes_it() {
    simulated(async {
        let app = App::new();
        let server = Server::builder(app.clone())
            .limits(Limits {
                inbound: 10_000,
                handler_timeout: HandlerTimeout::Off,
                ..LIMITS
            })
            .build();
        let (mut client, end) = duplex(4);
        let served = {
            let server = server.clone();
            tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await })
        };
        client.send(&hello("ada")).await.expect("it is open");
        text(&mut client).await;
        client
            .send(r#"{"type":"wait","id":"w"}"#)
            .await
            .expect("it is open");
        let long = format!(
            r#"{{"type":"chat.send","payload":{{"roomId":"r","text":"{}"}},"id":"c"}}"#,
            "x".repeat(1000)
        );
        for _ in 0..5 {
            client.send(&long).await.expect("it is open");
        }
        client.send(r#"{"type":"ping"}"#).await.expect("it is open");
        assert_eq!(text(&mut client).await, r#"{"type":"pong"}"#);
        // Nothing more is taken when the room is full: the pipe in memory holds four.
        let mut taken = 0;
        while tokio::time::timeout(Duration::from_secs(1), client.send(&long))
            .await
            .is_ok()
        {
            taken += 1;
        }
        assert!((5..12).contains(&taken), "{taken}");
        // That it hangs up is noticed all the same.
        drop(client);
        served.await.expect("it ends");
        assert_eq!(server.handle().connections(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn pings_have_a_rate_of_their_own() {
    simulated(async {
        let server = Server::new(App::new());
        let mut client = over_memory(&server);
        client.send(&hello("ada")).await.expect("it is open");
        text(&mut client).await;
        for _ in 0..200 {
            client.send(r#"{"type":"ping"}"#).await.expect("it is open");
        }
        let mut pongs = 0;
        let end = loop {
            match text(&mut client).await {
                pong if pong == r#"{"type":"pong"}"# => pongs += 1,
                end => break end,
            }
        };
        assert!(end.contains("4429"), "{end}");
        assert!((90..=101).contains(&pongs), "{pongs}");
    })
    .await;
}

#[tokio::test]
async fn long_ids_versions_and_keys_do_not_come_back() {
    soon(async {
        let (_, address) = limited(LIMITS).await;
        let mut raw = Raw::connect(address).await;
        let long = "y".repeat(30_000);
        raw.send(&format!(
            r#"{{"type":"hello","payload":{{"version":"0.1.0-{long}","hash":"h","auth":{{"name":"a"}}}}}}"#
        ))
        .await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"INVALID","message":"the hello does not fit"}}"#
        );
        raw.send(&format!(r#"{{"type":"wait","id":"{long}"}}"#)).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"NOT_READY","message":"the hello comes first"}}"#
        );
        raw.send(&hello("ada")).await;
        raw.next().await;
        let answer = r#"{"type":"error","payload":{"code":"ENVELOPE","message":"the envelope does not fit","violations":[{"path":"/id","keyword":"maxLength","message":"must be at most 128 characters long","allowed":128}]}}"#;
        for message in [
            format!(r#"{{"type":"wait","id":"{long}"}}"#),
            format!(r#"{{"type":"wait","id":"{}"}}"#, "é".repeat(129)),
            format!(r#"{{"type":"join","payload":{{"channel":"news"}},"id":"{long}"}}"#),
        ] {
            raw.send(&message).await;
            assert_eq!(raw.next().await, answer);
        }
        raw.send(&format!(r#"{{"type":"nothing","id":"{long}"}}"#)).await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"UNKNOWN_TYPE","message":"no message has this type"}}"#
        );
        let fits = "é".repeat(128);
        raw.send(&format!(r#"{{"type":"crash","id":"{fits}"}}"#)).await;
        assert!(raw.next().await.contains(&fits));
        raw.send(&format!(
            r#"{{"type":"leave","payload":{{"channel":"{long}"}},"id":"1"}}"#
        ))
        .await;
        assert!(!raw.next().await.contains("yyy"));
    })
    .await;
}

/// The status of what is asked for by hand.
async fn status(address: SocketAddr, version: &str, headers: &str) -> u16 {
    let mut tcp = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET /ws {version}\r\n{headers}\r\n");
    tcp.write_all(request.as_bytes()).await.expect("it is open");
    let mut begin = [0; 12];
    tcp.read_exact(&mut begin).await.expect("it answers");
    std::str::from_utf8(&begin[9..])
        .ok()
        .and_then(|status| status.parse().ok())
        .expect("it is a status")
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

#[tokio::test]
async fn an_upgrade_is_what_the_rfc_asks_for() {
    soon(async {
        let (_, address) = limited(LIMITS).await;
        let with = |more: &str| format!("Host: {address}\r\n{UPGRADE}{more}");
        let ask = async |version: &str, headers: &str| status(address, version, headers).await;
        assert_eq!(ask("HTTP/1.1", &with("")).await, 101);
        assert_eq!(ask("HTTP/1.0", &with("")).await, 400);
        assert_eq!(ask("HTTP/1.1", UPGRADE).await, 400);
        let keys = [
            "",
            "AAAA",
            "AAAAAAAAAAAAAAAAAAAAAAAA",
            "!!!!!!!!!!!!!!!!!!!!!!==",
            "AAAAAAAAAAAAAAAAAAAAAB==",
        ];
        for key in keys {
            let headers = with("").replace("AAAAAAAAAAAAAAAAAAAAAA==", key);
            assert_eq!(ask("HTTP/1.1", &headers).await, 400, "{key}");
        }
        let twice = with("Sec-WebSocket-Key: BBBBBBBBBBBBBBBBBBBBBA==\r\n");
        assert_eq!(ask("HTTP/1.1", &twice).await, 400);
        // The page of a name that leads here, whoever has the name.
        let evil = format!("Host: evil.com\r\nOrigin: http://evil.com\r\n{UPGRADE}");
        assert_eq!(ask("HTTP/1.1", &evil).await, 403);
        let nothing = with(&format!("Origin: ://{address}\r\n"));
        assert_eq!(ask("HTTP/1.1", &nothing).await, 403);
        let own = with(&format!("Origin: http://{address}\r\n"));
        assert_eq!(ask("HTTP/1.1", &own).await, 101);
    })
    .await;
}

#[tokio::test]
async fn connections_are_counted_in_all_and_of_an_address() {
    soon(async {
        let server = Server::builder(App::new())
            .max_connections(4)
            .max_connections_per_address(2)
            .trusted_proxies(["127.0.0.1".parse().expect("it is an address")])
            .build();
        let address = listen(&server).await;
        let ask = async |forwarded: &str| {
            let headers = format!("Host: {address}\r\nForwarded: {forwarded}\r\n{UPGRADE}");
            let mut tcp = TcpStream::connect(address).await.expect("it listens");
            let request = format!("GET /ws HTTP/1.1\r\n{headers}\r\n");
            tcp.write_all(request.as_bytes()).await.expect("it is open");
            let mut begin = [0; 12];
            tcp.read_exact(&mut begin).await.expect("it answers");
            (String::from_utf8_lossy(&begin[9..]).into_owned(), tcp)
        };
        let (first, one) = ask("for=192.0.2.1").await;
        let (second, _two) = ask("for=192.0.2.1").await;
        assert_eq!((&*first, &*second), ("101", "101"));
        // What the client says of itself does not count.
        assert_eq!(ask("for=198.51.100.9, for=192.0.2.1").await.0, "429");
        let (third, _three) = ask("for=192.0.2.2").await;
        let (fourth, _four) = ask("for=192.0.2.2").await;
        assert_eq!((&*third, &*fourth), ("101", "101"));
        assert_eq!(ask("for=192.0.2.3").await.0, "503");
        drop(one);
        while ask("for=192.0.2.1").await.0 != "101" {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reconnect_does_not_begin_the_rate_of_an_address_anew() {
    simulated(async {
        let server = Server::builder(App::new())
            .limits(Limits {
                rate: Some((3, Duration::from_secs(3600))),
                ..LIMITS
            })
            .build();
        let mut through = 0;
        let mut refused = false;
        for _ in 0..40 {
            let (mut client, end) = duplex(64);
            let server = server.clone();
            let mut peer = ConnectionInfo::default();
            peer.address = Some(([192, 0, 2, 1], 0).into());
            tokio::spawn(async move { server.serve(end, peer).await });
            client.send(&hello("ada")).await.expect("it is open");
            let answer = text(&mut client).await;
            if !answer.starts_with(r#"{"type":"ready""#) {
                assert!(answer.contains("RATE_LIMITED"), "{answer}");
                refused = true;
                continue;
            }
            through += 1;
            client
                .send(r#"{"type":"crash","id":"1"}"#)
                .await
                .expect("it is open");
            through += usize::from(text(&mut client).await.contains("INTERNAL"));
        }
        assert!(refused);
        assert_eq!(through, 30, "ten times three");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_is_known_has_a_rate_wherever_they_come_from() {
    simulated(async {
        let server = Server::builder(App::new())
            .limits(Limits {
                rate: Some((3, Duration::from_secs(3600))),
                ..LIMITS
            })
            .build();
        let through = async |name: &str, address: u8| {
            let (mut client, end) = duplex(64);
            let server = server.clone();
            let mut peer = ConnectionInfo::default();
            peer.address = Some(([192, 0, 2, address], 0).into());
            tokio::spawn(async move { server.serve(end, peer).await });
            client.send(&hello(name)).await.expect("it is open");
            assert!(text(&mut client).await.starts_with(r#"{"type":"ready""#));
            client
                .send(r#"{"type":"crash","id":"1"}"#)
                .await
                .expect("it is open");
            usize::from(text(&mut client).await.contains("INTERNAL"))
        };
        let mut all = 0;
        for address in 0..40 {
            all += through("known-ada", address).await;
        }
        assert_eq!(all, 30, "ten times three");
        assert_eq!(through("known-bob", 0).await, 1);
    })
    .await;
}

/// A cancel does not overtake the request that it cancels.
#[tokio::test]
async fn a_cancel_waits_behind_what_it_cancels() {
    soon(async {
        let (app, address) = limited(LIMITS).await;
        let mut raw = Raw::enter(address, "ada").await;
        raw.send(r#"{"type":"wait","id":"w"}"#).await;
        raw.send(r#"{"type":"prices.watch","payload":{"count":7},"id":"s"}"#)
            .await;
        raw.send(r#"{"type":"prices.stop","id":"s"}"#).await;
        // It was read, and so was what came before it.
        raw.send(r#"{"type":"ping"}"#).await;
        assert_eq!(raw.next().await, r#"{"type":"pong"}"#);
        app.gate.add_permits(1);
        assert!(raw.next().await.starts_with(r#"{"type":"waited""#));
        app.dropped.acquire().await.expect("it is open").forget();
    })
    .await;
}

/// What is sent before a session counts like any message.
#[tokio::test(start_paused = true)]
async fn what_comes_before_the_hello_counts_for_its_address() {
    simulated(async {
        let server = Server::builder(App::new())
            .limits(Limits {
                rate: Some((3, Duration::from_secs(3600))),
                ..LIMITS
            })
            .build();
        let old = hello("ada").replace("1.2.0", "0.2.0");
        for message in [r#"{"type":"wait","id":"1"}"#, "{", &old] {
            let mut limited = 0;
            for n in 0..40_u8 {
                let (mut client, end) = duplex(64);
                let server = server.clone();
                let mut peer = ConnectionInfo::default();
                peer.address = Some(([192, 0, message.len() as u8, 1], u16::from(n)).into());
                tokio::spawn(async move { server.serve(end, peer).await });
                client.send(message).await.expect("it is open");
                limited += usize::from(text(&mut client).await.contains("RATE_LIMITED"));
            }
            assert_eq!(limited, 10, "{message}");
        }
    })
    .await;
}

/// A message that takes long to arrive is a sign of life while it does.
#[tokio::test(start_paused = true)]
async fn a_slow_message_is_a_sign_of_life() {
    simulated(async {
        let server = Server::new(App::new());
        let (mut raw, io) = tokio::io::duplex(1 << 16);
        let transport = handfast::transport::WebSocket::server(io, LIMITS.message);
        tokio::spawn(async move { server.serve(transport, ConnectionInfo::default()).await });
        let frame = |text: &str| {
            let mut bytes = vec![0x81, 0x80 | 126];
            bytes.extend(
                u16::try_from(text.len())
                    .expect("it is short")
                    .to_be_bytes(),
            );
            bytes.extend([0; 4]);
            bytes.extend(text.bytes());
            bytes
        };
        raw.write_all(&frame(&format!("{:200}", hello("ada"))))
            .await
            .expect("it is open");
        // A byte each ten seconds, for twenty minutes.
        for byte in frame(&format!("{:200}", r#"{"type":"crash","id":"1"}"#)).chunks(2) {
            tokio::time::sleep(Duration::from_secs(10)).await;
            raw.write_all(byte).await.expect("it is open");
        }
        let mut all = String::new();
        while !all.contains("INTERNAL") {
            let mut buffer = [0; 1024];
            let read = raw.read(&mut buffer).await.expect("it is open");
            assert!(read > 0, "closed after {all}");
            all.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    })
    .await;
}

/// What waited for a handler was not too fast for that.
#[tokio::test(start_paused = true)]
async fn a_slow_handler_does_not_make_a_client_too_fast() {
    simulated(async {
        let app = App::new();
        let server = Server::builder(app.clone())
            .limits(Limits {
                rate: Some((10, Duration::from_secs(1))),
                inbound: 2000,
                handler_timeout: HandlerTimeout::Off,
                ..LIMITS
            })
            .build();
        let (mut client, end) = duplex(1024);
        tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
        client.send(&hello("ada")).await.expect("it is open");
        text(&mut client).await;
        client
            .send(r#"{"type":"wait","id":"w"}"#)
            .await
            .expect("it is open");
        // Within the rate, and more than the server reads meanwhile.
        for n in 0..200 {
            tokio::time::sleep(Duration::from_millis(110)).await;
            client
                .send(&format!(
                    r#"{{"type":"room.leave","payload":{{"roomId":"r"}},"id":"{n}"}}"#
                ))
                .await
                .expect("it is open");
        }
        app.gate.add_permits(1);
        let mut answers = 0;
        while answers < 201 {
            let answer = text(&mut client).await;
            assert!(!answer.contains("RATE_LIMITED"), "{answer}");
            answers += usize::from(answer.contains(r#""id""#));
        }
    })
    .await;
}

/// Keeps the processor busy for a millisecond with each message, and notes its id.
#[derive(Clone, Default)]
struct Busy(Arc<Mutex<Vec<String>>>);

impl Middleware<ClientMessage> for Busy {
    async fn before(&self, _: &ClientMessage, cx: &Context) -> Result<(), Rejection> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(1) {
            std::hint::spin_loop();
        }
        let id = cx.id().map(ToString::to_string).unwrap_or_default();
        self.0.lock().expect("it is whole").push(id);
        Ok(())
    }
}

/// However many messages of a client have arrived, those of others are handled between them.
#[tokio::test]
async fn a_busy_client_does_not_keep_others_waiting() {
    soon(async {
        let busy = Busy::default();
        let server = Server::builder(App::new()).middleware(busy.clone()).build();
        let (mut greedy, mut modest) = (over_memory(&server), over_memory(&server));
        for client in [&mut greedy, &mut modest] {
            client.send(&hello("ada")).await.expect("it is open");
            text(client).await;
        }
        let leave =
            |id: &str| format!(r#"{{"type":"room.leave","payload":{{"roomId":"r"}},"id":"{id}"}}"#);
        for n in 0..60 {
            greedy
                .send(&leave(&format!("greedy-{n}")))
                .await
                .expect("it is open");
        }
        modest.send(&leave("modest")).await.expect("it is open");
        text(&mut modest).await;
        let handled = busy.0.lock().expect("it is whole").clone();
        let before = handled.iter().position(|id| id == "modest");
        assert!(before.is_some_and(|before| before <= 8), "{handled:?}");
    })
    .await;
}

/// A channel that a connection may not be in is not asked of the application.
#[tokio::test]
async fn what_may_not_be_joined_is_not_asked_of_the_application() {
    soon(async {
        let (app, address) = limited(Limits {
            channels: 1,
            ..LIMITS
        })
        .await;
        let mut raw = Raw::enter(address, "ada").await;
        for (n, room) in ["a", "b"].into_iter().enumerate() {
            raw.send(&join(room, n)).await;
            raw.next().await;
        }
        assert_eq!(*app.asked.lock().expect("it is whole"), ["a"]);
    })
    .await;
}

/// Many streams that are woken at once say no more than what one connection may have waiting.
#[tokio::test(start_paused = true)]
async fn streams_that_wake_together_wait_for_room() {
    simulated(async {
        let app = App::new();
        let server = Server::builder(app.clone())
            .limits(Limits {
                outbound: 20_000,
                ..LIMITS
            })
            .build();
        let (mut client, end) = duplex(2);
        tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await });
        client.send(&hello("ada")).await.expect("it is open");
        text(&mut client).await;
        for n in 0..200 {
            client
                .send(&format!(
                    r#"{{"type":"prices.watch","payload":{{"count":77}},"id":"{n}"}}"#
                ))
                .await
                .expect("it is open");
        }
        client.send(r#"{"type":"ping"}"#).await.expect("it is open");
        assert_eq!(text(&mut client).await, r#"{"type":"pong"}"#);
        app.start.add_permits(200);
        tokio::time::sleep(Duration::from_secs(5)).await;
        // Acknowledgements come only as they find room: with 128 bytes counted for each, about forty do in half of it.
        let accepted = app.accepted.load(std::sync::atomic::Ordering::SeqCst);
        assert!((10..=80).contains(&accepted), "{accepted}");
    })
    .await;
}

/// An error that would be larger than a message may be comes without its violations.
#[tokio::test]
async fn an_error_always_fits() {
    soon(async {
        let (_, address) = limited(Limits {
            message: 1000,
            ..LIMITS
        })
        .await;
        let mut raw = Raw::enter(address, "ada").await;
        let unknown: String = (0..60).map(|n| format!(r#","x{n}":1"#)).collect();
        raw.send(&format!(
            r#"{{"type":"chat.send","payload":{{"roomId":"r","text":"t"{unknown}}},"id":"1"}}"#
        ))
        .await;
        assert_eq!(
            raw.next().await,
            r#"{"type":"error","payload":{"code":"INVALID","message":"the payload does not fit"},"id":"1"}"#
        );
        raw.send(r#"{"type":"chat.send","payload":{"roomId":"r","text":""},"id":"2"}"#)
            .await;
        assert!(raw.next().await.contains("violations"));
    })
    .await;
}

/// Who has not said hello yet does not hold a server that goes away.
#[tokio::test(start_paused = true)]
async fn who_has_not_said_hello_is_sent_away() {
    simulated(async {
        let server = Server::new(App::new());
        let mut client = over_memory(&server);
        let began = tokio::time::Instant::now();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let handle = server.handle();
        let down = tokio::spawn(async move { handle.shutdown().await });
        assert!(text(&mut client).await.contains("1001"));
        down.await.expect("it ends");
        assert_eq!(began.elapsed().as_secs(), 1);
    })
    .await;
}

/// A client that sends and never reads is let go once nothing of what waits is taken for as long as silence is tolerated.
#[tokio::test(start_paused = true)]
async fn who_never_reads_is_let_go() {
    simulated(async {
        let server = Server::new(App::new());
        let (mut client, end) = duplex(2);
        let served = {
            let server = server.clone();
            tokio::spawn(async move { server.serve(end, ConnectionInfo::default()).await })
        };
        client.send(&hello("ada")).await.expect("it is open");
        let began = tokio::time::Instant::now();
        while !served.is_finished() {
            let sent = client.send(r#"{"type":"prices.watch","payload":{"count":-1},"id":"1"}"#);
            let _ = tokio::time::timeout(Duration::from_secs(1), sent).await;
            let again = client.send(r#"{"type":"room.leave","payload":{"roomId":"r"},"id":"1"}"#);
            let _ = tokio::time::timeout(Duration::from_secs(1), again).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let took = began.elapsed().as_secs();
        assert!((30..=45).contains(&took), "{took} s");
    })
    .await;
}

/// A request that is not there in time is given up, and a graceful end does not wait for it.
#[tokio::test]
async fn half_a_request_holds_nothing() {
    soon(async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let server = Server::new(App::new());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let handle = server.handle();
        let serving = serve(listener, server.router())
            .header_timeout(Duration::from_millis(200))
            .with_graceful_shutdown(async move {
                let _ = stopped.await;
                handle.shutdown().await;
            });
        let serving = tokio::spawn(serving.into_future());
        for begin in ["", "GET /ws HTT", "GET /healthz HTTP/1.1\r\nHost: a\r\n"] {
            let mut tcp = TcpStream::connect(address).await.expect("it listens");
            tcp.write_all(begin.as_bytes()).await.expect("it is open");
            let mut rest = Vec::new();
            // It is closed, with or without a word.
            let _ = tcp.read_to_end(&mut rest).await;
        }
        let mut half = TcpStream::connect(address).await.expect("it listens");
        half.write_all(b"GET /").await.expect("it is open");
        stop.send(()).expect("it serves");
        serving.await.expect("it ends").expect("it served");
    })
    .await;
}
