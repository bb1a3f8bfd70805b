//! A loop over epoll with as little framing as a trusted client needs: short messages of one frame each. No limits, no pings, no closes.

use super::{Failure, announce};
use crate::messages::{Effect, handle};
use base64::{Engine, engine::general_purpose::STANDARD};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use sha1::{Digest, Sha1};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
};

const ACCEPT: Token = Token(usize::MAX);

struct Connection {
    stream: TcpStream,
    is_open: bool,
    /// The beginning of a frame.
    rest: Vec<u8>,
    /// What could not be written yet.
    unwritten: Vec<u8>,
}

pub(super) fn serve() -> Result<(), Failure> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    poll.registry()
        .register(&mut listener, ACCEPT, Interest::READABLE)?;
    announce(listener.local_addr()?);
    let mut events = Events::with_capacity(1024);
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut room: Vec<usize> = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut out = Vec::new();
    let mut published = Vec::new();
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == ACCEPT {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let token = Token(connections.len());
                    poll.registry().register(
                        &mut stream,
                        token,
                        Interest::READABLE | Interest::WRITABLE,
                    )?;
                    connections.push(Some(Connection {
                        stream,
                        is_open: false,
                        rest: Vec::new(),
                        unwritten: Vec::new(),
                    }));
                }
                continue;
            }
            let at = event.token().0;
            let Some(connection) = &mut connections[at] else {
                continue;
            };
            out.clear();
            out.append(&mut connection.unwritten);
            let open = connection.read(&mut buffer, &mut |connected, text| {
                match (connected, text) {
                    (None, head) => upgrade(head, &mut out)?,
                    (Some(()), text) => match handle(text)? {
                        Effect::Answer(answer) => frame(&answer, &mut out),
                        Effect::Join(answer) => {
                            room.push(at);
                            frame(&answer, &mut out);
                        }
                        Effect::Publish(text) => frame(&text, &mut published),
                    },
                }
                Ok(())
            });
            if !matches!(open, Ok(true)) || connection.write(&out).is_err() {
                connections[at] = None;
                room.retain(|member| *member != at);
            }
        }
        if !published.is_empty() {
            for member in &room {
                if let Some(connection) = &mut connections[*member] {
                    let _ = connection.write(&published);
                }
            }
            published.clear();
        }
    }
}

impl Connection {
    /// Reads what is there. Returns false at the end.
    fn read(
        &mut self,
        buffer: &mut [u8],
        handle: &mut dyn FnMut(Option<()>, &str) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        loop {
            let have = self.rest.len();
            buffer[..have].copy_from_slice(&self.rest);
            let read = match self.stream.read(&mut buffer[have..]) {
                Ok(0) => return Ok(false),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error.into()),
            };
            self.rest.clear();
            let is_full = have + read == buffer.len();
            let mut input = &mut buffer[..have + read];
            if !self.is_open {
                let text = std::str::from_utf8(input)?;
                if text.ends_with("\r\n\r\n") {
                    handle(None, text)?;
                    self.is_open = true;
                } else {
                    self.rest.extend_from_slice(input);
                }
                continue;
            }
            while let Some((header, length)) = complete(input) {
                let (frame, rest) = input.split_at_mut(header + length);
                handle(Some(()), std::str::from_utf8(unmask(frame, header))?)?;
                input = rest;
            }
            if !input.is_empty() {
                self.rest = input.to_vec();
            }
            if !is_full {
                return Ok(true);
            }
        }
    }

    fn write(&mut self, mut out: &[u8]) -> Result<(), Failure> {
        if !self.unwritten.is_empty() {
            self.unwritten.extend_from_slice(out);
            return Ok(());
        }
        while !out.is_empty() {
            match self.stream.write(out) {
                Ok(written) => out = &out[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.unwritten.extend_from_slice(out);
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// The lengths of header and payload of a masked frame of less than 64 KiB, if it is complete.
fn complete(input: &[u8]) -> Option<(usize, usize)> {
    let (header, length) = match input.get(1)? & 0x7f {
        126 => (
            8,
            usize::from(u16::from_be_bytes([*input.get(2)?, *input.get(3)?])),
        ),
        short => (6, usize::from(short)),
    };
    (input.len() >= header + length).then_some((header, length))
}

fn unmask(frame: &mut [u8], header: usize) -> &[u8] {
    let (header, payload) = frame.split_at_mut(header);
    let mask = &header[header.len() - 4..];
    let mut words = payload.chunks_exact_mut(4);
    for word in &mut words {
        for at in 0..4 {
            word[at] ^= mask[at];
        }
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(mask) {
        *byte ^= mask;
    }
    payload
}

fn frame(text: &str, out: &mut Vec<u8>) {
    out.push(0x81);
    if text.len() < 126 {
        out.push(text.len() as u8);
    } else {
        out.push(126);
        out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    }
    out.extend_from_slice(text.as_bytes());
}

fn upgrade(head: &str, out: &mut Vec<u8>) -> Result<(), Failure> {
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .ok_or("there is no key")?;
    let mut digest = Sha1::new();
    digest.update(key);
    digest.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = STANDARD.encode(digest.finalize());
    write!(
        out,
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    Ok(())
}
