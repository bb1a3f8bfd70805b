//! JSON text (RFC 8259), read in place.

use super::{Items, Key, Kind, Members, Num, Syntax, Text};
use std::borrow::Cow;

/// The powers of ten that are exact as doubles.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The place of the next byte that ends a run of a string's plain text: a quote, a backslash or a control character.
#[inline]
fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    // Eight bytes at once. A byte that is less than `n` borrows from its highest bit, in the first one that is found at least.
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5C);
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        if found & HIGHS != 0 {
            return at + (found & HIGHS).trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(b) = bytes.get(at)
        && !matches!(b, b'"' | b'\\' | 0..0x20)
    {
        at += 1;
    }
    at
}

/// A pull reader over JSON text. Strings without escapes are borrowed from it.
#[derive(Debug)]
pub struct JsonReader<'de> {
    text: &'de str,
    at: usize,
    depth: u32,
    scratch: String,
}

impl<'de> JsonReader<'de> {
    /// A reader of a text that nests no deeper than `depth` arrays and objects.
    pub const fn new(text: &'de str, depth: u32) -> Self {
        Self {
            text,
            at: 0,
            depth,
            scratch: String::new(),
        }
    }

    /// Makes sure that nothing follows.
    ///
    /// # Errors
    /// Where something does.
    pub fn end(&mut self) -> Result<(), Syntax> {
        match self.token() {
            None => Ok(()),
            Some(_) => Err(self.syntax("something follows the value")),
        }
    }

    #[cold]
    const fn syntax(&self, message: &'static str) -> Syntax {
        Syntax {
            offset: self.at,
            message,
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space.
    #[inline]
    fn token(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    fn expect(&mut self, word: &'static str, message: &'static str) -> Result<(), Syntax> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.syntax(message))
        }
    }

    fn descend(&mut self) -> Result<(), Syntax> {
        self.depth = self
            .depth
            .checked_sub(1)
            .ok_or_else(|| self.syntax("nested too deeply"))?;
        self.at += 1;
        Ok(())
    }

    fn ascend(&mut self) {
        self.depth += 1;
        self.at += 1;
    }

    fn colon(&mut self) -> Result<(), Syntax> {
        if self.token() != Some(b':') {
            return Err(self.syntax("expected `:` behind a name"));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a string's text into the input or the scratch; gives the range of it in the input, where it is there.
    fn text(&mut self) -> Result<Option<&'de str>, Syntax> {
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

    fn unescape(&mut self, start: usize) -> Result<(), Syntax> {
        let text = self.text;
        self.scratch.clear();
        let mut run = start;
        loop {
            self.at = plain_until(text.as_bytes(), self.at);
            match self.byte() {
                Some(b'"') => {
                    self.scratch.push_str(&text[run..self.at]);
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.scratch.push_str(&text[run..self.at]);
                    self.at += 1;
                    let c = self.escape()?;
                    self.scratch.push(c);
                    run = self.at;
                }
                Some(_) => return Err(self.syntax("a control character in a string")),
                None => return Err(self.syntax("the text ends inside a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Syntax> {
        let b = self
            .byte()
            .ok_or_else(|| self.syntax("the text ends inside a string"))?;
        let c = match b {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                let first = self.hex()?;
                let code = match first {
                    0xD800..0xDC00 => {
                        self.expect("\\u", "half of a surrogate pair")?;
                        let second = self.hex()?;
                        if !(0xDC00..0xE000).contains(&second) {
                            return Err(self.syntax("half of a surrogate pair"));
                        }
                        0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                    }
                    code => code,
                };
                return char::from_u32(code).ok_or_else(|| self.syntax("half of a surrogate pair"));
            }
            _ => return Err(self.syntax("an unknown escape in a string")),
        };
        self.at += 1;
        Ok(c)
    }

    fn hex(&mut self) -> Result<u32, Syntax> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.syntax("expected four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }

    /// Passes over digits, of which there has to be one, and adds them to a number as long as it is one of 19 digits.
    #[inline]
    fn digits(&mut self, number: &mut u64, count: &mut u32) -> Result<(), Syntax> {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            *number = number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        if self.at == start {
            return Err(self.syntax("expected a digit"));
        }
        *count = count.saturating_add(u32::try_from(self.at - start).unwrap_or(u32::MAX));
        Ok(())
    }
}

impl<'de> JsonReader<'de> {
    #[inline]
    pub(super) fn peek(&mut self) -> Result<Kind, Syntax> {
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

    pub(super) fn null(&mut self) -> Result<(), Syntax> {
        self.token();
        self.expect("null", "expected `null`")
    }

    pub(super) fn boolean(&mut self) -> Result<bool, Syntax> {
        if self.token() == Some(b't') {
            self.expect("true", "expected `true`").map(|()| true)
        } else {
            self.expect("false", "expected `false`").map(|()| false)
        }
    }

    pub(super) fn number(&mut self) -> Result<Num, Syntax> {
        self.token();
        let start = self.at;
        let negative = self.byte() == Some(b'-');
        if negative {
            self.at += 1;
        }
        let (mut digits, mut count) = (0, 0);
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits(&mut digits, &mut count)?;
        }
        let whole = count;
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits(&mut digits, &mut count)?;
        }
        let plain = self.at;
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits(&mut 0, &mut 0)?;
        }
        if plain == self.at && count < 19 {
            let fraction = (count - whole) as usize;
            if fraction == 0 && !(negative && digits == 0) {
                let integer = digits.cast_signed();
                return Ok(Num::Int(if negative { -integer } else { integer }));
            }
            // Where both are exact as doubles, so is their quotient's rounding (Clinger 1990).
            if let Some(power) = POWERS.get(fraction)
                && digits < 1 << 53
                && fraction > 0
            {
                let x = digits as f64 / power;
                return Ok(Num::Float(if negative { -x } else { x }));
            }
        }
        let text = &self.text[start..self.at];
        if text != "-0"
            && let Ok(n) = text.parse()
        {
            return Ok(Num::Int(n));
        }
        text.parse()
            .map(Num::Float)
            .map_err(|_| self.syntax("expected a number"))
    }

    pub(super) fn string(&mut self) -> Result<Text<'de, '_>, Syntax> {
        Ok(match self.text()? {
            Some(text) => Text::Borrowed(text),
            None => Text::Scratch(&self.scratch),
        })
    }

    pub(super) fn enter_object(&mut self) -> Result<Members<'de>, Syntax> {
        if self.token() != Some(b'{') {
            return Err(self.syntax("expected an object"));
        }
        self.descend()?;
        Ok(Members::Json { first: true })
    }

    pub(super) fn next_key(
        &mut self,
        first: &mut bool,
        fields: &[&'static str],
        guess: usize,
    ) -> Result<Option<Key<'de>>, Syntax> {
        let bytes = self.text.as_bytes();
        if let Some([b',', b'"']) = bytes.get(self.at..self.at + 2)
            && !*first
        {
            self.at += 1;
            return self.name(fields, guess).map(Some);
        }
        let mut next = self.token();
        if std::mem::take(first) {
            if next == Some(b'}') {
                self.ascend();
                return Ok(None);
            }
        } else {
            match next {
                Some(b',') => {
                    self.at += 1;
                    next = self.token();
                }
                Some(b'}') => {
                    self.ascend();
                    return Ok(None);
                }
                Some(_) => return Err(self.syntax("expected `,` or `}`")),
                None => return Err(self.syntax("the text ends inside an object")),
            }
        }
        if next != Some(b'"') {
            return Err(self.syntax("expected a name in quotes"));
        }
        self.name(fields, guess).map(Some)
    }

    /// Reads a name in quotes, and the colon behind it.
    #[inline]
    fn name(&mut self, fields: &[&'static str], guess: usize) -> Result<Key<'de>, Syntax> {
        // Most senders write the fields in the schema's order.
        if let Some(field) = fields.get(guess) {
            let rest = &self.text.as_bytes()[self.at + 1..];
            let name = field.as_bytes();
            if rest.len() > name.len() && rest[name.len()] == b'"' && rest.starts_with(name) {
                self.at += name.len() + 2;
                self.colon()?;
                return Ok(Key::Known(guess));
            }
        }
        let borrowed = self.text()?;
        let name = borrowed.unwrap_or(&self.scratch);
        let key = match fields.iter().position(|field| *field == name) {
            Some(field) => Key::Known(field),
            None => Key::Unknown(match borrowed {
                Some(name) => Cow::Borrowed(name),
                None => Cow::Owned(self.scratch.clone()),
            }),
        };
        self.colon()?;
        Ok(key)
    }

    pub(super) fn enter_array(&mut self) -> Result<Items<'de>, Syntax> {
        if self.token() != Some(b'[') {
            return Err(self.syntax("expected an array"));
        }
        self.descend()?;
        Ok(Items::Json { first: true })
    }

    pub(super) fn next_item(&mut self, first: &mut bool) -> Result<bool, Syntax> {
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
                // Behind a comma there is an item.
                if self.token() == Some(b']') {
                    return Err(self.syntax("expected a value"));
                }
                Ok(true)
            }
            Some(_) => Err(self.syntax("expected `,` or `]`")),
            None => Err(self.syntax("the text ends inside an array")),
        }
    }

    pub(super) fn skip(&mut self) -> Result<(), Syntax> {
        match self.peek()? {
            Kind::Null => self.null(),
            Kind::Boolean => self.boolean().map(|_| ()),
            Kind::Number => self.number().map(|_| ()),
            Kind::String => self.text().map(|_| ()),
            Kind::Array => {
                self.enter_array()?;
                let mut first = true;
                while self.next_item(&mut first)? {
                    self.skip()?;
                }
                Ok(())
            }
            Kind::Object => {
                self.enter_object()?;
                let mut first = true;
                while self.next_key(&mut first, &[], 0)?.is_some() {
                    self.skip()?;
                }
                Ok(())
            }
        }
    }

    pub(super) const fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn go(&mut self, place: usize) {
        self.at = place;
    }

    pub(super) fn value(&mut self) -> Result<serde_json::Value, Syntax> {
        Ok(match self.peek()? {
            Kind::Null => {
                self.null()?;
                serde_json::Value::Null
            }
            Kind::Boolean => self.boolean()?.into(),
            Kind::Number => match self.number()? {
                Num::Int(n) => n.into(),
                // A number out of range has no value in JSON; the nearest one there is stands for it.
                Num::Float(x) => x.clamp(f64::MIN, f64::MAX).into(),
            },
            Kind::String => self.string()?.to_owned().into(),
            Kind::Array => {
                let mut array = Vec::new();
                self.enter_array()?;
                let mut first = true;
                while self.next_item(&mut first)? {
                    array.push(self.value()?);
                }
                array.into()
            }
            Kind::Object => {
                let mut object = serde_json::Map::new();
                self.enter_object()?;
                let mut first = true;
                while let Some(key) = self.next_key(&mut first, &[], 0)? {
                    // No name is known here.
                    if let Key::Unknown(name) = key {
                        object.insert(name.into_owned(), self.value()?);
                    }
                }
                object.into()
            }
        })
    }
}
