//! A broker of one server and one channel.

use futures_util::future::BoxFuture;
use handfast::broker::{
    Broker, BrokerError, Command, Deliver, History, Presence, PresenceChange, Publication, Receipt,
    Recipients, Retention, Roster, ServerId, SessionList, StreamPosition,
};
use std::{
    sync::{Arc, Mutex, MutexGuard, Weak},
    time::Duration,
};

#[derive(Debug, Default)]
pub struct State {
    pub epoch: u32,
    pub seq: u64,
    pub subscriptions: i64,
    pub stored: Vec<(u64, Arc<Publication>)>,
    pub server: Option<Weak<dyn Deliver>>,
    /// How long it takes to subscribe.
    pub slow: Duration,
    pub members: Vec<Arc<Presence>>,
    /// How often they have changed.
    pub revision: u64,
    /// Whether they cannot be read.
    pub broken: bool,
}

/// A broker of one server and one channel, whose numbering begins anew when the test says so.
#[derive(Default)]
pub struct Renewing(Mutex<State>);

impl std::fmt::Debug for Renewing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Renewing")
    }
}

impl Renewing {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("it is whole")
    }

    pub fn renew(&self) {
        let mut state = self.lock();
        state.epoch += 1;
        state.seq = 0;
        state.stored.clear();
    }
}

impl State {
    pub fn position(&self) -> StreamPosition {
        StreamPosition {
            epoch: format!("epoch {}", self.epoch).into(),
            seq: self.seq,
        }
    }
}

impl Broker for Renewing {
    fn attach(&self, server: Weak<dyn Deliver>) -> ServerId {
        self.lock().server = Some(server);
        ServerId(1)
    }

    fn detach(&self, _: ServerId) {}

    fn subscribe<'a>(
        &'a self,
        _: ServerId,
        _: &'a Arc<str>,
    ) -> BoxFuture<'a, Result<StreamPosition, BrokerError>> {
        Box::pin(async move {
            let slow = {
                let mut state = self.lock();
                state.subscriptions += 1;
                state.slow
            };
            if !slow.is_zero() {
                tokio::time::sleep(slow).await;
            }
            Ok(self.lock().position())
        })
    }

    fn unsubscribe(&self, _: ServerId, _: &str, _: Duration) {
        self.lock().subscriptions -= 1;
    }

    fn publish(&self, publication: Publication, _: &Retention) -> Receipt {
        let (server, position) = {
            let mut state = self.lock();
            state.seq += 1;
            let stored = (state.seq, Arc::new(publication.clone()));
            state.stored.push(stored);
            (state.server.clone(), state.position())
        };
        if let Some(server) = server.and_then(|server| server.upgrade()) {
            server.deliver(&publication, &position);
        }
        Receipt::done(Ok(Some(position)))
    }

    fn history<'a>(
        &'a self,
        _: &'a Arc<str>,
        since: &'a StreamPosition,
        limit: usize,
    ) -> BoxFuture<'a, Result<History, BrokerError>> {
        Box::pin(async move {
            let state = self.lock();
            let position = state.position();
            let is_same = position.epoch == since.epoch;
            let after = state.stored.iter().filter(|(seq, _)| *seq > since.seq);
            Ok(History {
                publications: after.filter(|_| is_same).take(limit).cloned().collect(),
                position,
                lost: None,
            })
        })
    }

    fn set_presence(&self, channel: &Arc<str>, change: PresenceChange) {
        let (server, revision) = {
            let mut state = self.lock();
            match &change {
                PresenceChange::Set(member) => {
                    let (other, member) = (member.member, member.clone());
                    state.members.retain(|one| one.member != other);
                    state.members.push(member);
                }
                PresenceChange::Removed(member) => {
                    state.members.retain(|one| one.member != *member);
                }
            }
            state.revision += 1;
            (state.server.clone(), state.revision)
        };
        if let Some(server) = server.and_then(|server| server.upgrade()) {
            server.presence(channel, &change, revision);
        }
    }

    fn presence<'a>(
        &'a self,
        _: &'a Arc<str>,
        known: Option<u64>,
    ) -> BoxFuture<'a, Result<Option<Roster>, BrokerError>> {
        Box::pin(async move {
            let state = self.lock();
            if state.broken {
                return Err(BrokerError("unreachable".into()));
            }
            let (members, revision) = (state.members.clone(), state.revision);
            Ok((known != Some(revision)).then_some(Roster { members, revision }))
        })
    }

    fn command(&self, _: Recipients, _: Command) {}

    fn sessions<'a>(
        &'a self,
        _: &'a Recipients,
        _: usize,
    ) -> BoxFuture<'a, Result<SessionList, BrokerError>> {
        Box::pin(async { Ok(SessionList::default()) })
    }
}
