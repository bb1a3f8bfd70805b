//! Decodes a frame as an envelope with a message, or as an error that keeps what could be read.

mod fields;

use self::fields::ReadTag;
use crate::{
    codec::Source,
    descriptor::{
        EnvelopeDescriptor, EnvelopeField, EnvelopeLayout, FieldDescriptor, OwnEnvelope, Presence,
        ReplyKind, Role, TagRef, UnionDescriptor,
    },
    envelope::{DecodeError, DecodeErrorKind, Envelope, Id},
    message::MessageSet,
    read::{Kind, Next, Place, ReadContext, Reader, RefusedNames, Segment, Stop},
};
use handfast_schema::{Side, Violations, details, listed};
use std::{borrow::Cow, fmt, time::SystemTime};

/// The pending requests, which may determine what a message is: a reply may have no discriminant of its own.
pub trait PendingReplies {
    /// Returns the reply that is expected for an id, or next if replies are matched by order; `None` if there is no such request.
    fn expected(&self, id: Option<&Id>) -> Option<ExpectedReply>;
}

/// A pending reply: indices of the messages that the peer sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExpectedReply {
    /// What may reply to a request that succeeded: its reply or, of a stream, the acknowledgement, an item and the end. The first whose
    /// discriminant is that of the message is meant.
    pub replies: [Option<usize>; 3],
    /// The reply to a request that failed, if the protocol has a message for it.
    pub failure: Option<usize>,
}

/// No request is pending.
#[derive(Clone, Copy, Debug)]
pub struct NoPendingReplies;

impl PendingReplies for NoPendingReplies {
    fn expected(&self, _: Option<&Id>) -> Option<ExpectedReply> {
        None
    }
}

/// Decodes a message in one pass.
///
/// `side` is the receiving side; `depth` is the maximum number of nested arrays and objects.
///
/// # Errors
/// If the message is malformed, its envelope is invalid, its type is unknown, or its payload is invalid. The error keeps what could be
/// read.
pub fn decode<M: MessageSet>(
    source: Source<'_>,
    side: Side,
    depth: u32,
    pending: &dyn PendingReplies,
) -> Result<Envelope<M>, Box<DecodeError>> {
    let table = M::DESCRIPTOR;
    let own = match table.has_own_envelopes {
        true => envelope_of(table, source, depth),
        false => None,
    };
    let mut decoder = Decoder::new(table, own, side, source, depth);
    let mut message = None;
    decoder.read(pending, &mut message)?;
    // Its request may say that it is a message with another envelope.
    let wanted = decoder
        .index
        .and_then(|index| table.messages[index].envelope);
    if own.is_none() && wanted.is_some() {
        decoder = Decoder::new(table, wanted, side, source, depth);
        message = None;
        decoder.read(pending, &mut message)?;
    }
    if let (Some(index), None, false) = (decoder.index, decoder.content, decoder.failed) {
        message = read_empty(index, side);
        if message.is_none() {
            let name = decoder.fields.content.unwrap_or_default();
            decoder.payload.violation(details::required(name));
        }
    }
    decoder.finish(message)
}

/// Whether the envelope of a message is valid: the usual one, or one of its own. The payload is only skipped.
#[cfg(feature = "client")]
pub(crate) fn envelope_fits(
    table: &'static UnionDescriptor,
    own: Option<&'static OwnEnvelope>,
    source: &Source<'_>,
    side: Side,
    depth: u32,
) -> bool {
    let mut reader = source.reader(depth);
    let mut decoder = Decoder::new(table, own, side, *source, depth);
    let read = decoder.run(&mut reader, &NoPendingReplies, &mut |_, r, _| r.skip());
    let clean = ReadContext::new(side).mark();
    read.is_ok() && decoder.envelope.clean_since(clean)
}

/// Returns the envelope that the message with this discriminant has of its own.
fn envelope_of(
    table: &'static UnionDescriptor,
    source: Source<'_>,
    depth: u32,
) -> Option<&'static OwnEnvelope> {
    let mut names = vec![table.envelope.tag];
    for own in table.messages.iter().filter_map(|message| message.envelope) {
        if !names.contains(&own.fields.tag) {
            names.push(own.fields.tag);
        }
    }
    let mut r = source.reader(depth);
    if r.peek().ok()? != Kind::Object {
        return None;
    }
    let mut members = r.enter_object().ok()?;
    loop {
        let index = match r.next_key(&mut members, &names, 0) {
            Next::Field(place) => {
                let index = match r.peek().ok()? {
                    Kind::String => (table.lookup)(TagRef::Text(&r.string().ok()?)),
                    Kind::Number => {
                        let tag = r.number().ok()?.as_integer();
                        tag.and_then(|tag| (table.lookup)(TagRef::Integer(tag)))
                    }
                    _ => {
                        r.skip().ok()?;
                        None
                    }
                };
                index.map(|index| (index, names[place]))
            }
            Next::Unknown => {
                r.skip().ok()?;
                None
            }
            Next::End | Next::Stop => return None,
        };
        let own = index.and_then(|(index, name)| {
            let own = table.messages[index].envelope?;
            (own.fields.tag == name).then_some(own)
        });
        if own.is_some() {
            return own;
        }
    }
}

/// Reads a message without a payload as if it were `{}`, if that is valid.
fn read_empty<M: MessageSet>(index: usize, side: Side) -> Option<M> {
    let mut cx = ReadContext::new(side);
    let before = cx.mark();
    let mut reader = Reader::body("{}".into(), 1);
    let message = M::read(index, &mut reader, &mut cx).ok()??;
    cx.clean_since(before).then_some(message)
}

/// The state of decoding an envelope.
struct Decoder<'de> {
    table: &'static UnionDescriptor,
    /// The envelope.
    fields: &'static EnvelopeDescriptor,
    layout: &'static EnvelopeLayout,
    side: Side,
    source: Source<'de>,
    depth: u32,
    /// The violations of the envelope.
    envelope: ReadContext,
    /// The violations of the payload.
    payload: ReadContext,
    tag: Option<ReadTag<'de>>,
    index: Option<usize>,
    /// The start and end of the payload, in bytes.
    content: Option<(usize, usize)>,
    /// The message that was read, and the start of its payload.
    was_read: Option<(usize, usize)>,
    outcome: Option<serde_json::Value>,
    /// The message reports a failed request, and the protocol has no message for that.
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

impl<'de> Decoder<'de> {
    const fn new(
        table: &'static UnionDescriptor,
        own: Option<&'static OwnEnvelope>,
        side: Side,
        source: Source<'de>,
        depth: u32,
    ) -> Self {
        let (fields, layout) = match own {
            Some(own) => (&own.fields, &own.layout),
            None => (&table.envelope, &table.layout),
        };
        Self {
            table,
            fields,
            layout,
            side,
            source,
            depth,
            envelope: ReadContext::new(side),
            payload: ReadContext::new(side),
            tag: None,
            index: None,
            content: None,
            was_read: None,
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

    /// Reads the message.
    fn read<M: MessageSet>(
        &mut self,
        pending: &dyn PendingReplies,
        message: &mut Option<M>,
    ) -> Result<(), Box<DecodeError>> {
        let mut reader = self.source.reader(self.depth);
        let read = self.run(&mut reader, pending, &mut |index, r, cx| {
            *message = M::read(index, r, cx)?;
            Ok(())
        });
        let Err(Stop) = read.and_then(|()| reader.end()) else {
            return Ok(());
        };
        let syntax = reader.stopped();
        Err(self.reject(DecodeErrorKind::Syntax {
            offset: syntax.offset,
            message: syntax.message,
        }))
    }

    fn run(
        &mut self,
        r: &mut Reader<'de>,
        pending: &dyn PendingReplies,
        read: &mut ReadPayload<'_, 'de>,
    ) -> Result<(), Stop> {
        let table = self.fields;
        if r.peek()? != Kind::Object {
            return Err(r.stop("not an object"));
        }
        let start = r.offset();
        let (names, roles) = (self.layout.names(), self.layout.roles());
        let mut seen = 0u16;
        let mut refused = RefusedNames::default();
        let mut members = r.enter_object()?;
        let mut guess = 0;
        let before = self.envelope.mark();
        loop {
            let next = match self.layout.is_plain() {
                true => r.next_plain_key(&mut members, names, guess),
                false => r.next_key(&mut members, names, guess),
            };
            match next {
                Next::Field(place) => {
                    if seen & (1 << place) != 0 {
                        self.forget(before, place, roles[place]);
                    }
                    seen |= 1 << place;
                    guess = place + 1;
                    let mark = self.envelope.mark();
                    self.member(roles[place], r, read)?;
                    self.envelope
                        .within(mark, || Segment::field(place, names[place]));
                }
                Next::Unknown => self.unknown(&mut refused, r)?,
                Next::End => break,
                Next::Stop => return Err(Stop),
            }
        }
        refused.report(before, &mut self.envelope);
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
        self.resolve_reply(pending);
        if self.failed {
            return Ok(());
        }
        if self.index.is_none() && self.tag.is_none() && seen & 1 == 0 {
            self.envelope.violation(details::required(table.tag));
        }
        // A publication must name its channel.
        if let (Side::Client, Some(index)) = (self.side, self.index)
            && self.table.messages[index].channel.is_some()
            && let Some(place) = roles.iter().position(|role| {
                matches!(role, Role::Field(EnvelopeField::Channel, field) if field.presence == Presence::Optional)
            })
            && seen & (1 << place) == 0
        {
            self.envelope.violation(details::required(names[place]));
        }
        // The payload precedes the discriminant, a name is repeated, or the payload is flattened: read it now.
        if let (Some(index), Some((content, _))) = (self.index, self.content)
            && self.was_read != Some((index, content))
        {
            self.payload = ReadContext::new(self.side);
            r.go(Place::Offset(content));
            if table.content.is_none() {
                self.payload.ignored.envelope = Some(self.layout);
            }
            read(index, r, &mut self.payload)?;
            r.go(Place::Offset(end));
        }
        Ok(())
    }

    /// Skips a member that the envelope does not have.
    #[cold]
    fn unknown(&self, refused: &mut RefusedNames, r: &mut Reader<'de>) -> Result<(), Stop> {
        if self.fields.content.is_some() && self.side == Side::Server {
            refused.add(&r.name());
        }
        r.skip()
    }

    /// Returns the correlation id. For a client, only the field for replies counts, if the protocol has one.
    fn correlation(&self) -> Option<&Id> {
        match (self.side, self.fields.reply_to) {
            (Side::Client, Some(_)) => self.reply_to.as_ref(),
            _ => self.reply_to.as_ref().or(self.id.as_ref()),
        }
    }

    /// As [`Self::correlation`], but takes the id. A request of the server has its own.
    fn take_correlation(&mut self) -> Option<Id> {
        let message = self
            .index
            .and_then(|index| self.table.messages.get(index))
            .map_or(ReplyKind::None, |message| message.reply);
        let is_request = message.is_request() || message == ReplyKind::Cancel;
        match (self.side, self.fields.reply_to) {
            (Side::Client, Some(_)) if is_request => self.id.take(),
            // What nobody knows may be a request.
            (Side::Client, Some(_)) if self.index.is_some() => self.reply_to.take(),
            _ => self.reply_to.take().or_else(|| self.id.take()),
        }
    }

    /// Determines which message it is, if it replies to a pending request.
    fn resolve_reply(&mut self, pending: &dyn PendingReplies) {
        let Some(ExpectedReply { replies, failure }) = pending.expected(self.correlation()) else {
            return;
        };
        let tag_of = |place: usize| self.table.messages.get(place).and_then(|m| m.tag);
        // If there is a discriminant, it must be that of the reply: an error may be the reply instead.
        let fits = |place: usize| match (&self.tag, tag_of(place)) {
            (Some(is), Some(should)) => should == is.borrow(),
            (None, None) => true,
            _ => false,
        };
        let failed = match (&self.outcome, self.fields.outcome) {
            (Some(value), Some((_, _, failure))) => {
                serde_json::from_str::<serde_json::Value>(failure)
                    .is_ok_and(|failure| failure == *value)
            }
            _ => false,
        };
        let reply = replies.into_iter().flatten().find(|place| fits(*place));
        let is_request = self
            .index
            .is_some_and(|index| self.table.messages[index].reply.is_request());
        match (failed, reply, failure) {
            (false, Some(reply), _) => self.index = Some(reply),
            (true, reply, Some(failure)) if fits(failure) || reply.is_some() => {
                self.index = Some(failure);
            }
            // Without ids, its discriminant says whether it is a reply; with ids, it does not matter.
            (true, reply, None) if reply.is_some() || !(self.fields.by_order || is_request) => {
                self.failed = true;
            }
            _ => {}
        }
    }

    fn finish<M>(&mut self, message: Option<M>) -> Result<Envelope<M>, Box<DecodeError>> {
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
                channel: self.channel.take(),
                seq: self.seq,
                epoch: self.epoch.take(),
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
        let place = self.fields.content;
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
                .and_then(|(start, end)| self.source.json_text(start..end, self.depth))
                .map(Cow::into_owned),
        })
    }
}

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}
