//! The short ways through JSON text without white space, as most senders write it. What they do not take, they do not read.

use super::{
    JsonReader,
    scan::{plain_until, same},
};
use crate::read::{Num, digits::plain_number};

impl<'de> JsonReader<'de> {
    /// Reads a string if it has no escapes and no white space before it. Otherwise reads nothing.
    #[inline(never)]
    pub(in crate::read) fn quick_text(&mut self) -> Option<&'de str> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) != Some(&b'"') {
            return None;
        }
        let start = self.at + 1;
        let end = plain_until(bytes, start);
        if bytes.get(end) != Some(&b'"') {
            return None;
        }
        let text = self.text.get(start..end)?;
        self.at = end + 1;
        Some(text)
    }

    /// Reads the next item of an array if it is a short number within bounds and not surrounded by white space. Otherwise reads nothing.
    #[inline]
    pub(in crate::read) fn quick_number(
        &mut self,
        first: &mut bool,
        (min, max): (f64, f64),
    ) -> Option<f64> {
        let bytes = self.text.as_bytes();
        let start = match (*first, bytes.get(self.at)) {
            (true, _) => self.at,
            (false, Some(b',')) => self.at + 1,
            _ => return None,
        };
        let (n, end) = plain_number(bytes, start)?;
        let x = n.as_f64();
        if !matches!(bytes.get(end), Some(b',' | b']')) || x < min || x > max {
            return None;
        }
        *first = false;
        self.at = end;
        Some(x)
    }

    /// Skips the next name and its colon if the name is this one, appears verbatim and has no white space around it; for the `first` name,
    /// including the opening brace. Otherwise reads nothing.
    #[inline]
    pub(in crate::read) fn quick_name(&mut self, first: bool, name: &'static str) -> bool {
        let bytes = self.text.as_bytes();
        let Some(member) = bytes.get(self.at..self.at + name.len() + 4) else {
            return false;
        };
        let [before, b'"', found @ .., b'"', b':'] = member else {
            return false;
        };
        let expected = if first { b'{' } else { b',' };
        if *before != expected || !same(found, name.as_bytes()) {
            return false;
        }
        if first {
            if self.depth == 0 {
                return false;
            }
            self.depth -= 1;
        }
        self.at += member.len();
        true
    }

    /// Reads the next name of an object and its colon, if it is one of these, appears verbatim and has no white space around it. Returns its
    /// index. Otherwise reads nothing. The search starts at the index `guess`.
    #[inline]
    pub(in crate::read) fn quick_place(
        &mut self,
        first: &mut bool,
        names: &[&'static str],
        guess: usize,
    ) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let start = match bytes.get(self.at)? {
            b'"' if *first => self.at + 1,
            b',' if !*first && bytes.get(self.at + 1) == Some(&b'"') => self.at + 2,
            _ => return None,
        };
        let rest = bytes.get(start..)?;
        let initial = rest.first();
        let mut place = guess;
        for _ in names {
            if place >= names.len() {
                place = 0;
            }
            let name = names[place].as_bytes();
            // Most names differ in the first byte already.
            if name.first() == initial
                && let Some([found @ .., b'"', b':']) = rest.get(..name.len() + 2)
                && same(found, name)
            {
                *first = false;
                self.at = start + name.len() + 2;
                return Some(place);
            }
            place += 1;
        }
        None
    }

    /// Leaves the object if it ends here. Otherwise reads nothing.
    #[inline]
    pub(in crate::read) fn quick_end(&mut self) -> bool {
        let ends = self.byte() == Some(b'}');
        if ends {
            self.ascend();
        }
        ends
    }

    /// Returns the number at the current position and its end, if it is short and not preceded by white space.
    #[inline]
    pub(in crate::read) fn plain(&self) -> Option<(Num, usize)> {
        plain_number(self.text.as_bytes(), self.at)
    }
}
