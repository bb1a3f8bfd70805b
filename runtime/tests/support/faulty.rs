//! A network in memory that loses connections: at a packet of the test's choice, with whatever is in transit.

use super::random::Random;
use handfast::transport::{MemoryTransport, Transport, TransportEvent, duplex};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

/// The network between clients and a server.
#[derive(Clone)]
pub struct Network(Arc<Inner>);

struct Inner {
    /// How many connections were made.
    connections: AtomicUsize,
    /// Cuts the current connection.
    cut: Notify,
}

impl Network {
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            connections: AtomicUsize::new(0),
            cut: Notify::new(),
        }))
    }

    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// Cuts the connections that are open.
    pub fn cut(&self) {
        self.0.cut.notify_waiters();
    }

    /// Connects: returns the client's end and the server's. The connection is lost after `packets` packets, in both directions together.
    pub fn connect(&self, packets: usize) -> (MemoryTransport, MemoryTransport) {
        self.connect_with(packets, None)
    }

    fn connect_with(
        &self,
        packets: usize,
        delays: Option<Random>,
    ) -> (MemoryTransport, MemoryTransport) {
        self.0.connections.fetch_add(1, Ordering::Relaxed);
        let (client, near) = duplex(4);
        let (far, server) = duplex(4);
        let inner = self.0.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = pump(near, far, packets, delays) => {}
                () = inner.cut.notified() => {}
            }
        });
        (client, server)
    }

    /// As [`Self::connect`], with a network that takes up to 40 ms for a packet, mostly less.
    pub fn connect_slowly(
        &self,
        packets: usize,
        delays: Random,
    ) -> (MemoryTransport, MemoryTransport) {
        self.connect_with(packets, Some(delays))
    }

    /// As [`Self::connect`], with a number of packets that is random, and mostly small.
    pub fn connect_at_random(&self, random: &mut Random) -> (MemoryTransport, MemoryTransport) {
        let most = [3, 10, 30, 200][random.below(4)];
        self.connect(random.below(most))
    }
}

/// Forwards packets both ways, until one end closes or there were enough.
async fn pump(
    mut near: MemoryTransport,
    mut far: MemoryTransport,
    packets: usize,
    mut delays: Option<Random>,
) {
    for _ in 0..packets {
        let (event, from_client) = tokio::select! {
            event = near.receive() => (event, true),
            event = far.receive() => (event, false),
        };
        if let Some(delays) = &mut delays {
            let most = [1, 1, 5, 40][delays.below(4)];
            tokio::time::sleep(Duration::from_millis(delays.below(most) as u64)).await;
        }
        let to = if from_client { &mut far } else { &mut near };
        match event {
            Ok(TransportEvent::Packet(packet)) => {
                if to.feed(packet.bytes(), packet.is_text()).is_err() {
                    return;
                }
                if std::future::poll_fn(|cx| to.poll_flush(cx)).await.is_err() {
                    return;
                }
            }
            Ok(TransportEvent::Closed(Some(frame))) => {
                std::future::poll_fn(|cx| to.poll_close(cx, &frame)).await;
                return;
            }
            _ => return,
        }
    }
}
