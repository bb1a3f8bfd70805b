//! The Rust client as the end of a conversation.

use super::api::{
    Client, Confirm, ConfirmError, Confirmed, Conversations, Get, HallPresence, Hint, Login, Name,
    Note, Put, PutError, ServerMessage, ServerRequestHandler, TicksWatch,
};
use crate::{conversation::Side, end::End, log::Log};
use handfast::{
    DecodeError, HandlerError, PresenceInfo, Protocol, TagBuf,
    client::{CallError, ConnectError, Event, Gap, RefreshError, State, StreamError, Subscription},
    codec::Encoding,
    transport::{MemoryTransport, duplex},
};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    convert::Infallible,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};
use tokio::sync::{mpsc, oneshot, watch};

/// How many messages a connection holds.
const CAPACITY: usize = 1024;

/// The Rust client, and an application that does what the conversation says.
pub(crate) struct ClientEnd {
    log: Log,
    encoding: Encoding,
    login: Login,
    /// Begins with the first connection.
    client: Option<watch::Receiver<Option<Client>>>,
    dials: (
        mpsc::UnboundedSender<MemoryTransport>,
        mpsc::UnboundedReceiver<MemoryTransport>,
    ),
    /// Subscriptions and streams, which end when these are dropped.
    running: Running,
    questions: Questions,
}

type Running = Arc<Mutex<HashMap<String, oneshot::Sender<()>>>>;

type Questions = Arc<Mutex<VecDeque<oneshot::Sender<Result<i64, String>>>>>;

impl ClientEnd {
    fn connect(&mut self) {
        let (sender, receiver) = watch::channel(None);
        self.client = Some(receiver);
        let dials = self.dials.0.clone();
        let dial = move || {
            let (ours, theirs) = duplex(CAPACITY);
            // The conversation may be over.
            let _ = dials.send(theirs);
            async { Ok::<_, Infallible>(ours) }
        };
        let desk = Desk {
            log: self.log.clone(),
            questions: self.questions.clone(),
        };
        let (log, login, encoding) = (self.log.clone(), self.login.clone(), self.encoding);
        let running = self.running.clone();
        tokio::spawn(async move {
            let client = Client::over_with(dial, desk)
                .encoding(encoding)
                .auth(&login);
            match client.await {
                Ok(client) => {
                    sender.send_replace(Some(client.clone()));
                    follow(client, log, running).await;
                }
                Err(error) => {
                    let (code, words) = refusal(&error);
                    log.add(format!("ended {code}"), words);
                }
            }
        });
    }

    /// The client, as soon as it is connected for the first time.
    async fn client(&mut self) -> Result<Client, String> {
        let waiting = self.client.as_mut().ok_or("there is no client yet")?;
        let client = waiting.wait_for(Option::is_some).await;
        let client = client.map_err(|_| "the client was refused")?;
        client
            .clone()
            .ok_or_else(|| "there is no client".to_owned())
    }

    fn answer(&self, answer: Result<i64, String>) -> Result<(), String> {
        let mut questions = lock(&self.questions);
        let question = questions.pop_front().ok_or("nothing was asked")?;
        // What was asked may be void by now.
        let _ = question.send(answer);
        Ok(())
    }

    async fn act_on(&mut self, words: &[&str], value: &Value) -> Result<(), String> {
        let client = self.client().await?;
        let log = self.log.clone();
        match *words {
            ["calls", label, "put"] => {
                let text = value["text"].as_str().map(str::to_owned);
                let call = client.put(Put { n: n(value), text });
                let label = label.to_owned();
                begin(async move {
                    let outcome = call.await.map(|done| done.n).map_err(|error| match error {
                        CallError::Declared(PutError::Full(full)) => {
                            ("FULL".to_owned(), json!({ "limit": full.limit }))
                        }
                        error => (code(&error), Value::Null),
                    });
                    report(&log, &label, "ok", outcome);
                })
                .await;
            }
            ["calls", label, "get"] => {
                let call = client.get(Get { n: n(value) });
                let label = label.to_owned();
                begin(async move {
                    let outcome = call.await.map(|got| got.n);
                    let outcome = outcome.map_err(|error| (code(&error), Value::Null));
                    report(&log, &label, "ok", outcome);
                })
                .await;
            }
            ["sends", kind] => {
                let n = n(value);
                let sent = match kind {
                    "hint" => client.hint(Hint { n }),
                    _ => client.note(Note { n }),
                };
                begin(async move {
                    if let Err(error) = sent.await {
                        log.add(format!("sent {error:?}"), Value::Null);
                    }
                })
                .await;
            }
            ["joins", label, kind] => {
                let name = value["name"].as_str().unwrap_or_default().to_owned();
                let name = Name::try_from(name).map_err(|error| error.to_string())?;
                let left = runs(&self.running, label);
                let label = label.to_owned();
                match kind {
                    "hall" => begin(joins_hall(client, name, label, left, log)).await,
                    _ => begin(joins_room(client, name, label, left, log)).await,
                }
            }
            ["watches", label, "ticks.watch"] => {
                let left = runs(&self.running, label);
                let watch = TicksWatch { n: n(value) };
                begin(watches(client, watch, label.to_owned(), left, log)).await;
            }
            ["leaves" | "cancels", label] => {
                let mut running = lock(&self.running);
                drop(running.remove(label));
            }
            ["refreshes"] => {
                begin(async move {
                    let refreshed = match client.refresh_auth().await {
                        Ok(()) => "refreshed ok".to_owned(),
                        Err(RefreshError::Failed(error)) => format!("refreshed {}", code(&error)),
                        Err(error) => format!("refreshed {error}"),
                    };
                    log.add(refreshed, Value::Null);
                })
                .await;
            }
            ["retries"] => client.retry_now(),
            ["closes"] => begin(async move { client.close().await }).await,
            _ => return Err("a client does nothing like that".to_owned()),
        }
        Ok(())
    }
}

fn runs(running: &Running, label: &str) -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    lock(running).insert(label.to_owned(), sender);
    receiver
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl End for ClientEnd {
    const HASH: &'static str = Conversations::DESCRIPTOR.hash;
    const SIDE: Side = Side::Client;

    fn new(encoding: Encoding) -> Self {
        Self {
            log: Log::default(),
            encoding,
            login: Login {
                name: "ada".to_owned(),
                lasts: None,
            },
            client: None,
            dials: mpsc::unbounded_channel(),
            running: Running::default(),
            questions: Questions::default(),
        }
    }

    async fn open(&mut self) -> MemoryTransport {
        if self.client.is_none() {
            self.connect();
        }
        match self.dials.1.recv().await {
            Some(transport) => transport,
            // This holds a sender.
            None => std::future::pending().await,
        }
    }

    fn has_opened(&mut self) -> bool {
        self.dials.1.try_recv().is_ok()
    }

    async fn act(&mut self, words: &[&str], value: &Value) -> Option<Result<(), String>> {
        Some(match words {
            ["named", name, rest @ ..] => {
                self.login.name = (*name).to_owned();
                self.login.lasts = rest.last().and_then(|lasts| lasts.parse().ok());
                Ok(())
            }
            ["answers"] => self.answer(Ok(n(value))),
            ["refuses", code] => self.answer(Err((*code).to_owned())),
            [
                "calls" | "sends" | "joins" | "watches" | "leaves" | "cancels" | "refreshes"
                | "retries" | "closes",
                ..,
            ] => self.act_on(words, value).await,
            _ => return None,
        })
    }

    fn log(&self) -> &Log {
        &self.log
    }
}

fn n(value: &Value) -> i64 {
    value["n"].as_i64().unwrap_or_default()
}

/// Begins something: it is polled once at once, so that the order of what is begun is that of the lines.
async fn begin(future: impl Future<Output = ()> + Send + 'static) {
    let mut future = Box::pin(future);
    if poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await {
        tokio::spawn(future);
    }
}

fn report(log: &Log, label: &str, what: &str, outcome: Result<i64, (String, Value)>) {
    match outcome {
        Ok(n) => log.add(format!("{label} {what}"), json!({ "n": n })),
        Err((code, data)) => log.add(format!("{label} error {code}"), data),
    }
}

/// The code of an error, as all ends have it.
pub(crate) fn code<E: std::fmt::Debug>(error: &CallError<E>) -> String {
    match error {
        CallError::Declared(error) => format!("{error:?}").to_uppercase(),
        CallError::Remote(remote) => tag(&remote.code),
        CallError::Invalid(_) => "INVALID".to_owned(),
        CallError::Encode => "ENCODE".to_owned(),
        CallError::Decode(_) | CallError::UnexpectedReply => "BAD_REPLY".to_owned(),
        CallError::Timeout => "TIMEOUT".to_owned(),
        CallError::Closed => "CLOSED".to_owned(),
        CallError::OutcomeUnknown => "OUTCOME_UNKNOWN".to_owned(),
        other => format!("{other:?}"),
    }
}

fn tag(tag: &TagBuf) -> String {
    match tag {
        TagBuf::Text(text) => text.to_string(),
        TagBuf::Integer(number) => number.to_string(),
    }
}

/// Why a client could not connect for the first time: a code, and what is said of versions.
fn refusal(error: &ConnectError) -> (String, Value) {
    let code = match error {
        ConnectError::Refused(error) if error.side.is_some() => {
            return (tag(&error.code), incompatible(error.side, &error.message));
        }
        ConnectError::Version { side, message } => {
            return ("VERSION".to_owned(), incompatible(Some(*side), message));
        }
        ConnectError::Refused(error) => tag(&error.code),
        ConnectError::Closed {
            closing: Some(closing),
            ..
        } => closing.code.to_string(),
        other => format!("{other:?}"),
    };
    (code, Value::Null)
}

fn incompatible(side: Option<handfast::Side>, message: &str) -> Value {
    json!({ "side": side.map(|side| side.to_string()), "message": message })
}

fn invalid(error: &DecodeError) -> String {
    format!("invalid {}", error.kind.code())
}

/// Which messages are lost, and why, as far as that is known.
fn bounds(gap: &Gap) -> Value {
    let reason = gap.reason.map(|reason| json!(reason.as_str()));
    let known = [
        ("from", gap.from.map(Value::from)),
        ("to", gap.to.map(Value::from)),
        ("reason", reason),
    ];
    let known = known
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(known.collect())
}

/// Reports what belongs to no request and no channel, and the end.
async fn follow(client: Client, log: Log, running: Running) {
    if client.skew().is_some() {
        log.add("skew", Value::Null);
    }
    let mut notifications = client.notifications();
    let closed = client.clone();
    let states = log.clone();
    tokio::spawn(async move {
        let is_over = |state: &State| matches!(state, State::Closed(_));
        if let State::Closed(Some(frame)) = closed.wait_for_state(is_over).await {
            states.add(format!("ended {}", frame.code), Value::Null);
        }
    });
    // Another session may add the client to the same channels again.
    let mut added = HashSet::new();
    while let Some(event) = notifications.next().await {
        match event {
            Event::Added(key) => {
                if added.insert(key.clone()) {
                    subscribe(&client, key, &log, &running);
                }
            }
            Event::Message(envelope) => match envelope.message {
                ServerMessage::News(news) => log.add("hears news", json!({ "n": news.n })),
                ServerMessage::HallSaid(said) => log.add("hears hall.said", json!({ "n": said.n })),
                ServerMessage::Mood(mood) => log.add("hears mood", json!({ "n": mood.n })),
                other => log.add(format!("hears {other:?}"), Value::Null),
            },
            Event::DecodeError(error) => log.add(invalid(&error), Value::Null),
            Event::Gap(gap) => log.add("hears gap", bounds(&gap)),
            other => log.add(format!("hears {other:?}"), Value::Null),
        }
    }
}

/// Subscribes to a channel that the server has added the client to. Its key is what the subscription is called.
fn subscribe(client: &Client, key: String, log: &Log, running: &Running) {
    let Some((kind, name)) = key.split_once(':') else {
        return;
    };
    let Ok(name) = Name::try_from(name.to_owned()) else {
        return;
    };
    let left = runs(running, &key);
    let log = log.clone();
    log.add(format!("{key} added"), Value::Null);
    if kind == "hall" {
        if let Some(hall) = client.hall(&name).subscribe() {
            tokio::spawn(listen(hall, members, key, left, log));
        }
    } else if let Some(room) = client.room(&name).subscribe() {
        tokio::spawn(listen(room, |_| Value::Null, key, left, log));
    }
}

async fn joins_room(
    client: Client,
    name: Name,
    label: String,
    left: oneshot::Receiver<()>,
    log: Log,
) {
    match client.room(&name).join().await {
        Ok(room) => {
            log.add(format!("{label} joined"), json!({ "n": room.reply.n }));
            listen(room, |_| Value::Null, label, left, log).await;
        }
        Err(error) => log.add(format!("{label} error {}", code(&error)), Value::Null),
    }
}

async fn joins_hall(
    client: Client,
    name: Name,
    label: String,
    left: oneshot::Receiver<()>,
    log: Log,
) {
    match client.hall(&name).join().await {
        Ok(hall) => {
            log.add(format!("{label} joined"), Value::Null);
            listen(hall, members, label, left, log).await;
        }
        Err(error) => log.add(format!("{label} error {}", code(&error)), Value::Null),
    }
}

/// Who is in a channel.
fn members<R>(hall: &Subscription<ServerMessage, R, HallPresence>) -> Value {
    let members = hall.members();
    let list: Vec<Value> = members
        .iter()
        .map(|member| match member.away {
            true => json!({ "id": &*member.id, "n": member.info.n, "away": true }),
            false => json!({ "id": &*member.id, "n": member.info.n }),
        })
        .collect();
    json!({ "count": hall.member_count(), "list": list })
}

async fn listen<R, I: PresenceInfo + std::fmt::Debug>(
    mut room: Subscription<ServerMessage, R, I>,
    members: impl Fn(&Subscription<ServerMessage, R, I>) -> Value,
    label: String,
    mut left: oneshot::Receiver<()>,
    log: Log,
) {
    let add = |what: &str, value| log.add(format!("{label} {what}"), value);
    // A list that differs from the one before is an event for each difference.
    let mut known = Value::Null;
    loop {
        let event = tokio::select! {
            event = room.next() => event,
            _ = &mut left => {
                return match room.leave().await {
                    Ok(()) => add("left", Value::Null),
                    Err(error) => add(&format!("error {}", code(&error)), Value::Null),
                };
            }
        };
        match event {
            Some(Event::Message(envelope)) => match envelope.message {
                ServerMessage::RoomSaid(said) => add("room.said", json!({ "n": said.n })),
                ServerMessage::HallSaid(said) => add("hall.said", json!({ "n": said.n })),
                ServerMessage::RoomTyping(typing) => add("room.typing", json!({ "n": typing.n })),
                other => add(&format!("{other:?}"), Value::Null),
            },
            // The conversations have what follows it.
            Some(Event::Joined(_)) => {}
            Some(Event::Gap(gap)) => {
                add("gap", bounds(&gap));
            }
            // The TypeScript client reports it to nobody in particular.
            Some(Event::DecodeError(error)) => log.add(invalid(&error), Value::Null),
            Some(Event::Presence(_)) => {
                let now = members(&room);
                if std::mem::replace(&mut known, now.clone()) != now {
                    add("members", now);
                }
            }
            Some(Event::Removed) => add("lost CLOSED", Value::Null),
            Some(Event::Lost(error)) => add(&format!("lost {}", code(&error)), Value::Null),
            Some(other) => add(&format!("{other:?}"), Value::Null),
            None => return,
        }
    }
}

async fn watches(
    client: Client,
    watch: TicksWatch,
    label: String,
    mut left: oneshot::Receiver<()>,
    log: Log,
) {
    let add = |what: &str, value| log.add(format!("{label} {what}"), value);
    let mut ticks = match client.ticks_watch(watch).await {
        Ok(ticks) => ticks,
        Err(error) => return add(&format!("error {}", code(&error)), Value::Null),
    };
    add("begun", Value::Null);
    loop {
        let item = tokio::select! {
            item = ticks.next() => item,
            _ = &mut left => return ticks.cancel(),
        };
        match item {
            Some(Ok(tick)) => add("item", json!({ "n": tick.n })),
            Some(Err(StreamError::Closed(error))) => {
                return add(&format!("error {}", code(&error)), Value::Null);
            }
            Some(Err(_)) => return add("error BAD_REPLY", Value::Null),
            None => return add("ends", json!({ "n": ticks.end().map(|done| done.n) })),
        }
    }
}

/// Asks the conversation what to answer.
struct Desk {
    log: Log,
    questions: Questions,
}

impl ServerRequestHandler for Desk {
    async fn confirm(
        &self,
        m: Confirm,
        _: &Client,
    ) -> Result<Confirmed, HandlerError<ConfirmError>> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut questions = lock(&self.questions);
            questions.push_back(sender);
        }
        self.log.add("asked confirm", json!({ "n": m.n }));
        match receiver.await {
            Ok(Ok(n)) => Ok(Confirmed { n }),
            Ok(Err(_)) => Err(ConfirmError::Refused.into()),
            Err(dropped) => Err(HandlerError::internal(dropped)),
        }
    }
}
