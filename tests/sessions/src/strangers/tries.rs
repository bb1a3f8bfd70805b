//! What strangers try.

use super::{
    ENCODINGS, resuming, stranger,
    victims::{STREAM, Victim, Victims},
};
use crate::peer::hello;
use handfast::codec::Encoding;
use handfast_testing::random::Rng;
use serde_json::{Value, json};

/// A message that a stranger sends.
#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) kind: Kind,
    pub(crate) message: Value,
    /// If it takes a connection of its own, in which encoding.
    pub(crate) encoding: Option<Encoding>,
    /// What is private to others, but not to whom this is sent.
    pub(crate) own: Option<String>,
}

/// All tries of a kind have the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Resumes a session that is another user's, or was, or never was.
    Resume,
    /// Claims to be another user, in a hello.
    Impersonate,
    /// The same on a connection.
    BecomeAnother,
    /// Has credentials of its own for another name.
    ChangePrincipal,
    /// Joins a channel that has a join message.
    Join,
    /// Joins a channel by its key.
    JoinByKey,
    /// Joins by key what can only be joined by a message, or what no protocol has.
    JoinNowhere,
    /// Leaves a channel that it is not in.
    Leave,
    LeaveByKey,
    /// Answers a question that others were asked.
    Answer,
    /// Reports that a question has failed that others were asked.
    FailQuestion,
    /// Cancels a stream of others.
    Cancel,
    /// Sends a request with the id, and the content, of a request of others.
    Repeat,
    /// A message with the channel, and the position, of others.
    InChannel,
    /// Acknowledges what it was not sent.
    Acknowledge,
    /// Messages that only a server sends.
    Publish,
    /// Another hello, which resumes.
    HelloAgain,
}

const MESSAGES: [Kind; 15] = [
    Kind::BecomeAnother,
    Kind::ChangePrincipal,
    Kind::Join,
    Kind::JoinByKey,
    Kind::JoinNowhere,
    Kind::Leave,
    Kind::LeaveByKey,
    Kind::Answer,
    Kind::FailQuestion,
    Kind::Cancel,
    Kind::Repeat,
    Kind::InChannel,
    Kind::Acknowledge,
    Kind::Publish,
    Kind::HelloAgain,
];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Impersonate => "impersonate",
            Self::BecomeAnother => "become another",
            Self::ChangePrincipal => "change the principal",
            Self::Join => "join",
            Self::JoinByKey => "join by key",
            Self::JoinNowhere => "join nowhere",
            Self::Leave => "leave",
            Self::LeaveByKey => "leave by key",
            Self::Answer => "answer",
            Self::FailQuestion => "fail a question",
            Self::Cancel => "cancel",
            Self::Repeat => "repeat",
            Self::InChannel => "send to a channel",
            Self::Acknowledge => "acknowledge",
            Self::Publish => "publish",
            Self::HelloAgain => "another hello",
        }
    }

    /// How many messages answer it.
    pub(crate) fn answers(self) -> usize {
        match self {
            // A cancel of a stream that is not there, and messages without a reply.
            Self::Cancel | Self::InChannel => 0,
            _ => 1,
        }
    }

    /// Whether a message may answer it.
    pub(crate) fn allows(self, answer: &Value) -> bool {
        let code = answer["payload"]["code"].as_str().unwrap_or_default();
        match self {
            // One leaves what one is not in without a word.
            Self::Leave => answer["type"] == "room.left",
            Self::LeaveByKey => answer["type"] == "leave",
            // It is the stranger's own request.
            Self::Repeat => answer["payload"]["name"]
                .as_str()
                .is_some_and(|name| name.starts_with("mallory-")),
            Self::BecomeAnother => code == "BAD_PROOF",
            Self::ChangePrincipal => code == "OTHER_PRINCIPAL",
            Self::Join | Self::JoinByKey => code == "NOT_ALLOWED",
            _ => answer["type"] == "error",
        }
    }
}

/// Draws a try.
pub(crate) fn draw(rng: &mut Rng, victims: &Victims) -> Try {
    match rng.below(4) {
        0 => resume(rng, victims),
        1 if rng.one_in(4) => {
            let name = some_name(rng, victims);
            let encoding = Some(*rng.pick(&ENCODINGS));
            Try {
                kind: Kind::Impersonate,
                message: hello(&name, "no proof", some_resume(rng, victims)),
                encoding,
                own: None,
            }
        }
        _ => message(rng, victims),
    }
}

fn victim<'v>(rng: &mut Rng, victims: &'v Victims) -> &'v Victim {
    rng.pick(&victims.all)
}

/// The name of a victim, one like it, or one that nobody has.
fn some_name(rng: &mut Rng, victims: &Victims) -> String {
    let name = &victim(rng, victims).name;
    match rng.below(8) {
        0 => format!("{name}{}", rng.below(100)),
        1 => name.to_uppercase(),
        2 => format!("nobody-{}", rng.below(1_000_000)),
        3 => name[..name.len() - 1].to_owned(),
        _ => name.clone(),
    }
}

/// A token of others, as it is, or was, or nearly.
fn some_token(rng: &mut Rng, victims: &Victims) -> String {
    let victim = victim(rng, victims);
    let token = victim.token.as_str();
    let at = rng.below(token.len());
    match rng.below(10) {
        0 => rng.pick(&victim.old).clone(),
        1 => rng.pick(&victims.foreign).clone(),
        2 => token[..at].to_owned(),
        3 => format!("{token}{}", rng.below(10)),
        4 => token.to_lowercase(),
        5 => {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = *rng.pick(b"abcXYZ019-_");
            String::from_utf8(bytes).expect("all of it is ASCII")
        }
        6 => format!("{}\u{0}", &token[..at]),
        7 => format!(" {token}"),
        _ => token.to_owned(),
    }
}

fn some_resume(rng: &mut Rng, victims: &Victims) -> Value {
    json!({ "session": some_token(rng, victims), "received": rng.below(60) })
}

fn resume(rng: &mut Rng, victims: &Victims) -> Try {
    let received = rng.below(60) as u64;
    let (name, token, encoding, own);
    match rng.below(4) {
        // The principal itself, with a token of the past or of another server, or in another encoding.
        0 => {
            let n = rng.below(victims.all.len());
            let victim = &victims.all[n];
            let tokens = [&victim.old[0], &victims.foreign[n], &victim.token];
            let which = rng.below(tokens.len());
            encoding = match which {
                2 => ENCODINGS[1 + rng.below(2)],
                _ => *rng.pick(&ENCODINGS),
            };
            (name, token) = (victim.name.clone(), tokens[which].clone());
            own = Some(victim.name.clone());
        }
        _ => {
            name = stranger(rng.below(super::STRANGERS));
            token = some_token(rng, victims);
            encoding = *rng.pick(&ENCODINGS);
            own = None;
        }
    }
    Try {
        kind: Kind::Resume,
        message: resuming(&name, &token, received),
        encoding: Some(encoding),
        own,
    }
}

fn message(rng: &mut Rng, victims: &Victims) -> Try {
    let kind = *rng.pick(&MESSAGES);
    let name = some_name(rng, victims);
    // The questions and requests of victims have small ids. Its own a stranger does not use twice.
    let id = match kind {
        Kind::Answer | Kind::FailQuestion | Kind::Repeat => format!("{}", 1 + rng.below(5)),
        _ => format!("id-{}-{}", rng.below(1 << 30), rng.below(1 << 30)),
    };
    let room = json!({ "room": name });
    let diary = format!("diary:{name}");
    let message = match kind {
        Kind::BecomeAnother => {
            let payload = json!({ "name": name, "proof": "no proof" });
            json!({ "type": "login", "id": id, "payload": payload })
        }
        Kind::ChangePrincipal => {
            let name = format!("mallory-of-{}", rng.below(1000));
            let payload = json!({ "name": name, "proof": crate::app::proof(&name) });
            json!({ "type": "login", "id": id, "payload": payload })
        }
        Kind::Join => placed(
            rng,
            victims,
            json!({ "type": "room.join", "id": id, "payload": room }),
        ),
        Kind::JoinByKey => placed(
            rng,
            victims,
            json!({ "type": "join", "id": id, "payload": { "channel": diary } }),
        ),
        Kind::JoinNowhere => {
            let key = match rng.below(4) {
                0 => format!("room:{name}"),
                1 => format!("Diary:{name}"),
                2 => "diary".to_owned(),
                _ => format!("{name}:diary"),
            };
            let join = json!({ "type": "join", "id": id, "payload": { "channel": key } });
            placed(rng, victims, join)
        }
        Kind::Leave => json!({ "type": "room.leave", "id": id, "payload": room }),
        Kind::LeaveByKey => json!({ "type": "leave", "id": id, "payload": { "channel": diary } }),
        Kind::Answer => json!({ "type": "confirmed", "id": id, "payload": { "n": 1 } }),
        Kind::FailQuestion => {
            let payload = json!({ "code": "INTERNAL", "message": "" });
            json!({ "type": "error", "id": id, "payload": payload })
        }
        Kind::Cancel => json!({ "type": "ticks.stop", "id": STREAM }),
        Kind::Repeat => json!({ "type": "whoami", "id": id }),
        Kind::InChannel => {
            let note = json!({ "type": "note", "channel": diary, "payload": { "n": 1 } });
            placed(rng, victims, note)
        }
        Kind::Acknowledge => {
            let received = 1_000_000 + rng.below(1_000_000);
            json!({ "type": "received", "payload": { "received": received } })
        }
        Kind::Publish => {
            let (name, payload) = match rng.below(4) {
                0 => ("diary.entry", json!({ "text": "x" })),
                1 => ("room.said", json!({ "run": 1, "n": 1 })),
                2 => ("ready", some_resume(rng, victims)),
                _ => ("skip", json!({ "channel": diary, "seq": 1 })),
            };
            json!({ "type": name, "channel": diary, "payload": payload })
        }
        Kind::HelloAgain => hello(&name, "no proof", some_resume(rng, victims)),
        Kind::Resume | Kind::Impersonate => unreachable!("they are no messages of a session"),
    };
    Try {
        kind,
        message,
        encoding: None,
        own: None,
    }
}

/// Adds a position, which may be one of the channel.
fn placed(rng: &mut Rng, victims: &Victims, mut message: Value) -> Value {
    if !rng.one_in(3) {
        message["seq"] = json!(rng.below(30));
        let epochs = &victim(rng, victims).epochs;
        message["epoch"] = json!(rng.pick(epochs));
    }
    message
}
