//! What a session answers: that nothing long comes back, and that every bound has its code.

use super::{Property, expect};
use crate::{
    peer::{ConnectionInfo, hello},
    process::{PATIENCE, Process},
    server::LIMITS,
};
use futures_util::FutureExt;

/// Longer than any of ours, and not too long for a message.
const LONG: usize = 8000;

/// How many bytes an answer to something long may have.
const SHORT: usize = 2000;

pub(crate) fn all() -> Vec<Property> {
    vec![
        Property {
            name: "nothing-long-back",
            line: "A8",
            holds: |server| long(server).boxed(),
        },
        Property {
            name: "too-many",
            line: "A4",
            holds: |server| too_many(server).boxed(),
        },
        Property {
            name: "handler-timeout",
            line: "A4",
            holds: |server| slow(server).boxed(),
        },
        Property {
            name: "no-hello",
            line: "A4",
            holds: |server| no_hello(server).boxed(),
        },
        Property {
            name: "panics-told",
            line: "A9",
            holds: |server| crash(server).boxed(),
        },
        Property {
            name: "violations",
            line: "A6",
            holds: |server| violations(server).boxed(),
        },
    ]
}

async fn long(server: &Process) -> Result<(), String> {
    let long = "y".repeat(LONG);
    let cases = [
        (
            "an id",
            format!(r#"{{"type":"echo","payload":{{"text":"x"}},"id":"{long}"}}"#),
        ),
        (
            "the id of a bad message",
            format!(r#"{{"type":"echo","payload":{{}},"id":"{long}"}}"#),
        ),
        (
            "the id of a stream",
            format!(r#"{{"type":"ticks.watch","payload":{{"fast":false}},"id":"{long}"}}"#),
        ),
        (
            "a key",
            format!(r#"{{"type":"join","payload":{{"channel":"topic:{long}"}},"id":"1"}}"#),
        ),
        (
            "a key that is refused",
            format!(r#"{{"type":"join","payload":{{"channel":"nowhere:{long}"}},"id":"1"}}"#),
        ),
        (
            "a room",
            format!(r#"{{"type":"room.join","payload":{{"room":"{long}"}},"id":"1"}}"#),
        ),
        (
            "a property",
            format!(r#"{{"type":"echo","payload":{{"text":"x","{long}":1}},"id":"1"}}"#),
        ),
        (
            "a field of the envelope",
            format!(r#"{{"type":"echo","payload":{{"text":"x"}},"{long}":1,"id":"1"}}"#),
        ),
        ("a type", format!(r#"{{"type":"{long}","id":"1"}}"#)),
        (
            "a channel",
            format!(r#"{{"type":"echo","payload":{{"text":"x"}},"channel":"{long}","id":"1"}}"#),
        ),
    ];
    for (what, text) in cases {
        let mut peer = ConnectionInfo::enter(server.address).await?;
        peer.say(&text).await?;
        // What follows is answered whether or not the first was.
        peer.say(r#"{"type":"echo","payload":{"text":"after"},"id":"2"}"#)
            .await?;
        let mut total = 0;
        loop {
            let text = peer.hear().await;
            let text = text.map_err(|error| format!("what follows {what}: {error}"))?;
            total += text.len();
            if text.contains("after") {
                break;
            }
        }
        if total > SHORT {
            return Err(format!(
                "{what} of {LONG} bytes is answered with {total} bytes"
            ));
        }
    }
    // Short ones are repeated in the refusal.
    for (version, code) in [
        (format!("0.1.0-{}", &long[..50]), "VERSION"),
        (format!("0.1.0-{long}"), "INVALID"),
        (format!("0.{}.0", "9".repeat(LONG)), "INVALID"),
        (long, "INVALID"),
    ] {
        let mut peer = ConnectionInfo::connect(server.address, "").await?;
        peer.say(&hello().replacen("1.0.0", &version, 1)).await?;
        let text = peer.hear().await?;
        if text.len() > SHORT || !text.contains(&format!(r#""code":"{code}""#)) {
            return Err(format!(
                "a version of {} bytes is answered with {} bytes instead of {code}",
                version.len(),
                text.len()
            ));
        }
    }
    Ok(())
}

async fn too_many(server: &Process) -> Result<(), String> {
    let mut peer = ConnectionInfo::enter(server.address).await?;
    for (what, limit, ask) in [
        (
            "channels",
            LIMITS.channels,
            r#"{"type":"room.join","payload":{"room":"r@"},"id":"c@"}"#,
        ),
        (
            "streams",
            LIMITS.streams,
            r#"{"type":"ticks.watch","payload":{"fast":false},"id":"s@"}"#,
        ),
    ] {
        for n in 0..=limit {
            peer.say(&ask.replace('@', &n.to_string())).await?;
            let answer = peer.hear().await?;
            let is_refused = answer.contains(r#""code":"TOO_MANY""#);
            if is_refused != (n == limit) {
                return Err(format!("{what}: number {n} was answered with {answer}"));
            }
        }
    }
    // What was left makes room.
    peer.say(r#"{"type":"room.leave","payload":{"room":"r1"},"id":"l"}"#)
        .await?;
    peer.hear().await?;
    peer.say(r#"{"type":"room.join","payload":{"room":"again"},"id":"j"}"#)
        .await?;
    let answer = peer.hear().await?;
    match answer.contains("room.joined") {
        true => Ok(()),
        false => Err(format!("after a leave, a join was answered with {answer}")),
    }
}

async fn slow(server: &Process) -> Result<(), String> {
    let mut peer = ConnectionInfo::enter(server.address).await?;
    peer.say(r#"{"type":"slow","id":"1"}"#).await?;
    peer.say(r#"{"type":"echo","payload":{"text":"next"},"id":"2"}"#)
        .await?;
    let answer = tokio::time::timeout(PATIENCE, peer.hear()).await;
    let answer = answer.map_err(|_| "a handler that never ends is not given up")??;
    if !answer.contains(r#""code":"TIMEOUT""#) || !answer.contains(r#""id":"1""#) {
        return Err(format!(
            "a handler that never ends was answered with {answer}"
        ));
    }
    let next = peer.hear().await?;
    match next.contains("echoed") {
        true => Ok(()),
        false => Err(format!("what waited behind it was answered with {next}")),
    }
}

async fn no_hello(server: &Process) -> Result<(), String> {
    let mut peer = ConnectionInfo::connect(server.address, "").await?;
    expect("no hello", &peer.closed(PATIENCE).await?, &4408)
}

async fn crash(server: &Process) -> Result<(), String> {
    let mut peer = ConnectionInfo::enter(server.address).await?;
    peer.say(r#"{"type":"crash","id":"1"}"#).await?;
    let answer = peer.hear().await?;
    if !answer.contains(r#""code":"INTERNAL""#) {
        return Err(format!("a panic was answered with {answer}"));
    }
    let state = server.state().await?;
    let lines = state["lines"].as_array().cloned().unwrap_or_default();
    let is_told = lines.iter().any(|line| {
        let line = line.as_str().unwrap_or_default();
        line.contains("panic") && line.contains("crash")
    });
    match is_told {
        true => Ok(()),
        false => Err("no line of the log says which message panicked".to_owned()),
    }
}

async fn violations(server: &Process) -> Result<(), String> {
    for bad in [
        "{",
        r#"{"type":"nobody"}"#,
        r#"{"type":"echo","payload":{}}"#,
    ] {
        let mut peer = ConnectionInfo::enter(server.address).await?;
        for _ in 0..=LIMITS.violations {
            // It may be closed before the last.
            let _ = peer.say(bad).await;
        }
        expect(bad, &peer.closed(PATIENCE).await?, &1008)?;
    }
    // Without a hello as well.
    let mut peer = ConnectionInfo::connect(server.address, "").await?;
    for _ in 0..=LIMITS.violations {
        let _ = peer.say(&hello().replace("hello", "hallo")).await;
    }
    expect("no hello but others", &peer.closed(PATIENCE).await?, &1008)
}
