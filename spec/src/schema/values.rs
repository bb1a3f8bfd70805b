//! Values of keywords: what was meant by an unknown type, and whole numbers.

use handfast_schema::{Number, format};

/// What was probably meant by an unknown type: the type of another language, or a format.
pub(super) fn meant(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let write = match lower.as_str() {
        "int8" | "i8" => return Some(of_integer("int8")),
        "int16" | "i16" | "short" => return Some(of_integer("int16")),
        "int32" | "i32" => return Some(of_integer("int32")),
        "uint8" | "u8" => return Some(of_integer("uint8")),
        "uint16" | "u16" => return Some(of_integer("uint16")),
        "uint32" | "u32" => return Some(of_integer("uint32")),
        "int" | "integer" | "uint" => "integer",
        "long" | "i64" | "bigint" | "int64" => {
            return Some(
                "did you mean `integer`, or `{ type: string, format: int64 }` if it may exceed a double's precision?"
                    .to_owned(),
            );
        }
        "u64" | "ulong" | "uint64" => {
            return Some(
                "did you mean `integer`, or `{ type: string, format: uint64 }` if it may exceed a double's precision?"
                    .to_owned(),
            );
        }
        "float" | "double" | "decimal" | "real" | "f32" | "f64" | "number" => "number",
        "str" | "text" | "char" | "varchar" | "string" => "string",
        "bool" | "boolean" => "boolean",
        "list" | "vec" | "tuple" | "set" | "array" => "array",
        "dict" | "struct" | "record" | "object" => "object",
        "nil" | "none" | "void" => {
            return Some("put the type of null in quotes: `'null'`".to_owned());
        }
        "map" | "hash" | "hashmap" => {
            return Some(
                "did you mean `object`? a map is `{ type: object, additionalProperties: … }`"
                    .to_owned(),
            );
        }
        "any" | "unknown" | "mixed" => {
            return Some("omit `type` to allow any value".to_owned());
        }
        "enum" => return Some("an enum is `{ enum: [a, b] }`".to_owned()),
        "bytes" | "binary" | "blob" | "base64" => {
            return Some("write `{ type: string, contentEncoding: base64 }`".to_owned());
        }
        "datetime" | "timestamp" => return Some(of_format("date-time")),
        "url" => return Some(of_format("uri")),
        "ip" => return Some(of_format("ipv4")),
        "guid" => return Some(of_format("uuid")),
        "regexp" => return Some(of_format("regex")),
        known if format::KNOWN.contains(&known) => return Some(of_format(known)),
        _ => return None,
    };
    Some(format!("did you mean `{write}`?"))
}

fn of_integer(format: &str) -> String {
    format!("did you mean `{{ type: integer, format: {format} }}`?")
}

fn of_format(name: &str) -> String {
    format!("`{name}` is a string format: write `{{ type: string, format: {name} }}`")
}

/// A whole number; as in JSON Schema, `2.0` is one. One that is larger than any value is long is the largest.
pub(super) fn whole(number: &Number) -> Option<u64> {
    if let Some(value) = number.as_u64() {
        return Some(value);
    }
    let value = number.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is whole and not negative, and one above all is the largest"
    )]
    let whole = (value >= 0.0 && value.fract() == 0.0).then_some(value as u64);
    whole
}

/// A format of numbers, as OpenAPI registers them: the bounds of an integer, or nothing that a double would not have as well.
/// Those of 64 bits exceed a double.
pub(crate) fn numeric_format(name: &str) -> Option<Option<[i64; 2]>> {
    Some(match name {
        "int8" => Some([i8::MIN.into(), i8::MAX.into()]),
        "int16" => Some([i16::MIN.into(), i16::MAX.into()]),
        "int32" => Some([i32::MIN.into(), i32::MAX.into()]),
        "uint8" => Some([0, u8::MAX.into()]),
        "uint16" => Some([0, u16::MAX.into()]),
        "uint32" => Some([0, u32::MAX.into()]),
        "float" | "double" => None,
        _ => return None,
    })
}
