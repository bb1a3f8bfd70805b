//! Authenticating again, before the authentication expires or when the application wants it.

use super::{CallError, RefreshError, State, core::Core, pending::ReplyTo};
use crate::{
    calls::{Entry, Failure, RequestMessage, within},
    random,
    system::Role,
};
use futures_util::future::BoxFuture;
use serde_json::value::RawValue;
use std::{
    convert::Infallible,
    error::Error,
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime},
};
use tokio::time::Instant;

/// Returns credentials.
pub(crate) type Auth = Arc<
    dyn Fn() -> BoxFuture<'static, Result<Box<RawValue>, Box<dyn Error + Send + Sync>>>
        + Send
        + Sync,
>;

/// Between which parts of the time that the authentication lasts the client authenticates again. Many clients that connected to a server at
/// once, such as after its restart, do not do so at once.
const REFRESH: (f64, f64) = (0.75, 0.9);

/// The shortest time before a client authenticates again by itself, whatever the server says.
const FLOOR: Duration = Duration::from_millis(100);

/// The shortest time before the client tries again after a failure.
const RETRY: Duration = Duration::from_secs(1);

/// How often the clocks are compared: one of them may have gone on while the machine was suspended.
const CHECK: Duration = Duration::from_secs(60);

/// How much later a server's announcement may have arrived than what the server does.
const LATENCY: Duration = Duration::from_secs(1);

/// The size that a failure counts as in a queue of notifications.
const FAILURE_SIZE: usize = 256;

/// When the authentication expires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expiry {
    /// The time of the announcement, on a clock that nobody sets, and on one that goes on while the machine is suspended.
    since: (Instant, SystemTime),
    lifetime: Duration,
}

impl Expiry {
    fn after(millis: u64) -> Self {
        Self {
            since: (Instant::now(), SystemTime::now()),
            lifetime: Duration::from_millis(millis),
        }
    }

    fn elapsed(&self) -> Duration {
        let (steady, system) = self.since;
        steady.elapsed().max(system.elapsed().unwrap_or_default())
    }

    fn left(&self) -> Duration {
        self.lifetime.saturating_sub(self.elapsed())
    }

    /// Waits until so much of the time is over.
    async fn reach(&self, part: Duration) {
        loop {
            let left = part.saturating_sub(self.elapsed());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(CHECK)).await;
        }
    }
}

impl Core {
    /// The server has authenticated the client, for so many milliseconds if it says how long.
    pub(super) fn authenticated(&self, expires: Option<u64>) {
        self.expiry.send_replace(expires.map(Expiry::after));
    }

    /// The server has authenticated the client with the credentials of its hello.
    pub(super) fn welcomed(&self, expires: Option<u64>) {
        let mut inner = self.lock();
        inner.asked_before_ready = inner.last;
        drop(inner);
        self.authenticated(expires);
    }

    /// The server has authenticated the client with credentials that it sent before those of its last hello, perhaps long ago: the answer may come
    /// from before the session was resumed. What expires first counts.
    pub(super) fn authenticated_before(&self, expires: Option<u64>) {
        let Some(expiry) = expires.map(Expiry::after) else {
            return;
        };
        self.expiry.send_if_modified(|current| {
            let is_sooner = current.is_none_or(|current| expiry.lifetime < current.left());
            if is_sooner {
                *current = Some(expiry);
            }
            is_sooner
        });
    }

    /// Whether the time that the server announced is over. An announcement of no time at all does not count: a client that reconnects would
    /// get the next.
    pub(super) fn has_expired(&self) -> bool {
        let expiry = *self.expiry.borrow();
        expiry.is_some_and(|expiry| {
            !expiry.lifetime.is_zero() && expiry.elapsed() + LATENCY >= expiry.lifetime
        })
    }

    /// See [`Client::refresh_auth`](super::Client::refresh_auth).
    pub(super) async fn refresh_auth(&self) -> Result<(), RefreshError> {
        let timeout = self.descriptor.session.timeout;
        let refresh = tokio::time::timeout(timeout, self.refresh_untimed());
        refresh
            .await
            .unwrap_or(Err(RefreshError::Failed(CallError::Timeout)))
    }

    async fn refresh_untimed(&self) -> Result<(), RefreshError> {
        let is_supported = self.descriptor.session.roles.auth.is_some();
        let Some(auth) = self.auth.as_ref().filter(|_| is_supported) else {
            return Err(RefreshError::Unsupported);
        };
        let mut states = self.status.subscribe();
        loop {
            let hellos = self.hellos.load(Ordering::Acquire);
            if *states.borrow_and_update() == State::Connected {
                let payload = auth()
                    .await
                    .map_err(|error| RefreshError::Auth(error.into()))?;
                if self.send_credentials(&payload).await? {
                    return Ok(());
                }
            }
            let open = |state: &State| matches!(state, State::Connected | State::Closed(_));
            match states.wait_for(open).await.as_deref() {
                // Its hello had new credentials, unless they were asked for before.
                Ok(State::Connected) if self.hellos.load(Ordering::Acquire) != hellos => {
                    return Ok(());
                }
                Ok(State::Connected) => {}
                _ => return Err(RefreshError::Failed(CallError::Closed)),
            }
        }
    }

    /// Sends credentials. Returns whether the server has accepted them, and not if the session was lost.
    async fn send_credentials(&self, payload: &RawValue) -> Result<bool, RefreshError> {
        let request = self.session_message(Role::Auth, Some(&payload));
        let request = RequestMessage {
            idempotent: false,
            ..request
                .ok()
                .flatten()
                .ok_or(RefreshError::Failed(CallError::Encode))?
        };
        let timeout = self.descriptor.session.timeout;
        let send = |reply, permit| self.request(&request, ReplyTo::Auth(reply), Some(permit));
        match within(self, request.len(), timeout, send).await {
            Ok(_) => Ok(true),
            Err(Failure::OutcomeUnknown) => Ok(false),
            Err(Failure::Remote(error)) => Err(RefreshError::Refused(error)),
            Err(failure) => Err(RefreshError::Failed(CallError::from_failure(failure))),
        }
    }

    /// Authenticates again before the authentication expires, each time that the server says when it does.
    pub(super) async fn keep_authenticated(&self) -> Infallible {
        let mut announced = self.expiry.subscribe();
        let can_refresh = self.auth.is_some() && self.descriptor.session.roles.auth.is_some();
        loop {
            let expiry = *announced.borrow_and_update();
            let expiry = expiry.filter(|_| can_refresh);
            let refreshing = async {
                match expiry {
                    Some(expiry) => self.refresh_before(expiry).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = announced.changed() => {}
                () = refreshing => {
                    // What the server announces next begins it anew. The sender lives in the core, so this cannot fail.
                    let _ = announced.changed().await;
                }
            }
        }
    }

    /// Authenticates again in time. After a failure that may be transient it tries again after half of the time that is left.
    async fn refresh_before(&self, expiry: Expiry) {
        let (first, last) = REFRESH;
        let jitter = random::number() as f64 / u64::MAX as f64;
        let mut due = expiry.lifetime.mul_f64(first + (last - first) * jitter);
        due = due.max(FLOOR);
        loop {
            expiry.reach(due).await;
            let Err(error) = self.refresh_auth().await else {
                return;
            };
            let is_transient = error.is_transient();
            self.report_refresh(error);
            let left = expiry.left();
            if !is_transient || left < RETRY {
                return;
            }
            due = expiry.elapsed() + (left / 2).max(RETRY);
        }
    }

    fn report_refresh(&self, error: RefreshError) {
        tracing::warn!(
            error = super::log::truncate(&error),
            "the client could not authenticate again; its authentication expires"
        );
        let inner = self.lock();
        inner
            .listeners
            .notify(|| Entry::RefreshFailed(error.clone()), FAILURE_SIZE);
    }
}
