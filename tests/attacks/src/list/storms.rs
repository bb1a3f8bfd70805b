//! Connections that come, ask and go, over and over.

use super::nothing_more;
use crate::{
    attack::{Act, Attack, Fate, Target},
    frame,
    peer::{ConnectionInfo, hello},
    server::Setup,
};
use futures_util::{FutureExt, future::BoxFuture};
use std::time::Duration;

/// What the storm against a rate is set to: messages in milliseconds, for each connection.
const RATE: (u64, u64) = (100, 60_000);

/// How many times that all connections of an address may send together.
const SHARE: u64 = 10;

/// How many addresses the storm comes from.
const ADDRESSES: u64 = 10;

fn one(
    name: &'static str,
    what: &'static str,
    script: fn(Target) -> BoxFuture<'static, Fate>,
) -> Attack {
    Attack {
        name,
        line: "A4",
        what,
        setup: Setup::NO_RATE,
        lasts: Duration::from_millis(1500),
        act: Act::Script(script),
        more: 0,
        check: nothing_more,
    }
}

pub(crate) fn all() -> Vec<Attack> {
    vec![
        one(
            "reconnects",
            "says hello, asks once, goes, and comes again",
            |target| again(target, Some(1), false).boxed(),
        ),
        one("upgrades", "upgrades, goes, and comes again", |target| {
            again(target, None, false).boxed()
        }),
        Attack {
            setup: Setup {
                rate: Some(RATE),
                is_behind_proxy: true,
                ..Setup::DEFAULT
            },
            check: within_rate,
            ..one(
                "reconnects-for-rate",
                "uses its rate up, goes, and comes again, from ten addresses behind a proxy",
                |target| again(target, Some(RATE.0), true).boxed(),
            )
        },
    ]
}

fn within_rate(fates: &[Fate]) -> Result<(), String> {
    let answered: u64 = fates.iter().map(|fate| fate.count("echoed")).sum();
    // The burst of every address, and a hundredth for what comes back in the time.
    let allowed = ADDRESSES * SHARE * RATE.0 * 101 / 100 + ADDRESSES;
    let served = ADDRESSES * SHARE * RATE.0 / 2;
    match answered {
        _ if answered > allowed => Err(format!("{answered} were answered, not {allowed}")),
        _ if answered < served => Err(format!("only {answered} were answered, of {allowed}")),
        _ => Ok(()),
    }
}

/// Connects, asks so many times (or does not even say hello), goes, and does it again.
async fn again(target: Target, asks: Option<u64>, is_forwarded: bool) -> Fate {
    let mut fate = Fate::default();
    let from = match is_forwarded {
        true => format!(
            "Forwarded: for=203.0.113.{}\r\n",
            target.number as u64 % ADDRESSES
        ),
        false => String::new(),
    };
    let mut bytes = Vec::new();
    frame::text(&mut bytes, &hello());
    for id in 0..asks.unwrap_or_default() {
        let text = format!(r#"{{"type":"echo","payload":{{"text":"x"}},"id":"{id}"}}"#);
        frame::text(&mut bytes, &text);
    }
    while !target.is_over() {
        let Ok(mut peer) = ConnectionInfo::connect(target.address, &from).await else {
            continue;
        };
        fate.again += 1;
        let Some(asks) = asks else { continue };
        fate.sent += bytes.len() as u64;
        if peer.write(&bytes).await.is_err() {
            continue;
        }
        let mut answers = 0;
        while let Some(frame) = peer.frame().await {
            if frame.opcode != frame::TEXT {
                break;
            }
            fate.note(&frame);
            answers += u64::from(!frame.payload.starts_with(br#"{"type":"ready""#));
            if answers == asks {
                break;
            }
        }
    }
    fate
}
