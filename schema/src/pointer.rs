//! JSON Pointers: where in an instance.

use smallvec::SmallVec;
use std::fmt::{self, Write as _};

/// A JSON Pointer (RFC 6901) to a place in an instance. A short one is kept in place, which is cheaper than to allocate.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(SmallVec<[u8; 40]>);

impl Pointer {
    /// The pointer to the whole instance.
    pub const fn root() -> Self {
        Self(SmallVec::new_const())
    }

    /// Puts a property name behind, escaped.
    pub fn push_key(&mut self, key: &str) {
        self.0.push(b'/');
        // All of it, since it is seldom otherwise, and a name is shorter than what a search pays off for.
        let odd = key
            .bytes()
            .fold(false, |odd, b| odd | (b == b'~') | (b == b'/'));
        if !odd {
            return self.0.extend_from_slice(key.as_bytes());
        }
        for b in key.bytes() {
            match b {
                b'~' => self.0.extend_from_slice(b"~0"),
                b'/' => self.0.extend_from_slice(b"~1"),
                b => self.0.push(b),
            }
        }
    }

    /// Puts an index behind.
    pub fn push_index(&mut self, index: usize) {
        match u8::try_from(index) {
            Ok(digit @ 0..10) => self.0.extend_from_slice(&[b'/', b'0' + digit]),
            // Writing to a string does not fail.
            _ => _ = write!(self, "/{index}"),
        }
    }

    /// Puts another pointer behind: what it points at lies within what this one does.
    pub fn push(&mut self, inner: &Self) {
        self.0.extend_from_slice(&inner.0);
    }

    /// Puts a property name in front, escaped: paths are built on the way out.
    pub fn prepend_key(&mut self, key: &str) {
        let mut path = Self::root();
        path.push_key(key);
        path.push(self);
        *self = path;
    }

    /// Puts an index in front.
    pub fn prepend_index(&mut self, index: usize) {
        let mut path = Self::root();
        path.push_index(index);
        path.push(self);
        *self = path;
    }

    /// The pointer as text; the empty text is the whole instance.
    pub fn as_str(&self) -> &str {
        // Nothing but text is ever put in, so this is some.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many bytes the text has.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Write for Pointer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pointer").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<String> for Pointer {
    fn from(text: String) -> Self {
        Self(text.into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::Pointer;

    /// Short or long, a path is the same text, and whole characters.
    #[test]
    fn a_path_is_its_text_however_long_it_is() {
        for length in 0..60 {
            let name = "é/~"
                .repeat(length)
                .chars()
                .take(length)
                .collect::<String>();
            let mut path = Pointer::root();
            path.push_key("a");
            path.push_key(&name);
            path.push_index(length);
            let escaped = name.replace('~', "~0").replace('/', "~1");
            let text = format!("/a/{escaped}/{length}");
            assert_eq!(path.as_str(), text);
            let mut within = Pointer::root();
            within.push_index(length);
            within.prepend_key(&name);
            within.prepend_key("a");
            assert_eq!(within, path);
            assert_eq!(Pointer::from(text), path);
            within.prepend_index(7);
            assert_eq!(within.to_string(), format!("/7{path}"));
        }
    }
}
