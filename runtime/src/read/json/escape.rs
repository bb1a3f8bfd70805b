//! Strings with escapes (RFC 8259, section 7).

use super::{JsonReader, plain_until};
use crate::read::Stop;

impl JsonReader<'_> {
    pub(super) fn unescape(&mut self, start: usize) -> Result<(), Stop> {
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

    fn escape(&mut self) -> Result<char, Stop> {
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

    fn hex(&mut self) -> Result<u32, Stop> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.syntax("expected four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }
}
