//! The envelope of the messages of one end.

/// The fields of an envelope.
#[derive(Clone, Copy, Debug)]
pub struct EnvelopeDescriptor {
    /// The name of the field with the discriminant.
    pub tag: &'static str,
    /// The name of the field with the payload; `None` if the payload is flattened into the envelope.
    pub content: Option<&'static str>,
    /// The correlation id.
    pub id: Option<FieldDescriptor>,
    /// In messages of the server: the field with the id of the request that is answered, if it is not `id`.
    pub reply_to: Option<FieldDescriptor>,
    /// The major version of the protocol.
    pub version: Option<FieldDescriptor>,
    /// The channel's key.
    pub channel: Option<FieldDescriptor>,
    /// The channel's sequence number.
    pub seq: Option<FieldDescriptor>,
    /// The channel's epoch.
    pub epoch: Option<FieldDescriptor>,
    /// The time of publication, and its format.
    pub timestamp: Option<(FieldDescriptor, TimestampForm)>,
    /// The field that distinguishes success from failure, if the discriminant does not: its name, and its values for success and failure as
    /// JSON.
    pub outcome: Option<(&'static str, &'static str, &'static str)>,
    /// Whether replies are matched to requests by order instead of by id. Only relevant for the envelope of the server.
    pub by_order: bool,
}

impl EnvelopeDescriptor {
    /// `type`, `payload`, `id`, `v`, `channel`, `seq`, `epoch`, `timestamp`.
    pub const DEFAULT: Self = Self {
        tag: "type",
        content: Some("payload"),
        id: Some(FieldDescriptor::optional("id", FieldKind::Text)),
        reply_to: None,
        version: Some(FieldDescriptor::optional("v", FieldKind::Integer)),
        channel: Some(FieldDescriptor::optional("channel", FieldKind::Text)),
        seq: Some(FieldDescriptor::optional("seq", FieldKind::Integer)),
        epoch: Some(FieldDescriptor::optional("epoch", FieldKind::Text)),
        timestamp: Some((
            FieldDescriptor::optional("timestamp", FieldKind::Text),
            TimestampForm::Rfc3339,
        )),
        outcome: None,
        by_order: false,
    };

    /// Returns the fields in the order in which most senders write them: discriminant, payload, then the others.
    pub const fn layout(&self) -> EnvelopeLayout {
        use EnvelopeField as F;
        let rest = [
            (F::Id, self.id),
            (F::ReplyTo, self.reply_to),
            (F::Version, self.version),
            (F::Channel, self.channel),
            (F::Seq, self.seq),
            (F::Epoch, self.epoch),
            (
                F::Timestamp,
                match self.timestamp {
                    Some((field, _)) => Some(field),
                    None => None,
                },
            ),
        ];
        let mut layout = EnvelopeLayout {
            names: [""; EnvelopeLayout::MOST],
            roles: [Role::Tag; EnvelopeLayout::MOST],
            count: 0,
            is_plain: true,
        };
        layout.push(self.tag, Role::Tag);
        if let Some(name) = self.content {
            layout.push(name, Role::Content);
        }
        if let Some((name, ..)) = self.outcome {
            layout.push(name, Role::Outcome);
        }
        let mut i = 0;
        while i < rest.len() {
            if let (role, Some(field)) = rest[i] {
                layout.push(field.name, Role::Field(role, field));
            }
            i += 1;
        }
        layout
    }
}

/// The names and roles of the fields of an envelope.
#[derive(Debug)]
pub struct EnvelopeLayout {
    names: [&'static str; EnvelopeLayout::MOST],
    roles: [Role; EnvelopeLayout::MOST],
    count: usize,
    /// Whether every name appears verbatim in JSON text.
    is_plain: bool,
}

/// The role of a field of an envelope.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Tag,
    Content,
    Outcome,
    Field(EnvelopeField, FieldDescriptor),
}

/// Whether a name contains no quote, backslash or control character.
const fn is_plain(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if matches!(bytes[i], b'"' | b'\\' | 0..0x20) {
            return false;
        }
        i += 1;
    }
    true
}

impl EnvelopeLayout {
    /// The maximum number of fields of an envelope: discriminant, payload, outcome, and seven others.
    const MOST: usize = 10;

    const fn push(&mut self, name: &'static str, role: Role) {
        self.names[self.count] = name;
        self.roles[self.count] = role;
        self.count += 1;
        self.is_plain &= is_plain(name);
    }

    /// Whether every name appears verbatim in JSON text.
    pub(crate) const fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Returns the names.
    pub fn names(&self) -> &[&'static str] {
        &self.names[..self.count]
    }

    /// Whether a field has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().contains(&name)
    }

    pub(crate) fn roles(&self) -> &[Role] {
        &self.roles[..self.count]
    }
}

/// The purpose of an envelope field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each is the field of that name in `EnvelopeDescriptor`"
)]
pub enum EnvelopeField {
    Id,
    ReplyTo,
    Version,
    Channel,
    Seq,
    Epoch,
    Timestamp,
}

/// The descriptor of an envelope field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldDescriptor {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: FieldKind,
    /// Whether it is present.
    pub presence: Presence,
}

impl FieldDescriptor {
    /// Creates a field that is present only where it is used.
    pub const fn optional(name: &'static str, kind: FieldKind) -> Self {
        Self {
            name,
            kind,
            presence: Presence::Optional,
        }
    }
}

/// The type of an envelope field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A string.
    Text,
    /// An integer.
    Integer,
}

/// Whether an envelope field is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is always present.
    Required,
    /// It is present only where it is used.
    Optional,
    /// It is always present, and may be null.
    Nullable,
}

/// The format of a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampForm {
    /// RFC 3339, in UTC, with milliseconds.
    Rfc3339,
    /// Milliseconds since the Unix epoch.
    UnixMs,
    /// Seconds since the Unix epoch.
    UnixS,
}
