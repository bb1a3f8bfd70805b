//! Sessions in MessagePack and CBOR: whatever is sent arrives, in the encoding of each connection.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{
    Auth, Chat, ChatSendError, Client, HASH, Limit, News, PricesDone, PricesTick, PricesWatch,
    RoomJoined, Server, ServerMessage, UserTyping, WatchError,
    raw::{Raw, serve},
};
use futures_util::{SinkExt, StreamExt};
use handfast::{
    client::{CallError, ClientBuilder, ConnectError, Event},
    codec::{Encoding, Source},
    server::ConnectionInfo,
    transport::duplex,
};
use script::{join, said, send};
use std::{convert::Infallible, net::SocketAddr};
use support::{simulated, soon};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

const ALL: [Encoding; 3] = [Encoding::Json, Encoding::MsgPack, Encoding::Cbor];

fn connect(address: SocketAddr, name: &str, encoding: Encoding) -> ClientBuilder<Chat, Client> {
    Client::connect(format!("ws://{address}/ws"))
        .auth(&Auth { name: name.into() })
        .encoding(encoding)
}

#[tokio::test]
async fn a_session_is_the_same_in_every_encoding() {
    soon(async {
        let (_, server, address) = serve().await;
        let mut rooms = Vec::new();
        for encoding in ALL {
            let client = connect(address, "ada", encoding)
                .await
                .expect("it connects");
            assert_eq!(client.skew(), None);
            let full = client.chat_send(send("full", "hi")).await;
            let error = ChatSendError::RoomFull(Limit { limit: 9 });
            assert_eq!(full, Err(CallError::Declared(error)));
            let refused = connect(address, "mallory", encoding).await;
            assert_eq!(
                refused.expect_err("it is refused").to_string(),
                "the server refused the session: BAD_TOKEN: The token is not one of ours, or it has expired."
            );
            let watched = client.prices_watch(PricesWatch { count: 2 }).await;
            let mut ticks = watched.expect("the stream starts");
            assert_eq!(ticks.next().await, Some(Ok(PricesTick { n: 0 })));
            assert_eq!(ticks.next().await, Some(Ok(PricesTick { n: 1 })));
            assert_eq!(ticks.next().await, None);
            assert_eq!(ticks.end(), Some(&PricesDone { ticks: 2 }));
            let refused = client.prices_watch(PricesWatch { count: 0 }).await;
            assert!(matches!(
                refused,
                Err(CallError::Declared(WatchError::UnknownSymbol))
            ));
            // The session's own `join`.
            let mut lobby = client.lobby().join().await.expect("it is joined");
            server.handle().lobby().publish(&News { text: "x".into() });
            match lobby.next().await {
                Some(Event::Message(envelope)) => {
                    assert_eq!(
                        envelope.message,
                        ServerMessage::News(News { text: "x".into() })
                    );
                }
                other => panic!("{other:?}"),
            }
            lobby.leave().await.expect("it is left");
            let room = join(&client, "r").await.expect("it is joined");
            assert_eq!(
                room.reply,
                RoomJoined {
                    members: rooms.len() as i64
                }
            );
            rooms.push((client, room));
        }
        // What one publishes reaches all, each in its own encoding.
        for seq in 1..=3 {
            let text = format!("{seq} \u{1F600} \"\u{0}\"");
            let room_id = "r".to_owned();
            let (sender, _) = &rooms[seq as usize - 1];
            sender
                .chat_send(send("r", &text))
                .await
                .expect("it is sent");
            sender
                .user_typing(UserTyping { room_id })
                .await
                .expect("it is sent");
            for (_, room) in &mut rooms {
                assert_eq!(said(room.next().await), (text.clone(), Some(seq)));
                let typing = room.next().await;
                assert!(
                    matches!(&typing, Some(Event::Message(e)) if e.seq.is_none()),
                    "{typing:?}"
                );
            }
        }
    })
    .await;
}

async fn raw(address: SocketAddr, subprotocols: &str) -> (Raw, Option<String>) {
    let mut request = format!("ws://{address}/ws")
        .into_client_request()
        .expect("a URL");
    let offered = subprotocols.parse().expect("a header");
    request
        .headers_mut()
        .insert("sec-websocket-protocol", offered);
    let upgraded = tokio_tungstenite::connect_async(request).await;
    let (socket, response) = upgraded.expect("it is upgraded");
    let chosen = response.headers().get("sec-websocket-protocol");
    let chosen = chosen.map(|chosen| chosen.to_str().expect("text").to_owned());
    (Raw { socket }, chosen)
}

/// Sends a message, and returns the answer, which is in `encoding`, as JSON.
async fn answer_to(raw: &mut Raw, encoding: Encoding, message: Message) -> String {
    raw.socket.send(message).await.expect("it is open");
    let answer = raw
        .socket
        .next()
        .await
        .expect("it is open")
        .expect("it works");
    assert_eq!(answer.is_binary(), encoding != Encoding::Json);
    let answer = answer.into_data();
    let answer = encoding
        .source(&answer)
        .expect("UTF-8")
        .transcode(Encoding::Json);
    String::from_utf8(answer.expect("it is well-formed")).expect("UTF-8")
}

#[tokio::test]
async fn the_server_prefers_the_first_of_the_spec() {
    soon(async {
        let (.., address) = serve().await;
        for (offered, expected) in [
            ("chat.v1+cbor", "chat.v1+cbor"),
            ("chat.v1+cbor, chat.v1+msgpack", "chat.v1+msgpack"),
            ("chat.v1+cbor, other, chat.v1+json", "chat.v1+json"),
        ] {
            let (_, chosen) = raw(address, offered).await;
            assert_eq!(chosen.as_deref(), Some(expected));
        }
    })
    .await;
}

/// What is answered in each encoding, as JSON.
#[tokio::test]
async fn errors_have_the_same_words() {
    soon(async {
        let (.., address) = serve().await;
        let mut answers = Vec::new();
        for (encoding, name) in ALL.into_iter().zip(["json", "msgpack", "cbor"]) {
            let (mut raw, _) = raw(address, &format!("chat.v1+{name}")).await;
            let mut found = Vec::new();
            for text in [
                r#"{"type":"wait","id":"0"}"#,
                &format!(r#"{{"type":"hello","payload":{{"version":"1.2.0","hash":"{HASH}","auth":{{"name":"ada"}}}}}}"#),
                r#"{"type":"chat.send","payload":{"roomId":7,"text":"","x":{}},"id":"1"}"#,
                r#"{"type":"none","id":"2"}"#,
                r#"{"type":"chat.send","payload":{"roomId":"full","text":"hi"},"id":"3","y":1}"#,
                r#"{"type":"chat.send","payload":{"roomId":"full","text":"hi"},"id":"3"}"#,
            ] {
                let bytes = Source::Json(text.into()).transcode(encoding).expect("it is JSON");
                let message = match encoding {
                    Encoding::Json => Message::text(text),
                    _ => Message::binary(bytes),
                };
                let answer = answer_to(&mut raw, encoding, message).await;
                found.push(chat::raw::timeless(&answer));
            }
            assert!(found[1].starts_with(r#"{"type":"ready","payload":{"version":"1.2.0","#), "{found:?}");
            // The session has a random name.
            found.remove(1);
            assert!(found[1].contains("must be at least 1 character long"), "{found:?}");
            answers.push(found);
        }
        assert_eq!(answers[1], answers[0]);
        assert_eq!(answers[2], answers[0]);
    })
    .await;
}

#[tokio::test]
async fn what_is_malformed_is_answered() {
    soon(async {
        let (.., address) = serve().await;
        let (mut raw, _) = raw(address, "chat.v1+msgpack").await;
        let hello = chat::raw::hello("ada");
        let hello = Source::Json(hello.as_str().into()).transcode(Encoding::MsgPack);
        let hello = Message::binary(hello.expect("it is JSON"));
        raw.socket.send(hello).await.expect("it is open");
        raw.socket
            .next()
            .await
            .expect("it is open")
            .expect("it is ready");
        for (message, words) in [
            (Message::text("{}"), "expected a binary frame at byte 0"),
            (
                Message::binary(&b"\x81\x01\x02"[..]),
                "a key is not a string at byte 1",
            ),
            (Message::binary(&b"\x90"[..]), "not an object at byte 0"),
            (
                Message::binary(&b""[..]),
                "the message ends early at byte 0",
            ),
        ] {
            let answer = answer_to(&mut raw, Encoding::MsgPack, message).await;
            assert_eq!(
                answer,
                format!(r#"{{"type":"error","payload":{{"code":"SYNTAX","message":"{words}"}}}}"#)
            );
        }
    })
    .await;
}

/// A hello is held to the same in every encoding, in what nobody reads of it as well.
#[tokio::test]
async fn a_hello_that_is_malformed_is_no_hello() {
    soon(async {
        let (.., address) = serve().await;
        for (encoding, name) in ALL.into_iter().zip(["json", "msgpack", "cbor"]) {
            let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
            for (more, is_hello) in [
                (nested(120), true),
                (nested(130), false),
                (nested(250), false),
                (r#""\ud800""#.to_owned(), false),
                ("1e400".to_owned(), false),
            ] {
                let hello = chat::raw::hello("ada");
                let text = hello.replacen(r#""auth":"#, &format!(r#""more":{more},"auth":"#), 1);
                assert_ne!(text, hello);
                // What stands for no JSON is in no other encoding.
                let message = match (
                    encoding,
                    Source::Json(text.as_str().into()).transcode(encoding),
                ) {
                    (Encoding::Json, _) => Message::text(text),
                    (_, Ok(bytes)) => Message::binary(bytes),
                    (_, Err(_)) => continue,
                };
                let (mut raw, _) = raw(address, &format!("chat.v1+{name}")).await;
                let answer = answer_to(&mut raw, encoding, message).await;
                let expected = if is_hello {
                    r#"{"type":"ready""#
                } else {
                    r#"{"type":"error","payload":{"code":"SYNTAX""#
                };
                assert!(
                    answer.starts_with(expected),
                    "{more:.20} {encoding:?} {answer}"
                );
            }
        }
    })
    .await;
}

fn over(server: &Server, encoding: Option<Encoding>) -> ClientBuilder<Chat, Client> {
    let server = server.clone();
    ClientBuilder::over(move || {
        let (ours, theirs) = duplex(16);
        let server = server.clone();
        let mut info = ConnectionInfo::default();
        info.encoding = encoding;
        tokio::spawn(async move { server.serve(theirs, info).await });
        async { Ok::<_, Infallible>(ours) }
    })
    .auth(&Auth { name: "ada".into() })
}

#[tokio::test(start_paused = true)]
async fn another_transport_can_have_any_encoding() {
    simulated(async {
        let server = Server::new(chat::App::new());
        for encoding in ALL {
            let client = over(&server, Some(encoding)).encoding(encoding).await;
            let client = client.expect("it connects");
            client.chat_send(send("r", "hi")).await.expect("it is sent");
        }
        over(&server, None).await.expect("both prefer JSON");
        // The first message of either end is not what the other reads.
        let error = over(&server, None).encoding(Encoding::Cbor).await;
        let error = error.expect_err("they do not understand each other");
        assert!(matches!(error, ConnectError::UnexpectedReply), "{error:?}");
    })
    .await;
}

/// A connection of the memory transport to a server that begins with JSON.
fn in_json(server: &Server, asked: Option<Encoding>) -> ClientBuilder<Chat, Client> {
    let server = server.clone();
    let client = ClientBuilder::<Chat, Client>::over(move || {
        let server = server.clone();
        let (ours, theirs) = duplex(64 * 1024);
        let mut info = ConnectionInfo::default();
        info.encoding = asked;
        tokio::spawn(async move { server.serve(theirs, info).await });
        std::future::ready(Ok::<_, Infallible>(ours))
    });
    client.auth(&Auth { name: "ada".into() })
}

#[tokio::test]
async fn an_encoding_is_agreed_on_before_the_hello() {
    soon(async {
        let (_, server, address) = serve().await;
        for encoding in ALL {
            // Over a WebSocket whose subprotocol is JSON's, and over another transport.
            let socket = connect(address, "ada", encoding).negotiate();
            let memory = in_json(&server, Some(Encoding::Json)).encoding(encoding);
            for client in [socket, memory.negotiate()] {
                let client = client.await.expect("they agree");
                let full = client.chat_send(send("full", "hi")).await;
                let error = ChatSendError::RoomFull(Limit { limit: 9 });
                assert_eq!(full, Err(CallError::Declared(error)));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_negotiates_is_on_the_wire() {
    soon(async {
        let (.., address) = serve().await;
        let (mut raw, chosen) = raw(address, "chat.v1+json").await;
        assert_eq!(chosen.as_deref(), Some("chat.v1+json"));
        let ask = |name: &str| format!(r#"{{"type":"negotiate","payload":{{"encoding":{name}}}}}"#);
        for wrong in [r#""xml""#, "7", r#""MSGPACK""#] {
            raw.socket
                .send(Message::text(ask(wrong)))
                .await
                .expect("it is open");
            let answer = raw
                .socket
                .next()
                .await
                .expect("it is open")
                .expect("it works");
            let answer = answer.into_text().expect("text");
            assert!(answer.contains(r#""code":"INVALID""#), "{answer}");
        }
        for (name, encoding, next) in [
            ("msgpack", Encoding::Json, Encoding::MsgPack),
            ("cbor", Encoding::MsgPack, Encoding::Cbor),
        ] {
            // The answer is in the encoding of the question.
            let asked = ask(&format!("{name:?}"));
            let bytes = Source::Json((&*asked).into())
                .transcode(encoding)
                .expect("it is JSON");
            let message = match encoding {
                Encoding::Json => Message::text(asked.clone()),
                _ => Message::binary(bytes),
            };
            let answer = answer_to(&mut raw, encoding, message).await;
            assert_eq!(answer, asked);
            let hello = r#"{"type":"ask","id":"1"}"#;
            let bytes = Source::Json(hello.into())
                .transcode(next)
                .expect("it is JSON");
            let answer = answer_to(&mut raw, next, Message::binary(bytes)).await;
            assert!(answer.contains(r#""code":"NOT_READY""#), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_begins_with_another_encoding_does_not_agree() {
    soon(async {
        let (_, server, _) = serve().await;
        let client = in_json(&server, Some(Encoding::Cbor)).encoding(Encoding::MsgPack);
        let refused = client.negotiate().await.expect_err("it is not understood");
        assert!(
            matches!(refused, ConnectError::UnexpectedReply),
            "{refused}"
        );
    })
    .await;
}
