//! JSON text (RFC 8259), read in place.

mod escape;
mod quick;
mod scan;
mod whole;

use super::{
    Items, Kind, Members, Next, Num, Stop, Syntax, Text,
    digits::{digits, plain_number},
    shared_text::shared_text,
};
use crate::codec::Body;
use bytes::Bytes;
use bytestring::ByteString;
use scan::plain_until;
pub(super) use scan::same;
use std::borrow::Cow;

/// A pull parser for JSON text. Strings without escapes are borrowed from it.
#[derive(Debug)]
pub struct JsonReader<'de> {
    text: &'de str,
    at: usize,
    depth: u32,
    scratch: String,
    /// The reference-counted bytes of the text, if it has them.
    bytes: Option<&'de Bytes>,
    /// What its strings share.
    shared: Option<Bytes>,
    /// The name that was read last, if it has no escapes.
    name: Option<&'de str>,
    /// Whether a number was read that a double may not have exactly.
    inexact: bool,
    stopped: Syntax,
}

impl<'de> JsonReader<'de> {
    /// Creates a reader of a text with at most `depth` nested arrays and objects.
    pub const fn new(text: &'de str, depth: u32) -> Self {
        Self {
            text,
            at: 0,
            depth,
            scratch: String::new(),
            bytes: None,
            shared: None,
            name: None,
            inexact: false,
            stopped: Syntax {
                offset: 0,
                message: "",
            },
        }
    }

    /// Creates a reader of a text whose strings can be shared without a copy.
    pub const fn of(body: Body<'de>, depth: u32) -> Self {
        let mut reader = Self::new(body.text(), depth);
        reader.bytes = body.bytes();
        reader
    }

    /// Returns a string of the text, without a copy if the text can be shared.
    pub(super) fn share(&mut self, text: &'de str) -> ByteString {
        shared_text(self.bytes, &mut self.shared, text)
    }

    /// Checks that nothing follows.
    ///
    /// # Errors
    /// If something does.
    pub fn end(&mut self) -> Result<(), Stop> {
        match self.token() {
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

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Returns the next byte that is not white space.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    fn expect(&mut self, word: &'static str, message: &'static str) -> Result<(), Stop> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.syntax(message))
        }
    }

    fn descend(&mut self) -> Result<(), Stop> {
        if self.depth == 0 {
            return Err(self.syntax("nested too deeply"));
        }
        self.depth -= 1;
        self.at += 1;
        Ok(())
    }

    fn ascend(&mut self) {
        self.depth += 1;
        self.at += 1;
    }

    fn colon(&mut self) -> Result<(), Stop> {
        if self.token() != Some(b':') {
            return Err(self.syntax("expected `:` behind a name"));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads the content of a string. Returns it if it has no escapes; otherwise it is in the scratch buffer.
    fn text(&mut self) -> Result<Option<&'de str>, Stop> {
        if self.token() != Some(b'"') {
            return Err(self.syntax("expected a string"));
        }
        let start = self.at + 1;
        self.at = plain_until(self.text.as_bytes(), start);
        match self.byte() {
            Some(b'"') => {
                let text = &self.text[start..self.at];
                self.at += 1;
                Ok(Some(text))
            }
            Some(b'\\') => {
                self.unescape(start)?;
                Ok(None)
            }
            Some(_) => Err(self.syntax("a control character in a string")),
            None => Err(self.syntax("the text ends inside a string")),
        }
    }
}

impl<'de> JsonReader<'de> {
    #[inline]
    pub(super) fn peek(&mut self) -> Result<Kind, Stop> {
        match self.token() {
            Some(b'"') => Ok(Kind::String),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => Err(self.syntax("expected a value")),
            None => Err(self.syntax("the text ends where a value should be")),
        }
    }

    pub(super) fn null(&mut self) -> Result<(), Stop> {
        self.token();
        self.expect("null", "expected `null`")
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Stop> {
        if self.token() == Some(b't') {
            self.expect("true", "expected `true`").map(|()| true)
        } else {
            self.expect("false", "expected `false`").map(|()| false)
        }
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<Num, Stop> {
        self.token();
        match plain_number(self.text.as_bytes(), self.at) {
            Some((n, end)) => {
                self.at = end;
                Ok(n)
            }
            None => self.long_number(self.at),
        }
    }

    /// Reads a number that is long or has an exponent, or reports a syntax error.
    #[cold]
    fn long_number(&mut self, start: usize) -> Result<Num, Stop> {
        let bytes = self.text.as_bytes();
        self.at = start + usize::from(bytes.get(start) == Some(&b'-'));
        if bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.some_digits()?;
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        let text = &self.text[start..self.at];
        match (text.parse(), text.parse()) {
            (Ok(n), _) => Ok(Num::Int(n)),
            (_, Ok(x)) if f64::is_finite(x) => {
                self.inexact |= Num::Float(x).is_inexact();
                Ok(Num::Float(x))
            }
            (_, Ok(_)) => Err(self.syntax("a number is too large")),
            _ => Err(self.syntax("expected a number")),
        }
    }

    fn some_digits(&mut self) -> Result<(), Stop> {
        let end = digits(self.text.as_bytes(), self.at, &mut 0);
        if end == self.at {
            return Err(self.syntax("expected a digit"));
        }
        self.at = end;
        Ok(())
    }

    pub(super) fn string(&mut self) -> Result<Text<'de, '_>, Stop> {
        Ok(match self.text()? {
            Some(text) => Text::Borrowed(text),
            None => Text::Scratch(&self.scratch),
        })
    }

    pub(super) fn enter_object(&mut self) -> Result<Members<'de>, Stop> {
        if self.token() != Some(b'{') {
            return Err(self.syntax("expected an object"));
        }
        self.descend()?;
        Ok(Members::Json { first: true })
    }

    #[inline]
    pub(super) fn next_key(
        &mut self,
        first: &mut bool,
        fields: &[&'static str],
        guess: usize,
    ) -> Next {
        // The fast path, for messages without white space.
        if let Some([b',', b'"']) = self.text.as_bytes().get(self.at..self.at + 2)
            && !*first
        {
            self.at += 1;
        } else {
            match self.before_name(first) {
                Ok(true) => {}
                Ok(false) => return Next::End,
                Err(Stop) => return Next::Stop,
            }
        }
        // Most senders write fields in the schema's order.
        if let Some(field) = fields.get(guess) {
            let rest = &self.text.as_bytes()[self.at + 1..];
            let name = field.as_bytes();
            if rest.len() > name.len() + 1
                && rest[name.len()] == b'"'
                && same(&rest[..name.len()], name)
                // A name that needs escapes is not what the text has.
                && plain_until(rest, 0) == name.len()
            {
                self.at += name.len() + 2;
                if rest[name.len() + 1] == b':' {
                    self.at += 1;
                } else if self.colon().is_err() {
                    return Next::Stop;
                }
                return Next::Field(guess);
            }
        }
        self.search(fields).unwrap_or(Next::Stop)
    }

    /// Moves to the next name, or out of the object.
    fn before_name(&mut self, first: &mut bool) -> Result<bool, Stop> {
        let mut next = self.token();
        if std::mem::take(first) {
            if next == Some(b'}') {
                self.ascend();
                return Ok(false);
            }
        } else {
            match next {
                Some(b',') => {
                    self.at += 1;
                    next = self.token();
                }
                Some(b'}') => {
                    self.ascend();
                    return Ok(false);
                }
                Some(_) => return Err(self.syntax("expected `,` or `}`")),
                None => return Err(self.syntax("the text ends inside an object")),
            }
        }
        if next == Some(b'"') {
            Ok(true)
        } else {
            Err(self.syntax("expected a name in quotes"))
        }
    }

    /// Reads a quoted name and the colon after it.
    fn search(&mut self, fields: &[&'static str]) -> Result<Next, Stop> {
        let borrowed = self.text()?;
        let name = borrowed.unwrap_or(&self.scratch);
        let known = fields.iter().position(|field| *field == name);
        self.name = borrowed;
        self.colon()?;
        Ok(known.map_or(Next::Unknown, Next::Field))
    }

    pub(super) fn last_name(&self) -> Cow<'de, str> {
        match self.name {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(self.scratch.clone()),
        }
    }

    pub(super) fn enter_array(&mut self) -> Result<Items<'de>, Stop> {
        if self.token() != Some(b'[') {
            return Err(self.syntax("expected an array"));
        }
        self.descend()?;
        Ok(Items::Json { first: true })
    }

    pub(super) fn next_item(&mut self, first: &mut bool) -> Result<bool, Stop> {
        let next = self.token();
        if next == Some(b']') {
            self.ascend();
            return Ok(false);
        }
        if std::mem::take(first) {
            return Ok(true);
        }
        match next {
            Some(b',') => {
                self.at += 1;
                // A comma is followed by an item.
                if self.token() == Some(b']') {
                    return Err(self.syntax("expected a value"));
                }
                Ok(true)
            }
            Some(_) => Err(self.syntax("expected `,` or `]`")),
            None => Err(self.syntax("the text ends inside an array")),
        }
    }

    /// Returns the text from a position to the current one.
    pub(super) fn since(&self, start: usize) -> &'de str {
        &self.text[start..self.at]
    }

    /// Returns whether a number was read that a double may not have exactly, and forgets it.
    pub(super) const fn take_inexact(&mut self) -> bool {
        std::mem::replace(&mut self.inexact, false)
    }

    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    pub(super) const fn go(&mut self, place: usize) {
        self.at = place;
    }
}
