//! Opens a connection, up to where the first message can be sent.

use super::{Failure, frames, requests};
use crate::contender::Dialect;
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

/// What a browser sends.
const HEADERS: &str = "Connection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

struct Handshake {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Handshake {
    fn fill(&mut self) -> Result<(), Failure> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes)? {
            0 => Err("the server closed during a handshake".into()),
            read => {
                self.input.extend_from_slice(&bytes[..read]);
                Ok(())
            }
        }
    }

    fn send(&mut self, text: &str) -> Result<(), Failure> {
        let mut out = Vec::new();
        frames::write(&mut out, text, 1);
        Ok(self.stream.write_all(&out)?)
    }

    fn expect(&mut self, start: &str) -> Result<(), Failure> {
        loop {
            let mut input = &*self.input;
            if let Some(payload) = frames::take(&mut input) {
                let text = String::from_utf8_lossy(payload).into_owned();
                self.input.drain(..self.input.len() - input.len());
                if text.starts_with(start) {
                    return Ok(());
                }
                if text != "2" {
                    return Err(format!("expected `{start}`, got `{text}`").into());
                }
                // A ping of Engine.IO.
                self.send("3")?;
                continue;
            }
            self.fill()?;
        }
    }
}

/// Connects, and joins the room if that is asked for.
pub(crate) fn connect(port: u16, dialect: Dialect, join: bool) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut handshake = Handshake {
        stream,
        input: Vec::new(),
    };
    let path = match dialect {
        Dialect::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        Dialect::Plain | Dialect::Handfast { .. } => "/ws",
    };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n{HEADERS}\r\n"
    );
    handshake.stream.write_all(request.as_bytes())?;
    let head = loop {
        let end = handshake
            .input
            .windows(4)
            .position(|four| four == b"\r\n\r\n");
        match end {
            Some(end) => break handshake.input.drain(..end + 4).collect::<Vec<u8>>(),
            None => handshake.fill()?,
        }
    };
    if !head.starts_with(b"HTTP/1.1 101 ") {
        return Err(format!("not upgraded: {}", String::from_utf8_lossy(&head)).into());
    }
    match dialect {
        Dialect::Plain => {}
        Dialect::SocketIo => {
            handshake.expect("0{")?;
            handshake.send("40")?;
            handshake.expect("40{")?;
        }
        Dialect::Handfast { counting } => {
            let resume = if counting { r#","resume":{}"# } else { "" };
            handshake.send(&format!(
                r#"{{"type":"hello","payload":{{"version":"1.0.0","auth":{{"token":"secret of ada"}}{resume}}}}}"#
            ))?;
            handshake.expect(r#"{"type":"ready","#)?;
        }
    }
    if join {
        handshake.send(&requests::join(dialect))?;
        handshake.expect(match dialect {
            Dialect::SocketIo => "430[",
            Dialect::Plain | Dialect::Handfast { .. } => r#"{"type":"room.joined","#,
        })?;
    }
    if handshake.input.is_empty() {
        Ok(handshake.stream)
    } else {
        Err("the server said more than was expected".into())
    }
}
