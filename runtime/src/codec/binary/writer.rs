//! Items of MessagePack and CBOR, each with its shortest head.

use crate::read::{BinaryFormat, BinaryReader};

/// Writes items to a buffer.
#[derive(Debug)]
pub(super) struct Writer {
    out: Vec<u8>,
    format: BinaryFormat,
}

/// What has items.
#[derive(Clone, Copy, Debug)]
pub(super) enum Container {
    Array,
    Map,
}

/// A container that is being written.
#[derive(Debug)]
pub(super) struct Open {
    container: Container,
    start: usize,
    /// The length of its head, and the count that was written there.
    head: usize,
    written: usize,
    /// The number of its items so far; a member of a map counts once.
    pub(super) count: usize,
}

/// What has a length.
#[derive(Clone, Copy, Debug)]
enum Lengthy {
    Bytes,
    Text,
    Of(Container),
}

/// A head: a byte, and at most eight bytes of a number.
struct Head {
    bytes: [u8; 9],
    length: usize,
}

impl Head {
    /// Creates a head of a byte and the lowest `width` bytes of `n`.
    fn new(first: u8, n: u64, width: usize) -> Self {
        let mut bytes = [first; 9];
        bytes[1..=width].copy_from_slice(&n.to_be_bytes()[8 - width..]);
        Self {
            bytes,
            length: 1 + width,
        }
    }

    /// Creates a head of CBOR (RFC 8949, section 3).
    fn cbor(major: u8, n: u64) -> Self {
        let (info, width) = match n {
            0..24 => (n as u8, 0),
            24..0x100 => (24, 1),
            0x100..0x1_0000 => (25, 2),
            0x1_0000..0x1_0000_0000 => (26, 4),
            _ => (27, 8),
        };
        Self::new(major << 5 | info, n, width)
    }

    /// Creates the head of what has a length. MessagePack's are at most 32 bits; a message is never that large.
    fn of(format: BinaryFormat, what: Lengthy, length: usize) -> Self {
        let n = length as u64;
        if format == BinaryFormat::Cbor {
            let major = match what {
                Lengthy::Bytes => 2,
                Lengthy::Text => 3,
                Lengthy::Of(Container::Array) => 4,
                Lengthy::Of(Container::Map) => 5,
            };
            return Self::cbor(major, n);
        }
        // The head that includes the length, and how many of those there are; the heads before 1, 2 and 4 bytes of length.
        let (short, most, heads) = match what {
            Lengthy::Bytes => (0, 0, [Some(0xC4), Some(0xC5), Some(0xC6)]),
            Lengthy::Text => (0xA0, 32, [Some(0xD9), Some(0xDA), Some(0xDB)]),
            Lengthy::Of(Container::Array) => (0x90, 16, [None, Some(0xDC), Some(0xDD)]),
            Lengthy::Of(Container::Map) => (0x80, 16, [None, Some(0xDE), Some(0xDF)]),
        };
        if n < most {
            return Self::new(short | n as u8, n, 0);
        }
        match (n, heads) {
            (0..0x100, [Some(head), ..]) => Self::new(head, n, 1),
            (0..0x1_0000, [_, Some(head), _]) => Self::new(head, n, 2),
            (_, [.., head]) => Self::new(head.unwrap_or_default(), n, 4),
        }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Writer {
    /// Writes into an empty buffer.
    pub(super) fn new(format: BinaryFormat, mut out: Vec<u8>) -> Self {
        out.reserve(256);
        Self { out, format }
    }

    pub(super) const fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    pub(super) fn null(&mut self) {
        self.out.push(match self.format {
            BinaryFormat::MsgPack => 0xC0,
            BinaryFormat::Cbor => 0xF6,
        });
    }

    pub(super) fn boolean(&mut self, value: bool) {
        let no = match self.format {
            BinaryFormat::MsgPack => 0xC2,
            BinaryFormat::Cbor => 0xF4,
        };
        self.out.push(no + u8::from(value));
    }

    fn head(&mut self, head: &Head) {
        self.out.extend_from_slice(head.as_slice());
    }

    pub(super) fn unsigned(&mut self, n: u64) {
        let head = match (self.format, n) {
            (BinaryFormat::Cbor, _) => Head::cbor(0, n),
            (_, 0..0x80) => Head::new(n as u8, n, 0),
            (_, 0x80..0x100) => Head::new(0xCC, n, 1),
            (_, 0x100..0x1_0000) => Head::new(0xCD, n, 2),
            (_, 0x1_0000..0x1_0000_0000) => Head::new(0xCE, n, 4),
            _ => Head::new(0xCF, n, 8),
        };
        self.head(&head);
    }

    pub(super) fn integer(&mut self, n: i64) {
        let bits = n.cast_unsigned();
        let head = match (self.format, n) {
            (_, 0..) => return self.unsigned(bits),
            // -1 - n is the complement of n (RFC 8949, section 3.1).
            (BinaryFormat::Cbor, _) => Head::cbor(1, !bits),
            (_, -0x20..) => Head::new(bits as u8, bits, 0),
            (_, -0x80..) => Head::new(0xD0, bits, 1),
            (_, -0x8000..) => Head::new(0xD1, bits, 2),
            (_, -0x8000_0000..) => Head::new(0xD2, bits, 4),
            _ => Head::new(0xD3, bits, 8),
        };
        self.head(&head);
    }

    /// Writes a double: as an integer if JavaScript cannot tell it from one, in four bytes if that is exact, and as null if it is not finite, as
    /// in JSON.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "what does not come back the same is written in full"
    )]
    pub(super) fn float(&mut self, x: f64) {
        const SAFE: f64 = handfast_schema::number::MAX_SAFE_INTEGER as f64;
        if !x.is_finite() {
            return self.null();
        }
        let is_same = |y: f64| y.to_bits() == x.to_bits();
        if x.abs() <= SAFE && is_same(x as i64 as f64) {
            return self.integer(x as i64);
        }
        let (single, double) = match self.format {
            BinaryFormat::MsgPack => (0xCA, 0xCB),
            BinaryFormat::Cbor => (0xFA, 0xFB),
        };
        let short = x as f32;
        let head = if is_same(short.into()) {
            Head::new(single, short.to_bits().into(), 4)
        } else {
            Head::new(double, x.to_bits(), 8)
        };
        self.head(&head);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.head(&Head::of(self.format, Lengthy::Text, text.len()));
        self.out.extend_from_slice(text.as_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.head(&Head::of(self.format, Lengthy::Bytes, bytes.len()));
        self.out.extend_from_slice(bytes);
    }

    /// Begins a container of `count` items, if that is known.
    pub(super) fn begin(&mut self, container: Container, count: Option<usize>) -> Open {
        let written = count.unwrap_or(0);
        let head = Head::of(self.format, Lengthy::Of(container), written);
        let start = self.out.len();
        self.head(&head);
        Open {
            container,
            start,
            head: head.length,
            written,
            count: 0,
        }
    }

    /// Ends a container. If its count was not known, its head is replaced; a longer head moves the content.
    pub(super) fn end(&mut self, open: &Open) {
        if open.count == open.written {
            return;
        }
        let head = Head::of(self.format, Lengthy::Of(open.container), open.count);
        let range = open.start..open.start + open.head;
        self.out.splice(range, head.as_slice().iter().copied());
    }

    /// Removes the head of a map, and returns the number of its members; `None` if there is no map.
    pub(super) fn remove_map_head(&mut self, start: usize) -> Option<usize> {
        let mut reader = BinaryReader::new(self.format, &self.out[start..], 1);
        let count = reader.enter_map().ok()?;
        let end = start + reader.offset();
        self.out.drain(start..end);
        Some(count)
    }
}
