//! What the tests over transports have in common.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test uses some of it"
)]

pub mod faulty;
pub mod log;
pub mod random;
pub mod recorded;

use handfast::transport::{CloseFrame, MemoryTransport, Packet, Transport, TransportEvent};
use std::time::Duration;

/// Runs a test that waits for real: one that hangs fails.
pub async fn soon<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), test)
        .await
        .expect("the test ends")
}

/// Runs a test whose time is paused: one that hangs fails when there is nothing left to wait for.
pub async fn simulated<T>(test: impl Future<Output = T>) -> T {
    log::listen();
    tokio::time::timeout(Duration::from_secs(3600), test)
        .await
        .expect("the test ends")
}

/// A server by hand.
pub struct Script(pub MemoryTransport);

impl Script {
    pub async fn next(&mut self) -> String {
        match self.0.receive().await.expect("it is open") {
            TransportEvent::Packet(Packet::Text(text)) => text.to_string(),
            other => format!("{other:?}"),
        }
    }

    pub async fn expect(&mut self, text: &str) {
        assert_eq!(self.next().await, text);
    }

    pub async fn say(&mut self, text: &str) {
        self.0.send(text).await.expect("it is open");
    }

    pub async fn say_bytes(&mut self, bytes: &'static [u8]) {
        let packet = Packet::Binary(bytes.into());
        self.0
            .feed(packet.bytes(), packet.is_text())
            .expect("it is open");
        std::future::poll_fn(|cx| self.0.poll_flush(cx))
            .await
            .expect("it is open");
    }

    pub async fn close(&mut self, code: u16, reason: &'static str) {
        let closing = CloseFrame::new(code, reason);
        std::future::poll_fn(|cx| self.0.poll_close(cx, &closing)).await;
    }
}
