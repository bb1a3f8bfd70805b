//! Close codes (RFC 6455, section 7.4.1): what is wrong with the frames, and what the peer said itself.

use super::Property;
use crate::{
    frame::{self, CLOSE, CONTINUATION, FIN, PING, TEXT},
    peer::{ConnectionInfo, hello},
    process::{PATIENCE, Process},
    server::LIMITS,
};
use futures_util::FutureExt;

pub(crate) fn all() -> Vec<Property> {
    vec![
        Property {
            name: "frames-closed",
            line: "A6",
            holds: |server| frames(server).boxed(),
        },
        Property {
            name: "closes-echoed",
            line: "A6",
            holds: |server| echoed(server).boxed(),
        },
    ]
}

/// What is wrong, its bytes, and the code that it is closed with.
fn wrong() -> Vec<(&'static str, Vec<u8>, u16)> {
    let frames = |frames: &[(u8, &[u8])]| {
        let mut out = Vec::new();
        for (first, payload) in frames {
            frame::frame(&mut out, *first, payload);
        }
        out
    };
    let large = vec![b' '; LIMITS.message + 1];
    vec![
        (
            "a reserved bit",
            frames(&[(FIN | 0x20 | TEXT, b"{}")]),
            1002,
        ),
        (
            "the bit of compression",
            frames(&[(FIN | 0x40 | TEXT, b"{}")]),
            1002,
        ),
        ("a reserved opcode", frames(&[(FIN | 0x3, b"{}")]), 1002),
        (
            "a reserved opcode of control",
            frames(&[(FIN | 0xb, b"")]),
            1002,
        ),
        ("no mask", vec![FIN | TEXT, 2, b'{', b'}'], 1002),
        (
            "a ping in fragments",
            frames(&[(PING, b"a"), (FIN | CONTINUATION, b"b")]),
            1002,
        ),
        (
            "a ping of 126 bytes",
            frames(&[(FIN | PING, &[b'x'; 126])]),
            1002,
        ),
        (
            "a fragment of nothing",
            frames(&[(FIN | CONTINUATION, b"{}")]),
            1002,
        ),
        (
            "a message in a message",
            frames(&[(TEXT, b"{"), (FIN | TEXT, b"{}")]),
            1002,
        ),
        (
            "text that is no UTF-8",
            frames(&[(FIN | TEXT, b"\xff")]),
            1007,
        ),
        (
            "text that ends in a character",
            frames(&[(FIN | TEXT, b"\xc3")]),
            1007,
        ),
        ("too large", frames(&[(FIN | TEXT, &large)]), 1009),
        (
            "too large in fragments",
            frames(&[(TEXT, &large[1..]), (CONTINUATION, b"xx")]),
            1009,
        ),
        (
            "a close of one byte",
            frames(&[(FIN | CLOSE, b"\x03")]),
            1002,
        ),
        (
            "a close with a reason that is no UTF-8",
            frames(&[(FIN | CLOSE, b"\x03\xe8\xff")]),
            1007,
        ),
    ]
}

async fn frames(server: &Process) -> Result<(), String> {
    for hello in [false, true] {
        for (what, bytes, wanted) in wrong() {
            let mut peer = match hello {
                true => ConnectionInfo::enter(server.address).await?,
                false => ConnectionInfo::connect(server.address, "").await?,
            };
            peer.write(&bytes).await?;
            let got = peer.closed(PATIENCE).await?;
            if got != wanted {
                let when = if hello {
                    "in a session"
                } else {
                    "before the hello"
                };
                return Err(format!("{what}, {when}: {got} instead of {wanted}"));
            }
        }
    }
    Ok(())
}

async fn echoed(server: &Process) -> Result<(), String> {
    let closes: [(u16, u16); 14] = [
        (1000, 1000),
        (1001, 1001),
        (1003, 1003),
        (1011, 1011),
        (1014, 1014),
        (3000, 3000),
        (4999, 4999),
        (0, 1002),
        (999, 1002),
        (1004, 1002),
        (1005, 1002),
        (1006, 1002),
        (1016, 1002),
        (5000, 1002),
    ];
    for begun in [false, true] {
        for (code, wanted) in closes {
            let mut peer = ConnectionInfo::connect(server.address, "").await?;
            if begun {
                peer.say(&hello()).await?;
                peer.hear().await?;
            }
            let mut bytes = Vec::new();
            frame::frame(&mut bytes, FIN | CLOSE, &code.to_be_bytes());
            peer.write(&bytes).await?;
            let got = peer.closed(PATIENCE).await?;
            if got != wanted {
                let when = if begun {
                    "in a session"
                } else {
                    "before the hello"
                };
                return Err(format!("{code} {when}: {got} instead of {wanted}"));
            }
        }
    }
    Ok(())
}
