//! JSON text (RFC 8259).

mod serializer;
#[cfg(test)]
mod tests;

use super::{
    Codec, EncodeError, ErasedPayload, Frame, Outgoing, Source,
    envelope::{self, ObjectWriter, not_an_object},
    timestamp::{millis, rfc3339},
};
use serde::Serialize;
use serializer::Serializer;
use std::{cell::RefCell, ptr, time::SystemTime};

/// JSON text (RFC 8259).
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

thread_local! {
    /// How messages begin, each at the place of its discriminant.
    static HEADS: RefCell<[Option<Head>; HEADS_KEPT]> = const { RefCell::new([const { None }; HEADS_KEPT]) };
}

thread_local! {
    /// The milliseconds, the name and the text of the last member that is a time. A server writes many in the same millisecond.
    static TIME: RefCell<(u64, &'static str, Vec<u8>)> = const { RefCell::new((0, "", Vec::new())) };
}

/// How many beginnings of messages a thread keeps.
const HEADS_KEPT: usize = 64;

/// How a message begins, up to its payload. It is the same for every message of a type.
struct Head {
    /// The name of the discriminant, the discriminant, and the name of the payload.
    parts: [&'static str; 3],
    text: Box<[u8]>,
}

impl Head {
    fn new(parts: [&'static str; 3]) -> Result<Self, EncodeError> {
        let mut text = Vec::new();
        let [name, tag, content] = parts;
        Object(&mut text).field(name, tag)?;
        text.push(b',');
        serializer::text(&mut text, content).map_err(EncodeError)?;
        text.push(b':');
        let text = text.into();
        Ok(Self { parts, text })
    }

    /// Whether it is of these very constants.
    fn is_of(&self, parts: [&'static str; 3]) -> bool {
        self.parts.iter().zip(parts).all(|(a, b)| ptr::eq(*a, b))
    }

    /// Appends the beginning of a message.
    fn append(out: &mut Vec<u8>, parts: [&'static str; 3]) -> Result<(), EncodeError> {
        let place = parts[1].as_ptr().addr() / 8 % HEADS_KEPT;
        let kept = HEADS.try_with(|heads| {
            let mut heads = heads.borrow_mut();
            let head = match &mut heads[place] {
                Some(head) if head.is_of(parts) => head,
                other => other.insert(Self::new(parts)?),
            };
            out.extend_from_slice(&head.text);
            Ok(())
        });
        // A thread that ends keeps nothing any more.
        kept.unwrap_or_else(|_| Self::new(parts).map(|head| out.extend_from_slice(&head.text)))
    }
}

impl Codec for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn is_text(&self) -> bool {
        true
    }

    fn encode_to(&self, message: &Outgoing<'_>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut object = Object(out);
        envelope::write(message, &mut object)?;
        object.close();
        Ok(())
    }

    fn source<'a>(&self, frame: Frame<'a>) -> Result<Source<'a>, &'static str> {
        match frame {
            Frame::Text(text) => Ok(Source::Json(text)),
            Frame::Binary(_) => Err("expected a text frame"),
        }
    }
}

/// Appends a value.
pub(super) fn append<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
) -> Result<(), EncodeError> {
    value.serialize(Serializer::new(out)).map_err(EncodeError)
}

/// Appends a name and its value.
fn member<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    name: &str,
    value: &T,
) -> Result<(), EncodeError> {
    serializer::text(out, name).map_err(EncodeError)?;
    out.push(b':');
    append(out, value)
}

/// A JSON object that is being written.
struct Object<'o>(&'o mut Vec<u8>);

impl ObjectWriter for Object<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        self.begin();
        member(self.0, name, value)
    }

    fn head(
        &mut self,
        (name, tag): (&'static str, &'static str),
        (content, payload): (&'static str, &dyn ErasedPayload),
    ) -> Result<(), EncodeError> {
        Head::append(self.0, [name, tag, content])?;
        payload.append_json(self.0)
    }

    fn time(&mut self, name: &'static str, at: SystemTime) -> Result<(), EncodeError> {
        let now = millis(at);
        let kept = TIME.try_with(|time| {
            let (last, of, text) = &mut *time.borrow_mut();
            if *last != now || *of != name || text.is_empty() {
                text.clear();
                member(text, name, &*rfc3339(now))?;
                (*last, *of) = (now, name);
            }
            self.begin();
            self.0.extend_from_slice(text);
            Ok(())
        });
        // A thread that ends keeps nothing any more.
        kept.unwrap_or_else(|_| self.field(name, &*rfc3339(now)))
    }

    fn splice(&mut self, value: &dyn ErasedPayload) -> Result<(), EncodeError> {
        let start = self.0.len();
        self.0.push(b',');
        let body = self.0.len();
        value.append_json(self.0)?;
        if self.0.get(body) != Some(&b'{') {
            return Err(not_an_object());
        }
        self.0.pop();
        self.0.remove(body);
        match self.0.len() - body {
            0 => self.0.truncate(start),
            _ if start == 0 => self.0[0] = b'{',
            _ => {}
        }
        Ok(())
    }
}

impl Object<'_> {
    /// What precedes a member.
    fn begin(&mut self) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
    }

    fn close(&mut self) {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
    }
}
