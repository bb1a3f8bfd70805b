//! A client whose server is played by the test, one connection after the other.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test uses some of it"
)]

use crate::{
    chat::{
        Auth, Chat, ChatMessage, ChatSend, ChatSendError, Client, HASH, RoomJoined, ServerMessage,
    },
    support::Script,
};
use handfast::{
    client::{CallError, ClientBuilder, Event, Gap, Subscription},
    descriptor::Limits,
    transport::duplex,
};
use std::convert::Infallible;
use tokio::sync::mpsc;

pub fn send(room_id: &str, text: &str) -> ChatSend {
    ChatSend {
        room_id: room_id.into(),
        text: text.into(),
    }
}

pub async fn join(
    client: &Client,
    id: &str,
) -> Result<Subscription<ServerMessage, RoomJoined>, CallError<ChatSendError>> {
    client.room(&id.into()).join().await
}

pub fn said(event: Option<Event<ServerMessage>>) -> (String, Option<u64>) {
    match event {
        Some(Event::Message(envelope)) => match envelope.message {
            ServerMessage::ChatMessage(ChatMessage { text, .. }) => (text, envelope.seq),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// The number in the reply to a rejoin.
pub fn is_back(event: Option<Event<ServerMessage>>) -> Option<u64> {
    match event {
        Some(Event::Joined(Some(envelope))) => match envelope.message {
            ServerMessage::RoomJoined(RoomJoined { members: 0 }) => envelope.seq,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Takes the hello.
pub async fn greet(script: &mut Script) {
    script.expect(&format!(
        r#"{{"type":"hello","payload":{{"version":"1.2.0","hash":"{HASH}","auth":{{"name":"ada"}},"resume":{{}}}}}}"#
    ))
    .await;
    script
        .say(&format!(
            r#"{{"type":"ready","payload":{{"version":"1.2.0","hash":"{HASH}","session":"s"}}}}"#
        ))
        .await;
}

/// A client whose connections are played by the test, one after the other.
pub fn scripted() -> (ClientBuilder<Chat, Client>, mpsc::Receiver<Script>) {
    let (sender, receiver) = mpsc::channel(1);
    let connect = ClientBuilder::<Chat, Client>::over(move || {
        let sender = sender.clone();
        async move {
            let (client, server) = duplex(64);
            sender.send(Script(server)).await.expect("the test goes on");
            Ok::<_, Infallible>(client)
        }
    })
    .auth(&Auth { name: "ada".into() });
    (connect, receiver)
}

pub async fn begin() -> (Client, Script, mpsc::Receiver<Script>) {
    let (connect, scripts) = scripted();
    begin_with(connect, scripts).await
}

/// The same, for a client that was set up.
pub async fn begin_with(
    connect: ClientBuilder<Chat, Client>,
    mut scripts: mpsc::Receiver<Script>,
) -> (Client, Script, mpsc::Receiver<Script>) {
    let client = tokio::spawn(connect.into_future());
    let mut script = scripts.recv().await.expect("it connects");
    greet(&mut script).await;
    let client = client.await.expect("it ends").expect("it is let in");
    (client, script, scripts)
}

pub const JOIN: &str = r#"{"type":"room.join","payload":{"roomId":"r"},"id":"1"}"#;

/// Joins the room `r` at a number.
pub async fn joined(
    client: &Client,
    script: &mut Script,
    seq: u64,
) -> Subscription<ServerMessage, RoomJoined> {
    let asked = tokio::spawn({
        let client = client.clone();
        async move { join(&client, "r").await }
    });
    script.expect(JOIN).await;
    script
        .say(&format!(
            r#"{{"type":"room.joined","payload":{{"members":0}},"id":"1","channel":"room:r","seq":{seq},"epoch":"e"}}"#
        ))
        .await;
    asked.await.expect("it ends").expect("it may")
}

pub fn message(text: &str, seq: u64) -> String {
    format!(
        r#"{{"type":"chat.message","payload":{{"from":"bob","text":"{text}"}},"channel":"room:r","seq":{seq}}}"#
    )
}

/// Loses the connection and makes it anew, up to the request that joins the room again: its id.
pub async fn again(script: Script, scripts: &mut mpsc::Receiver<Script>) -> (Script, String) {
    drop(script);
    let mut script = scripts.recv().await.expect("it connects again");
    greet(&mut script).await;
    let rejoin = script.next().await;
    let join = r#"{"type":"room.join","payload":{"roomId":"r"},"id":""#;
    assert!(rejoin.starts_with(join), "{rejoin}");
    assert!(rejoin.contains(r#","seq":"#), "{rejoin}");
    (script, id_of(&rejoin))
}

pub fn rejoined(id: &str, seq: u64) -> String {
    format!(
        r#"{{"type":"room.joined","payload":{{"members":0}},"id":"{id}","channel":"room:r","seq":{seq},"epoch":"e"}}"#
    )
}

pub const UNBOUNDED: Option<Event<ServerMessage>> = Some(Event::Gap(Gap {
    from: None,
    to: None,
    reason: None,
}));

/// Waits until the client has read all that was said.
pub async fn read(script: &mut Script) {
    script.say(r#"{"type":"ping"}"#).await;
    script.expect(r#"{"type":"pong"}"#).await;
}

/// The id of a request.
pub fn id_of(request: &str) -> String {
    let (_, rest) = request.split_once(r#""id":""#).expect("it has an id");
    let (id, _) = rest.split_once('"').expect("it has an id");
    id.to_owned()
}

pub fn error(code: &str, id: &str, retryable: bool) -> String {
    format!(
        r#"{{"type":"error","payload":{{"code":"{code}","message":"…","retryable":{retryable}}},"id":"{id}"}}"#
    )
}

/// The answer to a join of any room.
pub fn let_in(room: &str, id: &str, seq: u64) -> String {
    format!(
        r#"{{"type":"room.joined","payload":{{"members":0}},"id":"{id}","channel":"room:{room}","seq":{seq},"epoch":"e"}}"#
    )
}

/// Joins a room, whatever the number of the request.
pub async fn enter(
    client: &Client,
    script: &mut Script,
    room: &str,
    seq: u64,
) -> Subscription<ServerMessage, RoomJoined> {
    let asked = spawn_join(client, room);
    let id = id_of(&script.next().await);
    script.say(&let_in(room, &id, seq)).await;
    asked.await.expect("it ends").expect("it may")
}

type Joining = tokio::task::JoinHandle<
    Result<Subscription<ServerMessage, RoomJoined>, CallError<ChatSendError>>,
>;

pub fn spawn_join(client: &Client, room: &str) -> Joining {
    let (client, room) = (client.clone(), room.to_owned());
    tokio::spawn(async move { join(&client, &room).await })
}

/// A client whose server reads only what it asks for: each direction holds one message.
pub async fn begin_narrow(limits: Limits) -> (Client, Script, mpsc::Receiver<Script>) {
    let (sender, receiver) = mpsc::channel(1);
    let connect = ClientBuilder::<Chat, Client>::over(move || {
        let sender = sender.clone();
        async move {
            let (client, server) = duplex(1);
            sender.send(Script(server)).await.expect("the test goes on");
            Ok::<_, Infallible>(client)
        }
    })
    .auth(&Auth { name: "ada".into() })
    .limits(limits);
    begin_with(connect, receiver).await
}

/// Lets all tasks run until none has anything to do.
pub async fn settle() {
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
}
