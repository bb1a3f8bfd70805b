//! Subscriptions: the channels that a client has joined.

use super::{
    Sent,
    channels::PendingJoin,
    handle::{CloseOnDrop, send},
    pending::ReplyTo,
    presence::{self, PresenceEvent},
};
use crate::calls::{
    AbandonOnDrop, CallError, Delivery, Entry, Failure, Gap, Inbox, RefreshError, RequestMessage,
    prepare, take, within,
};
use crate::{
    DeclaredErrors, DecodeError, Envelope, Member, Message, MessageSet, NoError, NoPresence,
    PresenceInfo, RemoteError,
};
use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// An event of a subscription or of [`Notifications`]. `U` are the messages of the server, `I` is what it says of the members of the channel.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<U, I = NoPresence> {
    /// A message.
    Message(Envelope<U>),
    /// Messages were missed at this point.
    Gap(Gap),
    /// The client is in the channel again after a loss of its session: the reply to that join, before the gap and the messages that follow it.
    /// `None` if the channel has no join message of its own, or if it was the server that added the client again. The reply to the first join
    /// is [`Subscription::reply`].
    Joined(Option<Envelope<U>>),
    /// The server has added the client to the channel with this key. Its messages are among the [`Notifications`], which alone report this, until
    /// there is a subscription: see [`JoinRequest::subscribe`](super::JoinRequest::subscribe).
    Added(String),
    /// The server has removed the client from the channel. This is the last event.
    Removed,
    /// Something happened to the members of the channel.
    Presence(PresenceEvent<I>),
    /// A message that cannot be decoded, such as one of a newer server.
    DecodeError(Box<DecodeError>),
    /// The client could not authenticate again before its authentication expires, and goes on with the credentials that the server has.
    /// [`Notifications`] alone report it. Unless [`Client::refresh_auth`](super::Client::refresh_auth) succeeds, the server closes.
    RefreshFailed(RefreshError),
    /// The server reports an error that belongs to no request: it has no id, or the protocol has none. [`Notifications`] alone report it.
    Error(Box<RemoteError>),
    /// After a reconnect, the server refused the rejoin for good (a `retryable` refusal is retried instead). This is the last event.
    Lost(CallError<NoError>),
}

pub(crate) fn event<U: MessageSet, I: PresenceInfo>(entry: Entry) -> Option<Event<U, I>> {
    Some(match entry {
        Entry::Message(delivery) => Event::Message(delivery.typed()?),
        Entry::Gap(gap) => Event::Gap(gap),
        Entry::Joined(None) => Event::Joined(None),
        Entry::Joined(Some(delivery)) => Event::Joined(Some(delivery.typed()?)),
        Entry::Added(key) => Event::Added(key),
        Entry::Removed => Event::Removed,
        Entry::Presence(kind, member) => Event::Presence(PresenceEvent::typed(kind, member)?),
        Entry::DecodeError(rejected) => Event::DecodeError(rejected),
        Entry::RefreshFailed(error) => Event::RefreshFailed(error),
        Entry::Error(error) => Event::Error(error),
        Entry::End(Err(failure)) => Event::Lost(CallError::from_failure(failure)),
        // Only streams have these.
        Entry::Slow | Entry::End(Ok(_)) => return None,
    })
}

/// A joined channel. When the last subscription of this client to the channel is dropped, the client leaves the channel; a
/// pending join counts as a subscription.
#[must_use = "the channel is left when the subscription is dropped"]
pub struct Subscription<U, R, I = NoPresence> {
    /// The reply to the join. After a loss of the session, that to the rejoin is [`Event::Joined`].
    pub reply: R,
    membership: Membership,
    types: PhantomData<fn() -> (U, I)>,
}

impl<U, R: fmt::Debug, I> fmt::Debug for Subscription<U, R, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("reply", &self.reply)
            .finish_non_exhaustive()
    }
}

/// The membership of one subscription in its channel, released on drop.
pub(crate) struct Membership {
    handle: Arc<CloseOnDrop>,
    key: String,
    inbox: Arc<Inbox>,
    timeout: Duration,
}

impl Drop for Membership {
    fn drop(&mut self) {
        // The reply to the leave is ignored. After `Subscription::leave` the membership is released already.
        let _ = self.handle.core.release(&self.key, &self.inbox, None);
        self.inbox.end(None);
    }
}

/// Joins a channel with a message of the protocol.
pub(crate) async fn join<U: MessageSet, R: Message<U>, I, E: DeclaredErrors>(
    handle: Arc<CloseOnDrop>,
    key: String,
    request: Result<RequestMessage, Failure>,
    leave: Result<Option<RequestMessage>, Failure>,
    timeout: Duration,
) -> Result<Subscription<U, R, I>, CallError<E>> {
    let (reply, membership) = request_join(handle, key, request, leave, timeout)
        .await
        .map_err(CallError::from_failure)?;
    let reply = take(reply).map_err(CallError::from_failure)?;
    Ok(Subscription {
        reply,
        membership,
        types: PhantomData,
    })
}

/// Joins a channel by its key.
pub(crate) async fn join_by_key<U: MessageSet, I>(
    handle: Arc<CloseOnDrop>,
    key: String,
    request: Result<RequestMessage, Failure>,
    leave: Result<Option<RequestMessage>, Failure>,
    timeout: Duration,
) -> Result<Subscription<U, (), I>, CallError<NoError>> {
    let (_, membership) = request_join(handle, key, request, leave, timeout)
        .await
        .map_err(CallError::from_failure)?;
    Ok(Subscription {
        reply: (),
        membership,
        types: PhantomData,
    })
}

/// Subscribes to a channel that the server has added the client to. `None` if it is in no such channel.
pub(crate) fn subscribe<U: MessageSet, I>(
    handle: Arc<CloseOnDrop>,
    key: String,
    leave: Option<RequestMessage>,
    timeout: Duration,
) -> Option<Subscription<U, (), I>> {
    let core = &handle.core;
    let inbox = Arc::new(core.inbox());
    let is_in = core.lock().channels.subscribe(&key, &inbox, leave);
    let membership = Membership {
        handle,
        key,
        inbox,
        timeout,
    };
    is_in.then_some(Subscription {
        reply: (),
        membership,
        types: PhantomData,
    })
}

async fn request_join(
    handle: Arc<CloseOnDrop>,
    key: String,
    request: Result<RequestMessage, Failure>,
    leave: Result<Option<RequestMessage>, Failure>,
    timeout: Duration,
) -> Result<(Option<Delivery>, Membership), Failure> {
    let (request, leave) = (request?, leave?);
    let core = handle.core.clone();
    let inbox = Arc::new(core.inbox());
    // Reserved before the join is sent: a subscription that is dropped meanwhile does not leave the channel.
    core.reserve(&key, &inbox, leave)?;
    let membership = Membership {
        handle,
        key,
        inbox,
        timeout,
    };
    let (rejoin, inbox, key) = (
        request.clone(),
        membership.inbox.clone(),
        membership.key.clone(),
    );
    let reply_to = |reply| {
        ReplyTo::Join(PendingJoin {
            reply,
            inbox,
            request: rejoin,
            key,
        })
    };
    let send = |reply, permit| core.request(&request, reply_to(reply), Some(permit));
    let reply = within(&*core, request.len(), timeout, send).await?;
    Ok((reply, membership))
}

impl<U, R, I: PresenceInfo> Subscription<U, R, I> {
    fn with_members<T>(&self, read: impl FnOnce(&super::members::Members) -> T) -> Option<T> {
        let mut inner = self.membership.handle.core.lock();
        let channel = inner.channels.get_mut(&self.membership.key)?;
        channel.members.as_deref().map(read)
    }

    /// Returns who is in the channel, in the order in which they joined; this client is one of them. Empty until the server has listed them
    /// ([`PresenceEvent::Listed`]), and for a channel without presence. While there is no connection, it is what was known last.
    ///
    /// The list has at most as many members as the protocol says (1,000 by default) and as fit into `limits.outbound` bytes; compare
    /// [`Self::member_count`].
    pub fn members(&self) -> Vec<Member<I>> {
        self.with_members(|members| members.iter().filter_map(presence::typed).collect())
            .unwrap_or_default()
    }

    /// Returns how many members the channel has, whether they are listed or not.
    pub fn member_count(&self) -> u64 {
        self.with_members(|members| members.count())
            .unwrap_or_default()
    }

    /// Returns the id of this client among the members, once they are listed.
    pub fn member_id(&self) -> Option<Arc<str>> {
        self.with_members(|members| members.own().cloned())?
    }
}

impl<U, R, I> Subscription<U, R, I> {
    /// Queues a message without a reply that concerns the channel: its envelope has the channel's key, so the handler finds it by `cx.channel()`.
    /// `C` are the messages of the client; it has to be named only if the type is a message of both ends.
    ///
    /// # Errors
    /// The future fails as that of [`Client::send`](super::Client::send) does, with [`CallError::Closed`] after the subscription has ended, and with [`CallError::Encode`] if the
    /// envelope has no field for the channel, or `C` are not the messages of the client.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = connect().await?;
    /// let room = client.room(&"lobby".into()).join().await?;
    /// room.send(&UserTyping { room: "lobby".into() }).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send<C: MessageSet, M: Message<C>>(&self, message: &M) -> Sent {
        let Membership {
            handle, key, inbox, ..
        } = &self.membership;
        let core = handle.core.clone();
        let sent = &C::DESCRIPTOR.messages[M::INDEX];
        let own = core.descriptor.client.messages.get(M::INDEX);
        let is_own = own.is_some_and(|own| own.name == sent.name);
        let has_place = C::DESCRIPTOR.heading(sent).envelope.channel.is_some();
        let request = if inbox.is_ended() {
            Err(Failure::Closed)
        } else if is_own && has_place {
            prepare::<C, M>(message)
        } else {
            Err(Failure::Encode)
        };
        let request = request.map(|request| RequestMessage {
            channel: Some(key.as_str().into()),
            ..request
        });
        Sent::new(send(core, request, sent.volatile))
    }
}

impl<U: MessageSet, R, I: PresenceInfo> Subscription<U, R, I> {
    /// Returns the next event, or `None` after [`Event::Lost`] or when the client is closed. Cancel-safe.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::{Event, Gap};
    ///
    /// let client = connect().await?;
    /// let mut room = client.room(&"lobby".into()).join().await?;
    /// client.chat_send(ChatSend { room: "lobby".into(), text: "hi".into() }).await?;
    /// while let Some(event) = room.next().await {
    ///     match event {
    ///         Event::Message(envelope) => {
    ///             println!("{:?}: {:?}", envelope.seq, envelope.message);
    /// #           assert_eq!(envelope.seq, Some(1));
    /// #           client.close().await;
    ///         }
    ///         Event::Gap(Gap { from, to, .. }) => println!("missed {from:?} to {to:?}: reload the room"),
    ///         Event::DecodeError(error) => println!("skipped a message: {error}"),
    ///         Event::Lost(error) => println!("no longer in the room: {error}"),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Event<U, I>> {
        event(self.membership.inbox.next().await?)
    }

    /// Leaves the channel and waits for the server's reply. If this client has other subscriptions to the channel, or there is no
    /// connection, it returns at once.
    ///
    /// # Errors
    /// Those of any request. The subscription has ended even so.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = connect().await?;
    /// let first = client.room(&"lobby".into()).join().await?;
    /// let second = client.room(&"lobby".into()).join().await?;
    /// first.leave().await?; // The client is still in the room.
    /// second.leave().await?; // Now it has left.
    /// # let again = client.room(&"lobby".into()).join().await?;
    /// # assert_eq!(again.reply.members, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn leave(self) -> Result<(), CallError<NoError>> {
        let result = leave(&self.membership).await;
        result.map_err(CallError::from_failure)
    }
}

async fn leave(membership: &Membership) -> Result<(), Failure> {
    let (sender, receiver) = oneshot::channel();
    let core = &membership.handle.core;
    let Some(id) = core.release(&membership.key, &membership.inbox, Some(sender))? else {
        return Ok(());
    };
    let _guard = AbandonOnDrop {
        caller: &**core,
        id,
    };
    match tokio::time::timeout(membership.timeout, receiver).await {
        Ok(reply) => reply.unwrap_or(Err(Failure::Closed)).map(drop),
        Err(_) => Err(Failure::Timeout),
    }
}

/// Messages of the server that are neither replies nor belong to a joined channel. Returned by
/// [`Client::notifications`](super::Client::notifications).
pub struct Notifications<U> {
    pub(crate) inbox: Arc<Inbox>,
    /// Keeps the client alive.
    pub(crate) handle: Arc<CloseOnDrop>,
    pub(crate) types: PhantomData<fn() -> U>,
}

impl<U> Drop for Notifications<U> {
    fn drop(&mut self) {
        self.inbox.end(None);
    }
}

impl<U> fmt::Debug for Notifications<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifications")
            .field("core", &self.handle.core)
            .finish_non_exhaustive()
    }
}

impl<U: MessageSet> Notifications<U> {
    /// Returns the next event, or `None` when the client is closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event<U>> {
        event(self.inbox.next().await?)
    }
}
