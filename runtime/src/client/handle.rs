//! The typed handle of a client.

use super::{
    Call, CallError, ClientBuilder, Notifications, RefreshError, Sent, State, Streaming,
    Subscription, VersionSkew,
    core::Core,
    join::{clear, names},
    subscription,
};
use crate::{
    ChannelKey, ChannelKeyOf, Id, Message, MessageSet, NoError, NoRequests, Protocol, Request,
    calls::{self, CallReply, Caller, Failure, Permit, RequestMessage, prepare, timeout_of},
    descriptor::Heading,
    system::{ChannelOnly, Role},
    transport::CloseFrame,
};
use futures_util::future::BoxFuture;
use std::{borrow::Cow, fmt, marker::PhantomData, sync::Arc, time::Duration};

/// Closes the client when its last user is dropped.
pub(crate) struct CloseOnDrop {
    pub(crate) core: Arc<Core>,
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.core.outbound.close(CloseFrame::new(1000, ""), false);
    }
}

/// What waits for a reply keeps the client.
impl Caller for CloseOnDrop {
    fn room(&self, bytes: usize) -> BoxFuture<'_, Result<Permit, Failure>> {
        self.core.room(bytes)
    }

    fn request(
        &self,
        request: &RequestMessage,
        reply_to: CallReply,
        permit: Permit,
    ) -> Result<Id, Failure> {
        Caller::request(&*self.core, request, reply_to, permit)
    }

    fn abandon(&self, id: &Id) -> bool {
        self.core.abandon(id)
    }

    fn cancel(&self, id: &Id, message: Heading) {
        self.core.cancel(id, message);
    }
}

/// A client of the protocol `P`. Cloning is cheap: clones share one connection.
pub struct Client<P> {
    pub(super) handle: Arc<CloseOnDrop>,
    pub(super) protocol: PhantomData<fn() -> P>,
}

impl<P> Clone for Client<P> {
    fn clone(&self) -> Self {
        Self {
            handle: self.handle.clone(),
            protocol: PhantomData,
        }
    }
}

impl<P> fmt::Debug for Client<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("core", &self.handle.core)
            .finish()
    }
}

impl<P: Protocol> Client<P> {
    /// Connects to the server at a `ws://` or `http://` URL. Await the builder; it makes one attempt.
    ///
    /// # Errors
    /// See [`ConnectError`](super::ConnectError).
    pub fn connect(url: impl Into<String>) -> ClientBuilder<P>
    where
        P::Server: NoRequests,
    {
        ClientBuilder::to(url)
    }

    /// Sends a request and returns its reply.
    ///
    /// The call, with the wait for room in `limits.outbound`, takes at most the timeout of the message or else
    /// `session.timeout`.
    ///
    /// # Errors
    /// See [`CallError`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::Client;
    ///
    /// let client: Client<Chat> = untyped().await?;
    /// let message = ChatSend { room: "lobby".into(), text: "hi".into() };
    /// // The same as `chat_send` of the generated client.
    /// let sent: ChatSent = client.call(&message).await?;
    /// assert_eq!(sent, ChatSent {});
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<M>(&self, message: &M) -> Call<P::Server, M::Reply, M::Error>
    where
        M: Request<P::Client>,
        M::Reply: Message<P::Server>,
    {
        let request = calls::one_request::<P::Client, P::Server, M>(message);
        Call::new(self.handle.clone(), request, self.timeout::<M>())
    }

    /// Sends a request whose reply is a stream. `C` is the message that cancels the stream, or
    /// [`NoMessage`](crate::NoMessage).
    ///
    /// # Errors
    /// If the server refuses the stream or does not acknowledge it in time.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::Client;
    ///
    /// let client: Client<Chat> = untyped().await?;
    /// let mut counts = client.stream::<_, CountStop>(&CountWatch { to: 3 }).await?;
    /// let mut sum = 0;
    /// while let Some(item) = counts.next().await {
    ///     sum += item?.n;
    /// }
    /// assert_eq!(sum, 6);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stream<M, C>(
        &self,
        message: &M,
    ) -> Result<Streaming<P::Server, M::Reply, M::Item, M::End, M::Error>, CallError<M::Error>>
    where
        M: Request<P::Client>,
        M::Reply: Message<P::Server>,
        M::Item: Message<P::Server>,
        M::End: Message<P::Server>,
        C: Message<P::Client>,
    {
        let (request, shape) = calls::stream_request::<P::Client, P::Server, M, C>(message);
        calls::begin(self.handle.clone(), request, shape, self.timeout::<M>())
            .await
            .and_then(Streaming::new)
            .map_err(CallError::from_failure)
    }

    /// Queues a message that has no reply.
    ///
    /// If queued messages and pending requests use up `limits.outbound`, it waits for room. A volatile message is dropped if half
    /// of that is in use, or if there is no connection.
    ///
    /// # Errors
    /// If the message violates its rules, cannot be encoded, or the client is closed.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::Client;
    ///
    /// let client: Client<Chat> = untyped().await?;
    /// client.send(&UserTyping { room: "lobby".into() }).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send<M: Message<P::Client>>(&self, message: &M) -> Sent {
        let volatile = P::Client::DESCRIPTOR.messages[M::INDEX].volatile;
        let core = self.handle.core.clone();
        Sent::new(send(core, prepare::<P::Client, M>(message), volatile))
    }

    /// Joins a channel with the join message that the protocol declares. `leave` is sent when the last subscription of the
    /// channel is dropped.
    ///
    /// # Errors
    /// If the server refuses the join; see [`CallError`]. A message with the parameters of another channel is [`CallError::Invalid`], and not sent.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::{CallError, Client};
    ///
    /// let client: Client<Chat> = untyped().await?;
    /// let room = || "lobby".to_owned();
    /// let leave = RoomLeave { room: room() };
    /// let subscription = client.join(&Room { room: room() }, &RoomJoin { room: room() }, Some(&leave)).await?;
    /// assert_eq!(subscription.reply, RoomJoined { members: 0 });
    ///
    /// let refused = connect().await?.room(&"full".into()).join().await.map(|_| ());
    /// assert_eq!(refused, Err(CallError::Declared(ChatError::RoomFull)));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn join<C, M, L>(
        &self,
        channel: &C,
        message: &M,
        leave: Option<&L>,
    ) -> Result<Subscription<P::Server, M::Reply, C::Presence>, CallError<M::Error>>
    where
        C: ChannelKey,
        M: Request<P::Client> + ChannelKeyOf<C>,
        M::Reply: Message<P::Server>,
        L: Message<P::Client>,
    {
        clear(channel)?;
        names(channel, message)?;
        let leave = leave_request::<P, C, L>(&self.handle.core, channel, leave);
        let request = calls::one_request::<P::Client, P::Server, M>(message);
        subscription::join(
            self.handle.clone(),
            channel.key(),
            request,
            leave,
            self.timeout::<M>(),
        )
        .await
    }

    /// Subscribes to a channel that the server has added the client to.
    pub(super) fn subscribe<C: ChannelKey, L: Message<P::Client>>(
        &self,
        channel: &C,
        leave: Option<&L>,
    ) -> Option<Subscription<P::Server, (), C::Presence>> {
        clear::<C, NoError>(channel).ok()?;
        let leave = leave_request::<P, C, L>(&self.handle.core, channel, leave)
            .ok()
            .flatten();
        let timeout = P::DESCRIPTOR.session.timeout;
        subscription::subscribe(self.handle.clone(), channel.key(), leave, timeout)
    }

    /// Joins a channel that declares no join message: the `join` message of the session is sent with the channel's key.
    ///
    /// # Errors
    /// If the server refuses the join; see [`CallError`].
    pub async fn join_by_key<C: ChannelKey>(
        &self,
        channel: &C,
    ) -> Result<Subscription<P::Server, (), C::Presence>, CallError<NoError>> {
        clear(channel)?;
        let key = channel.key();
        let core = &self.handle.core;
        let join = own_request(core, Role::Join, &key).and_then(|join| join.ok_or(Failure::Encode));
        let leave = own_request(core, Role::Leave, &key);
        subscription::join_by_key(
            self.handle.clone(),
            key,
            join,
            leave,
            P::DESCRIPTOR.session.timeout,
        )
        .await
    }

    /// Receives messages that the server sends, other than replies and messages of joined channels: the first call those since the client connected, as
    /// far as they are within [`ClientBuilder::capacity`](super::ClientBuilder::capacity) and `limits.inbound` (a [`Gap`](super::Gap) follows them
    /// otherwise), and any other those from now on.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::Event;
    ///
    /// let client = connect().await?;
    /// let mut notifications = client.notifications();
    /// client.chat_send(ChatSend { room: "lobby".into(), text: "hi".into() }).await?;
    /// match notifications.next().await {
    ///     Some(Event::Message(envelope)) => match envelope.message {
    ///         ServerMessage::Notice(notice) => assert_eq!(notice.text, "sent to lobby"),
    ///         other => eprintln!("not expected: {other:?}"),
    ///     },
    ///     Some(other) => eprintln!("{other:?}"),
    ///     None => eprintln!("the client is closed"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn notifications(&self) -> Notifications<P::Server> {
        Notifications {
            inbox: self.handle.core.add_listener(),
            handle: self.handle.clone(),
            types: PhantomData,
        }
    }

    /// Returns the version and hash of the server's spec if it differs from the client's.
    pub fn skew(&self) -> Option<VersionSkew> {
        self.handle.core.skew()
    }

    /// Returns the connection state.
    pub fn state(&self) -> State {
        self.handle.core.status.borrow().clone()
    }

    /// Returns whether the session of the last connection is the one before, which was resumed: then nothing was lost. Otherwise a new session
    /// began, in which the channels are joined again. `None` as long as it is unknown, because the server has not answered yet that it resumes
    /// (`session.resume: { seq: … }`).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::State;
    ///
    /// let client = connect().await?;
    /// client.wait_for_state(|state| *state == State::Connected).await;
    /// if client.resumed() != Some(true) {
    ///     println!("a new session");
    /// }
    /// # assert_eq!(client.resumed(), Some(false));
    /// # Ok(())
    /// # }
    /// ```
    pub fn resumed(&self) -> Option<bool> {
        self.handle.core.lock().resumed
    }

    /// Waits until the connection state satisfies `wanted`, and returns it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::State;
    ///
    /// let client = connect().await?;
    /// let closed = tokio::spawn({
    ///     let client = client.clone();
    ///     async move { client.wait_for_state(|state| matches!(state, State::Closed(_))).await }
    /// });
    /// client.close().await;
    /// let State::Closed(Some(frame)) = closed.await? else {
    ///     return Err("the client closed without a code".into());
    /// };
    /// assert_eq!(frame.code, 1000);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_for_state(&self, wanted: impl FnMut(&State) -> bool) -> State {
        let mut states = self.handle.core.status.subscribe();
        // The sender lives in the core, so this cannot fail.
        match states.wait_for(wanted).await {
            Ok(state) => state.clone(),
            Err(_) => State::Closed(None),
        }
    }

    /// Reconnects now, or checks the connection.
    ///
    /// If the client is waiting to reconnect, it does so at once. If it is connected, it sends a ping, and drops the connection
    /// if nothing arrives within `session.timeout`; a protocol without a heartbeat, or without the role `ping`, has no pings. Otherwise
    /// nothing happens. Call it if the application knows that the network is back or that the machine was asleep.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::State;
    ///
    /// let client = connect().await?;
    /// // Fed by the operating system's network monitor, for example.
    /// let (network_is_back, mut events) = tokio::sync::mpsc::channel::<()>(1);
    /// let monitor = tokio::spawn({
    ///     let client = client.clone();
    ///     async move {
    ///         while events.recv().await.is_some() {
    ///             client.retry_now();
    ///         }
    ///     }
    /// });
    /// network_is_back.send(()).await?;
    /// client.wait_for_state(|state| *state == State::Connected).await;
    /// # drop(network_is_back);
    /// # monitor.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_now(&self) {
        self.handle.core.retry_now();
    }

    /// Writes the queued messages, closes the connection with code 1000, and waits until it is closed. Pending requests fail with
    /// [`CallError::OutcomeUnknown`] if they were sent, or else with [`CallError::Closed`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::CallError;
    ///
    /// let client = connect().await?;
    /// let mut room = client.room(&"lobby".into()).join().await?;
    /// client.close().await;
    /// assert!(room.next().await.is_none());
    /// let late = client.chat_send(ChatSend { room: "lobby".into(), text: "hi".into() }).await;
    /// assert_eq!(late, Err(CallError::Closed));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) {
        self.handle
            .core
            .outbound
            .close(CloseFrame::new(1000, ""), false);
        self.wait_for_state(|state| matches!(state, State::Closed(_)))
            .await;
    }

    /// Authenticates again: calls `auth_with`'s function, and sends what it returns as the session's new credentials. It returns once the
    /// server has accepted them; messages that are sent later are handled as those of the new credentials. If that fails, the session goes
    /// on with the old ones. Without a connection it waits for the next, which is authenticated with new credentials anyway.
    ///
    /// The client does this by itself when between three quarters and nine tenths of the time are over that the server has announced
    /// (at random, so that not all clients do at once), and reports a failure as [`Event::RefreshFailed`](super::Event::RefreshFailed). Call
    /// it if the credentials have changed for another reason, such as new permissions.
    ///
    /// # Errors
    /// See [`RefreshError`]. It takes at most `session.timeout`.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// async fn fetch_token() -> Result<String, std::io::Error> {
    ///     Ok("fresh".into())
    /// }
    ///
    /// let client = in_process::<Client>()
    ///     .auth_with(|| async { fetch_token().await.map(|token| Auth { token }) })
    ///     .await?;
    /// client.refresh_auth().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn refresh_auth(&self) -> Result<(), RefreshError> {
        self.handle.core.refresh_auth().await
    }

    fn timeout<M: Message<P::Client>>(&self) -> Duration {
        timeout_of::<P::Client, M>(P::DESCRIPTOR.session.timeout)
    }
}

/// The request that leaves a channel. Without a leave message of its own, it is left with the session's.
fn leave_request<P: Protocol, C: ChannelKey, L: Message<P::Client>>(
    core: &Core,
    channel: &C,
    leave: Option<&L>,
) -> Result<Option<RequestMessage>, Failure> {
    match leave {
        Some(leave) => prepare::<P::Client, L>(leave).map(Some),
        None => own_request(core, Role::Leave, &channel.key()),
    }
}

/// The session's own request to join or leave a channel; `None` if the protocol has none.
fn own_request(core: &Core, role: Role, key: &str) -> Result<Option<RequestMessage>, Failure> {
    let fields = ChannelOnly(Cow::Borrowed(key));
    core.session_message(role, Some(&fields))
        .map_err(|_| Failure::Encode)
}

pub(super) async fn send(
    core: Arc<Core>,
    request: Result<RequestMessage, Failure>,
    volatile: bool,
) -> Result<(), Failure> {
    core.send(&request?, volatile).await
}
