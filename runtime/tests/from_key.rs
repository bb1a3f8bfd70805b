//! Channels from their keys: the inverse of the keys of channels.

#![allow(missing_docs, unreachable_pub, reason = "generated items are public")]

use handfast::{ChannelKey, Integer, MessageChannel, StringInteger, protocol};
use std::fmt::Debug;

#[protocol(pattern = "^[a-z:]{0,6}$")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant(String);

#[protocol(minimum = 10, maximum = 99)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Floor(u32);

#[protocol]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    #[protocol(name = "a:b")]
    Ab,
    #[protocol(name = "")]
    Empty,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {}

#[protocol(channel = "room:{tenant}:{id}")]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub id: String,
    pub tenant: Tenant,
}

#[protocol(channel = "{{desk}}{floor}::{n}/{open}-{kind}.")]
#[derive(Clone, Debug, PartialEq)]
pub struct Desk {
    pub floor: Floor,
    pub n: i64,
    pub open: bool,
    pub kind: Kind,
}

#[protocol(channel = "any/{of}/{large}/{short}")]
#[derive(Clone, Debug, PartialEq)]
pub struct Any {
    pub of: StringInteger<u64>,
    pub large: Integer,
    #[protocol(max_length = 2)]
    pub short: String,
}

#[protocol(channel = "twice:{a}:{a}")]
#[derive(Clone, Debug, PartialEq)]
pub struct Twice {
    pub a: String,
}

#[protocol(channel = "lobby")]
#[derive(Clone, Debug, PartialEq)]
pub struct Lobby {}

#[protocol(
    name = "from-key",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room, Desk, Any, Twice, Lobby),
    authorize_joins
)]
#[derive(Clone, Copy, Debug)]
pub struct Keys;

fn room(tenant: &str, id: &str) -> Room {
    Room {
        tenant: tenant.parse().expect("a tenant"),
        id: id.into(),
    }
}

/// The channel has this key, and is read from it.
fn is_both_ways<C: ChannelKey + Debug + PartialEq>(channel: C, key: &str) {
    assert_eq!(channel.key(), key);
    assert_eq!(C::from_key(key), Some(channel));
}

#[test]
fn channels_are_read_from_their_keys() {
    is_both_ways(room("acme", "x:y"), "room:acme:x:y");
    is_both_ways(room("", ""), "room::");
    is_both_ways(Lobby {}, "lobby");
    is_both_ways(Twice { a: "x".into() }, "twice:x:x");
    let desk = Desk {
        floor: Floor::try_from(12).expect("a floor"),
        n: -3,
        open: true,
        kind: Kind::Ab,
    };
    is_both_ways(desk, "{desk}12::-3/true-a:b.");
    let any = Any {
        of: StringInteger(u64::MAX),
        large: "123456789012345678901234567890"
            .parse()
            .expect("an integer"),
        short: "é/".into(),
    };
    is_both_ways(
        any,
        "any/18446744073709551615/123456789012345678901234567890/é/",
    );
    let of_message = MessageChannel::<Room>::from_key("room:acme:x").map(|room| room.key());
    assert_eq!(of_message.as_deref(), Some("room:acme:x"));
}

#[test]
fn other_texts_are_no_channels() {
    for key in [
        "",
        "room",
        "room:",
        "room:acme",
        "rooms:a:b",
        "room:Acme:x",
        "room:toolong:x",
        "lobby",
    ] {
        assert_eq!(Room::from_key(key), None, "{key}");
    }
    // As it is written, and as a server would take it.
    for key in [
        "{desk}12::-3/true-a:b",
        "{desk}012::-3/true-a:b.",
        "{desk}12::+3/true-a:b.",
        "{desk}12::-3.0/true-a:b.",
        "{desk}12::-0/true-a:b.",
        "{desk} 12::-3/true-a:b.",
        "{desk}12::\"3\"/true-a:b.",
        "{desk}9::-3/true-a:b.",
        "{desk}100::-3/true-a:b.",
        "{desk}12::9223372036854775808/true-a:b.",
        "{desk}12::-3/True-a:b.",
        "{desk}12::-3/true-b.",
        "{desk}12::/true-a:b.",
    ] {
        assert_eq!(Desk::from_key(key), None, "{key}");
    }
    assert_eq!(Any::from_key("any/1/2/abc"), None);
    assert_eq!(Any::from_key("any/01/2/ab"), None);
    assert_eq!(Twice::from_key("twice:x:y"), None);
    assert_eq!(Lobby::from_key("lobby2"), None);
    assert!(MessageChannel::<Room>::from_key("room").is_none());
}

/// Random numbers (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }

    fn text(&mut self, chars: &[&str]) -> String {
        let len = self.below(7);
        let mut char = || chars[usize::try_from(self.below(chars.len() as u64)).unwrap_or(0)];
        (0..len).map(|_| char()).collect()
    }

    fn integer(&mut self) -> i64 {
        // Within 2⁵³: what is beyond is no integer on the wire.
        let bits = 11 + self.below(53);
        (self.next() as i64) >> bits
    }
}

/// Of clear parameters, the key has them; an unclear key is that of another channel, or of none.
fn comes_back<C: ChannelKey + Debug + PartialEq>(channel: &C) -> bool {
    let key = channel.key();
    let read = C::from_key(&key);
    let clear = channel.unclear().is_none();
    assert_eq!(read.as_ref() == Some(channel), clear, "{key}: {read:?}");
    clear
}

/// Whatever is read from a text has it as its key, which is clear.
fn is_exact<C: ChannelKey>(text: &str) -> bool {
    C::from_key(text).is_some_and(|channel| {
        assert_eq!(channel.key(), text);
        assert_eq!(channel.unclear(), None);
        true
    })
}

#[test]
fn random_parameters_come_back_and_random_texts_are_exact() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut clear, mut unclear, mut exact) = (0, 0, [0; 3]);
    for _ in 0..20_000 {
        let room = room(
            &random.text(&["a", "b", ":"]),
            &random.text(&["a", "é", ":", "room:", "{", "}", "\"", "\\", "\u{0}"]),
        );
        let desk = Desk {
            floor: Floor::try_from(10 + random.below(90) as u32).expect("a floor"),
            n: random.integer(),
            open: random.below(2) == 0,
            kind: [Kind::Ab, Kind::Empty][random.below(2) as usize],
        };
        let any = Any {
            of: StringInteger(random.next()),
            large: random.integer().into(),
            short: random.text(&["/"]).chars().take(2).collect(),
        };
        for is_clear in [comes_back(&room), comes_back(&desk), comes_back(&any)] {
            *(if is_clear { &mut clear } else { &mut unclear }) += 1;
        }
        let parts = ["room:", "a", ":", "0", "é", "-", "\"", " "];
        exact[0] += usize::from(is_exact::<Room>(&random.text(&parts)));
        let digits = ["1", "2", "0", "-", ".", "e"];
        let (a, b) = (random.text(&digits), random.text(&digits));
        let kind = random.text(&["a:b", ".", "-"]);
        let desk = format!("{{desk}}{a}::{b}/true-{kind}.");
        exact[1] += usize::from(is_exact::<Desk>(&desk));
        let any = format!("any/{a}/{b}/{}", random.text(&["x"]));
        exact[2] += usize::from(is_exact::<Any>(&any));
    }
    assert!(clear > 30_000 && unclear > 1_000, "{clear} {unclear}");
    assert!(exact.iter().all(|count| *count > 10), "{exact:?}");
}
