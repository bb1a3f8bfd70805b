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
use std::cell::Cell;

/// JSON text (RFC 8259).
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

/// The largest buffer that a thread keeps for its next message, in bytes.
const LARGEST_KEPT: usize = 64 * 1024;

thread_local! {
    /// Where messages are written, so that each takes no more memory than it has bytes.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Codec for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn is_text(&self) -> bool {
        true
    }

    fn encode(&self, message: &Outgoing<'_>) -> Result<Vec<u8>, EncodeError> {
        let mut object = Object(BUFFER.try_with(Cell::take).unwrap_or_default());
        object.0.clear();
        let encoded = envelope::write(message, &mut object).map(|()| {
            object.close();
            object.0.as_slice().to_vec()
        });
        if object.0.capacity() <= LARGEST_KEPT {
            let _ = BUFFER.try_with(|buffer| buffer.set(object.0));
        }
        encoded
    }

    fn source<'a>(&self, frame: Frame<'a>) -> Result<Source<'a>, &'static str> {
        match frame {
            Frame::Text(text) => Ok(Source::Json(text)),
            Frame::Binary(_) => Err("expected a text frame"),
        }
    }
}

/// A JSON object that is being written.
struct Object(Vec<u8>);

impl ObjectWriter for Object {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError> {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        serializer::text(&mut self.0, name).map_err(EncodeError)?;
        self.0.push(b':');
        value
            .serialize(Serializer::new(&mut self.0))
            .map_err(EncodeError)
    }

    fn splice(&mut self, value: &dyn erased_serde::Serialize) -> Result<(), EncodeError> {
        let start = self.0.len();
        self.0.push(b',');
        let body = self.0.len();
        value
            .serialize(Serializer::new(&mut self.0))
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

impl Object {
    fn close(&mut self) {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
    }
}
