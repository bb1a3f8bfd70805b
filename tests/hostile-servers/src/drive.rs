//! Does with the Rust client what a scenario says. Each scenario has a thread and a runtime of its own.

use crate::{
    api::{Client, Login},
    list::{Scenario, Start},
    room::Entry,
    serve::Server,
    steps::Words,
};
use futures_util::future::BoxFuture;
use handfast::client::{CallError, ConnectError, State, StreamError};
use serde_json::Value;
use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};
use tokio::{task::JoinHandle, time::timeout};

/// How long anything that has to happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How long is waited between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(10);

/// The platform.
pub(crate) const NAME: &str = "rust";

/// How a call ended: with a number, or a code.
pub(crate) type Ended = Result<i64, String>;

/// A client and what was begun with it.
pub(crate) struct Driver {
    pub(crate) scenario: &'static Scenario,
    pub(crate) server: Arc<Server>,
    pub(crate) address: SocketAddr,
    pub(crate) client: Option<Client>,
    pub(crate) rooms: HashMap<String, Entry>,
    pub(crate) calls: HashMap<String, (i64, Begun<Ended>)>,
    pub(crate) streams: HashMap<String, Streamed>,
}

pub(crate) type Ticks = handfast::client::Streaming<
    crate::api::ServerMessage,
    crate::api::TicksWatching,
    crate::api::TicksTick,
    crate::api::TicksDone,
    handfast::NoError,
>;

/// A stream, once it began.
pub(crate) struct Streamed {
    pub(crate) begun: Begun<Result<Ticks, String>>,
    pub(crate) ticks: Option<Ticks>,
    pub(crate) taken: i64,
}

/// Something that was begun, and runs on.
pub(crate) enum Begun<T> {
    Runs(JoinHandle<T>),
    Done(Option<T>),
}

impl<T: Send + 'static> Begun<T> {
    /// Begins: it is polled once at once, so that the order of what is begun is that of the calls.
    pub(crate) async fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        let mut future: BoxFuture<'static, T> = Box::pin(future);
        match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
            Poll::Ready(done) => Self::Done(Some(done)),
            Poll::Pending => Self::Runs(tokio::spawn(future)),
        }
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self, what: &str) -> Result<T, String> {
        match self {
            Self::Done(done) => done
                .take()
                .ok_or_else(|| format!("{what} was asked for before")),
            Self::Runs(task) => match timeout(PATIENCE, task).await {
                Ok(Ok(done)) => Ok(done),
                Ok(Err(error)) => Err(format!("{what} ended badly: {error}")),
                Err(_) => Err(format!("{what} takes too long")),
            },
        }
    }

    /// Gives it up.
    pub(crate) fn abort(&self) {
        if let Self::Runs(task) = self {
            task.abort();
        }
    }
}

/// A code of the server's, as text.
pub(crate) fn tag(code: &handfast::TagBuf) -> String {
    match code {
        handfast::TagBuf::Text(text) => text.to_string(),
        handfast::TagBuf::Integer(number) => number.to_string(),
    }
}

/// The code of an error, as the TypeScript client has it.
pub(crate) fn code<E: handfast::DeclaredErrors + std::fmt::Debug>(error: &CallError<E>) -> String {
    match error {
        CallError::Declared(_) => "DECLARED".to_owned(),
        CallError::Remote(remote) => tag(&remote.code),
        CallError::Timeout => "TIMEOUT".to_owned(),
        CallError::Closed => "CLOSED".to_owned(),
        CallError::OutcomeUnknown => "OUTCOME_UNKNOWN".to_owned(),
        CallError::Encode => "TOO_LARGE".to_owned(),
        other => format!("{other:?}")
            .split('(')
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// Likewise of a stream.
pub(crate) fn stream_code(error: &StreamError<handfast::NoError>) -> String {
    match error {
        StreamError::Slow => "SLOW".to_owned(),
        StreamError::Closed(error) => code(error),
        other => format!("{other:?}"),
    }
}

/// What a proof panics with where the scenario asks for it.
const ASKED: &str = "as the scenario asks";

/// Where something panicked that was not asked to.
pub(crate) static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes panics from now on, in tasks as well.
pub(crate) fn note_panics() {
    std::panic::set_hook(Box::new(|info| {
        if info.payload().downcast_ref::<&str>() != Some(&ASKED) {
            let thread = std::thread::current().name().unwrap_or_default().to_owned();
            let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
            panics.push(format!("{thread}: {info}"));
        }
    }));
}

/// Runs a scenario.
pub(crate) fn run(
    scenario: &'static Scenario,
    server: Arc<Server>,
    address: SocketAddr,
) -> Result<(), String> {
    let thread = std::thread::Builder::new().name(scenario.name.clone());
    let done = thread.spawn(move || -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let driver = Driver {
            scenario,
            server,
            address,
            client: None,
            rooms: HashMap::new(),
            calls: HashMap::new(),
            streams: HashMap::new(),
        };
        runtime.block_on(driver.all())
    });
    let done = done.map_err(|error: io::Error| error.to_string())?.join();
    done.unwrap_or_else(|_| Err("it panicked".to_owned()))
}

impl Driver {
    async fn all(mut self) -> Result<(), String> {
        if self.scenario.start != Start::Nothing {
            let client = self.connect(&self.url()).await;
            self.client = Some(client.map_err(|error| format!("connecting: {error}"))?);
        }
        for (i, step) in self.scenario.client.iter().enumerate() {
            let words = Words::new(step);
            self.step(words).await.map_err(|error| {
                format!("step {} {}: {error}", i + 1, Value::from(step.clone()))
            })?;
        }
        Ok(())
    }

    pub(crate) fn url(&self) -> String {
        self.fill("ws://{host}/{path}")
    }

    /// An address with its holes filled.
    pub(crate) fn fill(&self, template: &str) -> String {
        let path = format!("{0}?run={NAME}-{0}", self.scenario.name);
        template
            .replace("{host}", &self.address.to_string())
            .replace("{path}", &path)
    }

    pub(crate) async fn connect(&self, url: &str) -> Result<Client, ConnectError> {
        let proofs = AtomicUsize::new(0);
        let scenario = self.scenario;
        let auth = move || {
            let number = proofs.fetch_add(1, Ordering::Relaxed);
            let what = scenario.auth.get(&number.to_string()).cloned();
            async move {
                match what.as_deref() {
                    Some("rejects") => return Err(io::Error::other("there is no proof")),
                    Some("hangs") => std::future::pending().await,
                    Some("panics") => std::panic::panic_any(ASKED),
                    _ => {}
                }
                Ok(Login { name: "ada".into() })
            }
        };
        let connect = Client::connect(url).auth_with(auth);
        match timeout(PATIENCE, connect).await {
            Ok(connected) => connected,
            Err(_) => Err(ConnectError::Timeout),
        }
    }

    pub(crate) fn client(&self) -> Result<Client, String> {
        self.client
            .clone()
            .ok_or_else(|| "there is no client".to_owned())
    }

    /// Waits until the client stands as a word says.
    pub(crate) async fn state(&self, wanted: &str, within: Duration) -> Result<(), String> {
        let client = self.client()?;
        let name = |state: &State| match state {
            State::Connecting => "connecting",
            State::Connected => "connected",
            State::Reconnecting { .. } => "reconnecting",
            State::Closed(_) => "closed",
            _ => "something else",
        };
        let stands = client.wait_for_state(|state| name(state) == wanted);
        match timeout(within, stands).await {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("it is {:?}", client.state())),
        }
    }
}
