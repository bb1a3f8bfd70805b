//! The messages that are measured, as structs of serde that own no string: all are lent from the text. Everything else is that
//! of [`crate::plain`].

#![expect(dead_code, reason = "what is read is not looked at")]

use crate::plain::{self, Level, SensorFrameMode, SensorFramePosition, SensorFrameReadingUnit};
use serde::Deserialize;

/// A message, read by what the tag chooses.
pub(crate) enum Message<'a> {
    ChatMessage(ChatMessage<'a>),
    PriceTick(PriceTick<'a>),
    BookSnapshot(BookSnapshot<'a>),
    SensorFrame(SensorFrame<'a>),
    Other(plain::Message),
}

impl<'a> Message<'a> {
    pub(crate) fn from_serde_json(tag: &str, payload: &'a str) -> Option<Self> {
        Some(match tag {
            "chat.message" => Self::ChatMessage(serde_json::from_str(payload).ok()?),
            "price.tick" => Self::PriceTick(serde_json::from_str(payload).ok()?),
            "book.snapshot" => Self::BookSnapshot(serde_json::from_str(payload).ok()?),
            "sensor.frame" => Self::SensorFrame(serde_json::from_str(payload).ok()?),
            _ => Self::Other(plain::Message::from_serde_json(tag, payload)?),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChatMessage<'a> {
    room_id: &'a str,
    #[serde(borrow)]
    from: User<'a>,
    text: &'a str,
    mentions: Option<Vec<&'a str>>,
    sent_at: i64,
}

#[derive(Deserialize)]
pub(crate) struct User<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct PriceTick<'a> {
    symbol: &'a str,
    bid: f64,
    ask: f64,
    last: f64,
    volume: f64,
    change: Option<f64>,
    at: i64,
}

#[derive(Deserialize)]
pub(crate) struct BookSnapshot<'a> {
    symbol: &'a str,
    bids: Vec<Level>,
    asks: Vec<Level>,
    at: i64,
}

#[derive(Deserialize)]
pub(crate) struct SensorFrame<'a> {
    device: &'a str,
    at: i64,
    position: SensorFramePosition,
    mode: SensorFrameMode,
    battery: f64,
    #[serde(borrow)]
    readings: Vec<SensorFrameReading<'a>>,
    acceleration: Vec<f64>,
}

#[derive(Deserialize)]
pub(crate) struct SensorFrameReading<'a> {
    sensor: &'a str,
    unit: SensorFrameReadingUnit,
    value: f64,
    quality: Option<i64>,
}
