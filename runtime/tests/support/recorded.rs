//! A transport that records what passes in either direction.

use handfast::transport::{CloseFrame, Transport, TransportError, TransportEvent};
use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

/// Messages, each with the address of its bytes.
pub type Log = Arc<Mutex<Vec<(usize, Vec<u8>)>>>;

pub struct Recorded<T>(pub T, pub Log);

impl<T> Recorded<T> {
    fn add(&self, message: &[u8]) {
        let entry = (message.as_ptr().addr(), message.to_vec());
        self.1.lock().expect("it is whole").push(entry);
    }
}

impl<T: Transport> Transport for Recorded<T> {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<TransportEvent, TransportError>> {
        let polled = self.0.poll_receive(cx);
        if let Poll::Ready(Ok(TransportEvent::Packet(packet))) = &polled {
            self.add(packet.bytes());
        }
        polled
    }

    fn feed(&mut self, message: &[u8], is_text: bool) -> Result<(), TransportError> {
        self.add(message);
        self.0.feed(message, is_text)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.0.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, closing: &CloseFrame) -> Poll<()> {
        self.0.poll_close(cx, closing)
    }
}
