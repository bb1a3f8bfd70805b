//! The data model of serde in binary, mapped as `serde_json` maps it to JSON; but bytes are bytes.

use super::writer::{Container, Open, Writer};
use crate::{
    codec::{DEPTH, PRIVATE},
    read::{Reader, Transcoded},
};
use serde::{
    Serialize,
    ser::{
        self, Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
        SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    },
};
use serde_json::Error;

/// What is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A value.
    Value,
    /// The key of a map.
    Key,
    /// A value that is given as JSON text.
    Json,
}

/// Serializes one value.
#[derive(Debug)]
pub(super) struct Serializer<'w> {
    out: &'w mut Writer,
    place: Place,
}

impl<'w> Serializer<'w> {
    pub(super) const fn new(out: &'w mut Writer) -> Self {
        Self {
            out,
            place: Place::Value,
        }
    }

    /// Returns the writer, unless only a text may be written.
    fn value(self) -> Result<&'w mut Writer, Error> {
        match self.place {
            Place::Value => Ok(self.out),
            Place::Key => Err(Error::custom("a key must be a string")),
            Place::Json => Err(Error::custom("expected JSON text")),
        }
    }

    fn integer(self, n: i64) -> Result<(), Error> {
        if self.place == Place::Key {
            return self.text(&n.to_string());
        }
        self.value()?.integer(n);
        Ok(())
    }

    fn text(self, text: &str) -> Result<(), Error> {
        if self.place == Place::Json {
            let mut reader = Reader::json(text, DEPTH);
            return Transcoded::new(&mut reader).serialize(Self::new(self.out));
        }
        self.out.text(text);
        Ok(())
    }

    fn container(self, container: Container, count: Option<usize>) -> Result<Items<'w>, Error> {
        let out = self.value()?;
        let open = Some(out.begin(container, count));
        Ok(Items { out, open })
    }

    /// Begins a map of one member, the variant, whose value is written next.
    fn variant(self, variant: &str) -> Result<Self, Error> {
        let out = self.value()?;
        out.begin(Container::Map, Some(1));
        out.text(variant);
        Ok(Self::new(out))
    }
}

/// The items of a container.
#[derive(Debug)]
pub(super) struct Items<'w> {
    out: &'w mut Writer,
    /// `None` if the value is given as JSON text.
    open: Option<Open>,
}

impl Items<'_> {
    fn write<T: Serialize + ?Sized>(&mut self, place: Place, value: &T) -> Result<(), Error> {
        value.serialize(Serializer {
            out: self.out,
            place,
        })
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let Some(open) = &mut self.open else {
            return self.write(Place::Json, value);
        };
        open.count += 1;
        self.write(Place::Value, value)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        if self.open.is_some() {
            self.out.text(name);
        }
        self.item(value)
    }

    fn finish(self) -> Result<(), Error> {
        if let Some(open) = &self.open {
            self.out.end(open);
        }
        Ok(())
    }
}

impl<'w> ser::Serializer for Serializer<'w> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'w>;
    type SerializeTuple = Items<'w>;
    type SerializeTupleStruct = Items<'w>;
    type SerializeTupleVariant = Items<'w>;
    type SerializeMap = Items<'w>;
    type SerializeStruct = Items<'w>;
    type SerializeStructVariant = Items<'w>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, v: bool) -> Result<(), Error> {
        self.value()?.boolean(v);
        Ok(())
    }

    fn serialize_i8(self, v: i8) -> Result<(), Error> {
        self.integer(v.into())
    }

    fn serialize_i16(self, v: i16) -> Result<(), Error> {
        self.integer(v.into())
    }

    fn serialize_i32(self, v: i32) -> Result<(), Error> {
        self.integer(v.into())
    }

    fn serialize_i64(self, v: i64) -> Result<(), Error> {
        self.integer(v)
    }

    fn serialize_u8(self, v: u8) -> Result<(), Error> {
        self.integer(v.into())
    }

    fn serialize_u16(self, v: u16) -> Result<(), Error> {
        self.integer(v.into())
    }

    fn serialize_u32(self, v: u32) -> Result<(), Error> {
        self.integer(v.into())
    }

    fn serialize_u64(self, v: u64) -> Result<(), Error> {
        if self.place == Place::Key {
            return self.text(&v.to_string());
        }
        self.value()?.unsigned(v);
        Ok(())
    }

    fn serialize_f32(self, v: f32) -> Result<(), Error> {
        // The double nearest to its decimal digits, which is what JSON text contains.
        self.serialize_f64(v.to_string().parse().unwrap_or(f64::NAN))
    }

    fn serialize_f64(self, v: f64) -> Result<(), Error> {
        self.value()?.float(v);
        Ok(())
    }

    fn serialize_char(self, v: char) -> Result<(), Error> {
        self.text(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), Error> {
        self.text(v)
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Error> {
        self.value()?.bytes(v);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.value()?.null();
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self.variant(variant)?)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'w>, Error> {
        self.container(Container::Array, length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Items<'w>, Error> {
        self.container(Container::Array, Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items<'w>, Error> {
        self.container(Container::Array, Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'w>, Error> {
        self.variant(variant)?
            .container(Container::Array, Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Items<'w>, Error> {
        self.container(Container::Map, length)
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Items<'w>, Error> {
        if name.starts_with(PRIVATE) {
            let (out, open) = (self.value()?, None);
            return Ok(Items { out, open });
        }
        self.container(Container::Map, Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'w>, Error> {
        self.variant(variant)?
            .container(Container::Map, Some(length))
    }
}

macro_rules! items {
    ($($serialize:ident $method:ident)*) => {$(
        impl $serialize for Items<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

items! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! members {
    ($($serialize:ident)*) => {$(
        impl $serialize for Items<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.member(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

members!(SerializeStruct SerializeStructVariant);

impl SerializeMap for Items<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.write(Place::Key, key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}
