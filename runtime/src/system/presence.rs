//! The payload of `presence`: who is in a channel.

#[cfg(feature = "client")]
use super::{Fields, Head, count, fields, find, get, missing};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use std::{borrow::Cow, sync::Arc};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PresenceKind {
    /// All members, or the next of them: what was known before is void.
    List,
    /// A session joined.
    Join,
    /// What the server says of a member has changed.
    Update,
    /// A member has lost its connection.
    Away,
    /// A member has a connection again.
    Back,
    /// A member left, or its session has ended.
    Leave,
}

impl PresenceKind {
    const ALL: [(Self, &'static str); 6] = [
        (Self::List, "list"),
        (Self::Join, "join"),
        (Self::Update, "update"),
        (Self::Away, "away"),
        (Self::Back, "back"),
        (Self::Leave, "leave"),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    #[cfg(feature = "client")]
    fn of(text: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(_, name)| *name == text);
        known.map(|(kind, _)| *kind)
    }
}

/// The payload of `presence`.
#[derive(Debug)]
pub(crate) struct PresenceNotice<'a> {
    pub(crate) channel: Cow<'a, str>,
    pub(crate) kind: PresenceKind,
    /// How many members there are, whether they are listed or not.
    pub(crate) count: u64,
    /// The id of the receiver, in a list.
    pub(crate) own: Option<Arc<str>>,
    pub(crate) members: Vec<MemberNotice>,
    /// Whether the list goes on in the next message.
    pub(crate) more: bool,
}

/// A member. If it is away, back or has left, it has its id only.
#[derive(Clone, Debug)]
pub(crate) struct MemberNotice {
    pub(crate) id: Arc<str>,
    pub(crate) principal: Option<Arc<str>>,
    pub(crate) info: Option<Arc<RawValue>>,
    pub(crate) away: bool,
}

impl Serialize for MemberNotice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &*self.id)?;
        if let Some(principal) = &self.principal {
            map.serialize_entry("principal", &**principal)?;
        }
        if let Some(info) = &self.info {
            map.serialize_entry("info", &**info)?;
        }
        if self.away {
            map.serialize_entry("away", &true)?;
        }
        map.end()
    }
}

impl Serialize for PresenceNotice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("channel", &*self.channel)?;
        map.serialize_entry("event", self.kind.as_str())?;
        map.serialize_entry("count", &self.count)?;
        if let Some(own) = &self.own {
            map.serialize_entry("self", &**own)?;
        }
        match (self.kind, self.members.first()) {
            (PresenceKind::List, _) => map.serialize_entry("members", &self.members)?,
            (_, Some(member)) => map.serialize_entry("member", member)?,
            (_, None) => {}
        }
        if self.more {
            map.serialize_entry("more", &true)?;
        }
        map.end()
    }
}

#[cfg(feature = "client")]
impl MemberNotice {
    fn read(member: &RawValue) -> Result<Self, serde_json::Error> {
        let member: Fields<'_> = fields(member.get())?;
        let text = |name: &str| find::<String>(&member, name).map(|text| text.map(Arc::from));
        Ok(Self {
            id: get::<String>(&member, "id")?.into(),
            principal: text("principal")?,
            info: member.get("info").map(|info| (*info).to_owned().into()),
            away: find(&member, "away")?.unwrap_or(false),
        })
    }
}

#[cfg(feature = "client")]
impl PresenceNotice<'static> {
    /// Reads a notice. `None` if its event is one of a newer server.
    pub(crate) fn read(head: &Head<'_>) -> Result<Option<Self>, serde_json::Error> {
        let payload = head.payload()?;
        let Some(kind) = PresenceKind::of(&get::<String>(&payload, "event")?) else {
            return Ok(None);
        };
        let members = if kind == PresenceKind::List {
            let members: Vec<Box<RawValue>> = get(&payload, "members")?;
            members
                .iter()
                .map(|member| MemberNotice::read(member))
                .collect()
        } else {
            let member: Box<RawValue> = get(&payload, "member")?;
            MemberNotice::read(&member).map(|member| vec![member])
        };
        Ok(Some(Self {
            channel: get::<String>(&payload, "channel")?.into(),
            kind,
            count: count(&payload, "count")?.ok_or_else(|| missing("count"))?,
            own: find::<String>(&payload, "self")?.map(Arc::from),
            members: members?,
            more: find(&payload, "more")?.unwrap_or(false),
        }))
    }
}
