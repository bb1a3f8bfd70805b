//! JSON text (RFC 8259).

mod serializer;
#[cfg(test)]
mod tests;

use super::{
    Codec, EncodeError, Frame, Outgoing, Source,
    envelope::{self, ObjectWriter, not_an_object},
};
use serde::Serialize;
use serializer::Serializer;
use std::{cell::RefCell, ptr};

/// JSON text (RFC 8259).
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

thread_local! {
    /// How messages begin, each at the place of its discriminant.
    static HEADS: RefCell<[Option<Head>; HEADS_KEPT]> = const { RefCell::new([const { None }; HEADS_KEPT]) };
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

/// A JSON object that is being written.
struct Object<'o>(&'o mut Vec<u8>);

impl ObjectWriter for Object<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        serializer::text(self.0, name).map_err(EncodeError)?;
        self.0.push(b':');
        value
            .serialize(Serializer::new(self.0))
            .map_err(EncodeError)
    }

    fn head(
        &mut self,
        (name, tag): (&'static str, &'static str),
        (content, payload): (&'static str, &dyn erased_serde::Serialize),
    ) -> Result<(), EncodeError> {
        Head::append(self.0, [name, tag, content])?;
        payload
            .serialize(Serializer::new(self.0))
            .map_err(EncodeError)
    }

    fn splice(&mut self, value: &dyn erased_serde::Serialize) -> Result<(), EncodeError> {
        let start = self.0.len();
        self.0.push(b',');
        let body = self.0.len();
        value
            .serialize(Serializer::new(self.0))
            .map_err(EncodeError)?;
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
    fn close(&mut self) {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
    }
}
