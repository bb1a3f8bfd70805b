//! Tokens that are refused, and cost something first.

use super::each;
use crate::{
    attack::{Act, Attack, Flood},
    frame,
    server::{LIMITS, Setup},
    tokens,
};
use std::time::Duration;

const PLAIN: Flood = Flood {
    reads: true,
    ..Flood::PLAIN
};

fn one(name: &'static str, what: &'static str, piece: fn(u64, &mut Vec<u8>)) -> Attack {
    Attack {
        name,
        line: "A13",
        what,
        setup: Setup {
            is_busy: true,
            ..Setup::NO_RATE
        },
        lasts: Duration::from_millis(1500),
        act: Act::Flood(Flood { piece, ..PLAIN }),
        more: 0,
        check: |fates| {
            each(fates, |fate| {
                let accepted = fate.count("login") + fate.count("OTHER_PRINCIPAL");
                (accepted > 0).then(|| format!("{accepted} were accepted"))
            })?;
            match fates.iter().any(|fate| fate.count("BAD_NAME") > 0) {
                true => Ok(()),
                false => Err("nothing was refused".to_owned()),
            }
        },
    }
}

fn renew(out: &mut Vec<u8>, n: u64, token: &str) {
    let text =
        format!(r#"{{"type":"login","payload":{{"name":"","token":"{token}"}},"id":"{n}"}}"#);
    frame::text(out, &text);
}

pub(crate) fn all() -> Vec<Attack> {
    vec![
        one(
            "tokens-costly",
            "tokens that look good, until their signature is verified, without end",
            |n, out| {
                renew(
                    out,
                    n,
                    tokens::of("another key under the id of the issuer's"),
                )
            },
        ),
        one(
            "tokens-long",
            "tokens as long as a message, each with the id of another key",
            |n, out| {
                let id = format!("{n:x>width$}", width = LIMITS.message / 3 * 2 - 200);
                let header = format!(r#"{{"alg":"ES256","kid":"{id}"}}"#);
                let header = handfast::Bytes(header.into_bytes()).to_base64();
                // As in URLs, without padding; it has no other characters that differ.
                let header = header.trim_end_matches('=');
                renew(out, n, &format!("{header}.e30.AAAA"));
            },
        ),
    ]
}
