//! Sessions that are left to be resumed, resumed again and again, or claimed; acknowledgements that say too much or nothing.

use super::nothing_more;
use crate::{
    attack::{Act, Attack, Fate, Flood, Target},
    frame,
    peer::{ConnectionInfo, hello_of, resuming, token},
    server::{LIMITS, Setup},
};
use futures_util::{FutureExt, future::BoxFuture};
use std::time::Duration;

const LASTS: Duration = Duration::from_millis(1500);

/// What a session without a connection may hold besides what `limits.detached` counts.
const SESSION: usize = 24 * 1024;

/// What all sessions without a connection may hold.
const DETACHED: usize = LIMITS.detached.bytes + LIMITS.detached.sessions * SESSION;

/// The hello of a first connection that counts.
const COUNTS: &str = r#","resume":{}"#;

fn one(
    name: &'static str,
    what: &'static str,
    script: fn(Target) -> BoxFuture<'static, Fate>,
) -> Attack {
    Attack {
        name,
        line: "A11",
        what,
        setup: Setup::NO_RATE,
        lasts: LASTS,
        act: Act::Script(script),
        more: DETACHED,
        check: nothing_more,
    }
}

fn flood(name: &'static str, what: &'static str, flood: Flood) -> Attack {
    Attack {
        act: Act::Flood(flood),
        more: 0,
        ..one(name, what, |_| unreachable!())
    }
}

pub(crate) fn all() -> Vec<Attack> {
    let mut all = vec![
        one(
            "detached",
            "sessions with nothing in them, which are left, one after the other, without a principal",
            |target| leave(target, Who::Nobody, Load::None).boxed(),
        ),
        one(
            "detached-principals",
            "the same, each of another principal",
            |target| leave(target, Who::Each, Load::None).boxed(),
        ),
        one(
            "detached-principal",
            "the same, all of one principal",
            |target| leave(target, Who::One, Load::None).boxed(),
        ),
        Attack {
            setup: Setup {
                is_behind_proxy: true,
                ..Setup::NO_RATE
            },
            ..one(
                "detached-address",
                "the same, all of one address behind a proxy",
                |target| leave(target, Who::Address, Load::None).boxed(),
            )
        },
        Attack {
            setup: Setup {
                is_busy: true,
                ..Setup::NO_RATE
            },
            ..one(
                "detached-fat",
                "sessions with as much as one may hold: answers that are not acknowledged, messages behind a handler that hangs, streams, channels",
                |target| leave(target, Who::Each, Load::Fat).boxed(),
            )
        },
        one(
            "detached-growing",
            "sessions in a room that are left while others publish to it",
            |target| leave(target, Who::Each, Load::Room).boxed(),
        ),
        one(
            "resumes",
            "resumes its session, goes, and resumes it again",
            |target| resume(target, false).boxed(),
        ),
        Attack {
            setup: Setup {
                caps: Some((CAP, CAP)),
                ..Setup::NO_RATE
            },
            ..one(
                "takes-over",
                "resumes its session from ever new connections, and keeps the old ones open without reading",
                |target| resume(target, true).boxed(),
            )
        },
        one(
            "claims",
            "hellos with tokens that nobody has, long ones among them",
            |target| claim(target).boxed(),
        ),
    ];
    if !crate::peer::is_counting() {
        return all;
    }
    all.extend([
        flood(
            "acknowledges",
            "acknowledgements of nothing new, never reading",
            Flood {
                piece: |_, out| frame::text(out, r#"{"type":"received","payload":{"received":0}}"#),
                ..Flood::PLAIN
            },
        ),
        flood(
            "acknowledges-too-much",
            "acknowledgements of what was never sent, a ping between every four, never reading",
            Flood {
                piece: |n, out| {
                    let text = match n % 5 {
                        4 => r#"{"type":"ping"}"#,
                        _ => r#"{"type":"received","payload":{"received":1000000}}"#,
                    };
                    frame::text(out, text);
                },
                ..Flood::PLAIN
            },
        ),
        flood(
            "never-acknowledges",
            "good messages as fast as it goes, reading, and acknowledging nothing",
            Flood {
                reads: true,
                piece: |n, out| {
                    frame::text(
                        out,
                        &format!(r#"{{"type":"echo","payload":{{"text":"x"}},"id":"{n}"}}"#),
                    );
                },
                ..Flood::PLAIN
            },
        ),
        one(
            "acknowledges-slowly",
            "reads many messages, stops, and then acknowledges one after the other, with four that say too much between each",
            |target| creep(target).boxed(),
        ),
        flood(
            "skips",
            "claims that its next message is number so many, never reading",
            Flood {
                piece: |n, out| {
                    frame::text(
                        out,
                        &format!(r#"{{"type":"received","payload":{{"sent":{n}}}}}"#),
                    );
                },
                ..Flood::PLAIN
            },
        ),
    ]);
    all
}

/// How many connections a server may have that is taken over.
const CAP: usize = 400;

/// Whose sessions are left.
#[derive(Clone, Copy)]
enum Who {
    Nobody,
    Each,
    One,
    Address,
}

/// What is in them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Load {
    None,
    Fat,
    Room,
}

/// Begins sessions, one after the other, and goes.
async fn leave(target: Target, who: Who, load: Load) -> Fate {
    let mut fate = Fate::default();
    let more = match who {
        Who::Address => "Forwarded: for=203.0.113.7\r\n",
        _ => "",
    };
    let mut bytes = Vec::new();
    match load {
        Load::None => {}
        Load::Room => frame::text(
            &mut bytes,
            r#"{"type":"room.join","payload":{"room":"all"},"id":"j"}"#,
        ),
        Load::Fat => fat(&mut bytes),
    }
    while !target.is_over() {
        let name = match who {
            Who::Nobody | Who::Address => String::new(),
            Who::One => "one".to_owned(),
            Who::Each => format!("p{}-{}", target.number, fate.again),
        };
        let hello = hello_of(&name, COUNTS);
        let entered = ConnectionInfo::enter_as(target.address, more, &hello).await;
        // A server that has too many connections refuses one.
        let Ok((mut peer, _)) = entered else { continue };
        fate.again += 1;
        if peer.write(&bytes).await.is_err() {
            continue;
        }
        fate.sent += bytes.len() as u64;
        match load {
            Load::None => {}
            Load::Room => {
                if peer.hear().await.is_err() {
                    continue;
                }
                let say = r#"{"type":"room.say","payload":{"room":"all","count":5,"bytes":10000}}"#;
                let _ = peer.say(say).await;
            }
            // Reads what the session then has to keep.
            Load::Fat => {
                let mut read = 0;
                while read < LIMITS.outbound / 2 {
                    match tokio::time::timeout(Duration::from_millis(300), peer.frame()).await {
                        Ok(Some(frame)) => read += frame.payload.len(),
                        _ => break,
                    }
                }
                // This is about memory: the processor is left to others.
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
    fate
}

/// Channels and streams as many as there may be, answers that have to be kept, a handler that hangs, and what fits behind it.
fn fat(out: &mut Vec<u8>) {
    for n in 0..LIMITS.channels {
        let name = "k".repeat(900);
        frame::text(
            out,
            &format!(r#"{{"type":"join","payload":{{"channel":"topic:{name}{n}"}},"id":"c{n}"}}"#),
        );
    }
    for n in 0..4 {
        frame::text(
            out,
            &format!(r#"{{"type":"ticks.watch","payload":{{"fast":false}},"id":"s{n}"}}"#),
        );
    }
    let text = "x".repeat(10_000);
    for n in 0..12 {
        frame::text(
            out,
            &format!(r#"{{"type":"echo","payload":{{"text":"{text}"}},"id":"e{n}"}}"#),
        );
    }
    frame::text(out, r#"{"type":"hang","id":"h"}"#);
    for n in 0..5 {
        frame::text(
            out,
            &format!(r#"{{"type":"echo","payload":{{"text":"{text}"}},"id":"b{n}"}}"#),
        );
    }
}

/// Resumes a session again and again; the old connections are kept open, or closed.
async fn resume(target: Target, keeps: bool) -> Fate {
    let name = format!("r{}", target.number);
    let mut fate = Fate::default();
    let hello = hello_of(&name, COUNTS);
    let (mut peer, ready) = match ConnectionInfo::enter_as(target.address, "", &hello).await {
        Ok(entered) => entered,
        Err(words) => return Fate::failed(words),
    };
    let mut last = token(&ready);
    let mut kept = std::collections::VecDeque::new();
    while !target.is_over() {
        // Queues what the old connection does not read.
        let say = r#"{"type":"echo","payload":{"text":"x"},"id":"1"}"#;
        let _ = peer.say(say).await;
        if keeps {
            kept.push_back(peer);
            // The peers are not to run out of files.
            if kept.len() > 50 {
                kept.pop_front();
            }
        } else {
            drop(peer);
        }
        let mut next = None;
        while next.is_none() && !target.is_over() {
            let hello = resuming(&name, &last, 0);
            match ConnectionInfo::enter_as(target.address, "", &hello).await {
                Ok(entered) => next = Some(entered),
                // Its address has too many. That is a connection, too.
                Err(_) => {
                    fate.again += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
        let Some((resumed, ready)) = next else {
            return fate;
        };
        fate.again += 1;
        peer = resumed;
        last = token(&ready);
    }
    fate
}

async fn claim(target: Target) -> Fate {
    let mut fate = Fate::default();
    while !target.is_over() {
        let n = fate.again;
        let claimed = match n % 3 {
            0 => format!("none-{}-{n}", target.number),
            1 => "t".repeat(10_000),
            _ => String::new(),
        };
        let hello = resuming("", &claimed, n);
        let entered = ConnectionInfo::enter_as(target.address, "", &hello).await;
        let Ok((_, ready)) = entered else { continue };
        fate.again += 1;
        if ready.contains(r#""resumed":true"#) {
            return Fate::failed(format!("a session was resumed: {ready}"));
        }
    }
    fate
}

async fn creep(mut target: Target) -> Fate {
    let hello = hello_of("", COUNTS);
    let mut peer = match ConnectionInfo::enter_as(target.address, "", &hello).await {
        Ok((peer, _)) => peer,
        Err(words) => return Fate::failed(words),
    };
    let mut fate = Fate::default();
    // As many small messages as are kept, in parts: whoever waits for all of them at once is silent for too long on a busy machine.
    const MANY: usize = 1000;
    const PART: usize = MANY / 10;
    let room = format!("creep-{}", target.number);
    let join = format!(r#"{{"type":"room.join","payload":{{"room":"{room}"}},"id":"j"}}"#);
    let say =
        format!(r#"{{"type":"room.say","payload":{{"room":"{room}","count":{PART},"bytes":0}}}}"#);
    let heard = async {
        peer.say(&join).await?;
        for _ in 0..MANY / PART {
            peer.say(&say).await?;
            for _ in 0..PART {
                peer.hear_of(r#""type":"room.said""#).await?;
            }
        }
        Ok::<_, String>(())
    };
    if let Err(words) = heard.await {
        return Fate::failed(words);
    }
    // The queue is filled with what is not read.
    let mut bytes = Vec::new();
    frame::text(
        &mut bytes,
        r#"{"type":"ticks.watch","payload":{"fast":true},"id":"t"}"#,
    );
    for n in 1..=MANY {
        for _ in 0..4 {
            frame::text(
                &mut bytes,
                r#"{"type":"received","payload":{"received":1000000}}"#,
            );
        }
        frame::text(
            &mut bytes,
            &format!(r#"{{"type":"received","payload":{{"received":{n}}}}}"#),
        );
    }
    fate.sent = bytes.len() as u64;
    // It may be closed meanwhile.
    let written = peer.write(&bytes).await;
    if written.is_ok() {
        target.over().await;
    }
    fate
}
