//! JSON Pointers to a location in an instance.

use std::{
    cmp::Ordering,
    fmt::{self, Write as _},
    hash::{Hash, Hasher},
};

/// How many bytes are stored inline.
const SHORT: usize = 40;

/// A JSON Pointer (RFC 6901) into an instance. Short ones are stored inline, without an allocation.
#[derive(Clone)]
pub struct Pointer {
    /// The text while it fits inline, and its length.
    short: [u8; SHORT],
    len: usize,
    /// The text once it no longer fits; empty until then.
    long: Vec<u8>,
}

impl Pointer {
    /// The pointer to the whole instance.
    pub const fn root() -> Self {
        Self {
            short: [0; SHORT],
            len: 0,
            long: Vec::new(),
        }
    }

    /// Appends a property name, escaped.
    #[inline]
    pub fn push_key(&mut self, key: &str) {
        let odd = key.bytes().any(|b| matches!(b, b'~' | b'/'));
        let end = self.len + 1 + key.len();
        if let Some([slash, place @ ..]) = self.short.get_mut(self.len..end)
            && !odd
        {
            *slash = b'/';
            place.copy_from_slice(key.as_bytes());
            self.len = end;
        } else {
            self.push_odd(key);
        }
    }

    #[cold]
    fn push_odd(&mut self, key: &str) {
        self.put(b"/");
        self.put(key.replace('~', "~0").replace('/', "~1").as_bytes());
    }

    /// Appends an index.
    pub fn push_index(&mut self, index: usize) {
        match u8::try_from(index) {
            Ok(digit @ 0..10) if self.len + 2 <= SHORT => {
                self.short[self.len] = b'/';
                self.short[self.len + 1] = b'0' + digit;
                self.len += 2;
            }
            // Writing to a string does not fail.
            _ => _ = write!(self, "/{index}"),
        }
    }

    /// Appends text. A long text goes to the heap whatever follows.
    fn put(&mut self, text: &[u8]) {
        let end = self.len.saturating_add(text.len());
        if let Some(place) = self.short.get_mut(self.len..end) {
            place.copy_from_slice(text);
        } else {
            if self.long.is_empty() {
                self.long = self.bytes().to_vec();
            }
            self.long.extend_from_slice(text);
        }
        self.len = end;
    }

    /// Appends another pointer, relative to this one.
    pub fn push(&mut self, inner: &Self) {
        self.put(inner.bytes());
    }

    /// Prepends a property name, escaped: paths are built from the inside out.
    pub fn prepend_key(&mut self, key: &str) {
        let mut path = Self::root();
        path.push_key(key);
        path.push(self);
        *self = path;
    }

    /// Prepends an index.
    pub fn prepend_index(&mut self, index: usize) {
        let mut path = Self::root();
        path.push_index(index);
        path.push(self);
        *self = path;
    }

    /// The pointer as text; the empty text is the whole instance.
    pub fn as_str(&self) -> &str {
        // Only text is ever appended, so this is always valid UTF-8.
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    fn bytes(&self) -> &[u8] {
        match self.short.get(..self.len) {
            Some(text) if self.long.is_empty() => text,
            _ => &self.long,
        }
    }

    /// The length of the text in bytes.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

impl Default for Pointer {
    fn default() -> Self {
        Self::root()
    }
}

impl PartialEq for Pointer {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Pointer {}

impl PartialOrd for Pointer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pointer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl Hash for Pointer {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
    }
}

impl fmt::Write for Pointer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
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
        let mut pointer = Self::root();
        pointer.put(text.as_bytes());
        pointer
    }
}

#[cfg(test)]
mod tests {
    use super::Pointer;

    /// A pointer is the same text whether stored inline or not, and is never cut inside a character.
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
