//! The attacked server, as a process of its own: an application with every way in, and a second port that tells how it is.

use crate::{
    ALLOCATOR,
    api::{
        Ask, Attacked, Confirm, Context, Crash, Crashed, Echo, Echoed, Handler, Hang, Hung, Keep,
        Kept, Login, LoginError, Measure, RoomHandler, RoomJoin, RoomJoined, RoomLeave, RoomLeft,
        RoomSaid, RoomSay, Server, SessionHandler, Slept, Slow, TicksDone, TicksHandler, TicksTick,
        TicksWatch, TicksWatching,
    },
    log::Log,
};
use axum::routing::{get, post};
use handfast::{
    HandlerError, Protocol,
    descriptor::Limits,
    server::{CallError, ConnectionInfo, Network, Rejection, StreamResponder, serve},
};
use std::{
    borrow::Cow,
    error::Error,
    future::pending,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Notify,
};

/// The limits that the protocol says.
pub(crate) const LIMITS: Limits = Attacked::DESCRIPTOR.limits;

/// How many bytes the system holds of a connection, in each direction.
const BUFFER: u32 = 16 * 1024;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How many questions a client is asked at a time.
const QUESTIONS: usize = 16;

/// How an attacked server is set up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    /// Messages in milliseconds; the protocol's own where it is none, and no bound where it is 0 messages.
    pub(crate) rate: Option<(u64, u64)>,
    /// How many connections there may be, in all and of an address.
    pub(crate) caps: Option<(usize, usize)>,
    /// Whether this machine is a proxy that says where its peers come from.
    pub(crate) is_behind_proxy: bool,
    /// Whether the peers keep a processor busy with what they may: then others are served slowly.
    pub(crate) is_busy: bool,
}

impl Setup {
    pub(crate) const DEFAULT: Self = Self {
        rate: None,
        caps: None,
        is_behind_proxy: false,
        is_busy: false,
    };

    /// No bound on messages, so that nothing but what waits is bounded.
    pub(crate) const NO_RATE: Self = Self {
        rate: Some((0, 0)),
        ..Self::DEFAULT
    };

    /// What a hundred peers may send together without keeping a processor busy.
    pub(crate) const LOW_RATE: Self = Self {
        rate: Some((120, 6000)),
        ..Self::DEFAULT
    };

    /// How many round trips a good client can make at once without being held to the rate.
    pub(crate) fn trips(&self, wanted: usize) -> usize {
        match self.rate {
            _ if self.is_busy => wanted / 10,
            Some((count @ 1.., _)) => wanted.min(count as usize - 20),
            _ => wanted,
        }
    }

    /// As the arguments of a command line.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let rate = self.rate.map(|(count, ms)| format!("rate={count}/{ms}"));
        let caps = self.caps.map(|(all, each)| format!("caps={all}/{each}"));
        let proxy = self.is_behind_proxy.then(|| "proxy=1/1".to_owned());
        [rate, caps, proxy].into_iter().flatten().collect()
    }

    pub(crate) fn read(arguments: &[String]) -> Result<Self, String> {
        let mut setup = Self::default();
        for argument in arguments {
            let bad = || format!("`{argument}` is not understood");
            let (name, value) = argument.split_once('=').ok_or_else(bad)?;
            let (first, second) = value.split_once('/').ok_or_else(bad)?;
            let first: u64 = first.parse().map_err(|_| bad())?;
            let second: u64 = second.parse().map_err(|_| bad())?;
            match name {
                "rate" => setup.rate = Some((first, second)),
                "caps" => setup.caps = Some((first as usize, second as usize)),
                "proxy" => setup.is_behind_proxy = true,
                _ => return Err(bad()),
            }
        }
        Ok(setup)
    }
}

/// Serves until it is told to stop.
pub(crate) async fn run(setup: Setup) -> Result<(), Box<dyn Error>> {
    let log = Log::install()?;
    let rate = match setup.rate {
        None => LIMITS.rate,
        Some((0, _)) => None,
        Some((count, ms)) => Some((count, Duration::from_millis(ms))),
    };
    let mut builder = Server::builder(App).limits(Limits { rate, ..LIMITS });
    if let Some((all, each)) = setup.caps {
        builder = builder
            .max_connections(all)
            .max_connections_per_address(each);
    }
    if setup.is_behind_proxy {
        builder = builder.trusted_proxies([Network::from(IpAddr::V4(Ipv4Addr::LOCALHOST))]);
    }
    let server = builder.build();
    let handle = server.handle();
    let stop = Arc::new(Notify::new());

    let counted = handle.clone();
    let state = move || {
        let state = serde_json::json!({
            "memory": ALLOCATOR.current_usage(),
            "detached": counted.detached(),
            "tasks": tokio::runtime::Handle::current().metrics().num_alive_tasks(),
            "logged": log.counts(),
            "lines": log.lines(),
        });
        std::future::ready(state.to_string())
    };
    let stopping = stop.clone();
    let peak = || {
        let peak = ALLOCATOR.peak_usage();
        ALLOCATOR.reset_peak_usage();
        std::future::ready(peak.to_string())
    };
    let told = axum::Router::new()
        .route("/state", get(state))
        .route("/peak", post(peak))
        .route(
            "/stop",
            post(move || {
                stopping.notify_one();
                std::future::ready(())
            }),
        );

    let side = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    // What waits is to wait in the process, where it is measured, and not in the system.
    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(BUFFER)?;
    socket.set_recv_buffer_size(BUFFER)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let listener = socket.listen(BACKLOG)?;
    println!("ready {} {}", listener.local_addr()?, side.local_addr()?);
    tokio::spawn(async move { axum::serve(side, told).await });
    serve(listener, server.router())
        .with_graceful_shutdown(async move {
            stop.notified().await;
            handle.shutdown().await;
        })
        .await?;
    Ok(())
}

struct App;

impl SessionHandler for App {
    type Session = String;

    async fn authenticate(
        &self,
        m: Login,
        _: &ConnectionInfo,
    ) -> Result<String, HandlerError<LoginError>> {
        #[cfg(feature = "tokens")]
        if let Some(token) = &m.token {
            let subject = crate::tokens::subject(token);
            return subject.ok_or_else(|| LoginError::BadName.into());
        }
        match &*m.name {
            "bad" => Err(LoginError::BadName.into()),
            _ => Ok(m.name),
        }
    }

    fn principal<'a>(&self, name: &'a String) -> Option<Cow<'a, str>> {
        (!name.is_empty()).then(|| name.into())
    }

    async fn authorize_join(&self, key: &str, _: &Context<String>) -> Result<(), Rejection> {
        match key {
            "topic:closed" => Err(Rejection::new("NOT_ALLOWED", "not for you")),
            _ => Ok(()),
        }
    }
}

impl Handler for App {
    async fn echo(&self, m: Echo, _: &Context<String>) -> Result<Echoed, HandlerError> {
        Ok(Echoed { text: m.text })
    }

    async fn keep(&self, _: Keep, _: &Context<String>) -> Result<Kept, HandlerError> {
        Ok(Kept {})
    }

    async fn ask(&self, m: Ask, cx: &Context<String>) {
        let client = cx.client();
        if m.stream {
            tokio::spawn(async move {
                let Ok(mut samples) = client.measure(Measure {}).await else {
                    return;
                };
                // Slower than they come.
                while let Some(Ok(_)) = samples.next().await {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            });
            return;
        }
        for _ in 0..QUESTIONS {
            let client = client.clone();
            tokio::spawn(async move {
                let text = "x".repeat(1000);
                // Until the session ends. A question that is not answered in time is followed by another.
                while !matches!(
                    client.confirm(Confirm { text: text.clone() }).await,
                    Err(CallError::Closed | CallError::OutcomeUnknown)
                ) {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    async fn hang(&self, _: Hang, _: &Context<String>) -> Result<Hung, HandlerError> {
        pending().await
    }

    async fn slow(&self, _: Slow, _: &Context<String>) -> Result<Slept, HandlerError> {
        pending().await
    }

    async fn crash(&self, _: Crash, _: &Context<String>) -> Result<Crashed, HandlerError> {
        panic!("as asked")
    }
}

impl RoomHandler for App {
    async fn room_join(
        &self,
        _: RoomJoin,
        _: &Context<String>,
    ) -> Result<RoomJoined, HandlerError> {
        Ok(RoomJoined {})
    }

    async fn room_leave(
        &self,
        _: RoomLeave,
        _: &Context<String>,
    ) -> Result<RoomLeft, HandlerError> {
        Ok(RoomLeft {})
    }

    async fn room_say(&self, m: RoomSay, cx: &Context<String>) {
        let room = cx.room(&m.room);
        let text = "x".repeat(m.bytes as usize);
        for _ in 0..m.count {
            room.publish(&RoomSaid { text: text.clone() });
        }
    }
}

impl TicksHandler for App {
    async fn ticks_watch(
        &self,
        m: TicksWatch,
        ticks: StreamResponder<TicksWatching, TicksTick>,
        _: &Context<String>,
    ) -> Result<TicksDone, HandlerError> {
        let mut ticks = ticks.accept(TicksWatching {});
        if !m.fast {
            return pending().await;
        }
        loop {
            let text = "x".repeat(1000);
            if ticks.send(TicksTick { text }).await.is_err() {
                return Ok(TicksDone {});
            }
        }
    }
}
