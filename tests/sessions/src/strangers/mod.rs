//! Strangers try to join, resume, answer and read what is not theirs, in every way that the wire has. Whatever a stranger is sent is
//! searched for what belongs to others, and what refuses a try does not depend on whether there is such a session, channel or request.

mod tries;
mod victims;

use crate::{
    api::Server,
    app::{App, proof, secret},
    peer::{Peer, hello},
};
use handfast::{broker::InMemory, codec::Encoding};
use handfast_testing::random::Rng;
use serde_json::{Value, json};
use std::{collections::BTreeMap, slice};
use tries::{Kind, Try};
use victims::Victims;

/// The encodings of the protocol.
const ENCODINGS: [Encoding; 3] = [Encoding::Json, Encoding::MsgPack, Encoding::Cbor];

/// How many strangers there are.
const STRANGERS: usize = 8;

/// How many tries a connection is used for.
const EACH: usize = 500;

/// Makes so many tries. Returns what happened, in words.
pub(crate) async fn run(count: usize, seed: u64) -> Result<String, String> {
    let broker = InMemory::new();
    let server = Server::builder(App::new(1, None))
        .broker(broker.clone())
        .build();
    let mut victims = Victims::enter(&server).await?;
    let channels = broker.channels();
    let mut strangers = Strangers {
        server: server.clone(),
        rng: Rng::new(seed),
        refusals: BTreeMap::new(),
        counts: BTreeMap::new(),
        peers: BTreeMap::new(),
    };
    for n in 0..count {
        let tried = tries::draw(&mut strangers.rng, &victims);
        let outcome = strangers.attempt(&tried, &victims).await;
        outcome.map_err(|why| format!("try {n}, {tried:?}: {why}"))?;
    }
    if broker.channels() != channels {
        let now = broker.channels();
        return Err(format!("the broker has {now} channels, not {channels}"));
    }
    victims.untouched(&server).await?;
    let counts: Vec<_> = strangers
        .counts
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    Ok(format!("{count} tries, no leak: {}", counts.join(", ")))
}

struct Strangers {
    server: Server,
    rng: Rng,
    /// What answers each kind of try, without what identifies the try.
    refusals: BTreeMap<&'static str, String>,
    counts: BTreeMap<&'static str, usize>,
    /// The connections of the strangers, and how much each was used.
    peers: BTreeMap<usize, (Peer, usize)>,
}

/// The name of a stranger.
fn stranger(n: usize) -> String {
    format!("mallory-{n}")
}

impl Strangers {
    async fn attempt(&mut self, tried: &Try, victims: &Victims) -> Result<(), String> {
        *self.counts.entry(tried.kind.name()).or_default() += 1;
        let answers = match tried.kind {
            Kind::Resume | Kind::Impersonate => self.handshake(tried, victims).await?,
            _ => self.message(tried, victims).await?,
        };
        let seen = normalised(&answers);
        let known = self.refusals.entry(tried.kind.name());
        let known = known.or_insert_with(|| seen.clone());
        match *known == seen {
            true => Ok(()),
            false => Err(format!(
                "it is answered with {seen}, and another with {known}"
            )),
        }
    }

    /// A try that takes a connection of its own.
    async fn handshake(&mut self, tried: &Try, victims: &Victims) -> Result<Vec<Value>, String> {
        let encoding = tried.encoding.unwrap_or(Encoding::Json);
        let mut peer = Peer::connect(&self.server, encoding, None);
        peer.say(&tried.message).await?;
        let answer = peer.hear().await?;
        search(&answer, tried, victims)?;
        match (tried.kind, answer["type"].as_str()) {
            (Kind::Impersonate, Some("refuse")) => {}
            (Kind::Resume, Some("ready")) if answer["payload"]["resumed"] != json!(true) => {
                // Whatever session this is, it is one without anything in it.
                probe(&mut peer, tried, victims, &mut Vec::new()).await?;
                // A hundred that wait to be resumed would end the principal's first one.
                peer.close(1000).await;
            }
            _ => return Err(format!("it is answered with {answer}")),
        }
        Ok(vec![answer])
    }

    /// A try on the connection of a stranger.
    async fn message(&mut self, tried: &Try, victims: &Victims) -> Result<Vec<Value>, String> {
        let n = self.rng.below(STRANGERS);
        let (mut peer, used) = match self.peers.remove(&n) {
            Some((peer, used)) if used < EACH => (peer, used),
            _ => (
                Peer::enter(&self.server, &stranger(n), json!({})).await?.0,
                0,
            ),
        };
        peer.say(&tried.message).await?;
        let mut answers = Vec::new();
        let you = probe(&mut peer, tried, victims, &mut answers).await?;
        let is_you = |message: &Value| message["type"] == "you";
        for you in answers.iter().filter(|each| is_you(each)).chain([&you]) {
            if you["payload"]["name"] != json!(stranger(n)) {
                return Err(format!("the stranger has become {you}"));
            }
        }
        let is_fitting = answers.iter().all(|answer| tried.kind.allows(answer));
        if !is_fitting || answers.len() != tried.kind.answers() {
            return Err(format!("it is answered with {answers:?}"));
        }
        self.peers.insert(n, (peer, used + 1));
        Ok(answers)
    }
}

/// Asks who the peer is, and collects what came before the answer.
async fn probe(
    peer: &mut Peer,
    tried: &Try,
    victims: &Victims,
    before: &mut Vec<Value>,
) -> Result<Value, String> {
    const ID: &str = "probe";
    peer.say(&json!({ "type": "whoami", "id": ID })).await?;
    loop {
        let message = peer.hear().await?;
        if message["id"] == ID {
            let name = message["payload"]["name"].as_str().unwrap_or_default();
            match message["payload"]["secret"] == secret(name) {
                true => return Ok(message),
                false => return Err(format!("the probe is answered with {message}")),
            }
        }
        search(&message, tried, victims)?;
        before.push(message);
    }
}

/// Looks for what belongs to others.
fn search(message: &Value, tried: &Try, victims: &Victims) -> Result<(), String> {
    // What is left is repeated to who leaves it.
    let text = match tried.kind {
        Kind::LeaveByKey => normalised(slice::from_ref(message)),
        _ => message.to_string(),
    };
    let found = victims.private().find(|private| text.contains(private));
    match found.filter(|private| Some(*private) != tried.own.as_deref()) {
        None => Ok(()),
        Some(private) => Err(format!("{message} has {private}")),
    }
}

/// The answers without what differs from one try to the next: ids, times, the token of a new session, the key that is left,
/// and the stranger's own name.
fn normalised(answers: &[Value]) -> String {
    let mut answers = answers.to_vec();
    for answer in &mut answers {
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("id");
            fields.remove("timestamp");
        }
        if answer["payload"]["session"].is_string() {
            answer["payload"]["session"] = json!("a token");
        }
        if answer["type"] == "you" {
            answer["payload"] = json!({});
        }
        if answer["type"] == "leave" {
            answer["channel"] = json!("a channel");
            answer["payload"] = json!({});
        }
    }
    json!(answers).to_string()
}

/// A hello of a user that resumes a session.
fn resuming(name: &str, token: &str, received: u64) -> Value {
    hello(
        name,
        &proof(name),
        json!({ "session": token, "received": received }),
    )
}
