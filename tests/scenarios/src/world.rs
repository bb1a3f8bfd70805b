//! What happened at the servers, one after the other: the application that all of them serve, and what it remembers.

use crate::api::{
    ClientHandle, Confirm, Context, Done, Get, Got, HallHandler, HallJoin, HallJoined, HallLeave,
    HallLeft, HallSaid, Handler, Login, LoginError, Name, Note, Put, PutDoes, PutError,
    RoomHandler, RoomJoin, RoomJoined, RoomLeave, RoomLeft, RoomSaid, ServerHandle, SessionHandler,
    TicksDone, TicksHandler, TicksTick, TicksWatch, TicksWatching,
};
use handfast::{
    HandlerError,
    server::{ConnectionInfo, StreamResponder},
};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::sync::watch;

/// What the servers of a scenario remember.
#[derive(Default)]
pub(crate) struct Known {
    /// The requests that ran: of which client, which, and whether they may run again.
    pub(crate) runs: Vec<(String, i64, bool)>,
    pub(crate) notes: Vec<(String, i64)>,
    /// What was published in each channel, in order.
    pub(crate) published: BTreeMap<String, Vec<i64>>,
    /// How much had been published when a client joined for the first time.
    pub(crate) joined: BTreeMap<(String, String), usize>,
    /// What clients were asked, and what came of it.
    pub(crate) asked: BTreeMap<(String, i64), Option<String>>,
    clients: BTreeMap<String, ClientHandle>,
}

/// Shared by all servers of a scenario.
pub(crate) struct World {
    known: Mutex<Known>,
    gate: watch::Sender<bool>,
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            known: Mutex::default(),
            gate: watch::Sender::new(false),
        })
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets requests that wait go on.
    pub(crate) fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// Publishes, and remembers it, as one step.
    pub(crate) fn publish(&self, server: &ServerHandle, channel: &str, n: i64, pad: usize) {
        let mut known = self.known();
        let list = known.published.entry(channel.to_owned()).or_default();
        list.push(n);
        let (kind, name) = channel.split_once(':').unwrap_or_default();
        let Ok(name) = Name::try_from(name.to_owned()) else {
            return;
        };
        match kind {
            "hall" => drop(server.hall(&name).publish(&HallSaid { n })),
            _ => {
                let pad = (pad > 0).then(|| "x".repeat(pad));
                drop(server.room(&name).publish(&RoomSaid { n, pad }));
            }
        }
    }

    /// Asks a client; what it answers is remembered.
    pub(crate) fn ask(self: &Arc<Self>, client: &str, n: i64) -> Result<(), String> {
        let key = (client.to_owned(), n);
        let handle = {
            let mut known = self.known();
            known.asked.insert(key.clone(), None);
            known.clients.get(client).cloned()
        };
        let call = handle
            .ok_or("no such client has come")?
            .confirm(Confirm { n });
        let world = self.clone();
        tokio::spawn(async move {
            let answer = match call.await {
                Ok(confirmed) if confirmed.n == n => "ok".to_owned(),
                Ok(confirmed) => format!("the answer to {}", confirmed.n),
                Err(error) => crate::rust_client::code(&error),
            };
            world.known().asked.insert(key, Some(answer));
        });
        Ok(())
    }

    fn enter(&self, user: &User, channel: String) {
        let mut known = self.known();
        let count = known.published.get(&channel).map_or(0, Vec::len);
        let key = (user.name.clone(), channel);
        known.joined.entry(key).or_insert(count);
    }
}

/// A client's session.
pub(crate) struct User {
    name: String,
    expires: Option<SystemTime>,
}

/// The application of one server.
pub(crate) struct App {
    pub(crate) world: Arc<World>,
    /// Set before the first client comes.
    pub(crate) handle: Arc<Mutex<Option<ServerHandle>>>,
}

impl SessionHandler for App {
    type Session = User;

    async fn authenticate(
        &self,
        m: Login,
        _: &ConnectionInfo,
    ) -> Result<User, HandlerError<LoginError>> {
        let lasts = m.lasts.map(Duration::from_millis);
        Ok(User {
            name: m.name,
            expires: lasts.map(|lasts| SystemTime::now() + lasts),
        })
    }

    fn principal<'a>(&self, user: &'a User) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(&user.name))
    }

    fn expires(&self, user: &User) -> Option<SystemTime> {
        user.expires
    }

    fn ready(&self, cx: &Context<User>) {
        let (name, handle) = (cx.session().name.clone(), cx.client());
        self.world.known().clients.insert(name, handle);
    }
}

impl Handler for App {
    async fn put(&self, m: Put, cx: &Context<User>) -> Result<Done, HandlerError<PutError>> {
        if m.does == Some(PutDoes::Refuse) {
            return Err(PutError::Refused.into());
        }
        let name = cx.session().name.clone();
        self.world.known().runs.push((name, m.n, false));
        if m.does == Some(PutDoes::Wait) {
            // The gate is as old as the world.
            let _ = self.world.gate.subscribe().wait_for(|open| *open).await;
        }
        if let Some(room) = m.room {
            let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(handle) = &*handle {
                self.world
                    .publish(handle, &format!("room:{}", room.as_str()), m.n, 0);
            }
        }
        Ok(Done { n: m.n })
    }

    async fn get(&self, m: Get, cx: &Context<User>) -> Result<Got, HandlerError> {
        let name = cx.session().name.clone();
        self.world.known().runs.push((name, m.n, true));
        Ok(Got { n: m.n })
    }

    async fn note(&self, m: Note, cx: &Context<User>) {
        let name = cx.session().name.clone();
        self.world.known().notes.push((name, m.n));
    }
}

impl TicksHandler for App {
    async fn ticks_watch(
        &self,
        m: TicksWatch,
        ticks: StreamResponder<TicksWatching, TicksTick>,
        _: &Context<User>,
    ) -> Result<TicksDone, HandlerError> {
        let mut ticks = ticks.accept(TicksWatching {});
        for n in 0..i64::try_from(m.count).map_err(HandlerError::internal)? {
            ticks
                .send(TicksTick { n })
                .await
                .map_err(HandlerError::internal)?;
        }
        Ok(TicksDone {})
    }
}

impl RoomHandler for App {
    async fn room_join(&self, m: RoomJoin, cx: &Context<User>) -> Result<RoomJoined, HandlerError> {
        self.world
            .enter(cx.session(), format!("room:{}", m.name.as_str()));
        Ok(RoomJoined {})
    }

    async fn room_leave(&self, _: RoomLeave, _: &Context<User>) -> Result<RoomLeft, HandlerError> {
        Ok(RoomLeft {})
    }
}

impl HallHandler for App {
    async fn hall_join(&self, m: HallJoin, cx: &Context<User>) -> Result<HallJoined, HandlerError> {
        self.world
            .enter(cx.session(), format!("hall:{}", m.name.as_str()));
        Ok(HallJoined {})
    }

    async fn hall_leave(&self, _: HallLeave, _: &Context<User>) -> Result<HallLeft, HandlerError> {
        Ok(HallLeft {})
    }
}
