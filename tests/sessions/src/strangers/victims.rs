//! Those whose sessions, channels and requests strangers try: what they have, and that they still have it.

use crate::{
    api::{ClientHandle, Confirm, Confirmed, DiaryEntry, Name, RoomSaid, Server},
    app::secret,
    peer::{PATIENCE, Peer},
};
use handfast::server::CallError;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::timeout};

/// How many victims there are. Half of them have lost their connection.
const VICTIMS: usize = 6;

/// How many entries each diary has, of which those without a connection miss some.
const ENTRIES: usize = 20;

/// A user with a session.
pub(crate) struct Victim {
    pub(crate) name: String,
    /// The token of the session, and those that it had before.
    pub(crate) token: String,
    pub(crate) old: Vec<String>,
    pub(crate) epochs: Vec<String>,
    /// `None` if the connection is lost.
    peer: Option<Peer>,
    /// How many messages the client has received.
    received: u64,
    /// A question of the server that is not answered yet.
    question: JoinHandle<Result<Confirmed, CallError<handfast::NoError>>>,
}

pub(crate) struct Victims {
    pub(crate) all: Vec<Victim>,
    /// Tokens of sessions of another server.
    pub(crate) foreign: Vec<String>,
    private: Vec<String>,
}

/// The id of the stream that every victim has open.
pub(crate) const STREAM: &str = "stream";

impl Victims {
    pub(crate) async fn enter(server: &Server) -> Result<Self, String> {
        let mut all = Vec::new();
        for n in 0..VICTIMS {
            all.push(Victim::enter(server, n).await?);
        }
        let another = Server::new(crate::app::App::new(2, None));
        let mut foreign = Vec::new();
        for victim in &all {
            let (_, ready) = Peer::enter(&another, &victim.name, json!({})).await?;
            foreign.push(text(&ready["session"])?);
        }
        let private = all.iter().flat_map(|victim| {
            let own = [
                victim.token.clone(),
                victim.name.clone(),
                secret(&victim.name),
            ];
            own.into_iter()
                .chain(victim.old.clone())
                .chain(victim.epochs.clone())
        });
        let private = private.chain(foreign.clone()).collect();
        Ok(Self {
            all,
            foreign,
            private,
        })
    }

    /// What no stranger may be sent.
    pub(crate) fn private(&self) -> impl Iterator<Item = &str> {
        self.private.iter().map(String::as_str)
    }

    /// All victims have what they had.
    pub(crate) async fn untouched(&mut self, server: &Server) -> Result<(), String> {
        for victim in &mut self.all {
            let name = victim.name.clone();
            let outcome = victim.untouched(server).await;
            outcome.map_err(|why| format!("{name}: {why}"))?;
        }
        Ok(())
    }
}

fn text(value: &Value) -> Result<String, String> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| format!("{value} is no text"))
}

impl Victim {
    async fn enter(server: &Server, n: usize) -> Result<Self, String> {
        let name = format!("victim-{n}");
        let (peer, ready) = Peer::enter(server, &name, json!({})).await?;
        let mut old = vec![text(&ready["session"])?];
        drop(peer);
        // It has had other tokens, which were replaced.
        let (mut peer, ready) = Self::resume(server, &name, &old[0], 0).await?;
        let token = text(&ready["session"])?;
        old.dedup();

        let mut epochs = Vec::new();
        let mut received = 0;
        for join in [
            json!({ "type": "room.join", "id": "room", "payload": { "room": name } }),
            json!({ "type": "join", "id": "diary", "payload": { "channel": format!("diary:{name}") } }),
        ] {
            let joined = peer.ask(&join).await?;
            epochs.push(text(&joined["epoch"])?);
            received += 1;
        }
        let you = peer.ask(&json!({ "type": "whoami", "id": "1" })).await?;
        received += 1;
        if you["payload"]["secret"] != secret(&name) {
            return Err(format!("{name} is {you}"));
        }
        let id = server
            .handle()
            .client(session_of(server, &name)?)
            .ok_or("there is no session")?;
        let question = tokio::spawn(ask(id, n as i64));
        let asked = peer.hear().await?;
        received += 1;
        if asked["type"] != "confirm" {
            return Err(format!("{name} is asked {asked}"));
        }
        let peer = match n.is_multiple_of(2) {
            true => {
                // It runs for as long as the strangers do.
                let ticks = json!({ "type": "ticks", "id": STREAM, "payload": { "n": 1_000_000 } });
                peer.say(&ticks).await?;
                peer.hear().await?;
                Some(peer)
            }
            false => {
                drop(peer);
                None
            }
        };
        let entry = |n: usize| format!("{} {n}", secret(&name));
        let (diary, room) = (
            server.handle().diary(&owner(&name)?),
            server.handle().room(&owner(&name)?),
        );
        if peer.is_none() {
            // The server notices the loss before it publishes.
            let detached = async {
                while server.handle().detached() <= n / 2 {
                    tokio::task::yield_now().await;
                }
            };
            timeout(PATIENCE, detached)
                .await
                .map_err(|_| "it is not detached")?;
        }
        for n in 0..ENTRIES {
            diary.publish(&DiaryEntry { text: entry(n) });
            let text = Some(entry(n));
            room.publish(&RoomSaid { run: 1, n: 0, text });
        }
        Ok(Self {
            name,
            token,
            old,
            epochs,
            peer,
            received,
            question,
        })
    }

    /// Resumes a session, and lets the server know that the new token has arrived.
    async fn resume(
        server: &Server,
        name: &str,
        token: &str,
        received: u64,
    ) -> Result<(Peer, Value), String> {
        let resume = json!({ "session": token, "received": received });
        let (mut peer, ready) = Peer::enter(server, name, resume).await?;
        if ready["resumed"] != json!(true) {
            return Err(format!("its session is lost: {ready}"));
        }
        peer.say(&json!({ "type": "received", "payload": { "received": received } }))
            .await?;
        peer.say(&json!({ "type": "ping" })).await?;
        while peer.next().await? != Ok(json!({ "type": "pong" })) {}
        Ok((peer, ready))
    }

    /// The session, its stream, its channels and the question of the server are as they were.
    async fn untouched(&mut self, server: &Server) -> Result<(), String> {
        let mut entries = 0;
        let mut peer = match self.peer.take() {
            Some(peer) => peer,
            None => {
                let resume = json!({ "session": self.token, "received": self.received });
                let (peer, ready) = Peer::enter(server, &self.name, resume).await?;
                if ready["resumed"] != json!(true) {
                    return Err(format!("its session is lost: {ready}"));
                }
                peer
            }
        };
        // The streams go on, so what comes does not end.
        peer.say(&json!({ "type": "confirmed", "id": "1", "payload": { "n": 7 } }))
            .await?;
        peer.say(&json!({ "type": "whoami", "id": "last" })).await?;
        loop {
            let message = peer.hear().await?;
            match message["type"].as_str() {
                Some("diary.entry" | "room.said") => {
                    entries += 1;
                    let text = message["payload"]["text"].as_str().unwrap_or_default();
                    let wanted = format!("{} {}", secret(&self.name), (entries - 1) / 2);
                    if text != wanted {
                        return Err(format!("it receives {message} instead of {wanted}"));
                    }
                }
                Some("tick") => {}
                Some("you") if message["payload"]["secret"] == secret(&self.name) => break,
                _ => return Err(format!("it receives {message}")),
            }
        }
        if entries != 2 * ENTRIES {
            return Err(format!("it has {entries} entries of {}", 2 * ENTRIES));
        }
        let answered = timeout(PATIENCE, &mut self.question).await;
        match answered.map_err(|_| "its answer does not arrive")? {
            Ok(Ok(Confirmed { n: 7 })) => Ok(()),
            other => Err(format!("the question is answered with {other:?}")),
        }
    }
}

fn owner(name: &str) -> Result<Name, String> {
    Name::try_from(name).map_err(|error| error.to_string())
}

async fn ask(client: ClientHandle, n: i64) -> Result<Confirmed, CallError<handfast::NoError>> {
    client.confirm(Confirm { run: 1, n }).await
}

/// The id of the only session of a victim: they are counted from one.
fn session_of(server: &Server, name: &str) -> Result<u64, String> {
    let n: u64 = name
        .strip_prefix("victim-")
        .and_then(|n| n.parse().ok())
        .ok_or("it is no victim")?;
    match server.handle().client(n + 1) {
        Some(_) => Ok(n + 1),
        None => Err(format!("{name} has no session")),
    }
}
