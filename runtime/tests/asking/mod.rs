//! A protocol whose server asks its clients, a server, and a desk that answers.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test uses some of it"
)]

use crate::support::Script;
use handfast::{
    HandlerError,
    client::{StreamResponder, StreamSender},
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::duplex,
};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::{Notify, Semaphore};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Confirm {
    #[protocol(min_length = 1)]
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Confirmed {
    pub yes: bool,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub count: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Measuring {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    #[protocol(minimum = 0)]
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub total: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Counting {
    pub from: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct CountingStop {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Hang {
    pub abort: bool,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Hung {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered {
    pub done: bool,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct LaterData {
    pub minutes: i64,
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum ConfirmError {
    #[error("REFUSED", message = "no")]
    Refused,
    #[error("LATER", message = "not now", retryable)]
    Later(LaterData),
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("order", reply = Ordered)]
    Order(Order),
    #[message("confirmed", answers)]
    Confirmed(Confirmed),
    #[message("measuring", bare, answers)]
    Measuring(Measuring),
    #[message("sample", answers)]
    Sample(Sample),
    #[message("measured", answers)]
    Measured(Measured),
    #[message("counted", answers)]
    Counted(Counted),
    #[message("hung", bare, answers)]
    Hung(Hung),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("ordered")]
    Ordered(Ordered),
    /// Asks the person at the client.
    #[message("confirm", reply = Confirmed, errors = ConfirmError, timeout_ms = 5000)]
    Confirm(Confirm),
    #[message("measure", stream(ack = Measuring, item = Sample, end = Measured), errors = ConfirmError)]
    Measure(Measure),
    #[message("counting", stream(item = Counted, cancel = CountingStop))]
    Counting(Counting),
    #[message("counting.stop", bare, cancels)]
    CountingStop(CountingStop),
    #[message("hang", reply = Hung, timeout_ms = 200)]
    Hang(Hang),
}

#[protocol(name = "asking", version = "1.0.0", client = ClientMessage, server = ServerMessage, session(backoff_ms(10, 20)))]
#[derive(Clone, Copy, Debug)]
pub struct Asking;

/// The server: an order is confirmed by the client that sends it.
#[derive(Clone)]
pub struct App {
    pub orders: Arc<AtomicUsize>,
}

impl App {
    pub fn new() -> Self {
        Self {
            orders: Arc::default(),
        }
    }
}

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn order(&self, m: Order, cx: &Context<()>) -> Result<Ordered, HandlerError> {
        self.orders.fetch_add(1, Ordering::Relaxed);
        let confirmed = cx.client().confirm(Confirm { text: m.text }).await;
        let done = confirmed.map_err(HandlerError::internal)?.yes;
        Ok(Ordered { done })
    }
}

/// The handle of the only client, whose session has the first id.
pub async fn ask_client(server: &Server) -> ClientHandle {
    loop {
        match server.handle().client(1) {
            Some(handle) => return handle,
            None => tokio::task::yield_now().await,
        }
    }
}

/// Answers for the client, by what it is asked.
#[derive(Clone)]
pub struct Desk {
    /// Lets a `wait` be answered.
    pub gate: Arc<Semaphore>,
    pub began: Arc<Notify>,
    pub cancelled: Arc<Notify>,
    pub confirmed: Arc<AtomicUsize>,
}

impl Desk {
    pub fn new() -> Self {
        Self {
            gate: Arc::new(Semaphore::new(0)),
            began: Arc::default(),
            cancelled: Arc::default(),
            confirmed: Arc::default(),
        }
    }
}

struct NotifyOnDrop(Arc<Notify>);

impl Drop for NotifyOnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl ServerRequestHandler for Desk {
    async fn confirm(
        &self,
        m: Confirm,
        _: &Client,
    ) -> Result<Confirmed, HandlerError<ConfirmError>> {
        match &*m.text {
            "no?" => return Err(ConfirmError::Refused.into()),
            "later?" => return Err(ConfirmError::Later(LaterData { minutes: 5 }).into()),
            "panic" => panic!("as the test wants"),
            "fail" | "invalid" => return Err(HandlerError::internal("as the test wants")),
            "wait" => {
                self.began.notify_one();
                self.gate.acquire().await.expect("it is open").forget();
            }
            _ => {}
        }
        self.confirmed.fetch_add(1, Ordering::Relaxed);
        Ok(Confirmed { yes: true })
    }

    async fn measure(
        &self,
        m: Measure,
        to: StreamResponder<Measuring, Sample>,
        _: &Client,
    ) -> Result<Measured, HandlerError<ConfirmError>> {
        if m.count < 0 {
            return Err(ConfirmError::Refused.into());
        }
        let mut samples = to.accept(Measuring {});
        for n in 0..m.count {
            samples
                .send(Sample { n })
                .await
                .map_err(HandlerError::internal)?;
        }
        Ok(Measured { total: m.count })
    }

    async fn counting(
        &self,
        m: Counting,
        mut to: StreamSender<Counted>,
        _: &Client,
    ) -> Result<(), HandlerError> {
        let _cancelled = NotifyOnDrop(self.cancelled.clone());
        for n in m.from.. {
            to.send(Counted { n })
                .await
                .map_err(HandlerError::internal)?;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Ok(())
    }

    async fn hang(&self, _: Hang, _: &Client) -> Result<Hung, HandlerError> {
        std::future::pending().await
    }
}

/// Connects a client in memory.
pub async fn over(server: &Server, desk: Desk) -> Client {
    let server = server.clone();
    Client::over_with(
        move || {
            let (ours, theirs) = duplex(64);
            let server = server.clone();
            tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
            async { Ok::<_, Infallible>(ours) }
        },
        desk,
    )
    .await
    .expect("it connects")
}

/// Connects a client by hand, which has read the ready message.
pub async fn raw(server: &Server) -> Script {
    let (ours, theirs) = duplex(64);
    let server = server.clone();
    tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
    let mut script = Script(ours);
    script
        .say(r#"{"type":"hello","payload":{"version":"1.0.0"}}"#)
        .await;
    assert!(script.next().await.contains("ready"));
    script
}

/// A protocol whose server asks nothing.
pub mod plain {
    use handfast::server::{ConnectionInfo, Rejection};
    use handfast::{protocol, transport::duplex};

    #[protocol(client)]
    #[derive(Clone, Debug, PartialEq)]
    pub enum ClientMessage {}

    #[protocol(server)]
    #[derive(Clone, Debug, PartialEq)]
    pub enum ServerMessage {}

    #[protocol(name = "plain", version = "1.0.0", client = ClientMessage, server = ServerMessage)]
    #[derive(Clone, Copy, Debug)]
    pub struct Plain;

    struct App;

    impl SessionHandler for App {
        type Session = ();

        async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
            Ok(())
        }
    }

    pub async fn connect() -> Client {
        let server = Server::new(App);
        handfast::client::ClientBuilder::<Plain, Client>::over(move || {
            let (ours, theirs) = duplex(16);
            let server = server.clone();
            tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
            async { Ok::<_, std::convert::Infallible>(ours) }
        })
        .await
        .expect("it connects")
    }
}
