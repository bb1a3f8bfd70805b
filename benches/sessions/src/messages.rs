//! The messages of `protocol.yaml` as a careful author would read, check and write them by hand: what all contenders but Handfast use.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// All messages of the client, which differ in what they must contain. They are read in one step.
#[derive(Debug, Deserialize)]
struct Message<'a> {
    #[serde(rename = "type", borrow)]
    tag: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload: Fields<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    room_id: Cow<'a, str>,
    #[serde(borrow)]
    from: Option<Cow<'a, str>>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    sent_at: Option<u64>,
}

impl<'a> Fields<'a> {
    fn said(self) -> Result<Said<'a>, Failure> {
        let (Some(from), Some(text), Some(sent_at)) = (self.from, self.text, self.sent_at) else {
            return Err("a field is missing".into());
        };
        let said = Said {
            room_id: self.room_id,
            from,
            text,
            sent_at,
        };
        if said.is_valid() {
            Ok(said)
        } else {
            Err("it is invalid".into())
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What somebody said.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Said<'a> {
    pub(crate) room_id: Cow<'a, str>,
    pub(crate) from: Cow<'a, str>,
    pub(crate) text: Cow<'a, str>,
    pub(crate) sent_at: u64,
}

impl Said<'_> {
    pub(crate) fn is_valid(&self) -> bool {
        is_room(&self.room_id)
            && (1..=40).contains(&self.from.chars().count())
            && (1..=2000).contains(&self.text.chars().count())
    }
}

pub(crate) fn is_room(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

#[derive(Serialize)]
struct Sent {
    at: u64,
}

#[derive(Serialize)]
struct Outgoing<'a, P> {
    #[serde(rename = "type")]
    tag: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<P>,
}

/// What a message causes.
#[derive(Debug)]
pub(crate) enum Effect {
    Answer(String),
    /// The connection enters the room, and is answered.
    Join(String),
    /// All in the room hear it.
    Publish(String),
}

/// Reads, checks and answers a message.
pub(crate) fn handle(text: &str) -> Result<Effect, Failure> {
    let Message { tag, id, payload } = serde_json::from_str(text)?;
    let id = id.as_deref();
    Ok(match &*tag {
        "chat.send" => Effect::Answer(serde_json::to_string(&Outgoing {
            tag: "chat.sent",
            id,
            channel: None,
            payload: Some(Sent {
                at: payload.said()?.sent_at,
            }),
        })?),
        "room.say" => Effect::Publish(serde_json::to_string(&Outgoing {
            tag: "room.said",
            id: None,
            channel: Some("room:lobby"),
            payload: Some(payload.said()?),
        })?),
        "room.join" if is_room(&payload.room_id) => {
            Effect::Join(serde_json::to_string(&Outgoing::<()> {
                tag: "room.joined",
                id,
                channel: None,
                payload: None,
            })?)
        }
        _ => return Err("there is no such message, or it is invalid".into()),
    })
}
