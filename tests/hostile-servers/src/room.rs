//! A room that a scenario joined: read as long as it is held.

use crate::{
    api::{Client, RoomJoined, ServerMessage},
    drive::{Begun, LOOK, PATIENCE, code},
};
use handfast::client::{Event, Subscription};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::mpsc;

type Room = Subscription<ServerMessage, RoomJoined>;

/// What happened in a room.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) numbers: Vec<i64>,
    pub(crate) events: BTreeSet<&'static str>,
    /// Whether nothing more can come.
    pub(crate) is_over: bool,
}

impl Heard {
    fn told(&mut self, event: &'static str) {
        self.events.insert(event);
    }
}

/// What the scenario does with a room.
enum Ask {
    /// Leaves, and tells how that ended.
    Leave(tokio::sync::oneshot::Sender<Result<(), String>>),
    Drop,
    /// Begins to read.
    Read,
}

pub(crate) struct Entry {
    joining: Begun<Result<Room, String>>,
    asks: Option<mpsc::UnboundedSender<Ask>>,
    heard: Arc<Mutex<Heard>>,
    reads: bool,
}

impl Entry {
    /// Begins to join. Where `reads` is false, it is not looked at until it is told to.
    pub(crate) async fn join(client: Client, room: &str, reads: bool) -> Result<Self, String> {
        let name = room.to_owned().try_into().map_err(|_| "it is no room")?;
        let joining = Begun::new(async move {
            let joined = client.room(&name).join().await;
            joined.map_err(|error| code(&error))
        });
        Ok(Self {
            joining: joining.await,
            asks: None,
            heard: Arc::default(),
            reads,
        })
    }

    pub(crate) async fn joined(&mut self) -> Result<(), String> {
        let room = self.joining.end("joining").await?;
        let room = room.map_err(|code| format!("the join ends with {code}"))?;
        let (asks, asked) = mpsc::unbounded_channel();
        tokio::spawn(hold(room, asked, self.heard.clone(), self.reads));
        self.asks = Some(asks);
        Ok(())
    }

    pub(crate) async fn fails(&mut self, codes: &[String]) -> Result<(), String> {
        let code = match self.joining.end("joining").await? {
            Ok(_) => "success".to_owned(),
            Err(code) => code,
        };
        match codes.contains(&code) {
            true => Ok(()),
            false => Err(format!("the join ends with {code}")),
        }
    }

    pub(crate) fn cancel(&self) {
        self.joining.abort();
    }

    fn ask(&self, ask: Ask) {
        if let Some(asks) = &self.asks {
            // Where the room is over, there is nothing to do.
            let _ = asks.send(ask);
        }
    }

    pub(crate) async fn leave(&self) -> Result<(), String> {
        let (done, wait) = tokio::sync::oneshot::channel();
        self.ask(Ask::Leave(done));
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err("it was not held any more".to_owned()),
            Err(_) => Err("leaving takes too long".to_owned()),
        }
    }

    /// Gives it up, and does not wait but for the room to be dropped.
    pub(crate) async fn give_up(&self) -> Result<(), String> {
        self.ask(Ask::Drop);
        self.until(|heard| heard.is_over).await.map(drop)
    }

    pub(crate) fn read(&self) {
        self.ask(Ask::Read);
    }

    pub(crate) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until what was heard is as wanted.
    pub(crate) async fn until(&self, is: impl Fn(&Heard) -> bool) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            let words = {
                let heard = self.heard();
                if is(&heard) {
                    return Ok(());
                }
                format!("heard {:?} and {:?}", heard.numbers, heard.events)
            };
            if begun.elapsed() > PATIENCE {
                return Err(words);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn hold(
    mut room: Room,
    mut asks: mpsc::UnboundedReceiver<Ask>,
    heard: Arc<Mutex<Heard>>,
    mut reads: bool,
) {
    let note = |change: &dyn Fn(&mut Heard)| {
        change(&mut heard.lock().unwrap_or_else(PoisonError::into_inner));
    };
    loop {
        let event = tokio::select! {
            event = room.next(), if reads => event,
            ask = asks.recv() => match ask {
                Some(Ask::Leave(done)) => {
                    let left = room.leave().await.map_err(|error| code(&error));
                    note(&|heard| heard.is_over = true);
                    // Where nobody waits for it, nobody asks.
                    let _ = done.send(left);
                    return;
                }
                Some(Ask::Read) => {
                    reads = true;
                    continue;
                }
                Some(Ask::Drop) | None => {
                    drop(room);
                    note(&|heard| heard.is_over = true);
                    return;
                }
            },
        };
        match event {
            Some(Event::Message(message)) => {
                if let ServerMessage::RoomSaid(said) = message.message {
                    note(&|heard| heard.numbers.push(said.n));
                }
            }
            Some(Event::Gap(_)) => note(&|heard| heard.told("gap")),
            Some(Event::Lost(_)) => note(&|heard| heard.told("lost")),
            Some(_) => {}
            None => {
                note(&|heard| heard.is_over = true);
                return;
            }
        }
    }
}
