//! The context of a handler: the message that it handles, and the connection that sent it.

use super::{
    ClientHandle,
    channel::ConnectionChannel,
    client_handle::ClientLink,
    connection_handle::{ConnectionHandle, Peer},
    connection_info::ConnectionInfo,
    hub::Joining,
    membership::JoinError,
    middleware::Progress,
    presence::{self, PresenceError},
    state::{ServerState, report_invalid},
};
use crate::{
    ChannelKey, Id, Message, MessageSet, Protocol, broker::StreamPosition,
    descriptor::ChannelDescriptor, transport::CloseFrame,
};
use serde_json::value::RawValue;
use std::{borrow::Cow, cell::Cell, fmt, sync::Arc, time::Duration};

/// The message being handled and the connection that sent it. Cloning is cheap: two reference counts.
///
/// The return value of a handler is its reply. The context is for everything else: messages that are not replies, publishing, and closing
/// the connection.
#[derive(Clone)]
pub struct Context {
    pub(crate) caller: Arc<Caller>,
    pub(crate) request: Option<Arc<Request>>,
}

/// The connection that sends messages. Those of the same client share it, until the client authenticates again.
pub(crate) struct Caller {
    pub(crate) connection: Arc<ConnectionHandle>,
    /// Who was at the other end when the message arrived.
    pub(crate) peer: Arc<Peer>,
    pub(crate) server: Arc<ServerState>,
}

thread_local! {
    /// The memory of the last request that was handled, for the next one. An allocator would have to search for it.
    static FREE: Cell<Option<Arc<Request>>> = const { Cell::new(None) };
}

/// The message being handled: its envelope, and how it is handled.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) message: &'static str,
    pub(crate) id: Option<Id>,
    pub(crate) channel: Option<String>,
    pub(crate) progress: Progress,
    /// The client's position in the channel that it joins again.
    pub(crate) position: Option<StreamPosition>,
    /// Whether the message expects a reply.
    pub(crate) expects_reply: bool,
    /// The time limit of the handler; `None` for no limit.
    pub(crate) timeout: Option<Duration>,
}

impl Request {
    pub(crate) fn share(self) -> Arc<Self> {
        // A thread that ends keeps nothing any more.
        let mut free = FREE.try_with(Cell::take).ok().flatten();
        match free.as_mut().and_then(Arc::get_mut) {
            Some(place) => *place = self,
            None => return Arc::new(self),
        }
        free.unwrap_or_default()
    }

    /// Keeps the memory of a request, if nobody else has it.
    pub(crate) fn recycle(mut shared: Arc<Self>) {
        if let Some(request) = Arc::get_mut(&mut shared) {
            let Self { id, .. } = std::mem::take(request);
            id.into_iter().for_each(Id::recycle);
            let _ = FREE.try_with(|free| free.set(Some(shared)));
        }
    }
}

/// The position in an envelope, if it has both of its fields.
pub(crate) fn position(seq: Option<u64>, epoch: Option<String>) -> Option<StreamPosition> {
    let epoch = epoch?.into();
    Some(StreamPosition { epoch, seq: seq? })
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("connection", &self.caller.connection.id)
            .field("request", &self.request)
            .finish()
    }
}

impl Context {
    pub(crate) const fn new(caller: Arc<Caller>) -> Self {
        Self {
            caller,
            request: None,
        }
    }

    /// Begins to join a channel.
    pub(crate) async fn begin_join(
        &self,
        key: Arc<str>,
        channel: &'static ChannelDescriptor,
    ) -> Result<Joining, JoinError> {
        self.caller.connection.membership.may_join(&key)?;
        let retention = self.caller.server.retention(Some(channel));
        let hub = &self.caller.server.hub;
        hub.begin_join(key, retention, channel).await
    }

    /// What the members of a channel learn of this connection, which joins it.
    pub(crate) fn info(&self, joining: &Joining) -> Result<Option<Arc<RawValue>>, PresenceError> {
        let channel = joining.channel();
        let Some(validate) = channel.presence.and_then(|presence| presence.info) else {
            return Ok(None);
        };
        let service = &self.caller.server.service;
        let Some(info) = service.presence(channel.name, joining.key(), self.clone()) else {
            return Err(PresenceError::Invalid);
        };
        let info = info.map_err(PresenceError::Encode)?;
        if self.caller.server.bounds.checks
            && let Err(invalid) = validate(info.get())
        {
            report_invalid(channel.name, &invalid);
            return Err(PresenceError::Invalid);
        }
        presence::checked(info).map(Some)
    }

    /// What is known of the handling of the message.
    pub(crate) fn progress(&self) -> Option<&Progress> {
        Some(&self.request.as_ref()?.progress)
    }

    /// Returns the correlation id of the message, if it has one.
    pub fn id(&self) -> Option<&Id> {
        self.request.as_ref()?.id.as_ref()
    }

    /// Returns the channel key in the envelope of the message, if it has one.
    pub fn channel(&self) -> Option<&str> {
        self.request.as_ref()?.channel.as_deref()
    }

    /// Returns whether the client was in the channel before: it joins again after its connection was lost, with the position of the last
    /// message that it received. Only messages that join a channel have one, and only where the envelope has `seq` and `epoch`, and sessions are not
    /// numbered.
    pub fn is_rejoin(&self) -> bool {
        let request = self.request.as_ref();
        request.is_some_and(|request| request.position.is_some())
    }

    /// Returns the id of the connection, unique within this server.
    pub fn connection_id(&self) -> u64 {
        self.caller.connection.id
    }

    /// Returns the client's address and the request that opened the connection.
    pub fn connection_info(&self) -> &ConnectionInfo {
        self.caller.peer.info.whole()
    }

    /// Returns the session: the state that the application keeps for this connection.
    ///
    /// # Panics
    /// If the session is of a type other than `S`. Generated code always uses the type that it created.
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// use handfast::{HandlerError, server::{ConnectionInfo, Rejection}};
    ///
    /// /// Inserted into the request's extensions by middleware, which checked a cookie.
    /// #[derive(Clone)]
    /// struct User(&'static str);
    ///
    /// struct Named;
    ///
    /// impl SessionHandler for Named {
    ///     type Session = User;
    ///
    ///     async fn connected(&self, connection: &ConnectionInfo) -> Result<User, Rejection> {
    ///         let user = connection.extensions.get::<User>().cloned();
    ///         user.ok_or_else(|| Rejection::new("UNKNOWN_USER", "log in first"))
    ///     }
    /// }
    ///
    /// impl ChatHandler for Named {
    ///     async fn chat_send(&self, m: ChatSend, cx: &Context<User>) -> Result<ChatSent, HandlerError<ChatSendError>> {
    ///         let User(name) = cx.session();
    ///         cx.room(&m.room).publish(&ChatMessage { text: format!("{name}: {}", m.text) });
    ///         Ok(ChatSent {})
    ///     }
    /// }
    /// # use handfast::server::StreamResponder;
    /// # handlers!(Named: room ticks);
    /// # #[cfg(feature = "client")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut info = ConnectionInfo::default();
    /// # info.extensions.insert(User("ada"));
    /// # let (client_end, server_end) = handfast::transport::duplex(16);
    /// # let server = Server::new(Named);
    /// # tokio::spawn(async move { server.serve(server_end, info).await });
    /// # let end = std::sync::Mutex::new(Some(client_end));
    /// # let client = handfast::client::ClientBuilder::<Chat, Client>::over(move || {
    /// #     let end = end.lock().unwrap().take();
    /// #     async { end.ok_or("connects once") }
    /// # })
    /// # .await?;
    /// # let mut lobby = client.room(&"lobby".into()).join().await?;
    /// # client.chat_send(ChatSend { room: "lobby".into(), text: "hi".into() }).await?;
    /// # let Some(handfast::client::Event::Message(received)) = lobby.next().await else { panic!() };
    /// # assert!(matches!(received.message, ServerMessage::ChatMessage(m) if m.text == "ada: hi"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "client"))]
    /// # fn main() {}
    /// ```
    pub fn session<S: Send + Sync + 'static>(&self) -> &S {
        match self.caller.peer.session.downcast_ref() {
            Some(session) => session,
            None => panic!("the session is not a `{}`", std::any::type_name::<S>()),
        }
    }

    /// Sends a message to this connection only. It has no sequence number. If the client loses its connection, it is sent when the session is
    /// resumed, unless it is volatile; it is lost with the session.
    ///
    /// Messages that belong to a channel must be published instead: sent with this method, they have no channel and clients reject them.
    pub fn send<U: MessageSet, M: Message<U>>(&self, message: &M) {
        self.link().send::<U, M>(message);
    }

    fn link(&self) -> ClientLink {
        ClientLink {
            connection: self.caller.connection.clone(),
            server: self.caller.server.clone(),
        }
    }

    /// Returns the handle of the client that sent the message. It may be kept, and used outside of handlers. Generated code wraps it.
    pub fn client<P: Protocol>(&self) -> ClientHandle<P> {
        ClientHandle::new(self.caller.connection.clone(), self.caller.server.clone())
    }

    /// Returns a channel as seen by this connection: to publish to it, and to check whether the connection has joined it.
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// use handfast::HandlerError;
    ///
    /// struct Guarded;
    ///
    /// impl ChatHandler for Guarded {
    ///     async fn chat_send(&self, m: ChatSend, cx: &Context<()>) -> Result<ChatSent, HandlerError<ChatSendError>> {
    ///         // Generated: `cx.channel_handle(&Room { id })`.
    ///         let room = cx.room(&m.room);
    ///         if !room.is_joined() {
    ///             return Err(ChatSendError::NotInRoom.into());
    ///         }
    ///         room.publish(&ChatMessage { text: m.text });
    ///         Ok(ChatSent {})
    ///     }
    /// }
    /// # use handfast::server::{ConnectionInfo, Rejection, StreamResponder};
    /// # handlers!(Guarded: session room ticks);
    /// # #[cfg(feature = "client")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = connect(&Server::new(Guarded)).await?;
    /// let message = || ChatSend { room: "lobby".into(), text: "hi".into() };
    /// assert!(client.chat_send(message()).await.is_err());
    /// let lobby = client.room(&"lobby".into()).join().await?;
    /// assert!(client.chat_send(message()).await.is_ok());
    /// # drop(lobby);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "client"))]
    /// # fn main() {}
    /// ```
    pub fn channel_handle<C: ChannelKey>(&self, channel: &C) -> ConnectionChannel<C> {
        ConnectionChannel::new(
            self.caller.server.clone(),
            self.caller.connection.clone(),
            channel,
        )
    }

    /// Closes this connection once its outbound queue is written. The client does not reconnect. The close code is that of
    /// [`CloseReason::Kicked`](crate::descriptor::CloseReason::Kicked): 4403 unless the protocol declares another.
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// use handfast::HandlerError;
    ///
    /// struct Moderated;
    ///
    /// impl ChatHandler for Moderated {
    ///     async fn chat_send(&self, m: ChatSend, cx: &Context<()>) -> Result<ChatSent, HandlerError<ChatSendError>> {
    ///         if m.text == "spam" {
    ///             cx.kick("no spam");
    ///         }
    ///         Ok(ChatSent {})
    ///     }
    /// }
    /// # use handfast::server::{ConnectionInfo, Rejection, StreamResponder};
    /// # handlers!(Moderated: session room ticks);
    /// # #[cfg(feature = "client")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = connect(&Server::new(Moderated)).await?;
    /// # client.chat_send(ChatSend { room: "lobby".into(), text: "spam".into() }).await.ok();
    /// # client.wait_for_state(|state| matches!(state, handfast::client::State::Closed(_))).await;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "client"))]
    /// # fn main() {}
    /// ```
    pub fn kick(&self, reason: impl Into<Cow<'static, str>>) {
        self.caller.connection.kick(reason);
    }

    /// Closes this connection once its outbound queue is written, with an application close code (3000 to 4999) or 1000. Any other code is
    /// replaced by 1011 (RFC 6455, section 7.4).
    pub fn close(&self, code: u16, reason: impl Into<Cow<'static, str>>) {
        let code = match code {
            1000 | 3000..=4999 => code,
            _ => {
                tracing::error!(
                    code,
                    "applications must not send this close code: sending 1011 instead"
                );
                1011
            }
        };
        self.caller
            .connection
            .outbound
            .close(CloseFrame::new(code, reason), false);
    }
}
