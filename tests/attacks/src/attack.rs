//! What an attack is, and what one of its peers does.

use crate::{
    frame::{self, Frame},
    peer::{ConnectionInfo, hello},
    server::Setup,
};
use futures_util::future::BoxFuture;
use handfast::codec::Encoding;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::watch,
};

/// How many peers attack together.
pub(crate) const PEERS: usize = 100;

/// One attack.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// The group that it belongs to: its page has them.
    pub(crate) line: &'static str,
    pub(crate) what: &'static str,
    pub(crate) setup: Setup,
    pub(crate) lasts: Duration,
    pub(crate) act: Act,
    /// What it may have the server hold besides what each connection may, in bytes.
    pub(crate) more: usize,
    /// What has to be true besides what is asked of every attack.
    pub(crate) check: fn(&[Fate]) -> Result<(), String>,
}

/// What each peer does.
pub(crate) enum Act {
    Flood(Flood),
    Script(fn(Target) -> BoxFuture<'static, Fate>),
}

/// Sending as fast as it goes.
#[derive(Clone, Copy)]
pub(crate) struct Flood {
    /// What hello and the first messages are written in, and all that comes.
    pub(crate) encoding: Encoding,
    /// Whether a session is begun first.
    pub(crate) hello: bool,
    /// Whether it reads what comes.
    pub(crate) reads: bool,
    /// What is sent first.
    pub(crate) first: &'static [&'static str],
    /// What has to come before the flood begins; nothing if it is empty.
    pub(crate) awaits: &'static str,
    /// Writes the piece of a number.
    pub(crate) piece: fn(u64, &mut Vec<u8>),
}

impl Flood {
    /// A peer that begins a session in JSON, and reads nothing.
    pub(crate) const PLAIN: Self = Self {
        encoding: Encoding::Json,
        hello: true,
        reads: false,
        first: &[],
        awaits: "",
        piece: |_, _| {},
    };
}

/// What a peer is told.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Which of the peers it is.
    pub(crate) number: usize,
    stop: watch::Receiver<bool>,
}

/// What became of a peer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate {
    /// How many bytes it sent.
    pub(crate) sent: u64,
    /// How many connections it made besides the first.
    pub(crate) again: u64,
    /// How many messages it got: by their type, and errors by their code.
    pub(crate) got: BTreeMap<String, u64>,
    /// How many bytes of messages it got.
    pub(crate) read: u64,
    /// The code it was closed with.
    pub(crate) close: Option<u16>,
    /// When the server ended the connection, after it began.
    pub(crate) ended: Option<Duration>,
    /// What went wrong before the attack could begin.
    pub(crate) failed: Option<String>,
}

impl Target {
    pub(crate) fn new(address: SocketAddr, number: usize, stop: watch::Receiver<bool>) -> Self {
        Self {
            address,
            number,
            stop,
        }
    }

    /// Whether the attack is over.
    pub(crate) fn is_over(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until the attack is over.
    pub(crate) async fn over(&mut self) {
        // Where the sender is gone, it is over as well.
        let _ = self.stop.wait_for(|stop| *stop).await;
    }
}

impl Fate {
    pub(crate) fn failed(words: String) -> Self {
        Self {
            failed: Some(words),
            ..Self::default()
        }
    }

    /// How many messages of a type or errors of a code came.
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.got.get(name).copied().unwrap_or_default()
    }

    /// Notes a frame.
    pub(crate) fn note(&mut self, frame: &Frame) {
        if frame.code().is_some() {
            self.close = self.close.or(frame.code());
        }
        if frame.opcode == frame::TEXT {
            self.read += frame.payload.len() as u64;
            let text = String::from_utf8_lossy(&frame.payload);
            let of = |field: &str| {
                let (_, rest) = text.split_once(field)?;
                rest.split_once('"').map(|(value, _)| value.to_owned())
            };
            let name = of(r#""code":""#).or_else(|| of(r#""type":""#));
            *self.got.entry(name.unwrap_or_default()).or_default() += 1;
        }
    }

    /// Reads until the attack is over or the server ends the connection.
    pub(crate) async fn watch(&mut self, peer: &mut ConnectionInfo, target: &mut Target) {
        let begun = Instant::now();
        loop {
            let frame = tokio::select! {
                frame = peer.frame() => frame,
                () = target.over() => return,
            };
            match frame {
                Some(frame) => self.note(&frame),
                None => {
                    self.ended = Some(begun.elapsed());
                    return;
                }
            }
        }
    }
}

/// How much is written in one go.
const CHUNK: usize = 16 * 1024;

/// Floods until the attack is over or the server ends the connection.
pub(crate) async fn flood(flood: Flood, mut target: Target) -> Fate {
    let mut peer = match ConnectionInfo::connect_in(target.address, flood.encoding).await {
        Ok(peer) => peer,
        Err(words) => return Fate::failed(words),
    };
    let mut first = Vec::new();
    if flood.hello {
        frame::message(&mut first, flood.encoding, &hello());
    }
    for text in flood.first {
        frame::message(&mut first, flood.encoding, text);
    }
    if let Err(words) = peer.write(&first).await {
        return Fate::failed(words);
    }
    if let Err(words) = peer.hear_of(flood.awaits).await {
        return Fate::failed(words);
    }
    let begun = Instant::now();
    let mut fate = Fate::default();
    let (mut input, mut output) = peer.stream.into_split();
    let mut unread = peer.unread;
    let mut count = 0;
    let mut sent = 0;
    let write = async {
        let mut chunk = Vec::with_capacity(2 * CHUNK);
        loop {
            chunk.clear();
            while chunk.len() < CHUNK {
                (flood.piece)(count, &mut chunk);
                count += 1;
            }
            if output.write_all(&chunk).await.is_err() {
                return;
            }
            sent += chunk.len() as u64;
            // The others have their turn.
            tokio::task::yield_now().await;
        }
    };
    let read = async {
        if !flood.reads {
            return std::future::pending().await;
        }
        while let Ok(1..) = input.read_buf(&mut unread).await {
            while let Some(frame) = frame::take(&mut unread) {
                fate.note(&frame);
            }
        }
    };
    tokio::select! {
        () = write => fate.ended = Some(begun.elapsed()),
        () = read => {}
        () = target.over() => {}
    }
    if !target.is_over() {
        fate.ended = Some(begun.elapsed());
        // What the server said at last may still be there to be read.
        if flood.reads {
            while let Ok(1..) = input.read_buf(&mut unread).await {}
            while let Some(frame) = frame::take(&mut unread) {
                fate.note(&frame);
            }
        }
    }
    fate.sent = sent;
    fate
}
