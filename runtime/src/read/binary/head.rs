//! The heads of items: what follows, and how long it is.

use super::{BinaryFormat, BinaryReader, ENDS_EARLY, INDEFINITE, Kind, Num, Stop};

/// The end of a container or string of indefinite length, in CBOR.
pub(super) const BREAK: u8 = 0xFF;

const NOT_FINITE: &str = "a number is not finite";
const EXTENSION: &str = "an extension type has no counterpart in JSON";
const UNUSED: &str = "not a byte of MessagePack";
const TAG: &str = "a tag has no counterpart in JSON";
const SIMPLE: &str = "a simple value has no counterpart in JSON";
const RESERVED: &str = "not an initial byte of CBOR";
pub(super) const STRAY_BREAK: &str = "a break where none may be";

/// The head of an item. A length or count may be [`INDEFINITE`]; otherwise so many bytes are there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Head {
    Null,
    Boolean(bool),
    Number(Num),
    Text(usize),
    Bytes(usize),
    Array(usize),
    Map(usize),
    Break,
}

/// What a length is that of.
type Sized = fn(usize) -> Head;

impl BinaryFormat {
    /// Returns the head of the empty text, and the length from which a text has a longer head.
    pub(super) const fn short_text(self) -> (u8, usize) {
        match self {
            Self::MsgPack => (0xA0, 32),
            Self::Cbor => (0x60, 24),
        }
    }
}

impl BinaryReader<'_> {
    /// Returns the kind of the next value. A byte string stands for its base64 text.
    #[inline(never)]
    pub(in crate::read) fn peek(&mut self) -> Result<Kind, Stop> {
        let Some(byte) = self.byte() else {
            return Err(self.syntax(ENDS_EARLY));
        };
        let kinds = match self.format {
            BinaryFormat::MsgPack => &MSGPACK_KINDS,
            BinaryFormat::Cbor => &CBOR_KINDS,
        };
        kinds[usize::from(byte)].ok_or_else(|| self.refuse(byte))
    }

    /// Stops because of a byte that no value begins with.
    #[cold]
    fn refuse(&mut self, byte: u8) -> Stop {
        let kind = match self.format {
            BinaryFormat::MsgPack => msgpack_kind(byte),
            BinaryFormat::Cbor => cbor_kind(byte),
        };
        self.syntax(kind.err().unwrap_or_default())
    }

    /// Takes the head of a text of less than 256 bytes, in its shortest form, and returns its length. Otherwise reads nothing.
    #[inline]
    pub(super) fn short_text(&mut self) -> Option<usize> {
        let (first, most) = self.format.short_text();
        let [byte, rest @ ..] = self.bytes.get(self.at..)? else {
            return None;
        };
        let length = usize::from(byte.wrapping_sub(first));
        let (length, head, rest) = if length < most {
            (length, 1, rest)
        } else {
            let long = match self.format {
                BinaryFormat::MsgPack => 0xD9,
                BinaryFormat::Cbor => 0x78,
            };
            let (length, rest) = rest.split_first().filter(|_| *byte == long)?;
            (usize::from(*length), 2, rest)
        };
        if length > rest.len() {
            return None;
        }
        self.at += head;
        Some(length)
    }

    /// Enters a map with few members and returns their number. Otherwise reads nothing.
    #[inline]
    pub(in crate::read) fn quick_map(&mut self) -> Option<usize> {
        let (first, most) = match self.format {
            BinaryFormat::MsgPack => (0x80, 16),
            BinaryFormat::Cbor => (0xA0, 24),
        };
        let count = usize::from(self.byte()?.wrapping_sub(first));
        if count >= most || count > self.bytes.len() - self.at || self.depth == 0 {
            return None;
        }
        self.depth -= 1;
        self.at += 1;
        Some(count)
    }

    /// Reads the head of the next item. A syntax error is at its first byte.
    pub(super) fn head(&mut self) -> Result<Head, Stop> {
        let start = self.at;
        let Some(byte) = self.byte() else {
            return Err(self.syntax(ENDS_EARLY));
        };
        self.at += 1;
        let head = match self.format {
            BinaryFormat::MsgPack => self.msgpack(byte),
            BinaryFormat::Cbor => self.cbor(byte),
        };
        let head = head.and_then(|head| self.fitting(head));
        head.map_err(|message| {
            self.at = start;
            self.syntax(message)
        })
    }

    /// Refuses numbers that are not finite, and lengths beyond what is there: each item has a byte at least.
    fn fitting(&self, head: Head) -> Result<Head, &'static str> {
        match head {
            Head::Number(Num::Float(x)) if !x.is_finite() => Err(NOT_FINITE),
            Head::Text(length) | Head::Bytes(length) | Head::Array(length) | Head::Map(length)
                if length != INDEFINITE && length > self.bytes.len() - self.at =>
            {
                Err(ENDS_EARLY)
            }
            head => Ok(head),
        }
    }

    /// Takes `N` bytes of a number.
    #[inline]
    fn big_endian<const N: usize>(&mut self) -> Result<[u8; N], &'static str> {
        let bytes = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk());
        self.at += N;
        bytes.copied().ok_or(ENDS_EARLY)
    }

    /// Takes an unsigned number of 1, 2, 4 or 8 bytes, by its binary logarithm.
    fn unsigned(&mut self, width: u8) -> Result<u64, &'static str> {
        Ok(match width {
            0 => u8::from_be_bytes(self.big_endian()?).into(),
            1 => u16::from_be_bytes(self.big_endian()?).into(),
            2 => u32::from_be_bytes(self.big_endian()?).into(),
            _ => u64::from_be_bytes(self.big_endian()?),
        })
    }

    fn msgpack(&mut self, byte: u8) -> Result<Head, &'static str> {
        let (make, width): (Sized, u8) = match byte {
            0x00..=0x7F => return Ok(integer(byte.into())),
            0x80..=0x8F => return Ok(Head::Map((byte & 0x0F).into())),
            0x90..=0x9F => return Ok(Head::Array((byte & 0x0F).into())),
            0xA0..=0xBF => return Ok(Head::Text((byte & 0x1F).into())),
            0xC0 => return Ok(Head::Null),
            0xC1 => return Err(UNUSED),
            0xC2 | 0xC3 => return Ok(Head::Boolean(byte == 0xC3)),
            0xC4..=0xC6 => (Head::Bytes, byte - 0xC4),
            0xCA => return Ok(float(f32::from_be_bytes(self.big_endian()?).into())),
            0xCB => return Ok(float(f64::from_be_bytes(self.big_endian()?))),
            0xCC..=0xCF => return self.unsigned(byte - 0xCC).map(unsigned),
            0xD0 => return Ok(integer(i8::from_be_bytes(self.big_endian()?).into())),
            0xD1 => return Ok(integer(i16::from_be_bytes(self.big_endian()?).into())),
            0xD2 => return Ok(integer(i32::from_be_bytes(self.big_endian()?).into())),
            0xD3 => return Ok(integer(i64::from_be_bytes(self.big_endian()?))),
            0xC7..=0xC9 | 0xD4..=0xD8 => return Err(EXTENSION),
            0xD9..=0xDB => (Head::Text, byte - 0xD9),
            0xDC | 0xDD => (Head::Array, byte - 0xDC + 1),
            0xDE | 0xDF => (Head::Map, byte - 0xDE + 1),
            0xE0..=0xFF => return Ok(integer(byte.cast_signed().into())),
        };
        self.unsigned(width).and_then(length).map(make)
    }

    fn cbor(&mut self, byte: u8) -> Result<Head, &'static str> {
        let (major, info) = (byte >> 5, byte & 0x1F);
        if major == 7 {
            return self.cbor_simple(byte);
        }
        if major == 6 {
            return Err(TAG);
        }
        let argument = match info {
            0..24 => info.into(),
            24..28 => self.unsigned(info - 24)?,
            28..31 => return Err(RESERVED),
            _ if major < 2 => return Err(RESERVED),
            _ => u64::MAX,
        };
        let make: Sized = match major {
            0 => return Ok(unsigned(argument)),
            1 => return Ok(negative(argument)),
            2 => Head::Bytes,
            3 => Head::Text,
            4 => Head::Array,
            _ => Head::Map,
        };
        Ok(make(match info {
            31 => INDEFINITE,
            _ => length(argument)?,
        }))
    }

    fn cbor_simple(&mut self, byte: u8) -> Result<Head, &'static str> {
        Ok(match byte {
            0xF4 | 0xF5 => Head::Boolean(byte == 0xF5),
            0xF6 => Head::Null,
            0xF9 => float(half(u16::from_be_bytes(self.big_endian()?))),
            0xFA => float(f32::from_be_bytes(self.big_endian()?).into()),
            0xFB => float(f64::from_be_bytes(self.big_endian()?)),
            0xFC..=0xFE => return Err(RESERVED),
            BREAK => Head::Break,
            _ => return Err(SIMPLE),
        })
    }
}

static MSGPACK_KINDS: [Option<Kind>; 256] = kinds(BinaryFormat::MsgPack);
static CBOR_KINDS: [Option<Kind>; 256] = kinds(BinaryFormat::Cbor);

/// Returns the kind of value that begins with each byte, if one does.
const fn kinds(format: BinaryFormat) -> [Option<Kind>; 256] {
    let mut kinds = [None; 256];
    let mut byte = 0;
    while byte < 256 {
        let kind = match format {
            BinaryFormat::MsgPack => msgpack_kind(byte as u8),
            BinaryFormat::Cbor => cbor_kind(byte as u8),
        };
        if let Ok(kind) = kind {
            kinds[byte] = Some(kind);
        }
        byte += 1;
    }
    kinds
}

const fn msgpack_kind(byte: u8) -> Result<Kind, &'static str> {
    Ok(match byte {
        0x00..=0x7F | 0xCA..=0xD3 | 0xE0..=0xFF => Kind::Number,
        0xA0..=0xBF | 0xC4..=0xC6 | 0xD9..=0xDB => Kind::String,
        0x80..=0x8F | 0xDE | 0xDF => Kind::Object,
        0x90..=0x9F | 0xDC | 0xDD => Kind::Array,
        0xC0 => Kind::Null,
        0xC2 | 0xC3 => Kind::Boolean,
        0xC1 => return Err(UNUSED),
        0xC7..=0xC9 | 0xD4..=0xD8 => return Err(EXTENSION),
    })
}

const fn cbor_kind(byte: u8) -> Result<Kind, &'static str> {
    Ok(match (byte >> 5, byte) {
        (0 | 1, _) | (_, 0xF9..=0xFB) => Kind::Number,
        (2 | 3, _) => Kind::String,
        (4, _) => Kind::Array,
        (5, _) => Kind::Object,
        (6, _) => return Err(TAG),
        (_, 0xF4 | 0xF5) => Kind::Boolean,
        (_, 0xF6) => Kind::Null,
        (_, 0xFC..=0xFE) => return Err(RESERVED),
        (_, BREAK) => return Err(STRAY_BREAK),
        _ => return Err(SIMPLE),
    })
}

/// A length that exceeds the address space is beyond what is there.
fn length(n: u64) -> Result<usize, &'static str> {
    match usize::try_from(n) {
        Ok(n) if n != INDEFINITE => Ok(n),
        _ => Err(ENDS_EARLY),
    }
}

const fn integer(n: i64) -> Head {
    Head::Number(Num::Int(n))
}

const fn float(x: f64) -> Head {
    Head::Number(Num::Float(x))
}

/// An integer beyond 64 bits is the nearest double, as in JSON.
#[expect(clippy::cast_precision_loss, reason = "the nearest double is meant")]
fn unsigned(n: u64) -> Head {
    i64::try_from(n).map_or(float(n as f64), integer)
}

/// Returns -1 - `n` (RFC 8949, section 3.1).
#[expect(clippy::cast_precision_loss, reason = "the nearest double is meant")]
fn negative(n: u64) -> Head {
    i64::try_from(n).map_or_else(
        |_| float(-((u128::from(n) + 1) as f64)),
        |n| integer(-1 - n),
    )
}

/// Returns a half-precision number (RFC 8949, appendix D).
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (bits >> 10 & 0x1F, bits & 0x3FF);
    let x = match exponent {
        0 => f64::from(fraction) / f64::from(1 << 24),
        31 => f64::NAN,
        // The exponent of a half is biased by 15, that of a double by 1023.
        _ => f64::from_bits((u64::from(exponent) + 1008) << 52 | u64::from(fraction) << 42),
    };
    if bits >> 15 == 1 { -x } else { x }
}
