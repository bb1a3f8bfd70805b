//! From a frame to an envelope with a message in it, or to what is left of one that was refused.

use crate::{
    codec::Source,
    envelope::{Envelope, Id, Reason, Rejected, TagBuf},
    message::Messages,
    read::{Cx, Field, JsonReader, Key, Kind, Reader, Segment, Syntax},
    table::{
        EnvelopeField, FieldKind, FieldTable, Presence, Tag, TagRef, TimestampForm, UnionTable,
    },
};
use handfast_schema::{Mode, Type, TypeSet, Violations, listed, words};
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// What a message means may depend on what is being waited for: a reply may have no tag of its own.
pub trait Pending {
    /// What is waited for under an id, or first in line where replies come in the order of the requests; none where nobody
    /// waits.
    fn expected(&self, id: Option<&Id>) -> Option<Expected>;
}

/// A reply that is waited for: places in the table of what the other end sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The reply of a request that succeeded; none where only its tag can tell.
    pub success: Option<usize>,
    /// The reply of a request that failed, where the protocol has a message for it.
    pub failure: Option<usize>,
}

/// Nothing is being waited for.
#[derive(Clone, Copy, Debug)]
pub struct NothingPending;

impl Pending for NothingPending {
    fn expected(&self, _: Option<&Id>) -> Option<Expected> {
        None
    }
}

/// Reads a message in one pass.
///
/// `mode` is the end that receives; `depth` is how many arrays and objects may lie in each other.
///
/// # Errors
/// Where the message is not JSON, its envelope does not fit, nobody knows its type, or its payload does not fit. What
/// could be read of it is kept.
pub fn decode<M: Messages>(
    source: Source<'_>,
    mode: Mode,
    depth: u32,
    pending: &dyn Pending,
) -> Result<Envelope<M>, Box<Rejected>> {
    let Source::Json(text) = source;
    let mut reader = JsonReader::new(text, depth);
    let mut decoder = Decoder::new(M::TABLE, mode, text);
    let mut message = None;
    let read = decoder.run(&mut reader, pending, &mut |index, r, cx| {
        message = M::read(index, r, cx)?;
        Ok(())
    });
    if let Err(syntax) = read.and_then(|()| reader.end()) {
        return Err(decoder.reject(Reason::Syntax {
            offset: syntax.offset,
            message: syntax.message,
        }));
    }
    if let (Some(index), None, false) = (decoder.index, decoder.content, decoder.failed) {
        message = M::bare(index);
        if message.is_none() {
            let name = M::TABLE.envelope.content.unwrap_or_default();
            decoder.payload.violation(words::required(name));
        }
    }
    decoder.finish(message)
}

/// The fields of an envelope, as they are met.
struct Decoder<'de> {
    table: &'static UnionTable,
    mode: Mode,
    text: &'de str,
    /// What is wrong with the envelope.
    envelope: Cx,
    /// What is wrong with the payload.
    payload: Cx,
    tag: Option<TagBuf>,
    index: Option<usize>,
    /// Where the payload stands, and where it ends.
    content: Option<(usize, usize)>,
    /// Which message was read from which place.
    read: Option<(usize, usize)>,
    outcome: Option<serde_json::Value>,
    /// It answers a request that failed, and the protocol has no message for that.
    failed: bool,
    id: Option<Id>,
    reply_to: Option<Id>,
    version: Option<i64>,
    channel: Option<String>,
    seq: Option<u64>,
    epoch: Option<String>,
    timestamp: Option<SystemTime>,
}

type ReadPayload<'a, 'de> =
    dyn FnMut(usize, &mut JsonReader<'de>, &mut Cx) -> Result<(), Syntax> + 'a;

/// The most fields an envelope has: tag, payload, outcome, and seven more.
const MOST: usize = 10;

impl<'de> Decoder<'de> {
    const fn new(table: &'static UnionTable, mode: Mode, text: &'de str) -> Self {
        Self {
            table,
            mode,
            text,
            envelope: Cx::new(mode),
            payload: Cx::new(mode),
            tag: None,
            index: None,
            content: None,
            read: None,
            outcome: None,
            failed: false,
            id: None,
            reply_to: None,
            version: None,
            channel: None,
            seq: None,
            epoch: None,
            timestamp: None,
        }
    }

    fn run(
        &mut self,
        r: &mut JsonReader<'de>,
        pending: &dyn Pending,
        read: &mut ReadPayload<'_, 'de>,
    ) -> Result<(), Syntax> {
        let table = &self.table.envelope;
        if r.peek()? != Kind::Object {
            return Err(Syntax {
                offset: r.place(),
                message: "not an object",
            });
        }
        let start = r.place();
        // The names, in the order most senders write them: tag, payload, then the rest.
        let mut names = [Field {
            name: "",
            optional: true,
        }; MOST];
        let mut roles = [Role::Tag; MOST];
        let mut count = 0;
        let all = [
            (Role::Tag, Some(table.tag)),
            (Role::Content, table.content),
            (Role::Outcome, table.outcome.map(|o| o.0)),
        ]
        .into_iter()
        .filter_map(|(role, name)| Some((role, name?)))
        .chain(
            table
                .fields()
                .map(|(role, field)| (Role::Field(role, field), field.name)),
        );
        for (place, (role, name)) in all.enumerate() {
            names[place].name = name;
            roles[place] = role;
            count = place + 1;
        }
        let mut seen = 0u16;
        r.members(&names[..count], &mut |r, key| match key {
            Key::Known(place) => {
                seen |= 1 << place;
                let mark = self.envelope.mark();
                self.member(roles[place], r, read)?;
                self.envelope
                    .within(mark, || Segment::Field(place, names[place].name));
                Ok(())
            }
            Key::Unknown(name) => {
                if table.content.is_some() && self.mode == Mode::Server {
                    let mark = self.envelope.mark();
                    self.envelope
                        .violation(words::unknown_property("additionalProperties"));
                    self.envelope.within(mark, || Segment::Key(name.to_owned()));
                }
                r.skip()
            }
        })?;
        let end = r.place();
        for (place, role) in roles[..count].iter().enumerate() {
            if let Role::Field(
                _,
                FieldTable {
                    name,
                    presence: Presence::Required | Presence::Nullable,
                    ..
                },
            ) = role
                && seen & (1 << place) == 0
            {
                self.envelope.violation(words::required(name));
            }
        }
        if table.content.is_none() {
            self.content = Some((start, end));
        }
        self.settle(pending);
        if self.failed {
            return Ok(());
        }
        if self.index.is_none() && self.tag.is_none() && seen & 1 == 0 {
            self.envelope.violation(words::required(table.tag));
        }
        // What is published to a channel says which.
        let channel = roles[..count].iter().position(|role| {
            matches!(role, Role::Field(EnvelopeField::Channel, field) if field.presence == Presence::Optional)
        });
        if let (Mode::Client, Some(index), Some(place)) = (self.mode, self.index, channel)
            && seen & (1 << place) == 0
            && self.table.messages[index].channel.is_some()
        {
            self.envelope.violation(words::required(names[place].name));
        }
        // The payload stood before the tag, or a name stood twice, or the payload lies flat: read it now.
        if let (Some(index), Some((content, _))) = (self.index, self.content)
            && self.read != Some((index, content))
        {
            self.payload = Cx::new(self.mode);
            r.go(content);
            if table.content.is_none() {
                self.payload.beside.envelope = Some(table);
            }
            read(index, r, &mut self.payload)?;
            r.go(end);
        }
        Ok(())
    }

    fn member(
        &mut self,
        role: Role,
        r: &mut JsonReader<'de>,
        read: &mut ReadPayload<'_, 'de>,
    ) -> Result<(), Syntax> {
        let cx = &mut self.envelope;
        match role {
            Role::Tag => {
                self.tag = None;
                self.index = None;
                match r.peek()? {
                    Kind::String => {
                        let text = r.string()?;
                        self.index = (self.table.lookup)(TagRef::Text(&text));
                        self.tag = Some(TagBuf::Text(text.to_owned()));
                    }
                    Kind::Number => {
                        if let Some(n) = r.number()?.as_integer() {
                            self.index = (self.table.lookup)(TagRef::Integer(n));
                            self.tag = Some(TagBuf::Integer(n));
                        } else {
                            cx.violation(words::types(TypeSet::NONE.with(Type::Integer)));
                        }
                    }
                    _ => {
                        r.skip()?;
                        let kind = match self.table.messages.iter().find_map(|m| m.tag) {
                            Some(Tag::Integer(_)) => Type::Integer,
                            _ => Type::String,
                        };
                        cx.violation(words::types(TypeSet::NONE.with(kind)));
                    }
                }
            }
            Role::Content => {
                r.peek()?;
                let start = r.place();
                match self.index {
                    Some(index) => {
                        self.payload = Cx::new(self.mode);
                        read(index, r, &mut self.payload)?;
                        self.read = Some((index, start));
                    }
                    None => r.skip()?,
                }
                self.content = Some((start, r.place()));
            }
            Role::Outcome => {
                let value = r.value()?;
                // The table holds the two values as JSON text.
                let allowed =
                    self.table
                        .envelope
                        .outcome
                        .map_or([None, None], |(_, success, failure)| {
                            [success, failure].map(|text| serde_json::from_str(text).ok())
                        });
                let allowed: Vec<serde_json::Value> = allowed.into_iter().flatten().collect();
                if !allowed.contains(&value) {
                    self.envelope.violation(words::enumeration(&allowed));
                }
                self.outcome = Some(value);
            }
            Role::Field(role, field) => self.field(role, field, r)?,
        }
        Ok(())
    }

    fn field(
        &mut self,
        role: EnvelopeField,
        field: FieldTable,
        r: &mut JsonReader<'de>,
    ) -> Result<(), Syntax> {
        let kind = r.peek()?;
        if kind == Kind::Null && field.presence == Presence::Nullable {
            return r.null();
        }
        let value = match (field.kind, kind) {
            (FieldKind::Text, Kind::String) => Some(Id::Text(r.string()?.to_owned())),
            (FieldKind::Integer, Kind::Number) => r.number()?.as_integer().map(Id::Integer),
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
                .violation(words::types(TypeSet::NONE.with(ty)));
            return Ok(());
        };
        match (role, value) {
            (EnvelopeField::Id, id) => self.id = Some(id),
            (EnvelopeField::ReplyTo, id) => self.reply_to = Some(id),
            (EnvelopeField::Channel, id) => self.channel = Some(id.to_string()),
            (EnvelopeField::Epoch, id) => self.epoch = Some(id.to_string()),
            (EnvelopeField::Version, id) => self.version = number(&id),
            (EnvelopeField::Seq, id) => {
                self.seq = number(&id).and_then(|n| u64::try_from(n).ok());
                if self.seq.is_none() {
                    self.envelope.violation(words::minimum(&0.into()));
                }
            }
            (EnvelopeField::Timestamp, id) => {
                let form = self.table.envelope.timestamp.map(|(_, form)| form);
                self.timestamp = form.and_then(|form| read_time(form, &id));
                if self.timestamp.is_none() {
                    self.envelope.violation(words::format("date-time"));
                }
            }
        }
        Ok(())
    }

    /// The id that ties it to a request: to the client only the field for replies does, where there is one.
    fn correlation(&self) -> Option<&Id> {
        match (self.mode, self.table.envelope.reply_to) {
            (Mode::Client, Some(_)) => self.reply_to.as_ref(),
            _ => self.reply_to.as_ref().or(self.id.as_ref()),
        }
    }

    /// Decides which message it is, by its tag or by the request it answers.
    fn settle(&mut self, pending: &dyn Pending) {
        let id = self.correlation().cloned();
        let Some(Expected { success, failure }) = pending.expected(id.as_ref()) else {
            return;
        };
        let tag_of = |place: usize| self.table.messages.get(place).and_then(|m| m.tag);
        // A tag, where there is one, has to be that of the reply: an error may answer too.
        let fits = |place: usize| match (&self.tag, tag_of(place)) {
            (Some(is), Some(should)) => should == is.borrow(),
            (None, None) => true,
            _ => false,
        };
        let failed = match (&self.outcome, self.table.envelope.outcome) {
            (Some(value), Some((_, _, failure))) => {
                serde_json::from_str::<serde_json::Value>(failure)
                    .is_ok_and(|failure| failure == *value)
            }
            _ => false,
        };
        match (failed, success, failure) {
            (false, Some(success), _) if fits(success) => self.index = Some(success),
            (true, success, Some(failure)) if fits(failure) || success.is_some_and(fits) => {
                self.index = Some(failure);
            }
            (true, Some(success), None) if fits(success) => self.failed = true,
            (true, None, None) if self.tag.is_none() || self.index.is_some() => self.failed = true,
            _ => {}
        }
    }

    fn finish<M>(mut self, message: Option<M>) -> Result<Envelope<M>, Box<Rejected>> {
        let clean = Cx::new(self.mode).mark();
        if !self.envelope.clean_since(clean) {
            let envelope = std::mem::replace(&mut self.envelope, Cx::new(self.mode));
            let mut violations = envelope.all();
            violations.extend(self.payload_violations());
            return Err(self.reject(Reason::Envelope(listed(violations))));
        }
        if self.failed {
            return Err(self.reject(Reason::Failed));
        }
        if self.index.is_none() {
            return Err(self.reject(Reason::UnknownType));
        }
        match message {
            Some(message) if self.payload.clean_since(clean) => Ok(Envelope {
                id: self.correlation().cloned(),
                version: self.version,
                channel: self.channel,
                seq: self.seq,
                epoch: self.epoch,
                timestamp: self.timestamp,
                message,
            }),
            _ => {
                let violations = listed(self.payload_violations());
                Err(self.reject(Reason::Invalid(violations)))
            }
        }
    }

    fn payload_violations(&mut self) -> Violations {
        let mut payload = std::mem::replace(&mut self.payload, Cx::new(self.mode));
        if let (Some(content), Some(_)) = (self.table.envelope.content, self.content) {
            let all = Cx::new(self.mode).mark();
            payload.within(all, || Segment::Field(1, content));
        }
        payload.all()
    }

    fn reject(self, reason: Reason) -> Box<Rejected> {
        let id = self.correlation().cloned();
        Box::new(Rejected {
            reason,
            tag: self.tag,
            id,
            channel: self.channel,
            payload: self
                .content
                .and_then(|(start, end)| self.text.get(start..end))
                .map(str::to_owned),
        })
    }
}

#[derive(Clone, Copy)]
enum Role {
    Tag,
    Content,
    Outcome,
    Field(EnvelopeField, FieldTable),
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
            Id::Text(text) => return humantime::parse_rfc3339(text).ok(),
            Id::Integer(_) => return None,
        },
        TimestampForm::UnixMs => Duration::from_millis(u64::try_from(number(id)?).ok()?),
        TimestampForm::UnixS => Duration::from_secs(u64::try_from(number(id)?).ok()?),
    };
    SystemTime::UNIX_EPOCH.checked_add(since)
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("tag", &self.tag)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
