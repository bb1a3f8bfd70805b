//! A field of bytes is bytes on the wire, in requests, replies and what is published.

#![cfg(all(feature = "server", feature = "client"))]

mod support;

use handfast::{
    Bytes, HandlerError,
    client::{ClientBuilder, Event},
    codec::Encoding,
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::duplex,
};
use std::convert::Infallible;
use support::recorded::{Log, Recorded};

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
        let messages = std::mem::take(&mut *log.lock().expect("it is whole"));
        assert_eq!(messages.len(), 3, "{messages:?}");
        for (_, message) in messages {
            let has = message.windows(expected.len()).any(|part| part == expected);
            assert!(has, "{encoding:?} {message:x?}");
        }
    }
    Ok(())
}
