//! A field of bytes is bytes on the wire, in requests, replies and what is published.

#![cfg(all(feature = "server", feature = "client"))]

use handfast::{
    Bytes, HandlerError,
    client::{ClientBuilder, Event},
    codec::Encoding,
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::{CloseFrame, Packet, Transport, TransportError, TransportEvent, duplex},
};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    task::{Context as TaskContext, Poll},
};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
struct Put {
    data: Bytes,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
struct Stored {
    data: Bytes,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
struct Added {
    data: Bytes,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
enum Asks {
    #[message("put", reply = Stored)]
    Put(Put),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
enum Says {
    #[message("stored")]
    Stored(Stored),
    #[message("added", channel = Store)]
    Added(Added),
}

#[protocol(channel = "store")]
#[derive(Clone, Debug, PartialEq)]
struct Store {}

#[protocol(
    name = "blobs",
    version = "1.0.0",
    client = Asks,
    server = Says,
    channels(Store),
    authorize_joins,
    encodings(json = "blobs.v1+json", msgpack = "blobs.v1+msgpack", cbor = "blobs.v1+cbor")
)]
#[derive(Clone, Copy, Debug)]
struct Blobs;

struct App;

impl SessionHandler for App {
    type Session = ();
    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }

    async fn authorize_join(&self, _: &str, _: &Context<()>) -> Result<(), Rejection> {
        Ok(())
    }
}

impl Handler for App {
    async fn put(&self, m: Put, cx: &Context<()>) -> Result<Stored, HandlerError> {
        let data = m.data;
        cx.store().publish(&Added { data: data.clone() });
        Ok(Stored { data })
    }
}

type Log = Arc<Mutex<Vec<Packet>>>;

/// Records what passes in either direction.
struct Recorded<T>(T, Log);

impl<T> Recorded<T> {
    fn add(&self, packet: &Packet) {
        self.1.lock().expect("it is whole").push(packet.clone());
    }
}

impl<T: Transport> Transport for Recorded<T> {
    fn poll_receive(
        &mut self,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Result<TransportEvent, TransportError>> {
        let polled = self.0.poll_receive(cx);
        if let Poll::Ready(Ok(TransportEvent::Packet(packet))) = &polled {
            self.add(packet);
        }
        polled
    }

    fn feed(&mut self, packet: &Packet) -> Result<(), TransportError> {
        self.add(packet);
        self.0.feed(packet)
    }

    fn poll_flush(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), TransportError>> {
        self.0.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut TaskContext<'_>, closing: &CloseFrame) -> Poll<()> {
        self.0.poll_close(cx, closing)
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_are_bytes_on_the_wire() -> Result<(), Box<dyn std::error::Error>> {
    let data = Bytes(vec![0xFF, 0x00, 0xC0, 0xDE]);
    for (encoding, expected) in [
        (Encoding::Json, &b"\"data\":\"/wDA3g==\""[..]),
        (Encoding::MsgPack, b"\xA4data\xC4\x04\xFF\x00\xC0\xDE"),
        (Encoding::Cbor, b"\x64data\x44\xFF\x00\xC0\xDE"),
    ] {
        let (server, log) = (Server::new(App), Log::default());
        let client = ClientBuilder::<Blobs, Client>::over({
            let log = log.clone();
            move || {
                let (ours, theirs) = duplex(16);
                let server = server.clone();
                let mut info = ConnectionInfo::default();
                info.encoding = Some(encoding);
                tokio::spawn(async move { server.serve(theirs, info).await });
                let ours = Recorded(ours, log.clone());
                async { Ok::<_, Infallible>(ours) }
            }
        })
        .encoding(encoding)
        .await?;
        let mut store = client.store().join().await?;
        log.lock().expect("it is whole").clear();
        let stored = client.put(Put { data: data.clone() }).await?;
        assert_eq!(stored.data, data);
        match store.next().await {
            Some(Event::Message(envelope)) => {
                assert_eq!(envelope.message, Says::Added(Added { data: data.clone() }));
            }
            other => panic!("{other:?}"),
        }
        let packets = std::mem::take(&mut *log.lock().expect("it is whole"));
        assert_eq!(packets.len(), 3, "{packets:?}");
        for packet in packets {
            let bytes = match &packet {
                Packet::Text(text) => text.as_bytes(),
                Packet::Binary(bytes) => bytes,
            };
            let has = bytes.windows(expected.len()).any(|part| part == expected);
            assert!(has, "{encoding:?} {packet:x?}");
        }
    }
    Ok(())
}
