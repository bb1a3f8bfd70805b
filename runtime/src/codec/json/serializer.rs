//! The data model of serde as JSON text: byte by byte what `serde_json` writes, but strings that need no escapes, which are most, are found
//! and copied many bytes at a time.

use crate::codec::PRIVATE;
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
    out: &'w mut Vec<u8>,
    place: Place,
}

/// Whether one of eight bytes must be escaped: a quote, a backslash or a control character. They are compared all at once (SWAR): a byte less
/// than `n` borrows from its highest bit.
const fn needs_escape(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let word = u64::from_ne_bytes(bytes);
    let (quote, backslash) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5C));
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & (ONES << 7) != 0
}

/// Whether a string must be escaped.
fn has_escapes(bytes: &[u8]) -> bool {
    // The last chunk may overlap the one before.
    if let Some(last) = bytes.last_chunk::<8>() {
        return bytes.as_chunks().0.iter().any(|chunk| needs_escape(*chunk)) || needs_escape(*last);
    }
    if let (Some([a, b, c, d]), Some([e, f, g, h])) = (bytes.first_chunk(), bytes.last_chunk()) {
        return needs_escape([*a, *b, *c, *d, *e, *f, *g, *h]);
    }
    let mut bytes = bytes.iter();
    let mut next = || bytes.next().copied().unwrap_or(b' ');
    needs_escape([next(), next(), next(), b' ', b' ', b' ', b' ', b' '])
}

/// Appends a string.
pub(super) fn text(out: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    if has_escapes(text.as_bytes()) {
        return serde_json::to_writer(out, text);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

impl<'w> Serializer<'w> {
    pub(super) const fn new(out: &'w mut Vec<u8>) -> Self {
        Self {
            out,
            place: Place::Value,
        }
    }

    /// Returns the output, unless only a text may be written.
    fn value(self) -> Result<&'w mut Vec<u8>, Error> {
        match self.place {
            Place::Value => Ok(self.out),
            Place::Key => Err(Error::custom("key must be a string")),
            Place::Json => Err(Error::custom("expected JSON text")),
        }
    }

    /// Writes a number or a boolean, which may be a key as well.
    fn scalar(self, value: &impl Serialize) -> Result<(), Error> {
        if self.place != Place::Key {
            return serde_json::to_writer(self.value()?, value);
        }
        self.out.push(b'"');
        serde_json::to_writer(&mut *self.out, value)?;
        self.out.push(b'"');
        Ok(())
    }

    fn float(self, is_finite: bool, value: &impl Serialize) -> Result<(), Error> {
        if self.place == Place::Key && !is_finite {
            return Err(Error::custom(
                "float key must be finite (got NaN or +/-inf)",
            ));
        }
        self.scalar(value)
    }

    fn text(self, v: &str) -> Result<(), Error> {
        if self.place == Place::Json {
            self.out.extend_from_slice(v.as_bytes());
            return Ok(());
        }
        text(self.out, v)
    }

    fn container(self, open: u8, close: &'static [u8]) -> Result<Items<'w>, Error> {
        let out = self.value()?;
        out.push(open);
        Ok(Items {
            out,
            is_first: true,
            close: Some(close),
        })
    }

    /// Begins an object of one member, the variant, whose value is written next.
    fn variant(self, variant: &str) -> Result<Self, Error> {
        let out = self.value()?;
        out.push(b'{');
        text(out, variant)?;
        out.push(b':');
        Ok(Self::new(out))
    }
}

/// The items of a container.
#[derive(Debug)]
pub(super) struct Items<'w> {
    out: &'w mut Vec<u8>,
    is_first: bool,
    /// What ends it. `None` if the value is given as JSON text.
    close: Option<&'static [u8]>,
}

impl Items<'_> {
    fn write<T: Serialize + ?Sized>(&mut self, place: Place, value: &T) -> Result<(), Error> {
        value.serialize(Serializer {
            out: self.out,
            place,
        })
    }

    fn separate(&mut self) {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.push(b',');
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.separate();
        self.write(Place::Value, value)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        if self.close.is_none() {
            return self.write(Place::Json, value);
        }
        self.separate();
        text(self.out, name)?;
        self.out.push(b':');
        self.write(Place::Value, value)
    }

    fn finish(self) -> Result<(), Error> {
        self.out.extend_from_slice(self.close.unwrap_or_default());
        Ok(())
    }
}

macro_rules! scalars {
    ($($method:ident $type:ty)*) => {$(
        fn $method(self, v: $type) -> Result<(), Error> {
            self.scalar(&v)
        }
    )*};
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

    scalars! {
        serialize_bool bool
        serialize_i8 i8
        serialize_i16 i16
        serialize_i32 i32
        serialize_i64 i64
        serialize_i128 i128
        serialize_u8 u8
        serialize_u16 u16
        serialize_u32 u32
        serialize_u64 u64
        serialize_u128 u128
    }

    fn serialize_f32(self, v: f32) -> Result<(), Error> {
        self.float(v.is_finite(), &v)
    }

    fn serialize_f64(self, v: f64) -> Result<(), Error> {
        self.float(v.is_finite(), &v)
    }

    fn serialize_char(self, v: char) -> Result<(), Error> {
        self.text(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), Error> {
        self.text(v)
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), Error> {
        serde_json::to_writer(self.value()?, v)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.value()?.extend_from_slice(b"null");
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
        let object = self.variant(variant)?;
        value.serialize(Serializer::new(&mut *object.out))?;
        object.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'w>, Error> {
        self.container(b'[', b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Items<'w>, Error> {
        self.container(b'[', b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'w>, Error> {
        self.container(b'[', b"]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'w>, Error> {
        self.variant(variant)?.container(b'[', b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Items<'w>, Error> {
        self.container(b'{', b"}")
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Items<'w>, Error> {
        if name.starts_with(PRIVATE) {
            return Ok(Items {
                out: self.value()?,
                is_first: true,
                close: None,
            });
        }
        self.container(b'{', b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'w>, Error> {
        self.variant(variant)?.container(b'{', b"}}")
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
        self.separate();
        self.write(Place::Key, key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.out.push(b':');
        self.write(Place::Value, value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}
