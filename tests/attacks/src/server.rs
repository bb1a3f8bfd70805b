//! The attacked server, as a process of its own, with a second port that reports its state.

use crate::{ALLOCATOR, log::Log, numbered, plain};
use axum::routing::{get, post};
use handfast::{
    Protocol,
    descriptor::Limits,
    server::{Builder, Network, Server, serve},
};
use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Notify,
};

/// The limits that the protocol says.
pub(crate) const LIMITS: Limits = plain::api::Attacked::DESCRIPTOR.limits;

/// How many bytes the system holds of a connection, in each direction.
const BUFFER: u32 = 16 * 1024;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// How an attacked server is set up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    /// Messages in milliseconds; the protocol's own where it is none, and no bound where it is 0 messages.
    pub(crate) rate: Option<(u64, u64)>,
    /// How many connections there may be, in all and of an address.
    pub(crate) caps: Option<(usize, usize)>,
    /// Whether this machine is a proxy that says where its peers come from.
    pub(crate) is_behind_proxy: bool,
    /// Whether every message of the server has its number in the session.
    pub(crate) is_numbered: bool,
    /// Whether the peers keep a processor busy with what they may: then others are served slowly.
    pub(crate) is_busy: bool,
}

impl Setup {
    pub(crate) const DEFAULT: Self = Self {
        rate: None,
        caps: None,
        is_behind_proxy: false,
        is_numbered: false,
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
        let numbered = self.is_numbered.then(|| "numbered=1/1".to_owned());
        [rate, caps, proxy, numbered]
            .into_iter()
            .flatten()
            .collect()
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
                "numbered" => setup.is_numbered = true,
                _ => return Err(bad()),
            }
        }
        Ok(setup)
    }
}

fn build<S: From<Server>>(mut builder: Builder<S>, setup: &Setup) -> S {
    if let Some((all, each)) = setup.caps {
        builder = builder
            .max_connections(all)
            .max_connections_per_address(each);
    }
    if setup.is_behind_proxy {
        builder = builder.trusted_proxies([Network::from(IpAddr::V4(Ipv4Addr::LOCALHOST))]);
    }
    builder.build()
}

/// Serves until it is asked to stop.
pub(crate) async fn run(setup: Setup) -> Result<(), Box<dyn Error>> {
    let log = Log::install()?;
    let rate = match setup.rate {
        None => LIMITS.rate,
        Some((0, _)) => None,
        Some((count, ms)) => Some((count, Duration::from_millis(ms))),
    };
    let limits = Limits { rate, ..LIMITS };
    let server: Server = match setup.is_numbered {
        false => {
            let builder = plain::api::Server::builder(plain::application::App);
            (*build(builder.limits(limits), &setup)).clone()
        }
        true => {
            let builder = numbered::api::Server::builder(numbered::application::App);
            (*build(builder.limits(limits), &setup)).clone()
        }
    };
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
