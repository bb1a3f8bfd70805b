//! What each step of a scenario is for the Rust client.

use crate::{
    api::{Echo, Get, Hint, Note, TicksWatch},
    drive::{Begun, Driver, LOOK, PATIENCE, Streamed, code, stream_code, tag},
    room::Entry,
};
use handfast::client::{ConnectError, State};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long a message waits for room before it counts as held back.
const HELD_BACK: Duration = Duration::from_millis(500);

/// A step: its name, and what it is told.
pub(crate) struct Words<'a> {
    name: &'a str,
    rest: &'a [Value],
}

impl<'a> Words<'a> {
    pub(crate) fn new(step: &'a [Value]) -> Self {
        let (name, rest) = step.split_first().unwrap_or((&Value::Null, &[]));
        Self {
            name: name.as_str().unwrap_or_default(),
            rest,
        }
    }

    fn text(&self, at: usize) -> &'a str {
        self.rest
            .get(at)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn number(&self, at: usize) -> i64 {
        self.rest
            .get(at)
            .and_then(Value::as_i64)
            .unwrap_or_default()
    }

    fn time(&self, at: usize) -> Duration {
        let ms = self.rest.get(at).and_then(Value::as_u64);
        ms.map_or(PATIENCE, Duration::from_millis)
    }

    /// Codes; `null` stands for success.
    fn codes(&self, at: usize) -> Vec<String> {
        let codes = self.rest.get(at).and_then(Value::as_array);
        let text = |code: &Value| code.as_str().unwrap_or("success").to_owned();
        codes.into_iter().flatten().map(text).collect()
    }
}

impl Driver {
    /// Does one step.
    pub(crate) async fn step(&mut self, words: Words<'_>) -> Result<(), String> {
        let handle = words.text(0);
        match words.name {
            "join" | "join-unheard" => {
                let reads = words.name == "join";
                let entry = Entry::join(self.client()?, words.text(1), reads).await?;
                self.rooms.insert(handle.to_owned(), entry);
                Ok(())
            }
            "join-many" => self.join_many(words.number(0)).await,
            "rooms-kept" => {
                let lost = self
                    .rooms
                    .values()
                    .filter(|room| room.heard().events.contains("lost"));
                same("lost rooms", lost.count(), 0)
            }
            "joined" => self.room(handle)?.joined().await,
            "join-fails" => self.room(handle)?.fails(&words.codes(1)).await,
            "cancel" => {
                self.room(handle)?.cancel();
                Ok(())
            }
            "leave" => self.room(handle)?.leave().await,
            "drop" => self.room(handle)?.give_up().await,
            "heard" => {
                let numbers = words.rest.get(1).and_then(Value::as_array);
                let wanted: Vec<i64> = numbers
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_i64)
                    .collect();
                let room = self.room(handle)?;
                room.until(|heard| heard.numbers.len() >= wanted.len())
                    .await?;
                let heard = room.heard().numbers.clone();
                same("what was heard", heard, wanted)
            }
            "event" => {
                let event = words.text(1);
                self.room(handle)?
                    .until(|heard| heard.events.contains(event))
                    .await
            }
            "never" => {
                let is_told = self.room(handle)?.heard().events.contains(words.text(1));
                same("whether it was told", is_told, false)
            }
            "bounded" => {
                let room = self.room(handle)?;
                room.read();
                room.until(|heard| heard.events.contains("gap")).await?;
                let kept = room.heard().numbers.len();
                same(
                    "whether what was kept is bounded",
                    kept <= words.number(1) as usize,
                    true,
                )
            }
            "dead" => self.room(handle)?.until(|heard| heard.is_over).await,
            "call" => {
                let call = self.client()?.echo(Echo { n: words.number(1) });
                let call = async {
                    call.await
                        .map(|echoed| echoed.n)
                        .map_err(|error| code(&error))
                };
                self.calls
                    .insert(handle.to_owned(), (words.number(1), Begun::new(call).await));
                Ok(())
            }
            "get" => {
                let call = self.client()?.get(Get { n: words.number(1) });
                let call = async { call.await.map(|got| got.n).map_err(|error| code(&error)) };
                self.calls
                    .insert(handle.to_owned(), (words.number(1), Begun::new(call).await));
                Ok(())
            }
            "answered" | "call-fails" | "call-ends" => {
                let (n, call) = self.calls.get_mut(handle).ok_or("there is no such call")?;
                let ended = call.end("the call").await?;
                match words.name {
                    "answered" => same("the answer", ended, Ok(*n)),
                    "call-ends" => Ok(()),
                    _ => one_of("the call", ended.err(), &words.codes(1)),
                }
            }
            "cancel-call" => {
                let (_, call) = self.calls.get(handle).ok_or("there is no such call")?;
                call.abort();
                Ok(())
            }
            "call-many" => self.call_many(words.number(0)).await,
            "notes" => {
                for n in words.number(0)..words.number(1) {
                    let sent = self.client()?.note(Note { n, text: None });
                    let sent = timeout(HELD_BACK, sent).await;
                    sent.map_err(|_| "a message is held back")?
                        .map_err(|error| error.to_string())?;
                }
                Ok(())
            }
            "hint" => {
                let room = handle.to_owned().try_into().map_err(|_| "it is no room")?;
                let sent = self.client()?.hint(Hint {
                    room,
                    n: words.number(1),
                });
                timeout(HELD_BACK, sent)
                    .await
                    .map_err(|_| "a volatile message is held back")?
                    .map_err(|error| error.to_string())
            }
            "flood" => self.flood(words.number(0), words.number(1) as usize).await,
            "stream" => {
                let client = self.client()?;
                let begun = Begun::new(async move {
                    client
                        .ticks_watch(TicksWatch {})
                        .await
                        .map_err(|error| code(&error))
                });
                let streamed = Streamed {
                    begun: begun.await,
                    ticks: None,
                    taken: 0,
                };
                self.streams.insert(handle.to_owned(), streamed);
                Ok(())
            }
            "take" => {
                let taking = self.take(handle, words.number(1));
                timeout(words.time(2), taking)
                    .await
                    .map_err(|_| "taking them takes too long")?
            }
            "stop" => {
                self.began(handle).await?;
                self.streams.remove(handle);
                Ok(())
            }
            "stream-ends" => {
                let code = timeout(PATIENCE, self.stream_end(handle)).await;
                let code = code.map_err(|_| "the stream does not end")??;
                one_of("the stream", code, &words.codes(1))
            }
            "state" => self.state(handle, words.time(1)).await,
            "seen" => self.seen(&words.rest[0], words.time(1)).await,
            "release" => {
                let run = self.server.run(&self.run_id());
                run.release(handle);
                Ok(())
            }
            "close" => {
                let client = self.client()?;
                timeout(words.time(0), client.close())
                    .await
                    .map_err(|_| "closing takes too long".to_owned())
            }
            "retry" => {
                self.client()?.retry_now();
                Ok(())
            }
            "block" => {
                std::thread::sleep(words.time(0));
                Ok(())
            }
            "during" => {
                tokio::time::sleep(words.time(0)).await;
                Ok(())
            }
            "refused" => match self.connect(&self.url()).await {
                Err(ConnectError::Refused(error)) => {
                    same("the code", &*tag(&error.code), handle)?;
                    same(
                        "the violations",
                        error.violations.len() as i64,
                        words.number(1),
                    )
                }
                other => Err(format!("it ends with {:?}", other.map(drop))),
            },
            "connect-fails" => match self.connect(&self.url()).await {
                Err(error) if error.to_string().contains(handle) => Ok(()),
                other => Err(format!(
                    "it ends with {:?}",
                    other.map(drop).map_err(|error| error.to_string())
                )),
            },
            "usable" => match self.connect(&self.fill(handle)).await {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            },
            "unusable" => match self.connect(&self.fill(handle)).await {
                Err(ConnectError::Address(_)) => Ok(()),
                other => Err(format!("it ends with {:?}", other.map(drop))),
            },
            "runtime-dropped" => self.runtime_dropped().await,
            other => Err(format!("`{other}` is no step of this client")),
        }
    }

    fn room(&mut self, handle: &str) -> Result<&mut Entry, String> {
        self.rooms
            .get_mut(handle)
            .ok_or_else(|| "there is no such room".to_owned())
    }

    fn run_id(&self) -> String {
        format!("{}-{}", crate::drive::NAME, self.scenario.name)
    }

    async fn seen(&self, wanted: &Value, within: Duration) -> Result<(), String> {
        let run = self.server.run(&self.run_id());
        let begun = Instant::now();
        loop {
            let seen = run.to_json();
            let is = match wanted["type"].as_str() {
                Some(tag) => {
                    seen["counts"][tag].as_u64().unwrap_or_default()
                        >= wanted["count"].as_u64().unwrap_or_default()
                }
                None => {
                    let connections = seen["connections"].as_array().map_or(0, Vec::len);
                    connections as u64 >= wanted["connections"].as_u64().unwrap_or_default()
                }
            };
            if is {
                return Ok(());
            }
            if begun.elapsed() > within {
                return Err(format!(
                    "the server saw {} connections and {}",
                    seen["connections"], seen["counts"]
                ));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn join_many(&mut self, count: i64) -> Result<(), String> {
        for n in 0..count {
            let entry = Entry::join(self.client()?, &format!("r{n}"), true).await?;
            self.rooms.insert(format!("many-{n}"), entry);
        }
        for n in 0..count {
            self.room(&format!("many-{n}"))?.joined().await?;
        }
        Ok(())
    }

    async fn call_many(&mut self, count: i64) -> Result<(), String> {
        let mut all = Vec::new();
        for n in 0..count {
            let call = self.client()?.echo(Echo { n });
            all.push(
                Begun::new(async { call.await.map(drop).map_err(|error| code(&error)) }).await,
            );
        }
        self.client()?.close().await;
        for mut call in all {
            let ended = call.end("a call").await?;
            one_of(
                "a call",
                ended.err(),
                &["OUTCOME_UNKNOWN".into(), "CLOSED".into()],
            )?;
        }
        Ok(())
    }

    async fn flood(&mut self, count: i64, pad: usize) -> Result<(), String> {
        for n in 1..=count {
            let text = (pad > 0).then(|| "x".repeat(pad));
            match timeout(HELD_BACK, self.client()?.note(Note { n, text })).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(error.to_string()),
                // The caller waits for room: what is asked.
                Err(_) => return Ok(()),
            }
        }
        Err(format!("{count} messages were taken"))
    }

    async fn began(&mut self, handle: &str) -> Result<&mut Streamed, String> {
        let stream = self
            .streams
            .get_mut(handle)
            .ok_or("there is no such stream")?;
        if stream.ticks.is_none() {
            let began = stream.begun.end("the stream").await?;
            stream.ticks = Some(began?);
        }
        Ok(stream)
    }

    async fn take(&mut self, handle: &str, count: i64) -> Result<(), String> {
        let stream = self.began(handle).await?;
        let ticks = stream.ticks.as_mut().ok_or("the stream did not begin")?;
        for _ in 0..count {
            match ticks.next().await {
                Some(Ok(tick)) => same("the item", tick.n, stream.taken)?,
                Some(Err(error)) => {
                    return Err(format!("after {}: {}", stream.taken, stream_code(&error)));
                }
                None => return Err(format!("the stream is over after {}", stream.taken)),
            }
            stream.taken += 1;
        }
        Ok(())
    }

    /// What the stream ends with, behind what still waits.
    async fn stream_end(&mut self, handle: &str) -> Result<Option<String>, String> {
        let stream = self.began(handle).await?;
        let ticks = stream.ticks.as_mut().ok_or("the stream did not begin")?;
        loop {
            match ticks.next().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Ok(Some(stream_code(&error))),
                None => return Ok(None),
            }
        }
    }

    /// A client whose runtime is gone is closed, for those who look and for those who wait.
    async fn runtime_dropped(&mut self) -> Result<(), String> {
        let url = self.url();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let driver = Self {
            scenario: self.scenario,
            server: self.server.clone(),
            address: self.address,
            client: None,
            rooms: Default::default(),
            calls: Default::default(),
            streams: Default::default(),
        };
        let connected = runtime.spawn(async move { driver.connect(&url).await });
        let client = connected.await.map_err(|error| error.to_string())?;
        let client = client.map_err(|error| error.to_string())?;
        let name = "a".to_owned().try_into().map_err(|_| "it is no room")?;
        let mut room = client
            .room(&name)
            .join()
            .await
            .map_err(|error| code(&error))?;
        runtime.shutdown_background();
        let ended = async {
            while room.next().await.is_some() {}
            client.close().await;
            client
                .echo(Echo { n: 1 })
                .await
                .map_err(|error| code(&error))
        };
        let ended = timeout(PATIENCE, ended)
            .await
            .map_err(|_| "somebody waits for ever")?;
        one_of("a call", ended.err(), &["CLOSED".into()])?;
        same(
            "whether it is closed",
            matches!(client.state(), State::Closed(_)),
            true,
        )
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Result<(), String> {
    match got == wanted {
        true => Ok(()),
        false => Err(format!("{what} is {got:?}, not {wanted:?}")),
    }
}

fn one_of(what: &str, code: Option<String>, codes: &[String]) -> Result<(), String> {
    let code = code.unwrap_or_else(|| "success".to_owned());
    match codes.contains(&code) {
        true => Ok(()),
        false => Err(format!("{what} ends with {code}")),
    }
}
