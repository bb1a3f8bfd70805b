//! Frames that no good peer sends, and those that never come.

use super::{all_closed, nothing_more};
use crate::{
    attack::{Act, Attack, Fate, Flood, Target},
    frame::{self, COMPRESSED, CONTINUATION, FIN, TEXT},
    peer::ConnectionInfo,
    server::Setup,
};
use futures_util::FutureExt;
use std::time::Duration;

const LASTS: Duration = Duration::from_millis(1500);

/// Longer than a peer may be silent: the heartbeat and its timeout.
const SILENT: Duration = Duration::from_secs(3);

const PLAIN: Flood = Flood {
    reads: true,
    ..Flood::PLAIN
};

fn one(name: &'static str, line: &'static str, what: &'static str, act: Act) -> Attack {
    Attack {
        name,
        line,
        what,
        setup: Setup::NO_RATE,
        lasts: LASTS,
        act,
        more: 0,
        check: nothing_more,
    }
}

pub(crate) fn all() -> Vec<Attack> {
    vec![
        one(
            "empty-fragments",
            "A4",
            "empty fragments of a message without end",
            Act::Flood(Flood {
                piece: |n, out| frame::frame(out, if n == 0 { TEXT } else { CONTINUATION }, b""),
                ..PLAIN
            }),
        ),
        Attack {
            check: |fates| all_closed(fates, &[1002]),
            ..one(
                "compressed-bit",
                "A6",
                "frames marked as compressed, which was not agreed on",
                Act::Flood(Flood {
                    piece: |_, out| frame::frame(out, FIN | COMPRESSED | TEXT, b"{}"),
                    ..PLAIN
                }),
            )
        },
        Attack {
            check: |fates| all_closed(fates, &[1009]),
            ..one(
                "large-fragments",
                "A4",
                "fragments of a message that gets too large",
                Act::Flood(Flood {
                    piece: |n, out| {
                        let first = if n == 0 { TEXT } else { CONTINUATION };
                        frame::frame(out, first, &[b' '; 4096]);
                    },
                    ..PLAIN
                }),
            )
        },
        Attack {
            lasts: SILENT,
            check: |fates| all_closed(fates, &[4000]),
            ..one(
                "announced",
                "A4",
                "frames that announce as many bytes as a message may have, and bring none",
                Act::Script(|target| announce(target, false).boxed()),
            )
        },
        Attack {
            lasts: SILENT,
            ..one(
                "dripping-frames",
                "A4",
                "a frame that comes byte by byte",
                Act::Script(|target| announce(target, true).boxed()),
            )
        },
        Attack {
            check: |fates| all_closed(fates, &[4408]),
            ..one(
                "no-hello",
                "A4",
                "upgrades, and says nothing",
                Act::Script(|target| silent(target).boxed()),
            )
        },
    ]
}

async fn announce(mut target: Target, drips: bool) -> Fate {
    let mut peer = match ConnectionInfo::enter(target.address).await {
        Ok(peer) => peer,
        Err(words) => return Fate::failed(words),
    };
    let mut bytes = Vec::new();
    frame::header(&mut bytes, FIN | TEXT, crate::server::LIMITS.message);
    if let Err(words) = peer.write(&bytes).await {
        return Fate::failed(words);
    }
    let mut fate = Fate::default();
    if !drips {
        fate.watch(&mut peer, &mut target).await;
        return fate;
    }
    while !target.is_over() && peer.write(b" ").await.is_ok() {
        fate.sent += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    fate
}

async fn silent(mut target: Target) -> Fate {
    match ConnectionInfo::connect(target.address, "").await {
        Ok(mut peer) => {
            let mut fate = Fate::default();
            fate.watch(&mut peer, &mut target).await;
            fate
        }
        Err(words) => Fate::failed(words),
    }
}
