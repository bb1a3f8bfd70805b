//! WebSocket frames (RFC 6455, section 5.2) of a server, and those of its client.

pub(crate) const FIN: u8 = 0x80;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xa;

/// Writes a frame; `first` is its first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 10);
    out.push(first);
    match payload.len() {
        short @ 0..126 => out.push(short as u8),
        medium @ 126..=0xffff => {
            out.push(126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
    out
}

/// Writes a text message.
pub(crate) fn text(text: &str) -> Vec<u8> {
    frame(FIN | TEXT, text.as_bytes())
}

/// A frame of the client's.
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

/// Takes a whole frame from what was read, from a place on; moves the place behind it.
pub(crate) fn take(unread: &[u8], at: &mut usize) -> Option<Frame> {
    let rest = &unread[*at..];
    let &[first, second, ..] = rest else {
        return None;
    };
    let (start, length) = match second & 0x7f {
        126 => (
            4,
            usize::from(u16::from_be_bytes(rest.get(2..4)?.try_into().ok()?)),
        ),
        127 => (
            10,
            u64::from_be_bytes(rest.get(2..10)?.try_into().ok()?) as usize,
        ),
        short => (2, usize::from(short)),
    };
    let mask: [u8; 4] = rest.get(start..start + 4)?.try_into().ok()?;
    let end = start + 4 + length;
    let payload = rest.get(start + 4..end)?;
    let payload = payload
        .iter()
        .zip(mask.iter().cycle())
        .map(|(byte, mask)| byte ^ mask);
    *at += end;
    Some(Frame {
        opcode: first & 0x0f,
        payload: payload.collect(),
    })
}
