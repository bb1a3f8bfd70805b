//! Answering requests, as both ends do: a server those of its clients, and a client those of its server.
//!
//! Internal, but for the types of streams: handlers answer by what they return.

mod error_payload;
mod stream;

pub use error_payload::ErrorPayload;
pub(crate) use error_payload::fit;
pub use stream::{SendError, StreamResponder, StreamSender};

use crate::{
    DeclaredErrors, HandlerError, Message, MessageSet, Payload, SessionCode, Side,
    codec::ErasedPayload,
    descriptor::{MessageDescriptor, Tag, TagRef, UnionDescriptor},
    encoded::EncodedMessage,
    foreign::AsPayload,
    validate::validate_error,
};
use std::{error::Error, fmt};

/// What answers one request. Expanded code and [`StreamSender`] use it; applications do not.
pub trait Replier: Clone + fmt::Debug + Send + Sync + 'static {
    /// Whether a message may be sent: it satisfies its schema, or is not checked, and fits into its envelope. Violations are logged.
    fn is_valid<M: Payload>(&self, message: &MessageDescriptor, payload: &M) -> bool;

    /// The end that replies.
    fn side(&self) -> Side;

    /// How deeply a message may nest, if declared errors are checked before they are sent.
    fn checked_depth(&self) -> Option<u32>;

    /// Whether the protocol can report the failure of a message that has no reply.
    fn can_report(&self) -> bool;

    /// Marks the requested stream as acknowledged; streams without an acknowledgement are from the start.
    fn accept(&self);

    /// Whether the requested stream was acknowledged.
    fn is_accepted(&self) -> bool;

    /// Sends a reply. It was checked.
    fn send(&self, message: &'static MessageDescriptor, payload: &dyn ErasedPayload);

    /// Encodes an item of a stream. It was checked. `None` if it cannot be encoded, which is logged.
    fn item(
        &self,
        message: &'static MessageDescriptor,
        payload: &dyn ErasedPayload,
    ) -> Option<EncodedMessage>;

    /// Sends an item once there is room.
    fn send_item(
        self,
        packet: EncodedMessage,
    ) -> impl Future<Output = Result<(), SendError>> + Send;

    /// Sends an error.
    fn send_error(&self, error: &ErrorPayload<'_>);

    /// Logs an error of the application.
    fn log(&self, error: &(dyn Error + 'static), what: &'static str);

    /// Replies with a handler's result.
    fn answer<U, R, E>(&self, result: Result<R, HandlerError<E>>)
    where
        U: MessageSet,
        R: Message<U>,
        E: DeclaredErrors,
    {
        match result {
            Ok(reply) => self.reply(U::DESCRIPTOR, R::INDEX, &reply),
            Err(error) => self.fail(error),
        }
    }

    /// Reports the error of a message that has no reply.
    fn done<E: DeclaredErrors>(&self, result: Result<(), HandlerError<E>>) {
        let Err(error) = result else { return };
        if self.can_report() {
            return self.fail(error);
        }
        let error: &(dyn Error + 'static) = match &error {
            HandlerError::Declared(error) => &DeclaredText(error.message()),
            HandlerError::Internal(error) => &**error,
        };
        self.log(
            error,
            "the handler of a message without a reply failed, and the protocol cannot report it",
        );
    }

    /// Ends a stream with its last message or an error. A stream that ends before it was acknowledged is answered with `NO_REPLY`.
    fn end<U, R, E>(&self, result: Result<R, HandlerError<E>>)
    where
        U: MessageSet,
        R: Message<U>,
        E: DeclaredErrors,
    {
        match result {
            Ok(_) if !self.is_accepted() => self.send_error(&ErrorPayload::new(
                SessionCode::NoReply,
                "the handler ended without a reply",
            )),
            result => self.answer::<U, R, E>(result),
        }
    }

    /// Replies with the message at an index of a union.
    fn reply<M: Payload>(&self, union: &'static UnionDescriptor, index: usize, reply: &M) {
        let message = &union.messages[index];
        if self.is_valid(message, reply) {
            self.send(message, &AsPayload(reply));
        } else {
            self.send_error(&ErrorPayload::internal(self.side()));
        }
    }

    /// Replies with an error.
    fn fail<E: DeclaredErrors>(&self, error: HandlerError<E>) {
        let error = match error {
            HandlerError::Declared(error) => error,
            HandlerError::Internal(error) => {
                self.log(&*error, "a handler failed");
                return self.send_error(&ErrorPayload::internal(self.side()));
            }
        };
        if let Some(depth) = self.checked_depth()
            && let Err(invalid) = validate_error(&error, depth)
        {
            self.log(&invalid, "the data of a declared error violates its schema");
            return self.send_error(&ErrorPayload::internal(self.side()));
        }
        self.send_error(&ErrorPayload {
            code: Some(match error.code() {
                Tag::Text(text) => TagRef::Text(text),
                Tag::Integer(n) => TagRef::Integer(n),
            }),
            message: error.message().into(),
            retryable: error.retryable(),
            data: error.data().as_deref(),
            ..ErrorPayload::default()
        });
    }
}

/// The message of a declared error, as an error for the log.
#[derive(Debug)]
struct DeclaredText(&'static str);

impl fmt::Display for DeclaredText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for DeclaredText {}
