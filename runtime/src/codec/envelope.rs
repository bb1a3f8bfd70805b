//! The layout of a message, in any encoding: which members it has, and in which order.

use super::{
    EncodeError, ErasedPayload, Outgoing,
    timestamp::{millis, rfc3339},
};
use crate::{
    descriptor::{EnvelopeDescriptor, FieldDescriptor, FieldKind, Presence, Tag, TimestampForm},
    envelope::Id,
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::SystemTime;

/// An object that is being written.
pub(super) trait ObjectWriter {
    /// Writes a member.
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), EncodeError>;

    /// Writes the first members of a message: its discriminant and its payload.
    fn head(
        &mut self,
        (name, tag): (&'static str, &'static str),
        (content, payload): (&'static str, &dyn ErasedPayload),
    ) -> Result<(), EncodeError> {
        self.field(name, tag)?;
        self.field(content, payload)
    }

    /// Writes a time.
    fn time(&mut self, name: &'static str, at: SystemTime) -> Result<(), EncodeError> {
        self.field(name, &*rfc3339(millis(at)))
    }

    /// Writes the members of an object next to the others.
    fn splice(&mut self, object: &dyn ErasedPayload) -> Result<(), EncodeError>;
}

/// The error of a payload that is to be spliced and is no object.
pub(super) fn not_an_object() -> EncodeError {
    EncodeError(serde::ser::Error::custom(
        "a payload without a content field must be an object",
    ))
}

/// Returns the members of a payload with names of fields of the envelope. If it is spliced, its receiver would read them as those.
pub(crate) fn envelope_fields(
    envelope: &EnvelopeDescriptor,
    payload: &dyn erased_serde::Serialize,
) -> Vec<String> {
    let layout = envelope.layout();
    match serde_json::to_value(payload) {
        Ok(serde_json::Value::Object(members)) => {
            let taken = members.into_iter().map(|(name, _)| name);
            taken.filter(|name| layout.has(name)).collect()
        }
        // It is not written.
        _ => Vec::new(),
    }
}

/// Writes null in a field that has nothing and is in every message.
fn nothing(out: &mut impl ObjectWriter, field: Option<FieldDescriptor>) -> Result<(), EncodeError> {
    match field {
        Some(field) if field.presence == Presence::Nullable => out.field(field.name, &()),
        _ => Ok(()),
    }
}

/// Writes the members of a message.
pub(super) fn write(m: &Outgoing<'_>, out: &mut impl ObjectWriter) -> Result<(), EncodeError> {
    let e = m.envelope;
    match (m.tag, e.content, m.payload) {
        (Some(Tag::Text(text)), Some(content), Some(payload)) => {
            out.head((e.tag, text), (content, payload))?;
        }
        (tag, content, payload) => {
            match tag {
                Some(Tag::Text(text)) => out.field(e.tag, text)?,
                Some(Tag::Integer(n)) => out.field(e.tag, &n)?,
                None => {}
            }
            match (content, payload) {
                (_, None) => {}
                (Some(content), Some(payload)) => out.field(content, payload)?,
                (None, Some(payload)) => out.splice(payload)?,
            }
        }
    }
    let field = match m.is_reply {
        true => e.reply_to.or(e.id),
        false => e.id,
    };
    match (m.id, field) {
        (Some(Id::Text(text)), Some(field)) => out.field(field.name, text)?,
        (Some(Id::Integer(n)), Some(field)) => out.field(field.name, n)?,
        _ => nothing(out, field)?,
    }
    if let (Some(succeeded), Some((field, success, failure))) = (m.outcome, e.outcome) {
        let json = if succeeded { success } else { failure };
        let value: &RawValue = serde_json::from_str(json).map_err(EncodeError)?;
        out.field(field, value)?;
    }
    if let (Some(version), Some(field)) = (m.version, e.version) {
        number(out, field.name, field.kind, version)?;
    } else {
        nothing(out, e.version)?;
    }
    if let (Some(channel), Some(field)) = (m.channel, e.channel) {
        out.field(field.name, channel)?;
    } else {
        nothing(out, e.channel)?;
    }
    if let (Some(seq), Some(field)) = (m.seq, e.seq) {
        number(out, field.name, field.kind, seq)?;
    } else {
        nothing(out, e.seq)?;
    }
    if let (Some(epoch), Some(field)) = (m.epoch, e.epoch) {
        out.field(field.name, epoch)?;
    } else {
        nothing(out, e.epoch)?;
    }
    if let (Some(at), Some((field, form))) = (m.timestamp, e.timestamp) {
        let since = || {
            at.duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
        };
        match form {
            TimestampForm::Rfc3339 => out.time(field.name, at)?,
            TimestampForm::UnixMs => out.field(field.name, &(since().as_millis() as u64))?,
            TimestampForm::UnixS => out.field(field.name, &since().as_secs())?,
        }
    } else {
        nothing(out, e.timestamp.map(|(field, _)| field))?;
    }
    Ok(())
}

/// Writes a number, or its decimal digits where the field is text.
fn number<N: Serialize + ToString>(
    out: &mut impl ObjectWriter,
    name: &str,
    kind: FieldKind,
    n: N,
) -> Result<(), EncodeError> {
    match kind {
        FieldKind::Integer => out.field(name, &n),
        FieldKind::Text => out.field(name, &n.to_string()),
    }
}
