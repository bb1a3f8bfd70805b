//! Messages as frames, by other implementations than Handfast's own.

use handfast::{codec::Encoding, transport::Packet};
use serde_json::Value;

/// Writes a message in an encoding. Text that is no JSON exists in JSON alone.
///
/// # Errors
/// If it cannot be written: in words.
pub fn write(message: &Value, encoding: Encoding) -> Result<Packet, String> {
    Ok(match encoding {
        Encoding::MsgPack => {
            let bytes = rmp_serde::to_vec(message).map_err(|error| error.to_string())?;
            Packet::Binary(bytes.into())
        }
        Encoding::Cbor => {
            let mut bytes = Vec::new();
            ciborium::into_writer(message, &mut bytes).map_err(|error| error.to_string())?;
            Packet::Binary(bytes.into())
        }
        _ => match message {
            Value::String(text) => Packet::Text(text.as_str().into()),
            message => Packet::Text(message.to_string().into()),
        },
    })
}

/// Reads a message in an encoding.
///
/// # Errors
/// If the frame is none of this encoding, or contains nothing that can be read: in words.
pub fn read(packet: &Packet, encoding: Encoding) -> Result<Value, String> {
    match (packet, encoding) {
        (Packet::Text(text), Encoding::Json) => {
            serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))
        }
        (Packet::Binary(bytes), Encoding::MsgPack) => {
            rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
        }
        (Packet::Binary(bytes), Encoding::Cbor) => {
            ciborium::from_reader(&bytes[..]).map_err(|error| error.to_string())
        }
        _ => Err(format!("a frame of another encoding: {packet:?}")),
    }
}
