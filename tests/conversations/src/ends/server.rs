//! The server as the end of a conversation.

use super::api::{
    ClientHandle, Confirm, Context, Conversations, Done, FullErrorData, Get, Got, Hall,
    HallPresence, HallSaid, Handler, Hint, Login, LoginError, Mood, Name, News, Note, Put,
    PutError, RoomHandler, RoomJoin, RoomJoinError, RoomJoined, RoomLeave, RoomLeft, RoomSaid,
    RoomTyping, Server, SessionHandler, TicksDone, TicksHandler, TicksTick, TicksWatch,
    TicksWatchError, TicksWatching,
};
use super::client::code;
use crate::{conversation::Side, end::End, log::Log};
use handfast::{
    HandlerError, Protocol,
    codec::Encoding,
    server::{ConnectionInfo, Rejection, StreamResponder},
    transport::{MemoryTransport, duplex},
};
use serde_json::{Map, Value, json};
use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::sync::mpsc;

/// How many messages a connection holds.
const CAPACITY: usize = 1024;

/// The server, and an application that does what the conversation says.
pub(crate) struct ServerEnd {
    server: Server,
    encoding: Encoding,
    desk: Desk,
}

/// What the conversation lets a handler do.
enum Order {
    Answer(i64),
    Refuse(String, Value),
    Fail,
    Accept,
    Item(i64),
}

/// What handlers and the conversation share.
#[derive(Clone, Default)]
struct Desk {
    log: Log,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// The handlers that run, by the message they handle, oldest first.
    running: HashMap<String, VecDeque<mpsc::UnboundedSender<Order>>>,
    client: Option<ClientHandle>,
}

impl ServerEnd {
    async fn act_on(&mut self, words: &[&str], value: &Value) -> Result<(), String> {
        let n = value["n"].as_i64().unwrap_or_default();
        match *words {
            ["answers" | "ends", kind] => self.desk.order(kind, Order::Answer(n)),
            ["refuses", kind, code] => {
                let refused = Order::Refuse(code.to_owned(), value.clone());
                self.desk.order(kind, refused)
            }
            ["fails", kind] => self.desk.order(kind, Order::Fail),
            ["accepts", kind] => self.desk.order(kind, Order::Accept),
            ["item", kind] => self.desk.order(kind, Order::Item(n)),
            ["publishes", name, kind @ ("room.said" | "room.typing")] => {
                let room = self.server.handle().room(&channel(name)?);
                let receipt = match kind {
                    "room.typing" => room.publish(&RoomTyping { n }),
                    _ => room.publish(&RoomSaid { n }),
                };
                receipt.await.map(drop).map_err(|error| error.to_string())
            }
            ["publishes", name, "hall.said"] => {
                let hall = self.server.handle().hall(&channel(name)?);
                let receipt = hall.publish(&HallSaid { n });
                receipt.await.map(drop).map_err(|error| error.to_string())
            }
            ["adds", "hall", name] => {
                let hall = self.desk.client()?.channel_handle(&Hall {
                    name: channel(name)?,
                });
                hall.add().await.map_err(|error| error.to_string())
            }
            ["removes", "hall", name] => {
                self.desk
                    .client()?
                    .channel_handle(&Hall {
                        name: channel(name)?,
                    })
                    .remove();
                Ok(())
            }
            ["sends", kind] => {
                let client = self.desk.client()?;
                match kind {
                    "mood" => client.send(&Mood { n }),
                    _ => client.send(&News { n }),
                }
                Ok(())
            }
            ["asks", label, "confirm"] => {
                let call = self.desk.client()?.confirm(Confirm { n });
                let (log, label) = (self.desk.log.clone(), label.to_owned());
                tokio::spawn(async move {
                    match call.await {
                        Ok(confirmed) => {
                            log.add(format!("{label} ok"), json!({ "n": confirmed.n }))
                        }
                        Err(error) => {
                            log.add(format!("{label} error {}", code(&error)), Value::Null)
                        }
                    }
                });
                // It is sent before the next line.
                tokio::task::yield_now().await;
                Ok(())
            }
            ["kicks"] => {
                self.desk.client()?.kick("the conversation says so");
                Ok(())
            }
            ["shuts-down"] => {
                let handle = self.server.handle();
                tokio::spawn(async move { handle.shutdown().await });
                Ok(())
            }
            _ => Err("a server does nothing like that".to_owned()),
        }
    }
}

impl End for ServerEnd {
    const HASH: &'static str = Conversations::DESCRIPTOR.hash;
    const SIDE: Side = Side::Server;

    fn new(encoding: Encoding) -> Self {
        let desk = Desk::default();
        Self {
            server: Server::new(App(desk.clone())),
            encoding,
            desk,
        }
    }

    async fn open(&mut self) -> MemoryTransport {
        let (ours, theirs) = duplex(CAPACITY);
        let server = self.server.clone();
        let mut info = ConnectionInfo::default();
        info.encoding = Some(self.encoding);
        tokio::spawn(async move { server.serve(theirs, info).await });
        ours
    }

    fn has_opened(&mut self) -> bool {
        false
    }

    async fn act(&mut self, words: &[&str], value: &Value) -> Option<Result<(), String>> {
        let is_order = matches!(
            words[0],
            "answers"
                | "ends"
                | "refuses"
                | "fails"
                | "accepts"
                | "item"
                | "publishes"
                | "sends"
                | "asks"
                | "adds"
                | "removes"
                | "kicks"
                | "shuts-down"
        );
        match is_order {
            true => Some(self.act_on(words, value).await),
            false => None,
        }
    }

    fn log(&self) -> &Log {
        &self.desk.log
    }
}

fn channel(name: &str) -> Result<Name, String> {
    Name::try_from(name.to_owned()).map_err(|error| error.to_string())
}

/// A handler that runs.
struct Running {
    desk: Desk,
    kind: &'static str,
    orders: mpsc::UnboundedReceiver<Order>,
    is_done: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_done {
            self.desk
                .log
                .add(format!("dropped {}", self.kind), Value::Null);
        }
    }
}

impl Running {
    async fn next(&mut self) -> Result<Order, &'static str> {
        let order = self.orders.recv().await;
        self.is_done = matches!(
            order,
            Some(Order::Answer(_) | Order::Refuse(..) | Order::Fail)
        );
        match order {
            Some(Order::Fail) | None => Err("the conversation says so"),
            Some(order) => Ok(order),
        }
    }

    /// What a handler answers that does nothing else.
    async fn answer<E>(
        &mut self,
        refused: impl Fn(&str, &Value) -> E,
    ) -> Result<i64, HandlerError<E>> {
        match self.next().await.map_err(HandlerError::internal)? {
            Order::Refuse(code, data) => Err(refused(&code, &data).into()),
            Order::Answer(n) => Ok(n),
            _ => Err(HandlerError::internal("it is not answered")),
        }
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> Result<ClientHandle, String> {
        let client = self.lock().client.clone();
        client.ok_or_else(|| "no client has come".to_owned())
    }

    fn run(&self, kind: &'static str, payload: Value) -> Running {
        let (sender, orders) = mpsc::unbounded_channel();
        self.lock()
            .running
            .entry(kind.to_owned())
            .or_default()
            .push_back(sender);
        self.log.add(format!("runs {kind}"), payload);
        Running {
            desk: self.clone(),
            kind,
            orders,
            is_done: false,
        }
    }

    /// Gives an order to the oldest handler of a message.
    fn order(&self, kind: &str, order: Order) -> Result<(), String> {
        let mut shared = self.lock();
        let running = shared.running.get_mut(kind);
        let running = running.ok_or_else(|| format!("`{kind}` is not handled"))?;
        // Some may have been dropped.
        running.retain(|handler| !handler.is_closed());
        let handler = running
            .front()
            .ok_or_else(|| format!("`{kind}` is not handled"))?;
        let is_last = matches!(order, Order::Answer(_) | Order::Refuse(..) | Order::Fail);
        let sent = handler.send(order);
        if is_last {
            running.pop_front();
        }
        sent.map_err(|_| format!("`{kind}` is not handled any more"))
    }
}

struct App(Desk);

struct User {
    name: String,
    expires: Option<SystemTime>,
}

impl SessionHandler for App {
    type Session = User;

    ready!();

    async fn authenticate(
        &self,
        m: Login,
        _: &ConnectionInfo,
    ) -> Result<User, HandlerError<LoginError>> {
        let lasts = m.lasts.map(Duration::from_millis);
        match m.name.as_str() {
            "mallory" => Err(LoginError::Locked.into()),
            "late" => Err(LoginError::Busy.into()),
            "broken" => Err(HandlerError::internal("the conversation says so")),
            _ => Ok(User {
                name: m.name,
                expires: lasts.map(|lasts| SystemTime::now() + lasts),
            }),
        }
    }

    fn principal<'a>(&self, user: &'a User) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(&user.name))
    }

    async fn authorize_join(&self, key: &str, _: &Context<User>) -> Result<(), Rejection> {
        match key {
            "hall:closed" => Err(Rejection::new("REFUSED", "the conversation says so")),
            _ => Ok(()),
        }
    }

    fn hall_presence(&self, _: &str, _: &Context<User>) -> HallPresence {
        HallPresence { n: 1 }
    }

    fn expires(&self, user: &User) -> Option<SystemTime> {
        user.expires
    }

    fn ready(&self, cx: &Context<User>) {
        self.0.lock().client = Some(cx.client());
    }
}

fn limit(data: &Value) -> FullErrorData {
    FullErrorData {
        limit: data["limit"].as_i64().unwrap_or_default(),
    }
}

impl Handler for App {
    async fn put(&self, m: Put, _: &Context<User>) -> Result<Done, HandlerError<PutError>> {
        let mut payload = Map::from_iter([("n".to_owned(), json!(m.n))]);
        payload.extend(m.text.map(|text| ("text".to_owned(), json!(text))));
        let mut running = self.0.run("put", Value::Object(payload));
        let answer = running.answer(|code, data| match code {
            "FULL" => PutError::Full(limit(data)),
            _ => PutError::Refused,
        });
        Ok(Done { n: answer.await? })
    }

    async fn get(&self, m: Get, _: &Context<User>) -> Result<Got, HandlerError> {
        let mut running = self.0.run("get", json!({ "n": m.n }));
        match running.next().await.map_err(HandlerError::internal)? {
            Order::Answer(n) => Ok(Got { n }),
            _ => Err(HandlerError::internal("it is not answered")),
        }
    }

    async fn note(&self, m: Note, _: &Context<User>) {
        self.0.log.add("hears note", json!({ "n": m.n }));
    }

    async fn hint(&self, m: Hint, _: &Context<User>) {
        self.0.log.add("hears hint", json!({ "n": m.n }));
    }
}

impl TicksHandler for App {
    async fn ticks_watch(
        &self,
        m: TicksWatch,
        ticks: StreamResponder<TicksWatching, TicksTick>,
        _: &Context<User>,
    ) -> Result<TicksDone, HandlerError<TicksWatchError>> {
        let mut running = self.0.run("ticks.watch", json!({ "n": m.n }));
        let mut items = match running.next().await.map_err(HandlerError::internal)? {
            Order::Accept => ticks.accept(TicksWatching {}),
            _ => return Err(TicksWatchError::Refused.into()),
        };
        loop {
            match running.next().await.map_err(HandlerError::internal)? {
                Order::Item(n) => {
                    let sent = items.send(TicksTick { n }).await;
                    sent.map_err(HandlerError::internal)?;
                }
                Order::Answer(n) => return Ok(TicksDone { n }),
                _ => return Err(TicksWatchError::Refused.into()),
            }
        }
    }
}

impl RoomHandler for App {
    async fn room_join(
        &self,
        m: RoomJoin,
        _: &Context<User>,
    ) -> Result<RoomJoined, HandlerError<RoomJoinError>> {
        let mut running = self.0.run("room.join", json!({ "name": m.name.as_str() }));
        let n = running.answer(|_, _| RoomJoinError::Refused).await?;
        Ok(RoomJoined { n })
    }

    async fn room_leave(&self, m: RoomLeave, _: &Context<User>) -> Result<RoomLeft, HandlerError> {
        self.0
            .log
            .add("hears room.leave", json!({ "name": m.name.as_str() }));
        Ok(RoomLeft {})
    }
}
