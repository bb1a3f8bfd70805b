//! The Rust client, doing what a scenario orders. The clients of a scenario have a thread of their own, which can be stopped.

use crate::{
    api::{
        Client, Confirm, Confirmed, Get, HallJoined, Login, Name, Note, Put, PutDoes, RoomJoined,
        ServerMessage, ServerRequestHandler, TicksWatch,
    },
    journal::{Clients, Event, Journal, Order},
    run::LOOK,
};
use futures_util::future::BoxFuture;
use handfast::{
    DeclaredErrors, HandlerError, TagBuf,
    client::{CallError, State, StreamError, Subscription},
};
use std::{collections::HashMap, future::poll_fn, task::Poll};
use tokio::{
    sync::mpsc::{self, error::TryRecvError},
    task::JoinSet,
};

/// The code of an error, as the TypeScript client has it.
pub(crate) fn code<E: DeclaredErrors + std::fmt::Debug>(error: &CallError<E>) -> String {
    match error {
        CallError::Declared(error) => format!("{error:?}").to_uppercase(),
        CallError::Remote(remote) => match &remote.code {
            TagBuf::Text(text) => text.to_string(),
            TagBuf::Integer(number) => number.to_string(),
        },
        CallError::Timeout => "TIMEOUT".to_owned(),
        CallError::Closed => "CLOSED".to_owned(),
        CallError::OutcomeUnknown => "OUTCOME_UNKNOWN".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The clients of one scenario.
pub(crate) struct RustClients {
    journal: Journal,
    orders: HashMap<String, mpsc::UnboundedSender<Order>>,
    seats: mpsc::UnboundedSender<Seat>,
}

impl RustClients {
    pub(crate) fn new(name: &str, journal: Journal) -> Result<Self, String> {
        let (seats, mut taken) = mpsc::unbounded_channel::<Seat>();
        let thread = std::thread::Builder::new().name(name.to_owned());
        let spawned = thread.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async move {
                let mut tasks = JoinSet::new();
                while let Some(seat) = taken.recv().await {
                    tasks.spawn(seat.run());
                }
                tasks.join_all().await;
            });
        });
        spawned.map_err(|error| error.to_string())?;
        Ok(Self {
            journal,
            orders: HashMap::new(),
            seats,
        })
    }
}

impl Clients for RustClients {
    fn order(&mut self, client: &str, order: Order) {
        let orders = self.orders.entry(client.to_owned()).or_insert_with(|| {
            let (orders, taken) = mpsc::unbounded_channel();
            let seat = Seat {
                name: client.to_owned(),
                journal: self.journal.clone(),
                orders: taken,
            };
            // The thread lives as long as this.
            let _ = self.seats.send(seat);
            orders
        });
        // A client takes orders until it is closed.
        let _ = orders.send(order);
    }
}

/// A client, and its orders.
struct Seat {
    name: String,
    journal: Journal,
    orders: mpsc::UnboundedReceiver<Order>,
}

impl Seat {
    async fn run(mut self) {
        let mut client: Option<Client> = None;
        let mut rooms: HashMap<String, mpsc::UnboundedSender<()>> = HashMap::new();
        while let Some(order) = self.orders.recv().await {
            match (order, &client) {
                (Order::Connect { url, lasts }, _) => client = self.connect(&url, lasts).await,
                (Order::Sleep, _) => self.sleep(),
                (Order::Wake { .. }, _) => self.problem("nobody sleeps".to_owned()),
                (order, None) => self.problem(format!("{order:?} without a client")),
                (Order::Join { channel }, Some(client)) => {
                    let (leave, left) = mpsc::unbounded_channel();
                    rooms.insert(channel.clone(), leave);
                    self.join(client, channel, left).await;
                }
                (Order::Leave { channel }, _) => drop(rooms.remove(&channel)),
                (Order::Close, Some(client)) => client.close().await,
                (order, Some(client)) => self.act(client, order).await,
            }
        }
        if let Some(client) = client {
            client.close().await;
        }
    }

    /// Blocks the thread until the order that wakes it.
    fn sleep(&mut self) {
        loop {
            match self.orders.try_recv() {
                Ok(Order::Wake { .. }) | Err(TryRecvError::Disconnected) => return,
                Ok(order) => self.problem(format!("{order:?} of one that sleeps")),
                Err(TryRecvError::Empty) => std::thread::sleep(LOOK),
            }
        }
    }

    fn problem(&self, words: String) {
        self.journal.add(&self.name, Event::Problem { words });
    }

    /// Where an event is reported from a task.
    fn reporter(&self) -> impl Fn(Event) + Send + 'static + use<> {
        let (journal, name) = (self.journal.clone(), self.name.clone());
        move |event| journal.add(&name, event)
    }

    async fn connect(&self, url: &str, lasts: Option<u64>) -> Option<Client> {
        let name = self.name.clone();
        let desk = Desk {
            name: name.clone(),
            journal: self.journal.clone(),
        };
        let login = Login { name, lasts };
        let connect = Client::connect_with(url, desk.clone()).retry_connect(true);
        let client = match connect.auth(&login).await {
            Ok(client) => client,
            Err(error) => {
                self.problem(error.to_string());
                return None;
            }
        };
        let (follows, report) = (client.clone(), self.reporter());
        tokio::spawn(async move {
            let name = |state: &State| match state {
                State::Connecting => "connecting",
                State::Connected => "connected",
                State::Reconnecting { .. } => "reconnecting",
                State::Closed(_) => "closed",
                _ => "unknown",
            };
            let mut last = "";
            loop {
                let state = follows.wait_for_state(|state| name(state) != last).await;
                let status = name(&state);
                let code = match &state {
                    State::Closed(close) => close.as_ref().map(|close| close.code),
                    _ => None,
                };
                report(Event::State {
                    status: status.to_owned(),
                    code,
                });
                if status == "closed" {
                    return;
                }
                last = status;
            }
        });
        Some(client)
    }

    async fn join(&self, client: &Client, channel: String, left: mpsc::UnboundedReceiver<()>) {
        let report = self.reporter();
        let (kind, name) = channel.split_once(':').unwrap_or_default();
        let Ok(name) = Name::try_from(name.to_owned()) else {
            return self.problem(format!("{channel} is no channel"));
        };
        let client = client.clone();
        match kind {
            "hall" => {
                begin(async move {
                    let joined = client.hall(&name).join().await;
                    let joined = joined.map_err(|error| code(&error));
                    follow::<HallJoined>(joined, channel, left, report).await;
                })
                .await;
            }
            _ => {
                begin(async move {
                    let joined = client.room(&name).join().await;
                    let joined = joined.map_err(|error| code(&error));
                    follow::<RoomJoined>(joined, channel, left, report).await;
                })
                .await;
            }
        }
    }

    async fn act(&self, client: &Client, order: Order) {
        let (client, report) = (client.clone(), self.reporter());
        match order {
            Order::Put { n, room, does } => {
                let put = Put {
                    n,
                    room: room.and_then(|room| Name::try_from(room).ok()),
                    does: does.map(|does| match &*does {
                        "refuse" => PutDoes::Refuse,
                        _ => PutDoes::Wait,
                    }),
                };
                let call = client.put(put);
                begin(async move {
                    let outcome = call.await.map(|done| done.n).map_err(|error| code(&error));
                    report(ended(n, outcome));
                })
                .await;
            }
            Order::Get { n } => {
                let call = client.get(Get { n });
                begin(async move {
                    let outcome = call.await.map(|got| got.n).map_err(|error| code(&error));
                    report(ended(n, outcome));
                })
                .await;
            }
            Order::Note { n } => {
                let sent = client.note(Note { n });
                begin(async move {
                    if let Err(error) = sent.await {
                        let words = format!("note {n}: {error}");
                        report(Event::Problem { words });
                    }
                })
                .await;
            }
            Order::Watch { stream, count } => begin(watch(client, stream, count, report)).await,
            Order::Refresh => {
                begin(async move {
                    let outcome = match client.refresh_auth().await {
                        Ok(()) => "ok".to_owned(),
                        Err(error) => error.to_string(),
                    };
                    report(Event::Refreshed { outcome });
                })
                .await;
            }
            Order::Retry => client.retry_now(),
            other => self.problem(format!("{other:?} is nothing that this client does")),
        }
    }
}

fn ended(n: i64, outcome: Result<i64, String>) -> Event {
    let outcome = match outcome {
        Ok(got) if got == n => "ok".to_owned(),
        Ok(got) => format!("the answer to {got}"),
        Err(code) => code,
    };
    Event::Ended { n, outcome }
}

/// Begins something: it is polled once at once, so that the order of what is begun is that of the orders.
async fn begin(future: impl Future<Output = ()> + Send + 'static) {
    let mut future: BoxFuture<'static, ()> = Box::pin(future);
    if poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await {
        tokio::spawn(future);
    }
}

/// Reports what happens in a channel, until it is left.
async fn follow<R>(
    joined: Result<Subscription<ServerMessage, R>, String>,
    channel: String,
    mut left: mpsc::UnboundedReceiver<()>,
    report: impl Fn(Event),
) {
    use handfast::client::Event as Heard;
    let mut subscription = match joined {
        Ok(subscription) => subscription,
        Err(code) => return report(Event::Lost { channel, code }),
    };
    report(Event::Joined {
        channel: channel.clone(),
    });
    loop {
        let heard = tokio::select! {
            heard = subscription.next() => heard,
            _ = left.recv() => None,
        };
        if let Some(Heard::Joined(_)) = heard {
            continue;
        }
        let channel = channel.clone();
        report(match heard {
            Some(Heard::Message(envelope)) => match envelope.message {
                ServerMessage::RoomSaid(said) => Event::Message { channel, n: said.n },
                ServerMessage::HallSaid(said) => Event::Message { channel, n: said.n },
                other => Event::Problem {
                    words: format!("{other:?} in {channel}"),
                },
            },
            Some(Heard::Gap(gap)) => Event::Gap {
                channel,
                reason: gap.reason.map(|reason| reason.as_str().to_owned()),
            },
            Some(Heard::Lost(error)) => Event::Lost {
                channel,
                code: error.to_string(),
            },
            Some(other) => Event::Problem {
                words: format!("{other:?} in {channel}"),
            },
            None => return,
        });
    }
}

async fn watch(client: Client, stream: String, count: u64, report: impl Fn(Event)) {
    let outcome = match client.ticks_watch(TicksWatch { count }).await {
        Err(error) => code(&error),
        Ok(mut ticks) => loop {
            match ticks.next().await {
                Some(Ok(tick)) => report(Event::Item {
                    stream: stream.clone(),
                    n: tick.n,
                }),
                Some(Err(StreamError::Closed(error))) => break code(&error),
                Some(Err(error)) => break format!("{error:?}"),
                None => break "ok".to_owned(),
            }
        },
    };
    report(Event::StreamEnded { stream, outcome });
}

/// Answers what the server asks.
#[derive(Clone)]
struct Desk {
    name: String,
    journal: Journal,
}

impl ServerRequestHandler for Desk {
    async fn confirm(&self, m: Confirm, _: &Client) -> Result<Confirmed, HandlerError> {
        self.journal.add(&self.name, Event::Asked { n: m.n });
        Ok(Confirmed { n: m.n })
    }
}
