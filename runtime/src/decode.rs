//! From a frame to an envelope with a message in it, or to what is left of one that was refused.

use crate::{
    codec::Source,
    descriptor::{
        EnvelopeField, FieldDescriptor, FieldKind, Presence, Role, Tag, TagRef, TimestampForm,
        UnionDescriptor,
    },
    envelope::{DecodeError, DecodeErrorKind, Envelope, Id, TagBuf},
    message::MessageSet,
    read::{Kind, Next, Place, ReadContext, Reader, Segment, Stop},
};
use handfast_schema::{Side, Type, TypeSet, Violations, details, listed, number::MAX_SAFE_INTEGER};
use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime},
};

/// What a message means may depend on what is being waited for: a reply may have no tag of its own.
pub trait PendingReplies {
    /// What is waited for under an id, or first in line where replies come in the order of the requests; none where nobody
    /// waits.
    fn expected(&self, id: Option<&Id>) -> Option<ExpectedReply>;
}

/// A reply that is waited for: places in the table of what the other end sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpectedReply {
    /// The reply of a request that succeeded; none where only its tag can tell.
    pub success: Option<usize>,
    /// The reply of a request that failed, where the protocol has a message for it.
    pub failure: Option<usize>,
}

/// Nothing is being waited for.
#[derive(Clone, Copy, Debug)]
pub struct NoPendingReplies;

impl PendingReplies for NoPendingReplies {
    fn expected(&self, _: Option<&Id>) -> Option<ExpectedReply> {
        None
    }
}

/// Reads a message in one pass.
///
/// `side` is the end that receives; `depth` is how many arrays and objects may lie in each other.
///
/// # Errors
/// Where the message is not JSON, its envelope does not fit, nobody knows its type, or its payload does not fit. What
/// could be read of it is kept.
pub fn decode<M: MessageSet>(
    source: Source<'_>,
    side: Side,
    depth: u32,
    pending: &dyn PendingReplies,
) -> Result<Envelope<M>, Box<DecodeError>> {
    let Source::Json(body) = source;
    let mut reader = Reader::body(body, depth);
    let mut decoder = Decoder::new(M::DESCRIPTOR, side, body.text());
    let mut message = None;
    let read = decoder.run(&mut reader, pending, &mut |index, r, cx| {
        message = M::read(index, r, cx)?;
        Ok(())
    });
    if let Err(Stop) = read.and_then(|()| reader.end()) {
        let syntax = reader.stopped();
        return Err(decoder.reject(DecodeErrorKind::Syntax {
            offset: syntax.offset,
            message: syntax.message,
        }));
    }
    if let (Some(index), None, false) = (decoder.index, decoder.content, decoder.failed) {
        message = read_empty(index, side);
        if message.is_none() {
            let name = M::DESCRIPTOR.envelope.content.unwrap_or_default();
            decoder.payload.violation(details::required(name));
        }
    }
    decoder.finish(message)
}

/// The message at a place in the table without a payload: one with `{}`, where that passes.
fn read_empty<M: MessageSet>(index: usize, side: Side) -> Option<M> {
    let mut cx = ReadContext::new(side);
    let before = cx.mark();
    let mut reader = Reader::body("{}".into(), 1);
    let message = M::read(index, &mut reader, &mut cx).ok()??;
    cx.clean_since(before).then_some(message)
}

/// The fields of an envelope, as they are met.
struct Decoder<'de> {
    table: &'static UnionDescriptor,
    side: Side,
    text: &'de str,
    /// What is wrong with the envelope.
    envelope: ReadContext,
    /// What is wrong with the payload.
    payload: ReadContext,
    tag: Option<ReadTag<'de>>,
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
    dyn FnMut(usize, &mut Reader<'de>, &mut ReadContext) -> Result<(), Stop> + 'a;

/// A tag, as read.
enum ReadTag<'de> {
    Text(Cow<'de, str>),
    Integer(i64),
}

impl ReadTag<'_> {
    fn borrow(&self) -> TagRef<'_> {
        match self {
            Self::Text(text) => TagRef::Text(text),
            Self::Integer(n) => TagRef::Integer(*n),
        }
    }

    /// The tag by itself; `known` is that of the message it was looked up as.
    fn into_owned(self, known: Option<Tag>) -> TagBuf {
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
    const fn new(table: &'static UnionDescriptor, side: Side, text: &'de str) -> Self {
        Self {
            table,
            side,
            text,
            envelope: ReadContext::new(side),
            payload: ReadContext::new(side),
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
        r: &mut Reader<'de>,
        pending: &dyn PendingReplies,
        read: &mut ReadPayload<'_, 'de>,
    ) -> Result<(), Stop> {
        let table = &self.table.envelope;
        if r.peek()? != Kind::Object {
            return Err(r.stop("not an object"));
        }
        let start = r.offset();
        let (names, roles) = (self.table.layout.names(), self.table.layout.roles());
        let mut seen = 0u16;
        let mut members = r.enter_object()?;
        let mut guess = 0;
        let before = self.envelope.mark();
        loop {
            match r.next_key(&mut members, names, guess) {
                Next::Field(place) => {
                    seen |= 1 << place;
                    guess = place + 1;
                    let mark = self.envelope.mark();
                    self.member(roles[place], r, read)?;
                    self.envelope
                        .within(mark, || Segment::field(place, names[place]));
                }
                Next::Unknown => {
                    if table.content.is_some() && self.side == Side::Server {
                        let mark = self.envelope.mark();
                        self.envelope
                            .violation(details::unknown_property("additionalProperties"));
                        self.envelope
                            .part(before, mark, || Segment::Key(r.name().into()));
                    }
                    r.skip()?;
                }
                Next::End => break,
                Next::Stop => return Err(Stop),
            }
        }
        let end = r.offset();
        for (place, role) in roles.iter().enumerate() {
            if let Role::Field(
                _,
                FieldDescriptor {
                    name,
                    presence: Presence::Required | Presence::Nullable,
                    ..
                },
            ) = role
                && seen & (1 << place) == 0
            {
                self.envelope.violation(details::required(name));
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
            self.envelope.violation(details::required(table.tag));
        }
        // What is published to a channel says which.
        let channel = roles.iter().position(|role| {
            matches!(role, Role::Field(EnvelopeField::Channel, field) if field.presence == Presence::Optional)
        });
        if let (Side::Client, Some(index), Some(place)) = (self.side, self.index, channel)
            && seen & (1 << place) == 0
            && self.table.messages[index].channel.is_some()
        {
            self.envelope.violation(details::required(names[place]));
        }
        // The payload stood before the tag, or a name stood twice, or the payload lies flat: read it now.
        if let (Some(index), Some((content, _))) = (self.index, self.content)
            && self.read != Some((index, content))
        {
            self.payload = ReadContext::new(self.side);
            r.go(Place::Offset(content));
            if table.content.is_none() {
                self.payload.ignored.envelope = Some(&self.table.layout);
            }
            read(index, r, &mut self.payload)?;
            r.go(Place::Offset(end));
        }
        Ok(())
    }

    fn member(
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
                match r.peek()? {
                    Kind::String => {
                        let text = r.string()?;
                        self.index = (self.table.lookup)(TagRef::Text(&text));
                        self.tag = Some(ReadTag::Text(text.into_cow()));
                    }
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
                        self.payload = ReadContext::new(self.side);
                        read(index, r, &mut self.payload)?;
                        self.read = Some((index, start));
                    }
                    None => r.skip()?,
                }
                self.content = Some((start, r.offset()));
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
                    self.envelope.violation(details::enumeration(&allowed));
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
        field: FieldDescriptor,
        r: &mut Reader<'de>,
    ) -> Result<(), Stop> {
        let kind = r.peek()?;
        if kind == Kind::Null && field.presence == Presence::Nullable {
            return r.null();
        }
        let value = match (field.kind, kind) {
            (FieldKind::Text, Kind::String) => Some(Id::Text(r.string()?.to_owned())),
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
                let form = self.table.envelope.timestamp.map(|(_, form)| form);
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
        Ok(())
    }

    /// The id that ties it to a request: to the client only the field for replies does, where there is one.
    fn correlation(&self) -> Option<&Id> {
        match (self.side, self.table.envelope.reply_to) {
            (Side::Client, Some(_)) => self.reply_to.as_ref(),
            _ => self.reply_to.as_ref().or(self.id.as_ref()),
        }
    }

    /// The same, taken out.
    fn take_correlation(&mut self) -> Option<Id> {
        match (self.side, self.table.envelope.reply_to) {
            (Side::Client, Some(_)) => self.reply_to.take(),
            _ => self.reply_to.take().or_else(|| self.id.take()),
        }
    }

    /// Decides which message it is, by its tag or by the request it answers.
    fn settle(&mut self, pending: &dyn PendingReplies) {
        let Some(ExpectedReply { success, failure }) = pending.expected(self.correlation()) else {
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

    fn finish<M>(mut self, message: Option<M>) -> Result<Envelope<M>, Box<DecodeError>> {
        let clean = ReadContext::new(self.side).mark();
        if !self.envelope.clean_since(clean) {
            let envelope = std::mem::replace(&mut self.envelope, ReadContext::new(self.side));
            let mut violations = envelope.all(None);
            violations.extend(self.payload_violations());
            return Err(self.reject(DecodeErrorKind::Envelope(listed(violations))));
        }
        if self.failed {
            return Err(self.reject(DecodeErrorKind::Failed));
        }
        if self.index.is_none() {
            return Err(self.reject(DecodeErrorKind::UnknownType));
        }
        match message {
            Some(message) if self.payload.clean_since(clean) => Ok(Envelope {
                id: self.take_correlation(),
                version: self.version,
                channel: self.channel,
                seq: self.seq,
                epoch: self.epoch,
                timestamp: self.timestamp,
                message,
            }),
            _ => {
                let violations = listed(self.payload_violations());
                Err(self.reject(DecodeErrorKind::Invalid(violations)))
            }
        }
    }

    fn payload_violations(&mut self) -> Violations {
        let payload = std::mem::replace(&mut self.payload, ReadContext::new(self.side));
        let place = self.table.envelope.content;
        payload.all(place.filter(|_| self.content.is_some()))
    }

    #[cold]
    fn reject(&mut self, kind: DecodeErrorKind) -> Box<DecodeError> {
        let known = self.index.and_then(|index| self.table.messages[index].tag);
        Box::new(DecodeError {
            kind,
            id: self.take_correlation(),
            tag: self.tag.take().map(|tag| tag.into_owned(known)),
            channel: self.channel.take(),
            payload: self
                .content
                .and_then(|(start, end)| self.text.get(start..end))
                .map(str::to_owned),
        })
    }
}

/// What the tags of a union are: strings, integers, or some of either.
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
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
