//! Bodies that know the time: one that is asked with has to arrive, one that is answered with is counted until it is written.

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

/// How many bytes of a body have to arrive in a second, after a first while.
const RATE: u64 = 1024;

/// The body of a request. Where it comes too slowly, it fails.
pub(super) struct Asked {
    body: Incoming,
    begun: Instant,
    patience: Duration,
    read: u64,
    sleep: Pin<Box<Sleep>>,
}

impl Asked {
    /// `patience` is what may pass beside the time that its bytes take.
    pub(super) fn new(body: Incoming, patience: Duration) -> Self {
        Self {
            body,
            begun: Instant::now(),
            patience,
            read: 0,
            sleep: Box::pin(tokio::time::sleep(patience)),
        }
    }
}

impl Body for Asked {
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
            let end = self.begun + self.patience + Duration::from_secs(self.read / RATE);
            if Instant::now() >= end {
                let error = io::Error::new(io::ErrorKind::TimedOut, "the body comes too slowly");
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

/// A request that is being answered, until it is dropped.
pub(super) struct Busy(Arc<watch::Sender<usize>>);

impl Busy {
    pub(super) fn new(count: &Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|requests| *requests += 1);
        Self(count.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|requests| *requests -= 1);
    }
}

/// The body of an answer.
pub(super) struct Answered {
    pub(super) body: AxumBody,
    pub(super) _busy: Busy,
}

impl Body for Answered {
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
