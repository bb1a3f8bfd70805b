//! JSON text (RFC 8259).

use super::{
    Codec, EncodeError, Frame, Outgoing, Source,
    envelope::{self, ObjectWriter, not_an_object},
};

/// JSON text (RFC 8259).
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Codec for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn is_text(&self) -> bool {
        true
    }

    fn encode(&self, message: &Outgoing<'_>) -> Result<Vec<u8>, EncodeError> {
        let mut object = Object(Vec::with_capacity(256));
        envelope::write(message, &mut object)?;
        Ok(object.close())
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
    fn field<T: serde::Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut self.0, name).map_err(EncodeError)?;
        self.0.push(b':');
        serde_json::to_writer(&mut self.0, value).map_err(EncodeError)
    }

    fn splice(&mut self, value: &dyn erased_serde::Serialize) -> Result<(), EncodeError> {
        let start = self.0.len();
        self.0.push(b',');
        let body = self.0.len();
        serde_json::to_writer(&mut self.0, value).map_err(EncodeError)?;
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
    fn close(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        self.0
    }
}
