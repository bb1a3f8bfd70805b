//! The fields of an envelope: the discriminant, the payload, the outcome, and the others.

use super::{Decoder, ReadPayload};
use crate::{
    codec::read_rfc3339,
    descriptor::{
        EnvelopeField, FieldDescriptor, FieldKind, Presence, Role, Tag, TagRef, TimestampForm,
        UnionDescriptor,
    },
    envelope::{Id, TagBuf},
    read::{Kind, Mark, ReadContext, Reader, Stop},
};
use handfast_schema::{Type, TypeSet, details, number::MAX_SAFE_INTEGER};
use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

/// A discriminant, as read.
pub(super) enum ReadTag<'de> {
    Text(Cow<'de, str>),
    Integer(i64),
}

impl ReadTag<'_> {
    pub(super) fn borrow(&self) -> TagRef<'_> {
        match self {
            Self::Text(text) => TagRef::Text(text),
            Self::Integer(n) => TagRef::Integer(*n),
        }
    }

    /// Returns the owned discriminant. `known` is that of the message it was looked up as.
    pub(super) fn into_owned(self, known: Option<Tag>) -> TagBuf {
        match (self, known) {
            (Self::Text(text), Some(Tag::Text(known))) if *text == *known => {
                TagBuf::Text(known.into())
            }
            (Self::Text(text), _) => TagBuf::Text(text.into_owned().into()),
            (Self::Integer(n), _) => TagBuf::Integer(n),
        }
    }
}

impl<'de> Decoder<'de> {
    /// Reads the value of a field.
    pub(super) fn member(
        &mut self,
        role: Role,
        r: &mut Reader<'de>,
        read: &mut ReadPayload<'_, 'de>,
    ) -> Result<(), Stop> {
        let cx = &mut self.envelope;
        match role {
            Role::Tag => {
                self.tag = None;
                self.index = None;
                if let Some(text) = r.any_string()? {
                    self.index = (self.table.lookup)(TagRef::Text(&text));
                    self.tag = Some(ReadTag::Text(text.into_cow()));
                    return Ok(());
                }
                match r.peek()? {
                    Kind::Number => {
                        if let Some(n) = r.number()?.as_integer() {
                            self.index = (self.table.lookup)(TagRef::Integer(n));
                            self.tag = Some(ReadTag::Integer(n));
                        } else {
                            cx.violation(details::types(tag_types(self.table)));
                        }
                    }
                    _ => {
                        r.skip()?;
                        cx.violation(details::types(tag_types(self.table)));
                    }
                }
            }
            Role::Content => {
                r.peek()?;
                let start = r.offset();
                match self.index {
                    Some(index) => {
                        if self.was_read.is_some() {
                            self.payload = ReadContext::new(self.side);
                        }
                        read(index, r, &mut self.payload)?;
                        self.was_read = Some((index, start));
                    }
                    None => r.skip()?,
                }
                self.content = Some((start, r.offset()));
            }
            Role::Outcome => self.outcome(r)?,
            Role::Field(role, field) => self.field(role, field, r)?,
        }
        Ok(())
    }

    /// Forgets what a field was: its name is repeated, and the last value counts.
    #[cold]
    pub(super) fn forget(&mut self, object: Mark, place: usize, role: Role) {
        self.envelope.forget_field(object, place);
        if let Role::Field(field, _) = role {
            match field {
                EnvelopeField::Id => self.id = None,
                EnvelopeField::ReplyTo => self.reply_to = None,
                EnvelopeField::Version => self.version = None,
                EnvelopeField::Channel => self.channel = None,
                EnvelopeField::Seq => self.seq = None,
                EnvelopeField::Epoch => self.epoch = None,
                EnvelopeField::Timestamp => self.timestamp = None,
            }
        }
    }

    #[cold]
    fn outcome(&mut self, r: &mut Reader<'de>) -> Result<(), Stop> {
        let value = r.value()?;
        // The descriptor holds the two values as JSON text.
        let allowed = self
            .fields
            .outcome
            .map_or([None, None], |(_, success, failure)| {
                [success, failure].map(|text| serde_json::from_str(text).ok())
            });
        let allowed: Vec<serde_json::Value> = allowed.into_iter().flatten().collect();
        if !allowed.contains(&value) {
            self.envelope.violation(details::enumeration(&allowed));
        }
        self.outcome = Some(value);
        Ok(())
    }

    fn field(
        &mut self,
        role: EnvelopeField,
        field: FieldDescriptor,
        r: &mut Reader<'de>,
    ) -> Result<(), Stop> {
        if field.kind == FieldKind::Text
            && let Some(text) = r.any_string()?
        {
            self.take(role, Id::copied(&text));
            return Ok(());
        }
        let kind = r.peek()?;
        if kind == Kind::Null && field.presence == Presence::Nullable {
            return r.null();
        }
        let value = match (field.kind, kind) {
            (FieldKind::Integer, Kind::Number) => {
                let whole = r.number()?.as_integer();
                let safe = whole.filter(|n| n.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs());
                safe.map(Id::Integer)
            }
            _ => {
                r.skip()?;
                None
            }
        };
        let Some(value) = value else {
            let ty = if field.kind == FieldKind::Text {
                Type::String
            } else {
                Type::Integer
            };
            self.envelope
                .violation(details::types(TypeSet::NONE.with(ty)));
            return Ok(());
        };
        self.take(role, value);
        Ok(())
    }

    /// Keeps the value of a field.
    #[inline]
    fn take(&mut self, role: EnvelopeField, value: Id) {
        match role {
            EnvelopeField::Id => self.id = Some(value),
            _ => self.other_field(role, value),
        }
    }

    /// Keeps a field that few messages of a client have.
    #[cold]
    fn other_field(&mut self, role: EnvelopeField, value: Id) {
        match (role, value) {
            (EnvelopeField::Id, id) => self.id = Some(id),
            (EnvelopeField::ReplyTo, id) => self.reply_to = Some(id),
            (EnvelopeField::Channel, id) => self.channel = Some(id.to_string()),
            (EnvelopeField::Epoch, id) => self.epoch = Some(id.to_string()),
            (EnvelopeField::Version, id) => self.version = number(&id),
            (EnvelopeField::Seq, id) => {
                self.seq = number(&id).and_then(|n| u64::try_from(n).ok());
                if self.seq.is_none() {
                    self.envelope.violation(details::minimum(&0.into()));
                }
            }
            (EnvelopeField::Timestamp, id) => {
                let form = self.fields.timestamp.map(|(_, form)| form);
                self.timestamp = form.and_then(|form| read_time(form, &id));
                if self.timestamp.is_none() {
                    self.envelope.violation(match form {
                        Some(TimestampForm::UnixMs | TimestampForm::UnixS) => {
                            details::minimum(&0.into())
                        }
                        _ => details::format("date-time"),
                    });
                }
            }
        }
    }
}

/// Returns the types of the discriminants of a union: string, integer, or both.
fn tag_types(table: &UnionDescriptor) -> TypeSet {
    let tags = table.messages.iter().filter_map(|message| message.tag);
    let types = tags.fold(TypeSet::NONE, |types, tag| {
        types.with(match tag {
            Tag::Text(_) => Type::String,
            Tag::Integer(_) => Type::Integer,
        })
    });
    match types == TypeSet::NONE {
        true => types.with(Type::String),
        false => types,
    }
}

fn number(id: &Id) -> Option<i64> {
    match id {
        Id::Integer(n) => Some(*n),
        Id::Text(text) => text.parse().ok(),
    }
}

fn read_time(form: TimestampForm, id: &Id) -> Option<SystemTime> {
    let since = match form {
        TimestampForm::Rfc3339 => match id {
            Id::Text(text) => return read_rfc3339(text),
            Id::Integer(_) => return None,
        },
        TimestampForm::UnixMs => Duration::from_millis(u64::try_from(number(id)?).ok()?),
        TimestampForm::UnixS => Duration::from_secs(u64::try_from(number(id)?).ok()?),
    };
    SystemTime::UNIX_EPOCH.checked_add(since)
}
