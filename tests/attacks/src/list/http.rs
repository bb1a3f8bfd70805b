//! Peers that take their time over the request, or never finish it.

use super::each;
use crate::{
    attack::{Act, Attack, Fate, Target},
    peer::{ConnectionInfo, upgrade},
    server::Setup,
};
use futures_util::{FutureExt, future::BoxFuture};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Longer than a server waits for the head of a request (10 s).
const LASTS: Duration = Duration::from_secs(13);

fn one(
    name: &'static str,
    what: &'static str,
    script: fn(Target) -> BoxFuture<'static, Fate>,
) -> Attack {
    Attack {
        name,
        line: "A5",
        what,
        setup: Setup::DEFAULT,
        lasts: LASTS,
        act: Act::Script(script),
        more: 0,
        check: |fates| {
            each(fates, |fate| {
                fate.ended.is_none().then(|| "not closed".to_owned())
            })
        },
    }
}

pub(crate) fn all() -> Vec<Attack> {
    vec![
        one("http-silent", "connects and says nothing", |target| {
            drip(target, |_, _| {}).boxed()
        }),
        one("http-half-open", "half a request, and no more", |target| {
            drip(target, |address, out| {
                let request = upgrade(address, "");
                out.extend_from_slice(&request.as_bytes()[..60]);
            })
            .boxed()
        }),
        one(
            "http-dripping",
            "a byte of a header from time to time",
            |target| {
                drip(target, |address, out| {
                    out.extend_from_slice(
                        format!("GET /ws HTTP/1.1\r\nHost: {address}\r\nX: ").as_bytes(),
                    );
                    out.extend_from_slice(&[b'x'; 1000]);
                })
                .boxed()
            },
        ),
        Attack {
            lasts: Duration::from_secs(2),
            ..one("http-headers", "headers without end", |target| {
                headers(target).boxed()
            })
        },
    ]
}

/// How many of the bytes are sent at once; the others follow one by one.
const AT_ONCE: usize = 60;

async fn drip(mut target: Target, bytes: fn(std::net::SocketAddr, &mut Vec<u8>)) -> Fate {
    let mut peer = match ConnectionInfo::dial(target.address).await {
        Ok(peer) => peer,
        Err(error) => return Fate::failed(error.to_string()),
    };
    let begun = Instant::now();
    let mut fate = Fate::default();
    let mut all = Vec::new();
    bytes(target.address, &mut all);
    let (mut input, mut output) = peer.stream.split();
    let write = async {
        let (first, rest) = all.split_at(all.len().min(AT_ONCE));
        if output.write_all(first).await.is_err() {
            return;
        }
        for byte in rest {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if output.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
        std::future::pending().await
    };
    let mut unread = Vec::new();
    let read = async { while let Ok(1..) = input.read_buf(&mut unread).await {} };
    tokio::select! {
        () = write => fate.ended = Some(begun.elapsed()),
        () = read => fate.ended = Some(begun.elapsed()),
        () = target.over() => {}
    }
    fate.sent = all.len() as u64;
    fate
}

async fn headers(mut target: Target) -> Fate {
    let mut peer = match ConnectionInfo::dial(target.address).await {
        Ok(peer) => peer,
        Err(error) => return Fate::failed(error.to_string()),
    };
    let begun = Instant::now();
    let mut fate = Fate::default();
    let start = format!("GET /ws HTTP/1.1\r\nHost: {}\r\nX: ", target.address);
    let (mut input, mut output) = peer.stream.split();
    let write = async {
        let mut more = start.as_bytes();
        while output.write_all(more).await.is_ok() {
            fate.sent += more.len() as u64;
            more = &[b'x'; 4096];
        }
    };
    let mut unread = Vec::new();
    let read = async { while let Ok(1..) = input.read_buf(&mut unread).await {} };
    let ended = tokio::select! {
        () = write => Some(begun.elapsed()),
        () = read => Some(begun.elapsed()),
        () = target.over() => None,
    };
    fate.ended = ended;
    fate
}
