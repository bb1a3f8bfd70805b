//! The messages of `protocol.yaml` as a careful author would read, check and write them by hand: what all contenders but Handfast use.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    tag: Cow<'a, str>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload: &'a RawValue,
}

/// What somebody said.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Said<'a> {
    #[serde(borrow)]
    pub(crate) room_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) from: Cow<'a, str>,
    #[serde(borrow)]
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

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Join<'a> {
    #[serde(borrow)]
    pub(crate) room_id: Cow<'a, str>,
}

pub(crate) fn is_room(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
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
pub(crate) fn handle(text: &str) -> Result<Effect, Box<dyn std::error::Error + Send + Sync>> {
    let envelope: Envelope<'_> = serde_json::from_str(text)?;
    let said = || {
        let said: Said<'_> = serde_json::from_str(envelope.payload.get())?;
        if said.is_valid() {
            Ok(said)
        } else {
            Err(Box::<dyn std::error::Error + Send + Sync>::from(
                "it is invalid",
            ))
        }
    };
    let id = envelope.id.as_deref();
    Ok(match &*envelope.tag {
        "chat.send" => Effect::Answer(serde_json::to_string(&Outgoing {
            tag: "chat.sent",
            id,
            channel: None,
            payload: Some(said()?),
        })?),
        "room.say" => Effect::Publish(serde_json::to_string(&Outgoing {
            tag: "room.said",
            id: None,
            channel: Some("room:lobby"),
            payload: Some(said()?),
        })?),
        "room.join" => {
            let join: Join<'_> = serde_json::from_str(envelope.payload.get())?;
            if !is_room(&join.room_id) {
                return Err("it is invalid".into());
            }
            Effect::Join(serde_json::to_string(&Outgoing::<()> {
                tag: "room.joined",
                id,
                channel: None,
                payload: None,
            })?)
        }
        _ => return Err("there is no such message".into()),
    })
}
