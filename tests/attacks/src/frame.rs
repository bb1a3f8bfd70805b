//! WebSocket frames (RFC 6455, section 5.2), good and bad, byte by byte.

use handfast::codec::{Encoding, Source};

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const FIN: u8 = 0x80;
pub(crate) const COMPRESSED: u8 = 0x40;

/// Writes a frame of a client's; `first` is its first byte. The mask is zero, which is legal and keeps the payload as it is.
pub(crate) fn frame(out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    header(out, first, payload.len());
    out.extend_from_slice(payload);
}

/// Writes the header of a frame that announces so many bytes.
pub(crate) fn header(out: &mut Vec<u8>, first: u8, length: usize) {
    const MASKED: u8 = 0x80;
    out.push(first);
    match length {
        0..126 => out.push(MASKED | length as u8),
        126..=0xffff => {
            out.push(MASKED | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
}

/// Writes a text message.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    frame(out, FIN | TEXT, text.as_bytes());
}

/// Writes a message that is written here as JSON, in an encoding.
pub(crate) fn message(out: &mut Vec<u8>, encoding: Encoding, json: &str) {
    match encoding {
        Encoding::Json => text(out, json),
        _ => frame(out, FIN | BINARY, &encoded(encoding, json)),
    }
}

/// A value in an encoding; what is no JSON is nothing in any of them.
pub(crate) fn encoded(encoding: Encoding, json: &str) -> Vec<u8> {
    Source::Json(json.into())
        .transcode(encoding)
        .unwrap_or_default()
}

/// A frame of the server's. A message in a binary encoding is here what it is in JSON.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The close code of a close frame; 1005 where it bears none.
    pub(crate) fn code(&self) -> Option<u16> {
        (self.opcode == CLOSE).then(|| match self.payload.first_chunk() {
            Some(code) => u16::from_be_bytes(*code),
            None => 1005,
        })
    }
}

/// Takes a whole frame from the front of what was read.
pub(crate) fn take(unread: &mut Vec<u8>) -> Option<Frame> {
    let &[first, second, ..] = unread.as_slice() else {
        return None;
    };
    let (start, length) = match second & 0x7f {
        126 => {
            let length = unread.get(2..4)?.try_into().ok()?;
            (4, usize::from(u16::from_be_bytes(length)))
        }
        127 => {
            let length = unread.get(2..10)?.try_into().ok()?;
            (10, u64::from_be_bytes(length) as usize)
        }
        short => (2, usize::from(short)),
    };
    let payload = unread.get(start..start + length)?.to_vec();
    unread.drain(..start + length);
    match first & 0x0f {
        BINARY => Some(Frame {
            opcode: TEXT,
            payload: decoded(payload),
        }),
        opcode => Some(Frame { opcode, payload }),
    }
}

/// A binary message of the server as JSON: a map, whose first byte says which encoding it is.
fn decoded(payload: Vec<u8>) -> Vec<u8> {
    let encoding = match payload.first() {
        Some(0xa0..=0xbf) => Encoding::Cbor,
        _ => Encoding::MsgPack,
    };
    let bytes = payload.into();
    let text = encoding
        .source(&bytes)
        .map(|source| source.transcode(Encoding::Json));
    text.ok().and_then(Result::ok).unwrap_or_default()
}
