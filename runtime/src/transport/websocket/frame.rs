//! Frames (RFC 6455, section 5.2): headers, masks, control frames.

/// The opcode of a frame (RFC 6455, section 11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpCode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl OpCode {
    fn of(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The masking key of a client's frame (RFC 6455, section 5.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask(pub(super) [u8; 4]);

impl Mask {
    /// Masks or unmasks a part of a payload that starts at offset `at`.
    pub(super) fn apply(self, part: &mut [u8], at: u64) {
        let mut key = self.0;
        key.rotate_left((at % 4) as usize);
        let wide = u64::from_ne_bytes([
            key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3],
        ]);
        let mut words = part.chunks_exact_mut(8);
        for word in &mut words {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(word);
            word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
        }
        for (byte, key) in words.into_remainder().iter_mut().zip(key.iter().cycle()) {
            *byte ^= key;
        }
    }
}

/// The header of a frame (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) is_last: bool,
    /// `None` if the opcode is reserved.
    pub(super) code: Option<OpCode>,
    /// One of the bits for extensions is set.
    pub(super) reserved: bool,
    pub(super) mask: Option<Mask>,
    pub(super) length: u64,
}

/// The longest header: two bytes, eight of length, four of mask.
pub(super) const MAX_HEADER: usize = 14;

impl Header {
    /// Returns the size of a header that begins with these bytes, or `None` if there are too few to know.
    pub(super) fn size(begin: &[u8]) -> Option<usize> {
        let second = begin.get(1)?;
        let length = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        Some(2 + length + if second & 0x80 == 0 { 0 } else { 4 })
    }

    /// Parses a complete header.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let (first, second) = (bytes[0], bytes[1]);
        let (short, rest) = (second & 0x7F, &bytes[2..]);
        let (length, rest) = match short {
            126 => rest.split_at(2),
            127 => rest.split_at(8),
            _ => (&[][..], rest),
        };
        let length = if length.is_empty() {
            u64::from(short)
        } else {
            length
                .iter()
                .fold(0, |length, byte| length << 8 | u64::from(*byte))
        };
        Self {
            is_last: first & 0x80 != 0,
            code: OpCode::of(first & 0x0F),
            reserved: first & 0x70 != 0,
            mask: (second & 0x80 != 0).then(|| Mask([rest[0], rest[1], rest[2], rest[3]])),
            length,
        }
    }
}

/// Writes a message as one frame, or a control frame.
pub(super) fn write(out: &mut Vec<u8>, code: OpCode, payload: &[u8], mask: Option<Mask>) {
    out.reserve(MAX_HEADER + payload.len());
    out.push(0x80 | code.bits());
    let masked = if mask.is_some() { 0x80 } else { 0 };
    match payload.len() {
        short @ 0..=125 => out.push(masked | short as u8),
        medium @ 126..=0xFFFF => {
            out.push(masked | 126);
            out.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            out.push(masked | 127);
            out.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    let Some(mask) = mask else {
        return out.extend_from_slice(payload);
    };
    out.extend_from_slice(&mask.0);
    let at = out.len();
    out.extend_from_slice(payload);
    mask.apply(&mut out[at..], 0);
}

/// The largest payload of a control frame, in bytes (RFC 6455, section 5.5).
pub(super) const MAX_CONTROL: usize = 125;

/// The payload of a control frame.
#[derive(Clone, Copy)]
pub(super) struct Control {
    bytes: [u8; MAX_CONTROL],
    length: usize,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Control").field(&self.length).finish()
    }
}

impl Default for Control {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Control {
    pub(super) const EMPTY: Self = Self {
        bytes: [0; MAX_CONTROL],
        length: 0,
    };

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.length]
    }

    /// Appends bytes. The header was checked, so there is room for them.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }
}

/// The payload of a close frame: the code, and as much of the reason as fits. Empty without a code.
pub(super) fn close(code: Option<u16>, reason: &str) -> Control {
    let mut control = Control::EMPTY;
    if let Some(code) = code {
        control.extend(&code.to_be_bytes());
        let mut end = reason.len().min(MAX_CONTROL - 2);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        control.extend(&reason.as_bytes()[..end]);
    }
    control
}

/// Whether a code may be sent in a close frame: the codes of RFC 6455, section 7.4.1, and of the IANA registry, but not those that
/// are reserved for local use (1004 to 1006, 1015).
pub(super) fn is_close_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_continues_across_parts() {
        let mask = Mask([1, 2, 3, 4]);
        let whole: Vec<u8> = (0..40).collect();
        let mut masked = whole.clone();
        mask.apply(&mut masked, 0);
        for (at, (plain, masked)) in whole.iter().zip(&masked).enumerate() {
            assert_eq!(*masked, plain ^ mask.0[at % 4]);
        }
        for split in 0..whole.len() {
            let (mut begin, mut end) = (whole[..split].to_vec(), whole[split..].to_vec());
            mask.apply(&mut begin, 0);
            mask.apply(&mut end, split as u64);
            begin.extend(end);
            assert_eq!(begin, masked, "split at {split}");
        }
    }

    #[test]
    fn a_reason_is_truncated_between_characters() {
        let payload = close(Some(4000), &"ü".repeat(100));
        assert_eq!(payload.bytes().len(), 2 + 122);
        assert!(std::str::from_utf8(&payload.bytes()[2..]).is_ok());
        assert!(close(None, "ignored").bytes().is_empty());
    }

    #[test]
    fn codes_that_may_be_sent() {
        for code in [
            1000, 1001, 1002, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4999,
        ] {
            assert!(is_close_code(code), "{code}");
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert!(!is_close_code(code), "{code}");
        }
    }
}
