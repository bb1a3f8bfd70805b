//! Sessions whose messages have numbers: what they keep to be sent again, and to answer repeated requests with.

use super::nothing_more;
use crate::{
    attack::{Act, Attack, Fate, Target},
    frame,
    peer::{ConnectionInfo, hello_of, token},
    server::{LIMITS, Setup},
};
use futures_util::{FutureExt, future::BoxFuture};
use std::time::Duration;

const LASTS: Duration = Duration::from_millis(1500);

/// The length of the texts that are echoed and published.
const LONG: usize = 10_000;

/// How many of them are more than a session keeps.
const MANY: usize = LIMITS.outbound / LONG + 4;

fn one(
    name: &'static str,
    what: &'static str,
    script: fn(Target) -> BoxFuture<'static, Fate>,
) -> Attack {
    Attack {
        name,
        line: "A14",
        what,
        setup: Setup {
            is_numbered: true,
            ..Setup::NO_RATE
        },
        lasts: LASTS,
        act: Act::Script(script),
        more: 0,
        check: nothing_more,
    }
}

pub(crate) fn all() -> Vec<Attack> {
    vec![
        one(
            "numbered-kept",
            "reads as many answers as are kept and acknowledges none, and then does not read as many messages as may wait",
            |target| fill(target).boxed(),
        ),
        Attack {
            more: LIMITS.detached.bytes,
            check: |fates| match fates.iter().map(|fate| fate.count("resumed")).sum() {
                100.. => Ok(()),
                resumed => Err(format!("sessions were resumed only {resumed} times")),
            },
            ..one(
                "numbered-resumes",
                "loses its connection, resumes from the first message that is kept, reads it, and so on",
                |target| resume(target).boxed(),
            )
        },
        one(
            "numbered-claims",
            "asks for sessions that nobody has, for numbers that were never sent, and again and again too late",
            |target| claim(target).boxed(),
        ),
    ]
}

/// Begins a session and reads answers until no more can be kept. Returns its connection, and the name that resumes it.
async fn keep(target: &Target, name: &str) -> Result<(ConnectionInfo, String), String> {
    let hello = hello_of(name, "");
    let (mut peer, ready) = ConnectionInfo::enter_as(target.address, "", &hello).await?;
    let text = "x".repeat(LONG);
    for n in 0..MANY {
        let echo = format!(r#"{{"type":"echo","payload":{{"text":"{text}"}},"id":"e{n}"}}"#);
        peer.say(&echo).await?;
        peer.hear_of(r#""type":"echoed""#).await?;
    }
    Ok((peer, token(&ready)))
}

async fn fill(mut target: Target) -> Fate {
    let name = format!("f{}", target.number);
    let filled = async {
        let (mut peer, _) = keep(&target, &name).await?;
        let join = format!(r#"{{"type":"room.join","payload":{{"room":"{name}"}},"id":"j"}}"#);
        peer.say(&join).await?;
        peer.hear_of(r#""type":"room.joined""#).await?;
        // One more would close it as slow.
        let count = LIMITS.outbound / (LONG + 300);
        let say = format!(
            r#"{{"type":"room.say","payload":{{"room":"{name}","count":{count},"bytes":{LONG}}}}}"#
        );
        peer.say(&say).await?;
        Ok::<_, String>(peer)
    };
    match filled.await {
        Ok(peer) => {
            target.over().await;
            drop(peer);
            Fate {
                sent: (MANY * LONG) as u64,
                ..Fate::default()
            }
        }
        Err(words) => Fate::failed(words),
    }
}

async fn resume(target: Target) -> Fate {
    let name = format!("r{}", target.number);
    let mut fate = Fate::default();
    // What is kept are the newest messages, within the limit.
    let from = MANY - LIMITS.outbound / (LONG + 300);
    while !target.is_over() {
        let resumed = async {
            let (mut peer, mut last) = keep(&target, &name).await?;
            while !target.is_over() {
                drop(peer);
                let hello = hello_of(&name, "");
                let ready;
                (peer, ready) = ConnectionInfo::enter_as(target.address, "", &hello).await?;
                let payload = format!(r#"{{"session":"{last}","seq":{from}}}"#);
                peer.say(&format!(r#"{{"type":"resume","payload":{payload}}}"#))
                    .await?;
                fate.again += 1;
                let answer = peer.hear().await?;
                // There may be too many sessions without a connection: then it begins anew.
                if answer.contains(r#""type":"gap""#) {
                    return Ok(());
                }
                if !answer.starts_with(&format!(r#"{{"seq":{},"#, from + 1)) {
                    return Err(format!("not the first that is kept: {answer:.80}"));
                }
                *fate.got.entry("resumed".into()).or_default() += 1;
                last = token(&ready);
            }
            Ok(())
        };
        if let Err(words) = resumed.await {
            return Fate {
                failed: Some(words),
                ..fate
            };
        }
    }
    fate
}

async fn claim(target: Target) -> Fate {
    let mut fate = Fate::default();
    while !target.is_over() {
        let hello = hello_of("", "");
        let claimed = async {
            let (mut peer, ready) = ConnectionInfo::enter_as(target.address, "", &hello).await?;
            let own = token(&ready);
            let session = match fate.again % 3 {
                0 => "nobody",
                1 => &own,
                _ => "",
            };
            let mut bytes = Vec::new();
            for seq in [0, 1_000_000, u64::MAX >> 11] {
                let resume = format!(
                    r#"{{"type":"resume","payload":{{"session":"{session}","seq":{seq}}}}}"#
                );
                frame::text(&mut bytes, &resume);
            }
            peer.write(&bytes).await?;
            peer.hear().await
        };
        match claimed.await {
            Ok(answer) if answer.contains(r#""type":"gap""#) => fate.again += 1,
            Ok(answer) => return Fate::failed(format!("not a gap: {answer}")),
            Err(words) => return Fate::failed(words),
        }
    }
    fate
}
