//! Connections without blocking.

use super::{Failure, connect, frames};
use crate::contender::Dialect;
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use std::{
    io::{ErrorKind, Read, Write},
    time::Duration,
};

/// How many messages a client of Handfast acknowledges at once.
const ACKNOWLEDGE: u64 = 64;

#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    rest: Vec<u8>,
    unwritten: Vec<u8>,
    /// How many counted messages arrived, and how many of them are acknowledged.
    received: u64,
    acknowledged: u64,
    /// How many requests were sent.
    pub(super) sent: usize,
}

pub(super) struct Pool {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    out: Vec<u8>,
    dialect: Dialect,
    pub(super) all: Vec<Connection>,
}

/// Messages that are neither replies nor publications.
fn is_control(dialect: Dialect, payload: &[u8]) -> bool {
    match dialect {
        Dialect::Plain => false,
        Dialect::SocketIo => payload == b"2",
        Dialect::Handfast { .. } => {
            payload.starts_with(br#"{"type":"rec"#) || payload.starts_with(br#"{"type":"pi"#)
        }
    }
}

impl Pool {
    pub(super) fn new(dialect: Dialect) -> Result<Self, Failure> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffer: vec![0; 256 * 1024],
            out: Vec::new(),
            dialect,
            all: Vec::new(),
        })
    }

    pub(super) fn connect(&mut self, port: u16, join: bool) -> Result<(), Failure> {
        let stream = connect(port, self.dialect, join)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let interest = Interest::READABLE | Interest::WRITABLE;
        let token = Token(self.all.len());
        self.poll
            .registry()
            .register(&mut stream, token, interest)?;
        self.all.push(Connection {
            stream,
            rest: Vec::new(),
            unwritten: Vec::new(),
            // The answer to the join.
            received: u64::from(join),
            acknowledged: 0,
            sent: 0,
        });
        Ok(())
    }

    /// Reads what has arrived, waiting for that as long as said. `arrived` is called with each message of a read, and returns whether it
    /// is what was expected; `after`, behind the last, appends what is to be sent.
    pub(super) fn turn(
        &mut self,
        timeout: Option<Duration>,
        arrived: &mut dyn FnMut(usize, &[u8]) -> bool,
        after: &mut dyn FnMut(usize, &mut Connection, &mut Vec<u8>),
    ) -> Result<(), Failure> {
        self.poll.poll(&mut self.events, timeout)?;
        for event in &self.events {
            let at = event.token().0;
            let connection = &mut self.all[at];
            if !connection.unwritten.is_empty() {
                let unwritten = std::mem::take(&mut connection.unwritten);
                connection.write(&unwritten)?;
            }
            loop {
                let have = connection.rest.len();
                self.buffer[..have].copy_from_slice(&connection.rest);
                let read = match connection.stream.read(&mut self.buffer[have..]) {
                    Ok(0) => return Err("the server closed".into()),
                    Ok(read) => read,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                };
                connection.rest.clear();
                self.out.clear();
                let is_full = have + read == self.buffer.len();
                let mut input = &self.buffer[..have + read];
                while let Some(payload) = frames::take(&mut input) {
                    if is_control(self.dialect, payload) {
                        match self.dialect {
                            Dialect::SocketIo => frames::write(&mut self.out, "3", 1),
                            _ if payload.starts_with(br#"{"type":"pi"#) => {
                                frames::write(&mut self.out, r#"{"type":"pong"}"#, 1);
                            }
                            _ => {}
                        }
                        continue;
                    }
                    connection.received += 1;
                    if !arrived(at, payload) {
                        let text = String::from_utf8_lossy(payload);
                        return Err(format!("unexpected: {text}").into());
                    }
                }
                connection.rest.extend_from_slice(input);
                after(at, connection, &mut self.out);
                if self.dialect == (Dialect::Handfast { counting: true })
                    && connection.received - connection.acknowledged >= ACKNOWLEDGE
                {
                    connection.acknowledged = connection.received;
                    let received = connection.received;
                    let text =
                        format!(r#"{{"type":"received","payload":{{"received":{received}}}}}"#);
                    frames::write(&mut self.out, &text, 3);
                }
                connection.write(&self.out)?;
                if !is_full {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl Connection {
    pub(super) fn write(&mut self, mut out: &[u8]) -> Result<(), Failure> {
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
