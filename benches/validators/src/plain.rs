//! The messages of `protocol.yaml` as structs of serde, which checks nothing but types. Fields have the types that are
//! generated, but that names and texts are strings.

#![expect(dead_code, reason = "what is read is not looked at")]

use serde::Deserialize;
use serde_json::value::RawValue;

/// What stands around a payload. The payload is text, to be read once the tag is known.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(rename = "type")]
    pub(crate) tag: &'a str,
    #[serde(borrow)]
    pub(crate) payload: &'a RawValue,
    pub(crate) id: Option<String>,
    pub(crate) v: Option<i64>,
    pub(crate) channel: Option<String>,
    pub(crate) seq: Option<u64>,
    pub(crate) epoch: Option<String>,
    pub(crate) timestamp: Option<String>,
}

/// The same, with the text of the payload as sonic-rs has it.
#[derive(Deserialize)]
pub(crate) struct LazyEnvelope<'a> {
    #[serde(rename = "type")]
    pub(crate) tag: &'a str,
    #[serde(borrow)]
    pub(crate) payload: sonic_rs::LazyValue<'a>,
    pub(crate) id: Option<String>,
    pub(crate) v: Option<i64>,
    pub(crate) channel: Option<String>,
    pub(crate) seq: Option<u64>,
    pub(crate) epoch: Option<String>,
    pub(crate) timestamp: Option<String>,
}

macro_rules! payloads {
    ($($name:ident $tag:literal { $($field:ident: $ty:ty,)* })*) => {
        $(
            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub(crate) struct $name {
                $(pub(crate) $field: $ty,)*
            }
        )*

        /// A message in two steps: the payload is read by the reader that the tag chooses.
        pub(crate) enum Message {
            $($name($name),)*
        }

        impl Message {
            pub(crate) fn from_serde_json(tag: &str, payload: &str) -> Option<Self> {
                Some(match tag {
                    $($tag => Self::$name(serde_json::from_str(payload).ok()?),)*
                    _ => return None,
                })
            }

            pub(crate) fn from_sonic(tag: &str, payload: &str) -> Option<Self> {
                Some(match tag {
                    $($tag => Self::$name(sonic_rs::from_str(payload).ok()?),)*
                    _ => return None,
                })
            }
        }

        /// A message in one step, by serde's way with tags beside their content.
        #[derive(Deserialize)]
        #[serde(tag = "type", content = "payload")]
        pub(crate) enum Tagged {
            $(#[serde(rename = $tag)] $name($name),)*
        }
    };
}

payloads! {
    ChatMessage "chat.message" {
        room_id: String,
        from: User,
        text: String,
        mentions: Option<Vec<String>>,
        sent_at: i64,
    }
    PriceTick "price.tick" {
        symbol: String,
        bid: f64,
        ask: f64,
        last: f64,
        volume: f64,
        change: Option<f64>,
        at: i64,
    }
    BookSnapshot "book.snapshot" {
        symbol: String,
        bids: Vec<Level>,
        asks: Vec<Level>,
        at: i64,
    }
    SensorFrame "sensor.frame" {
        device: String,
        at: i64,
        position: SensorFramePosition,
        mode: SensorFrameMode,
        battery: f64,
        readings: Vec<SensorFrameReading>,
        acceleration: Vec<f64>,
    }
    ChatEdited "chat.edited" {
        message_id: String,
        text: String,
    }
    ChatDeleted "chat.deleted" {
        message_id: String,
    }
    ChatReaction "chat.reaction" {
        message_id: String,
        emoji: String,
    }
    ChatRead "chat.read" {
        room_id: String,
        until: i64,
    }
    ChatTyping "chat.typing" {
        room_id: String,
        active: bool,
    }
    RoomJoined "room.joined" {
        room_id: String,
        user: User,
    }
    RoomLeft "room.left" {
        room_id: String,
        user: User,
    }
    RoomTopic "room.topic" {
        room_id: String,
        topic: Option<String>,
    }
    RoomMembers "room.members" {
        room_id: String,
        members: Vec<User>,
    }
    UserPresence "user.presence" {
        user: User,
        status: UserPresenceStatus,
    }
    UserRenamed "user.renamed" {
        user_id: String,
        name: String,
    }
    UserAvatar "user.avatar" {
        user_id: String,
        url: String,
    }
    PriceWatch "price.watch" {
        symbols: Vec<String>,
        every: Option<i64>,
    }
    PriceStop "price.stop" {
        symbols: Vec<String>,
    }
    PriceStatus "price.status" {
        symbol: String,
        status: PriceStatusStatus,
    }
    BookChange "book.change" {
        symbol: String,
        side: BookChangeSide,
        level: Level,
    }
    TradeDone "trade.done" {
        symbol: String,
        price: f64,
        quantity: f64,
        at: i64,
    }
    OrderPlaced "order.placed" {
        order_id: String,
        symbol: String,
        side: OrderPlacedSide,
        quantity: f64,
        limit: Option<f64>,
    }
    OrderFilled "order.filled" {
        order_id: String,
        quantity: f64,
        price: f64,
    }
    OrderCancelled "order.cancelled" {
        order_id: String,
        reason: Option<String>,
    }
    OrderRejected "order.rejected" {
        order_id: String,
        reason: String,
    }
    AccountBalance "account.balance" {
        currency: String,
        available: f64,
        held: Option<f64>,
    }
    SensorOnline "sensor.online" {
        device: String,
        at: i64,
    }
    SensorOffline "sensor.offline" {
        device: String,
        at: i64,
    }
    SensorConfigure "sensor.configure" {
        device: String,
        interval: i64,
        burst: Option<bool>,
    }
    AlarmRaised "alarm.raised" {
        alarm_id: String,
        severity: i64,
        text: String,
    }
}

#[derive(Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct Level {
    pub(crate) price: f64,
    pub(crate) quantity: f64,
}

#[derive(Deserialize)]
pub(crate) struct SensorFramePosition {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
}

#[derive(Deserialize)]
pub(crate) struct SensorFrameReading {
    pub(crate) sensor: String,
    pub(crate) unit: SensorFrameReadingUnit,
    pub(crate) value: f64,
    pub(crate) quality: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SensorFrameMode {
    Idle,
    Sampling,
    Burst,
    Fault,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SensorFrameReadingUnit {
    Celsius,
    Percent,
    Hectopascal,
    Lux,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UserPresenceStatus {
    Online,
    Away,
    Offline,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PriceStatusStatus {
    Open,
    Halted,
    Closed,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BookChangeSide {
    Bid,
    Ask,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrderPlacedSide {
    Buy,
    Sell,
}
