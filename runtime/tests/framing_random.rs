//! Random frames, some of them damaged, as `transport::WebSocket` and as tungstenite read them.

use futures_util::future::poll_fn;
use handfast::transport::{Packet, Transport, TransportError, TransportEvent, WebSocket};
use handfast_testing::random::Rng;
use std::io::{self, Cursor, Read, Write};
use tokio::io::{AsyncWriteExt, duplex};
use tokio_tungstenite::tungstenite::{
    self, Message,
    protocol::{Role, WebSocketConfig, frame::coding::CloseCode},
};

const LIMIT: usize = 3000;
const STREAMS: u64 = 1500;

/// How a stream was read: its messages, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    messages: Vec<Packet>,
    end: End,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The stream ended without a close frame.
    Cut,
    Closed,
    Refused,
    /// A text that is not UTF-8 was refused.
    NotText,
}

fn below(rng: &mut Rng, n: usize) -> u8 {
    rng.below(n) as u8
}

/// Appends a frame.
fn frame(rng: &mut Rng, out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    out.push(first);
    let is_masked = !rng.one_in(100);
    let masked = if is_masked { 0x80 } else { 0 };
    match payload.len() {
        short @ 0..=125 if !rng.one_in(20) => out.push(masked | short as u8),
        medium if !rng.one_in(5) => {
            out.push(masked | 126);
            out.extend((medium as u16).to_be_bytes());
        }
        long => {
            out.push(masked | 127);
            out.extend((long as u64).to_be_bytes());
        }
    }
    let mask: [u8; 4] = std::array::from_fn(|_| below(rng, 256));
    if is_masked {
        out.extend(mask);
        out.extend(
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask),
        );
    } else {
        out.extend(payload);
    }
}

/// A few messages, whole or in fragments, with control frames between.
fn stream(rng: &mut Rng) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..=rng.below(6) {
        let is_text = rng.one_in(2);
        let length = *rng.pick(&[0, 1, 5, 125, 126, 300, 2000, LIMIT, LIMIT + 1]);
        let payload = if is_text {
            let mut text = String::new();
            while text.len() < length {
                text.push(*rng.pick(&['a', 'ü', '€', '\u{10ffff}']));
            }
            text.into_bytes()
        } else {
            (0..length).map(|_| below(rng, 256)).collect()
        };
        let mut rest = &*payload;
        let mut opcode = if is_text { 1 } else { 2 };
        while rng.one_in(3) {
            let (part, behind) = rest.split_at(rng.below(rest.len() + 1));
            frame(rng, &mut out, opcode, part);
            (rest, opcode) = (behind, 0);
            if rng.one_in(2) {
                let control = *rng.pick(&[0x89, 0x8A]);
                let length = *rng.pick(&[0, 4, 125, 126]);
                frame(rng, &mut out, control, &vec![b'p'; length]);
            }
        }
        frame(rng, &mut out, 0x80 | opcode, rest);
    }
    if rng.one_in(2) {
        let payloads: [&[u8]; 4] = [b"", b"\x03\xe8", b"\x0f\xa0bye", b"\x03"];
        let payload = *rng.pick(&payloads);
        frame(rng, &mut out, 0x88, payload);
    }
    out
}

async fn ours(bytes: &[u8], chunk: usize) -> Outcome {
    let (mut raw, io) = duplex(1 << 20);
    let mut server = WebSocket::server(io, LIMIT);
    let bytes = bytes.to_vec();
    let writer = tokio::spawn(async move {
        for part in bytes.chunks(chunk) {
            raw.write_all(part).await.expect("the buffer has room");
            tokio::task::yield_now().await;
        }
        raw.shutdown().await.expect("the stream is open");
        raw
    });
    let mut messages = Vec::new();
    let end = loop {
        match poll_fn(|cx| server.poll_receive(cx)).await {
            Ok(TransportEvent::Packet(packet)) => messages.push(packet),
            Ok(TransportEvent::Alive) => {}
            // A close frame without a code and the end of the stream are the same to a session.
            Ok(TransportEvent::Closed(None)) => break End::Cut,
            Ok(TransportEvent::Closed(Some(_))) => break End::Closed,
            Err(TransportError::Protocol { code: 1007, .. }) => break End::NotText,
            Err(TransportError::Protocol { .. } | TransportError::TooLarge { .. }) => {
                break End::Refused;
            }
            Err(error) => panic!("{error}"),
        }
    };
    let _raw = writer.await.expect("the writer finishes");
    Outcome { messages, end }
}

/// What tungstenite reads from; what it writes is dropped.
struct Input(Cursor<Vec<u8>>);

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Input {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn theirs(bytes: &[u8]) -> Outcome {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIMIT))
        .max_frame_size(Some(LIMIT));
    let input = Input(Cursor::new(bytes.to_vec()));
    let mut server = tungstenite::WebSocket::from_raw_socket(input, Role::Server, Some(config));
    let mut messages = Vec::new();
    let end = loop {
        match server.read() {
            Ok(Message::Text(text)) => messages.push(Packet::Text(text)),
            Ok(Message::Binary(bytes)) => messages.push(Packet::Binary(bytes)),
            Ok(Message::Close(None)) => break End::Cut,
            // Its own answer to a code that must not be sent.
            Ok(Message::Close(Some(close))) if close.code == CloseCode::Protocol => {
                break End::Refused;
            }
            Ok(Message::Close(Some(_))) => break End::Closed,
            Ok(_) => {}
            Err(tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => break End::Cut,
            Err(tungstenite::Error::Utf8(_)) => break End::NotText,
            Err(tungstenite::Error::Io(error)) => panic!("{error}"),
            Err(_) => break End::Refused,
        }
    };
    Outcome { messages, end }
}

#[tokio::test]
async fn random_frames_are_read_as_by_tungstenite() {
    let mut ends = [0; 4];
    for seed in 1..=STREAMS {
        let rng = &mut Rng::new(seed);
        let mut bytes = stream(rng);
        if rng.one_in(3) {
            let at = rng.below(bytes.len());
            bytes[at] ^= 1 << rng.below(8);
        }
        if rng.one_in(5) {
            bytes.truncate(rng.below(bytes.len() + 1));
        }
        let expected = theirs(&bytes);
        for chunk in [1 + rng.below(9), 1 + rng.below(400), usize::MAX] {
            let outcome = ours(&bytes, chunk).await;
            // A violation is refused as soon as it is known, and by tungstenite at the end of its frame, before which the stream may end.
            let is_earlier = matches!(outcome.end, End::Refused | End::NotText);
            let of = format!("seed {seed}, chunks of {chunk}");
            if !(is_earlier && expected.end == End::Cut) {
                assert_eq!(outcome.end, expected.end, "{of}");
            }
            let are_same = outcome.messages == expected.messages;
            assert!(are_same, "{of}: other messages");
        }
        ends[expected.end as usize] += 1;
    }
    println!("{STREAMS} streams were cut, closed, refused, or no text: {ends:?}");
    assert!(ends.iter().all(|count| *count > STREAMS / 100), "{ends:?}");
}
