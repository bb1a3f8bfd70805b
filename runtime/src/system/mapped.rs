//! Messages of the application in roles of the session: the fields of the role are at JSON Pointers (RFC 6901) in their payloads.

use super::{Fields, Head, Role, fields};
use crate::{
    Side,
    codec::Source,
    descriptor::{MappedRole, MappedRoles, OwnEnvelope, SessionDescriptor, UnionDescriptor},
};
use serde_json::{Map, Value, value::RawValue};
use std::borrow::Cow;

impl MappedRole {
    /// Whether a side sends it.
    pub(crate) const fn is_sent_by(&self, side: Side) -> bool {
        match side {
            Side::Client => self.sent_by.0,
            Side::Server => self.sent_by.1,
        }
    }

    /// Returns the envelope that it has of its own as a side sends it.
    pub(crate) const fn own_envelope(&self, sender: Side) -> Option<&'static OwnEnvelope> {
        match sender {
            Side::Client => self.envelopes.0,
            Side::Server => self.envelopes.1,
        }
    }
}

/// The roles that a message of the application can play.
const ROLES: [Role; 15] = [
    Role::Hello,
    Role::Ready,
    Role::Refuse,
    Role::Resume,
    Role::Gap,
    Role::Skip,
    Role::Join,
    Role::Leave,
    Role::Ping,
    Role::Pong,
    Role::Received,
    Role::Error,
    Role::Greeting,
    Role::Negotiate,
    Role::Presence,
];

impl<'a> Head<'a> {
    /// Reads the envelope of a message, and finds out which of the session's messages it is. `union` is that of the sender's messages.
    ///
    /// # Errors
    /// If it is not a message.
    pub(crate) fn find(
        source: &Source<'a>,
        union: &'static UnionDescriptor,
        sender: Side,
        session: &SessionDescriptor,
    ) -> Result<(Self, Option<Role>), serde_json::Error> {
        let head = Self::read(source, &union.envelope);
        let role = head
            .as_ref()
            .ok()
            .and_then(|head| Role::of(head.tag.borrow(), sender, session));
        if let (Ok(head), Some(role)) = (head, role) {
            let Some(mapped) = role.mapped(&session.mapped) else {
                return Ok((head, Some(role)));
            };
            let head = head.with(mapped, source, union, sender)?;
            return Ok((head, Some(role)));
        }
        // Its discriminant may be in another field.
        if let Some(role) = other_tag(source, union, sender, &session.mapped)
            && let Some(mapped) = role.mapped(&session.mapped)
            && let Some(own) = mapped.own_envelope(sender)
        {
            let head = Self::read(source, &own.fields)?;
            return Ok((head.with(mapped, source, union, sender)?, Some(role)));
        }
        match other_message(source, union) {
            Some(head) => Ok((head, None)),
            None => Ok((Self::read(source, &union.envelope)?, None)),
        }
    }

    fn with(
        self,
        mapped: &'static MappedRole,
        source: &Source<'a>,
        union: &'static UnionDescriptor,
        sender: Side,
    ) -> Result<Self, serde_json::Error> {
        let (head, envelope, layout) = match mapped.own_envelope(sender) {
            Some(own) => (Self::read(source, &own.fields)?, &own.fields, &own.layout),
            None => (self, &union.envelope, &union.layout),
        };
        let mut payload = head.payload;
        if envelope.content.is_none()
            && let Some(text) = &payload
        {
            // The payload's fields are beside those of the envelope.
            let mut rest = fields(text)?;
            rest.retain(|name, _| !layout.names().contains(&&**name));
            payload = Some(Cow::Owned(serde_json::to_string(&rest)?));
        }
        Ok(Self {
            payload,
            mapped: Some(mapped),
            ..head
        })
    }
}

/// Reads a message of the application whose discriminant is in a field of its own. Each such field is tried once.
fn other_message<'a>(source: &Source<'a>, union: &UnionDescriptor) -> Option<Head<'a>> {
    if !union.has_own_envelopes {
        return None;
    }
    let mut tried = vec![union.envelope.tag];
    for own in union.messages.iter().filter_map(|message| message.envelope) {
        let field = own.fields.tag;
        if tried.contains(&field) {
            continue;
        }
        tried.push(field);
        let Ok(head) = Head::read(source, &own.fields) else {
            continue;
        };
        let index = (union.lookup)(head.tag.borrow());
        let own = index.and_then(|index| union.messages[index].envelope);
        if let Some(own) = own.filter(|own| own.fields.tag == field) {
            return Head::read(source, &own.fields).ok();
        }
    }
    None
}

/// Returns the role of a message whose discriminant is in a field of its own.
fn other_tag(
    source: &Source<'_>,
    union: &UnionDescriptor,
    sender: Side,
    roles: &MappedRoles,
) -> Option<Role> {
    ROLES.into_iter().find(|role| {
        let mapped = role
            .mapped(roles)
            .filter(|mapped| role.comes_from(sender) && mapped.is_sent_by(sender));
        let own = mapped.and_then(|mapped| Some((mapped.tag?, mapped.own_envelope(sender)?)));
        own.is_some_and(|(tag, own)| {
            own.fields.tag != union.envelope.tag
                && Head::read(source, &own.fields).is_ok_and(|head| tag == head.tag.borrow())
        })
    })
}

/// The fields of roles that may have any value.
const ANY: [&str; 3] = ["auth", "data", "nonce"];

/// Returns the fields of a role in the payload of a message. A schema of the application may say null where there is nothing.
pub(super) fn read<'t>(
    mapped: &MappedRole,
    payload: &'t str,
) -> Result<Fields<'t>, serde_json::Error> {
    let mut found = Fields::new();
    for (field, pointer) in mapped.fields {
        if let Some(raw) = at(payload, pointer)?
            && (raw.get() != "null" || ANY.contains(field))
        {
            found.insert(Cow::Borrowed(field), raw);
        }
    }
    Ok(found)
}

/// Returns the value at a pointer.
fn at<'t>(text: &'t str, pointer: &str) -> Result<Option<&'t RawValue>, serde_json::Error> {
    let mut raw: &RawValue = serde_json::from_str(text)?;
    for segment in segments(pointer) {
        let next = match raw.get().as_bytes().first() {
            Some(b'{') => fields(raw.get())?.get(&*segment).copied(),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw.get())?;
                let index = segment.parse().ok();
                index.and_then(|index: usize| items.get(index).copied())
            }
            _ => None,
        };
        let Some(next) = next else { return Ok(None) };
        raw = next;
    }
    Ok(Some(raw))
}

/// Returns the keys of a JSON Pointer (RFC 6901).
pub(crate) fn segments(pointer: &str) -> impl Iterator<Item = String> {
    let segments = pointer.split('/').skip(1);
    segments.map(|segment| segment.replace("~1", "/").replace("~0", "~"))
}

/// Returns the payload of a message with the fields of its role. `built` is what the application built. `None` if there is nothing to send.
///
/// # Errors
/// If a field cannot be serialized.
pub(crate) fn write(
    mapped: &MappedRole,
    role: &dyn erased_serde::Serialize,
    built: Option<&RawValue>,
) -> Result<Option<Box<RawValue>>, serde_json::Error> {
    let role = serde_json::to_value(role)?;
    let mut payload = match built {
        Some(built) => Some(serde_json::from_str(built.get())?),
        None => None,
    };
    let mut places: Vec<_> = mapped.fields.iter().collect();
    // What is around others comes first.
    places.sort_by_key(|(_, pointer)| pointer.len());
    for (field, pointer) in places {
        if let Some(value) = role.get(field) {
            set(&mut payload, pointer, value.clone());
        }
    }
    payload
        .map(|payload| serde_json::value::to_raw_value(&payload))
        .transpose()
}

/// Puts a value at a pointer. Where there is nothing, a segment that is a number makes a list, and any other an object.
fn set(payload: &mut Option<Value>, pointer: &str, value: Value) {
    let mut place = payload.get_or_insert(Value::Null);
    for segment in segments(pointer) {
        let index = segment.parse::<usize>().ok();
        if place.is_null() {
            *place = match index {
                Some(_) => Value::Array(Vec::new()),
                None => Value::Object(Map::new()),
            };
        }
        place = match (place, index) {
            (Value::Array(items), Some(index)) => {
                while items.len() <= index.min(64) {
                    items.push(Value::Null);
                }
                match items.get_mut(index) {
                    Some(item) => item,
                    None => return,
                }
            }
            (Value::Object(members), _) => members.entry(segment).or_insert(Value::Null),
            // The application built something else.
            _ => return,
        };
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::Tag;

    const ERROR: MappedRole = MappedRole {
        name: "error",
        tag: Some(Tag::Text("error")),
        sent_by: (false, true),
        envelopes: (None, None),
        fields: &[
            ("message", "/0/message"),
            ("code", "/0/extensions/code"),
            ("data", ""),
        ],
    };

    #[test]
    fn fields_of_a_role_are_put_at_their_places_and_read_from_there() {
        let role = serde_json::json!({ "message": "no", "code": "X" });
        let payload = write(&ERROR, &role, None)
            .expect("it is written")
            .expect("there is one");
        assert_eq!(
            payload.get(),
            r#"[{"message":"no","extensions":{"code":"X"}}]"#
        );
        let read = read(&ERROR, payload.get()).expect("it is read");
        assert_eq!(read["message"].get(), r#""no""#);
        assert_eq!(read["code"].get(), r#""X""#);
        assert_eq!(read["data"].get(), payload.get());
    }

    #[test]
    fn what_is_missing_is_absent() {
        for (payload, field) in [(r#"{"a":1}"#, "code"), ("[3]", "message")] {
            let read = read(&ERROR, payload).expect("it is read");
            assert!(!read.contains_key(field), "{payload}");
        }
        let nothing = write(&ERROR, &serde_json::json!({}), None).expect("it is written");
        assert!(nothing.is_none());
    }

    #[test]
    fn what_the_application_built_stays() {
        let built = RawValue::from_string(r#"[{"message":"?","path":["a"]}]"#.to_owned());
        let role = serde_json::json!({ "message": "no" });
        let payload = write(&ERROR, &role, Some(&built.expect("it is JSON")));
        let payload = payload.expect("it is written").expect("there is one");
        assert_eq!(payload.get(), r#"[{"message":"no","path":["a"]}]"#);
    }
}
