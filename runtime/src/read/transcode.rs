//! Transcoding: a value of one encoding, written in another as it is read.

use super::{Kind, Num, Reader, Stop};
use serde::{
    Serialize, Serializer,
    ser::{Error, SerializeMap, SerializeSeq},
};
use std::cell::RefCell;

/// The next value of a reader, to be serialized once. Repeated names of objects stay repeated.
pub(crate) struct Transcoded<'r, 'de>(RefCell<&'r mut Reader<'de>>);

impl<'r, 'de> Transcoded<'r, 'de> {
    pub(crate) const fn new(reader: &'r mut Reader<'de>) -> Self {
        Self(RefCell::new(reader))
    }
}

fn malformed<E: Error>(Stop: Stop) -> E {
    E::custom("the value is malformed")
}

impl Serialize for Transcoded<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut guard = self.0.borrow_mut();
        let r = &mut **guard;
        match r.peek().map_err(malformed)? {
            Kind::Null => {
                r.null().map_err(malformed)?;
                serializer.serialize_unit()
            }
            Kind::Boolean => serializer.serialize_bool(r.boolean().map_err(malformed)?),
            Kind::Number => match r.number().map_err(malformed)? {
                Num::Int(n) => serializer.serialize_i64(n),
                Num::Float(x) => serializer.serialize_f64(x),
            },
            Kind::String => {
                if !serializer.is_human_readable()
                    && let Some(bytes) = r.byte_string().map_err(malformed)?
                {
                    return serializer.serialize_bytes(&bytes);
                }
                serializer.serialize_str(&r.string().map_err(malformed)?)
            }
            Kind::Array => {
                let mut items = r.enter_array().map_err(malformed)?;
                let mut sequence = serializer.serialize_seq(None)?;
                while r.next_item(&mut items).map_err(malformed)? {
                    sequence.serialize_element(&Transcoded::new(r))?;
                }
                sequence.end()
            }
            Kind::Object => {
                let mut members = r.enter_object().map_err(malformed)?;
                let mut map = serializer.serialize_map(None)?;
                loop {
                    match r.next_key(&mut members, &[], 0) {
                        super::Next::End => break,
                        super::Next::Stop => return Err(malformed(Stop)),
                        super::Next::Field(_) | super::Next::Unknown => {
                            let name = r.name();
                            map.serialize_entry(&*name, &Transcoded::new(r))?;
                        }
                    }
                }
                map.end()
            }
        }
    }
}
