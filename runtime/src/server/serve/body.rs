//! Request and response bodies: a request body must arrive in time, and a response is counted as pending until it is written.

use axum::body::{Body as AxumBody, Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, Sleep},
};

/// The minimum rate of a request body, in bytes per second, after the grace period.
const RATE: u64 = 1024;

/// A request body that fails if it arrives too slowly.
pub(super) struct RequestBody {
    body: Incoming,
    started: Instant,
    grace: Duration,
    read: u64,
    sleep: Pin<Box<Sleep>>,
}

impl RequestBody {
    /// `grace` is the time allowed in addition to what the bytes need at the minimum rate.
    pub(super) fn new(body: Incoming, grace: Duration) -> Self {
        Self {
            body,
            started: Instant::now(),
            grace,
            read: 0,
            sleep: Box::pin(tokio::time::sleep(grace)),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                self.read += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let end = self.started + self.grace + Duration::from_secs(self.read / RATE);
            if Instant::now() >= end {
                let error = io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the request body arrives too slowly",
                );
                return Poll::Ready(Some(Err(error.into())));
            }
            self.sleep.as_mut().reset(end);
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Counts a pending request until it is dropped.
pub(super) struct PendingRequest(Arc<watch::Sender<usize>>);

impl PendingRequest {
    pub(super) fn new(count: &Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|requests| *requests += 1);
        Self(count.clone())
    }
}

impl Drop for PendingRequest {
    fn drop(&mut self) {
        self.0.send_modify(|requests| *requests -= 1);
    }
}

/// A response body.
pub(super) struct ResponseBody {
    pub(super) body: AxumBody,
    pub(super) _pending: PendingRequest,
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
