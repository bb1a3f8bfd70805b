//! MessagePack and CBOR (RFC 8949), read in place.
//!
//! Every binary message stands for one JSON text, and what stands for none is a syntax error (`docs/wire.md`, "Encodings"). Both encodings
//! begin each item with a head that says what follows and how long it is; [`head`] reads it, and the rest is the same for both.

mod head;
mod number;
mod whole;

use self::head::Head;
use super::{Items, Kind, Members, Next, Num, Stop, Syntax, Text, shared_text::shared_text};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use bytestring::ByteString;
use std::borrow::Cow;

/// A binary encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryFormat {
    /// MessagePack.
    MsgPack,
    /// CBOR (RFC 8949).
    Cbor,
}

/// The number of items that follow in a container, if it ends with a break (RFC 8949, section 3.2). No container has so many: a count is
/// checked against the bytes that are left.
const INDEFINITE: usize = usize::MAX;

const ENDS_EARLY: &str = "the message ends early";

/// A pull parser for a binary encoding. Its methods are not inlined where a [`Reader`](super::Reader) calls them, so that JSON text, which
/// most messages are, is read by short code. Strings are borrowed from the message, unless they are sent in chunks.
#[derive(Debug)]
pub struct BinaryReader<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: u32,
    format: BinaryFormat,
    scratch: String,
    /// The reference-counted bytes of the message, if it has them.
    message: Option<&'de Bytes>,
    /// What its strings share.
    shared: Option<Bytes>,
    /// The name that was read last, if it is borrowed.
    name: Option<&'de str>,
    /// Whether a number was read that a double may not have exactly.
    inexact: bool,
    stopped: Syntax,
}

impl<'de> BinaryReader<'de> {
    /// Creates a reader of a message with at most `depth` nested arrays and maps.
    pub const fn new(format: BinaryFormat, bytes: &'de [u8], depth: u32) -> Self {
        Self {
            bytes,
            at: 0,
            depth,
            format,
            scratch: String::new(),
            message: None,
            shared: None,
            name: None,
            inexact: false,
            stopped: Syntax {
                offset: 0,
                message: "",
            },
        }
    }

    /// Creates a reader of a message whose strings can be shared without a copy.
    pub(super) fn shared(format: BinaryFormat, bytes: &'de Bytes, depth: u32) -> Self {
        let mut reader = Self::new(format, bytes, depth);
        reader.message = Some(bytes);
        reader
    }

    /// Returns a string of the message, without a copy if the message can be shared.
    pub(super) fn share(&mut self, text: &'de str) -> ByteString {
        shared_text(self.message, &mut self.shared, text)
    }

    /// Checks that nothing follows.
    ///
    /// # Errors
    /// If something does.
    pub fn end(&mut self) -> Result<(), Stop> {
        match self.byte() {
            None => Ok(()),
            Some(_) => Err(self.syntax("something follows the value")),
        }
    }

    #[cold]
    pub(super) const fn syntax(&mut self, message: &'static str) -> Stop {
        self.stopped = Syntax {
            offset: self.at,
            message,
        };
        Stop
    }

    pub(super) const fn stopped(&self) -> Syntax {
        self.stopped
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn ascend(&mut self) {
        self.depth += 1;
    }

    fn descend(&mut self) -> Result<(), Stop> {
        if self.depth == 0 {
            return Err(self.syntax("nested too deeply"));
        }
        self.depth -= 1;
        Ok(())
    }

    /// Returns whether an item follows in a container of which `left` are left. If not, the container is left.
    #[inline]
    fn more(&mut self, left: &mut usize) -> bool {
        match *left {
            0 => {
                self.ascend();
                false
            }
            INDEFINITE => {
                let more = self.byte() != Some(head::BREAK);
                if !more {
                    self.at += 1;
                    self.ascend();
                }
                more
            }
            _ => {
                *left -= 1;
                true
            }
        }
    }

    /// Takes `length` bytes as text.
    #[inline]
    fn utf8(&mut self, length: usize) -> Result<&'de str, Stop> {
        let bytes = &self.bytes[self.at..self.at + length];
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                self.at += length;
                Ok(text)
            }
            Err(_) => Err(self.syntax("a string is not UTF-8")),
        }
    }

    /// Takes `length` bytes.
    fn take(&mut self, length: usize) -> &'de [u8] {
        let bytes = &self.bytes[self.at..self.at + length];
        self.at += length;
        bytes
    }

    /// Reads the content of a string of `length` bytes. Returns it if it is in one piece; otherwise it is in the scratch buffer.
    fn text(&mut self, length: usize) -> Result<Option<&'de str>, Stop> {
        if length != INDEFINITE {
            return self.utf8(length).map(Some);
        }
        self.scratch.clear();
        loop {
            match self.head()? {
                Head::Break => return Ok(None),
                Head::Text(length) if length != INDEFINITE => {
                    let chunk = self.utf8(length)?;
                    self.scratch.push_str(chunk);
                }
                _ => return Err(self.syntax("a chunk of another kind")),
            }
        }
    }

    /// Reads the content of a byte string of `length` bytes.
    fn octets(&mut self, length: usize) -> Result<Cow<'de, [u8]>, Stop> {
        if length != INDEFINITE {
            return Ok(Cow::Borrowed(self.take(length)));
        }
        let mut whole = Vec::new();
        loop {
            match self.head()? {
                Head::Break => return Ok(Cow::Owned(whole)),
                Head::Bytes(length) if length != INDEFINITE => {
                    whole.extend_from_slice(self.take(length));
                }
                _ => return Err(self.syntax("a chunk of another kind")),
            }
        }
    }
}

impl<'de> BinaryReader<'de> {
    pub(super) fn null(&mut self) -> Result<(), Stop> {
        match self.head()? {
            Head::Null => Ok(()),
            _ => Err(self.syntax("expected null")),
        }
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Stop> {
        match self.head()? {
            Head::Boolean(value) => Ok(value),
            _ => Err(self.syntax("expected a boolean")),
        }
    }

    #[inline(never)]
    pub(super) fn string(&mut self) -> Result<Text<'de, '_>, Stop> {
        if let Some(length) = self.short_text() {
            return self.utf8(length).map(Text::Borrowed);
        }
        match self.head()? {
            Head::Text(length) => {
                if let Some(text) = self.text(length)? {
                    return Ok(Text::Borrowed(text));
                }
            }
            Head::Bytes(length) => {
                let bytes = self.octets(length)?;
                self.scratch.clear();
                STANDARD.encode_string(bytes, &mut self.scratch);
            }
            _ => return Err(self.syntax("expected a string")),
        }
        Ok(Text::Scratch(&self.scratch))
    }

    /// Reads a text that is one of `values`, and returns its index. Otherwise reads nothing. What is equal to one of them is UTF-8.
    pub(super) fn quick_literal(&mut self, values: &[&'static str]) -> Option<usize> {
        let start = self.at;
        let length = self.short_text()?;
        let found = self.take(length);
        let place = values
            .iter()
            .position(|value| value.len() == length && super::json::same(found, value.as_bytes()));
        if place.is_none() {
            self.at = start;
        }
        place
    }

    /// Reads a byte string, if the next value is one. Otherwise reads nothing.
    pub(super) fn byte_string(&mut self) -> Result<Option<Cow<'de, [u8]>>, Stop> {
        let start = self.at;
        match self.head()? {
            Head::Bytes(length) => self.octets(length).map(Some),
            _ => {
                self.at = start;
                Ok(None)
            }
        }
    }

    #[inline(never)]
    pub(super) fn enter_object(&mut self) -> Result<Members<'de>, Stop> {
        self.enter_map().map(Members::Counted)
    }

    /// Enters a map. Returns the number of its members.
    pub(crate) fn enter_map(&mut self) -> Result<usize, Stop> {
        match self.head()? {
            Head::Map(count) => {
                self.descend()?;
                Ok(count)
            }
            _ => Err(self.syntax("expected a map")),
        }
    }

    #[inline(never)]
    pub(super) fn next_key(
        &mut self,
        left: &mut usize,
        fields: &[&'static str],
        guess: usize,
    ) -> Next {
        if !self.more(left) {
            return Next::End;
        }
        // Most senders write fields in the schema's order.
        if let Some(field) = fields.get(guess)
            && self.skip_name(field)
        {
            return Next::Field(guess);
        }
        self.search(fields).unwrap_or(Next::Stop)
    }

    /// Skips the next name if it is this one in its shortest form. Otherwise reads nothing.
    #[inline]
    fn skip_name(&mut self, name: &'static str) -> bool {
        let length = name.len();
        let Some([head, found @ ..]) = self.bytes.get(self.at..=self.at + length) else {
            return false;
        };
        let (first, most) = self.format.short_text();
        let same = length < most
            && usize::from(*head) == usize::from(first) + length
            && super::json::same(found, name.as_bytes());
        if same {
            self.at += 1 + length;
        }
        same
    }

    /// Skips the next name of a map of which `left` are left, if it is this one in its shortest form. Otherwise reads nothing.
    #[inline]
    pub(super) fn quick_name(&mut self, left: &mut usize, name: &'static str) -> bool {
        let found = *left != 0 && self.skip_name(name);
        *left -= usize::from(found && *left != INDEFINITE);
        found
    }

    /// Leaves the map if it ends here. Otherwise reads nothing.
    #[inline]
    pub(super) fn quick_end(&mut self, left: usize) -> bool {
        let ends = match left {
            INDEFINITE => self.byte() == Some(head::BREAK),
            left => left == 0,
        };
        if ends {
            self.at += usize::from(left == INDEFINITE);
            self.ascend();
        }
        ends
    }

    /// Reads a name.
    fn search(&mut self, fields: &[&'static str]) -> Result<Next, Stop> {
        let start = self.at;
        let borrowed = match self.head()? {
            Head::Text(length) => self.text(length)?,
            _ => {
                self.at = start;
                return Err(self.syntax("a key is not a string"));
            }
        };
        let name = borrowed.unwrap_or(&self.scratch);
        let known = fields.iter().position(|field| *field == name);
        self.name = borrowed;
        Ok(known.map_or(Next::Unknown, Next::Field))
    }

    pub(super) fn last_name(&self) -> Cow<'de, str> {
        match self.name {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(self.scratch.clone()),
        }
    }

    #[inline(never)]
    pub(super) fn enter_array(&mut self) -> Result<Items<'de>, Stop> {
        match self.head()? {
            Head::Array(count) => {
                self.descend()?;
                Ok(Items::Counted(count))
            }
            _ => Err(self.syntax("expected an array")),
        }
    }

    #[inline(never)]
    pub(super) fn next_item(&mut self, left: &mut usize) -> bool {
        self.more(left)
    }

    pub(crate) const fn offset(&self) -> usize {
        self.at
    }

    pub(super) const fn go(&mut self, place: usize) {
        self.at = place;
    }
}
