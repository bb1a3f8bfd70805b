//! The keys of channels: how those of a protocol are made of their parameters.

use crate::{
    PresenceInfo,
    codec::DEPTH,
    descriptor::ChannelDescriptor,
    read::{ReadContext, ReadResult, Reader},
};
use handfast_naming::key;
#[cfg(feature = "net")]
use handfast_schema::{Pointer, Violation};
use handfast_schema::{Side, details};
use std::fmt;

/// A channel, with its parameters.
pub trait ChannelKey: Send + Sync + 'static {
    /// The descriptor.
    const DESCRIPTOR: &'static ChannelDescriptor;

    /// What its members learn of each other, beside their ids; [`NoPresence`](crate::NoPresence) if they do not learn of each other.
    type Presence: PresenceInfo;

    /// Returns the key on the wire, such as `room:lobby`.
    fn key(&self) -> String;

    /// Returns the channel that has this key: the inverse of [`key`](Self::key). `None` if the key is none of these channels: it does not fit their pattern,
    /// or a parameter is one that a server refuses, or is not written as `key` writes it (`007` for an integer).
    ///
    /// ```
    /// use handfast::{ChannelKey, protocol};
    /// # #[protocol(client)]
    /// # #[derive(Clone, Debug, PartialEq)]
    /// # pub enum ClientMessage {}
    /// # #[protocol(server)]
    /// # #[derive(Clone, Debug, PartialEq)]
    /// # pub enum ServerMessage {}
    /// # #[protocol(version = "1.0.0", client = ClientMessage, server = ServerMessage, channels(Room), authorize_joins)]
    /// # pub struct Chat;
    ///
    /// #[protocol(channel = "room:{tenant}:{number}")]
    /// #[derive(Clone, Debug, PartialEq)]
    /// pub struct Room {
    ///     pub tenant: String,
    ///     pub number: u32,
    /// }
    ///
    /// # fn main() {
    /// let room = Room { tenant: "acme".into(), number: 7 };
    /// assert_eq!(Room::from_key("room:acme:7"), Some(room));
    /// assert_eq!(Room::from_key("room:acme:seven"), None);
    /// assert_eq!(Room::from_key("desk:7"), None);
    /// # }
    /// ```
    fn from_key(key: &str) -> Option<Self>
    where
        Self: Sized;

    /// Returns a parameter that makes the key unclear. Nobody joins such a channel, and nothing is published to it.
    fn unclear(&self) -> Option<UnclearParam> {
        None
    }
}

/// Returns the texts that fill the holes of a pattern, of which there are `N`; `None` if the key does not fit it.
pub fn key_params<'k, const N: usize>(pattern: &str, key: &'k str) -> Option<[&'k str; N]> {
    key::params(pattern, key)?.try_into().ok()
}

/// Reads a parameter from its text in a key, as a server would; `None` if it is invalid. The text may be another than the parameter is written as.
pub fn read_param<T>(
    text: &str,
    read: &mut dyn FnMut(&mut Reader<'_>, &mut ReadContext) -> ReadResult<T>,
) -> Option<T> {
    let mut read_from = |reader: &mut Reader<'_>| {
        let mut cx = ReadContext::new(Side::Server);
        let clean = cx.mark();
        read(reader, &mut cx)
            .ok()?
            .filter(|_| cx.clean_since(clean))
    };
    let string = serde_json::Value::from(text);
    // What is not a string is an integer or a boolean, which a key has as JSON does.
    read_from(&mut Reader::value_of(&string)).or_else(|| read_from(&mut Reader::json(text, DEPTH)))
}

/// A message that identifies a channel by its parameters, such as its join message.
pub trait ChannelKeyOf<C> {
    /// Returns the channel's key on the wire.
    fn key(&self) -> String;

    /// See [`ChannelKey::unclear`].
    fn unclear(&self) -> Option<UnclearParam> {
        None
    }
}

/// A parameter of a channel that contains the text behind it in the key, where another parameter follows: with the pattern `room:{a}:{b}`, the `a` of
/// `x:y` and the `b` of `z` would have the key of `x` and `y:z`, which is another channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnclearParam {
    param: &'static str,
    text: &'static str,
}

impl UnclearParam {
    /// Finds one among parameters that others follow: the name of each, its value, and the text behind it.
    pub fn find(params: &[(&'static str, &dyn fmt::Display, &'static str)]) -> Option<Self> {
        let mut params = params.iter();
        let (param, _, text) = params
            .find(|(_, value, text)| !key::is_delimited(&value.to_string(), text))
            .copied()?;
        Some(Self { param, text })
    }

    /// Returns the name of the parameter.
    pub fn param(&self) -> &'static str {
        self.param
    }

    /// What is wrong with the message that has the parameter, whose payload is at that place of it.
    #[cfg(feature = "net")]
    pub(crate) fn violation(&self, content: Option<&str>) -> Violation {
        let mut path = Pointer::root();
        content
            .into_iter()
            .chain([self.param])
            .for_each(|name| path.push_key(name));
        Violation::new(path, details::delimited(self.text))
    }
}

impl fmt::Display for UnclearParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = details::delimited(self.text).message;
        write!(f, "the parameter `{}` {words}", self.param)
    }
}

impl std::error::Error for UnclearParam {}

/// A channel identified by its key, if its parameters are unknown.
#[derive(Clone, Debug)]
pub struct MessageChannel<C> {
    key: String,
    unclear: Option<UnclearParam>,
    channel: std::marker::PhantomData<fn() -> C>,
}

impl<C> MessageChannel<C> {
    /// Returns the channel that a message identifies.
    pub fn from_message(message: &impl ChannelKeyOf<C>) -> Self {
        Self {
            key: message.key(),
            unclear: message.unclear(),
            channel: std::marker::PhantomData,
        }
    }
}

impl<C: ChannelKey> ChannelKey for MessageChannel<C> {
    const DESCRIPTOR: &'static ChannelDescriptor = C::DESCRIPTOR;
    type Presence = C::Presence;

    fn key(&self) -> String {
        self.key.clone()
    }

    fn from_key(key: &str) -> Option<Self> {
        C::from_key(key).map(|_| Self {
            key: key.to_owned(),
            unclear: None,
            channel: std::marker::PhantomData,
        })
    }

    fn unclear(&self) -> Option<UnclearParam> {
        self.unclear
    }
}
