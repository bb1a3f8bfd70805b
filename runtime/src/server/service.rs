//! What a server needs to know of a protocol and of the application: [`Service`], implemented by `#[protocol]`.

use super::{ConnectionInfo, Context, error_payload::ErrorPayload, state::unsound};
use crate::{
    DeclaredErrors, DecodeError, Id, Message, MessageSet, Payload, Side, TagBuf, ValidationError,
    Violation, codec::Source, descriptor::ProtocolDescriptor, from_str, validate::validate_error,
};
use futures_util::future::BoxFuture;
use handfast_schema::{ViolationDetail, details};
use serde_json::value::RawValue;
use std::{any::Any, borrow::Cow, fmt, ops::Deref, sync::Arc, time::Duration};

/// What the application knows of somebody who is connected.
pub type SessionState = Arc<dyn Any + Send + Sync>;

/// An application behind a protocol, with all types taken away. `#[protocol]` implements it for the handlers of a protocol;
/// connections know nothing else.
pub trait Service: Send + Sync + 'static {
    /// The protocol.
    fn protocol(&self) -> &'static ProtocolDescriptor;

    /// Somebody wants in. What is refused is told why, and closed with the code for [`CloseReason::Unauthorized`].
    ///
    /// [`CloseReason::Unauthorized`]: crate::descriptor::CloseReason::Unauthorized
    fn connect<'a>(
        &'a self,
        request: ConnectRequest,
    ) -> BoxFuture<'a, Result<SessionState, Rejection>>;

    /// A message came. It is read here and handled later: what is returned has done nothing yet.
    ///
    /// # Errors
    /// The message, where it cannot be read.
    fn receive(&self, source: Source<'_>, cx: Context) -> Result<Received, Box<DecodeError>>;

    /// Whether somebody may enter a channel that has no message for joining. `key` is what the client sent.
    fn authorize_join<'a>(
        &'a self,
        key: &'a str,
        cx: Context,
    ) -> BoxFuture<'a, Result<(), Rejection>> {
        let _ = (key, cx);
        Box::pin(std::future::ready(Err(Rejection::not_joinable())))
    }

    /// Who it is, whatever connection they come by. What all connections of a principal send counts together, in the place of what comes
    /// from their address.
    fn principal<'a>(&self, session: &'a SessionState) -> Option<Cow<'a, str>> {
        let _ = session;
        None
    }

    /// A connection is over. Nothing of it runs any more.
    fn disconnected(&self, session: &SessionState) {
        let _ = session;
    }
}

/// Somebody who wants in.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConnectRequest {
    /// What the hello carries as proof, as JSON text.
    pub auth: Option<Box<RawValue>>,
    /// Where it comes from.
    pub connection: Arc<ConnectionInfo>,
    /// The version of the protocol that the client speaks: one that this server accepts.
    pub version: String,
}

impl ConnectRequest {
    pub(crate) fn new(
        auth: Option<Box<RawValue>>,
        connection: Arc<ConnectionInfo>,
        version: String,
    ) -> Self {
        Self {
            auth,
            connection,
            version,
        }
    }

    /// Reads the proof.
    ///
    /// # Errors
    /// Where there is none, or it does not fit.
    pub fn auth<T: Payload>(&self) -> Result<T, Rejection> {
        let Some(auth) = &self.auth else {
            return Err(Rejection::no_auth());
        };
        from_str(auth.get(), Side::Server).map_err(|mut invalid: ValidationError| {
            for violation in &mut invalid.violations {
                violation.path.prepend_key("auth");
                violation.path.prepend_key("payload");
            }
            invalid.into()
        })
    }
}

/// What was received, and what to do about it.
pub struct Received {
    /// Its id.
    pub id: Option<Id>,
    /// What to do.
    pub action: Action,
    /// Whether it is answered.
    pub asks: bool,
    /// The name of the message.
    pub message: &'static str,
    /// How long the handler may take; none is as long as it likes.
    pub timeout: Option<Duration>,
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = match self.action {
            Action::Run(_) => "Run",
            Action::Stream(_) => "Stream",
            Action::Cancel => "Cancel",
        };
        f.debug_struct("Received")
            .field("id", &self.id)
            .field("action", &action)
            .field("message", &self.message)
            .finish()
    }
}

/// What to do about a message.
pub enum Action {
    /// Run this when all before it is done.
    Run(BoxFuture<'static, ()>),
    /// Run this beside everything else, until it ends or is cancelled by its id.
    Stream(BoxFuture<'static, ()>),
    /// Drop the stream with the same id.
    Cancel,
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run(_) => "Run",
            Self::Stream(_) => "Stream",
            Self::Cancel => "Cancel",
        })
    }
}

/// A handler of the application's: what it was given, and what it gives.
type Handler<A, M, X, T> = for<'a> fn(&'a A, M, &'a X) -> BoxFuture<'a, T>;

/// Runs the handler of a request, and answers with what it gives.
pub fn answer<U, A, M, X, R, E>(
    app: Arc<A>,
    cx: X,
    message: M,
    handler: Handler<A, M, X, Result<R, E>>,
) -> Action
where
    U: MessageSet,
    A: Send + Sync + 'static,
    M: Send + 'static,
    X: Deref<Target = Context> + Send + Sync + 'static,
    R: Message<U>,
    E: DeclaredErrors,
{
    Action::Run(Box::pin(async move {
        let result = handler(&app, message, &cx).await;
        cx.answer::<U, R, E>(&result);
    }))
}

/// Runs the handler of a message that is not answered.
pub fn run<A, M, X>(app: Arc<A>, cx: X, message: M, handler: Handler<A, M, X, ()>) -> Action
where
    A: Send + Sync + 'static,
    M: Send + 'static,
    X: Send + Sync + 'static,
{
    Action::Run(Box::pin(async move { handler(&app, message, &cx).await }))
}

/// Why somebody is not let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rejection {
    /// The code.
    pub code: TagBuf,
    /// What it means, for people.
    pub message: Cow<'static, str>,
    /// Whether the same may be tried again.
    pub retryable: bool,
    /// What comes with the code, as JSON.
    pub data: Option<Box<RawValue>>,
    /// What is wrong with the payload.
    pub violations: Vec<Violation>,
}

impl Rejection {
    /// A code and words.
    pub fn new(code: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: TagBuf::Text(code.into().into()),
            message: message.into(),
            retryable: false,
            data: None,
            violations: Vec::new(),
        }
    }

    /// A declared error.
    pub fn from_error<E: DeclaredErrors>(error: &E) -> Self {
        if cfg!(debug_assertions)
            && let Err(invalid) = validate_error(error)
        {
            unsound(error.message(), &invalid);
            return Self::new("INTERNAL", "the server failed");
        }
        Self {
            code: error.code().into(),
            retryable: error.retryable(),
            data: error
                .data()
                .and_then(|data| serde_json::value::to_raw_value(data).ok()),
            ..Self::new("", error.message())
        }
    }

    /// The hello bears no proof of who the client is.
    pub fn no_auth() -> Self {
        Self {
            violations: vec![Violation::new(
                "/payload".to_owned().into(),
                details::required("auth"),
            )],
            ..Self::new("INVALID", "the payload does not fit")
        }
    }

    /// A channel that cannot be joined by its key.
    pub fn not_joinable() -> Self {
        Self {
            violations: vec![Violation::new(
                "/payload/channel".to_owned().into(),
                ViolationDetail::new("enum", "must be the key of a channel that can be joined"),
            )],
            ..Self::new("INVALID", "the payload does not fit")
        }
    }

    /// The rejection as it travels.
    pub(crate) fn payload<'a>(&'a self, data: &'a Option<&'a RawValue>) -> ErrorPayload<'a> {
        ErrorPayload {
            code: Some(self.code.borrow()),
            message: Cow::Borrowed(&self.message),
            retryable: self.retryable,
            data: data
                .as_ref()
                .map(|data| data as &dyn erased_serde::Serialize),
            violations: &self.violations,
            side: None,
        }
    }
}

/// A value that does not fit.
impl From<ValidationError> for Rejection {
    fn from(invalid: ValidationError) -> Self {
        Self {
            violations: invalid.violations,
            ..Self::new("INVALID", "the payload does not fit")
        }
    }
}

/// A message that could not be read.
impl From<Box<DecodeError>> for Rejection {
    fn from(rejected: Box<DecodeError>) -> Self {
        let error = ErrorPayload::of(&rejected);
        let message = error.message.clone().into_owned();
        Self {
            violations: rejected.kind.violations().to_vec(),
            ..Self::new(rejected.kind.code(), message)
        }
    }
}
