//! Peers that go away, or keep a place, while a handler hangs.

use super::{each, nothing_more};
use crate::{
    attack::{Act, Attack, Fate, Target},
    frame,
    peer::{ConnectionInfo, hello},
    server::Setup,
};
use futures_util::FutureExt;
use std::time::Duration;
use tokio::time::timeout;

const HANG: &str = r#"{"type":"hang","id":"1"}"#;

/// How long a peer that goes away waits before it does, so that its messages were read.
const READ: Duration = Duration::from_millis(500);

fn one(
    name: &'static str,
    line: &'static str,
    what: &'static str,
    script: fn(Target) -> futures_util::future::BoxFuture<'static, Fate>,
) -> Attack {
    Attack {
        name,
        line,
        what,
        setup: Setup::NO_RATE,
        lasts: Duration::from_secs(2),
        act: Act::Script(script),
        more: 0,
        check: nothing_more,
    }
}

pub(crate) fn all() -> Vec<Attack> {
    vec![
        one(
            "hang-and-go",
            "A3",
            "66 requests to a handler that hangs, then hangs up",
            |target| hang(target, 66, 0).boxed(),
        ),
        one(
            "hang-full-and-go",
            "A3",
            "a handler that hangs, as many messages behind it as are taken, then hangs up",
            |target| hang(target, 1, usize::MAX).boxed(),
        ),
        one(
            "hang-half-closed",
            "A3",
            "66 requests to a handler that hangs, then sends the end of TCP and waits",
            |target| half_closed(target).boxed(),
        ),
        Attack {
            lasts: Duration::from_secs(4),
            check: |fates| {
                each(fates, |fate| {
                    (fate.count("TIMEOUT") < 3).then(|| format!("{:?}", fate.got))
                })
            },
            ..one(
                "slow-handlers",
                "A4",
                "requests to a handler that never ends: each is given up after twice its timeout",
                |target| slow(target).boxed(),
            )
        },
    ]
}

/// Says hello, asks so many requests that hang and so many bytes behind them, and goes.
async fn hang(target: Target, requests: usize, behind: usize) -> Fate {
    let mut peer = match ConnectionInfo::enter(target.address).await {
        Ok(peer) => peer,
        Err(words) => return Fate::failed(words),
    };
    let mut bytes = Vec::new();
    for _ in 0..requests {
        frame::text(&mut bytes, HANG);
    }
    let mut fate = Fate::default();
    if let Err(words) = peer.write(&bytes).await {
        return Fate::failed(words);
    }
    fate.sent += bytes.len() as u64;
    bytes.clear();
    let text = "x".repeat(1000);
    frame::text(
        &mut bytes,
        &format!(r#"{{"type":"echo","payload":{{"text":"{text}"}},"id":"2"}}"#),
    );
    while fate.sent < behind as u64 {
        match timeout(READ, peer.write(&bytes)).await {
            Ok(Ok(())) => fate.sent += bytes.len() as u64,
            _ => return fate,
        }
    }
    tokio::time::sleep(READ).await;
    fate
}

async fn half_closed(mut target: Target) -> Fate {
    let mut peer = match ConnectionInfo::enter(target.address).await {
        Ok(peer) => peer,
        Err(words) => return Fate::failed(words),
    };
    let mut bytes = Vec::new();
    for _ in 0..66 {
        frame::text(&mut bytes, HANG);
    }
    let mut fate = Fate::default();
    if let Err(words) = peer.write(&bytes).await {
        return Fate::failed(words);
    }
    fate.sent = bytes.len() as u64;
    let (mut input, output) = peer.stream.into_split();
    drop(output);
    let mut unread = Vec::new();
    let read = async {
        use tokio::io::AsyncReadExt;
        while let Ok(1..) = input.read_buf(&mut unread).await {}
    };
    tokio::select! {
        () = read => fate.ended = Some(Duration::ZERO),
        () = target.over() => {}
    }
    fate
}

async fn slow(mut target: Target) -> Fate {
    let mut peer = match ConnectionInfo::connect(target.address, "").await {
        Ok(peer) => peer,
        Err(words) => return Fate::failed(words),
    };
    let mut bytes = Vec::new();
    frame::text(&mut bytes, &hello());
    for id in 0..50 {
        frame::text(&mut bytes, &format!(r#"{{"type":"slow","id":"{id}"}}"#));
    }
    let mut fate = Fate::default();
    if let Err(words) = peer.write(&bytes).await {
        return Fate::failed(words);
    }
    fate.sent = bytes.len() as u64;
    // Answers pings, so that only the handlers' time counts.
    loop {
        let frame = tokio::select! {
            frame = peer.frame() => frame,
            () = target.over() => return fate,
        };
        let Some(frame) = frame else { return fate };
        fate.note(&frame);
        if frame.payload == br#"{"type":"ping"}"# && peer.say(r#"{"type":"pong"}"#).await.is_err() {
            return fate;
        }
    }
}
