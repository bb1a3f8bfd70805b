//! One peer of the server: a socket, and what was said over it.

use crate::{
    frame::{self, Frame},
    process::BEGIN,
};
use handfast::codec::Encoding;
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// The key of every upgrade: it stands in RFC 6455.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Whether peers count messages, so that their sessions can be resumed.
static COUNTING: AtomicBool = AtomicBool::new(true);

/// Has peers count messages, or not.
pub(crate) fn set_counting(counting: bool) {
    COUNTING.store(counting, Ordering::Relaxed);
}

pub(crate) fn is_counting() -> bool {
    COUNTING.load(Ordering::Relaxed)
}

/// What begins a session.
pub(crate) fn hello() -> String {
    hello_of("", if is_counting() { r#","resume":{}"# } else { "" })
}

/// What begins a session of a principal, with more members of its payload.
pub(crate) fn hello_of(name: &str, more: &str) -> String {
    format!(
        r#"{{"type":"hello","payload":{{"version":"1.0.0","auth":{{"name":"{name}"}}{more}}}}}"#
    )
}

/// What resumes a session.
pub(crate) fn resuming(name: &str, token: &str, received: u64) -> String {
    let resume = format!(r#","resume":{{"session":"{token}","received":{received}}}"#);
    hello_of(name, &resume)
}

/// The token that a `ready` has.
pub(crate) fn token(ready: &str) -> String {
    let token = ready.split_once(r#""session":""#);
    let token = token.and_then(|(_, rest)| rest.split_once('"'));
    token.map_or_else(String::new, |(token, _)| token.to_owned())
}

/// Waits for what an attack begins with, and says what did not come.
async fn in_time<T>(
    what: &str,
    awaited: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let waited = timeout(BEGIN, awaited).await;
    waited.unwrap_or_else(|_| Err(format!("{what} did not come within {} s", BEGIN.as_secs())))
}

pub(crate) struct ConnectionInfo {
    pub(crate) stream: TcpStream,
    /// What was read and not taken yet.
    pub(crate) unread: Vec<u8>,
    /// What messages are written in.
    encoding: Encoding,
}

/// How a server answered a request for an upgrade.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Its head and its body.
    pub(crate) text: String,
}

/// The lines that a browser's request for an upgrade has, and some more.
pub(crate) fn upgrade(address: SocketAddr, more: &str) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{more}\r\n"
    )
}

impl ConnectionInfo {
    /// Connects, with as small a receive buffer as the system allows, so that what is not read waits in the server.
    pub(crate) async fn dial(address: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4096)?;
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            unread: Vec::new(),
            encoding: Encoding::Json,
        })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &str) -> Result<Answer, String> {
        let words = |error: std::io::Error| format!("no answer: {error}");
        self.stream
            .write_all(request.as_bytes())
            .await
            .map_err(words)?;
        let end = loop {
            let end = self.unread.windows(4).position(|at| at == b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
            if self
                .stream
                .read_buf(&mut self.unread)
                .await
                .map_err(words)?
                == 0
            {
                return Err("the connection ended without an answer".to_owned());
            }
        };
        let mut head: Vec<u8> = self.unread.drain(..end).collect();
        let text = String::from_utf8_lossy(&head);
        let status = text
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| format!("no status: {text}"))?;
        let length = text.to_ascii_lowercase();
        let length = length.split_once("content-length: ").and_then(|(_, rest)| {
            let (digits, _) = rest.split_once('\r')?;
            digits.parse::<usize>().ok()
        });
        let length = length.unwrap_or_default();
        while self.unread.len() < length {
            if self
                .stream
                .read_buf(&mut self.unread)
                .await
                .map_err(words)?
                == 0
            {
                return Err("the connection ended within an answer".to_owned());
            }
        }
        head.extend(self.unread.drain(..length));
        Ok(Answer {
            status,
            text: String::from_utf8_lossy(&head).into_owned(),
        })
    }

    /// Connects and upgrades, with some more headers.
    pub(crate) async fn connect(address: SocketAddr, more: &str) -> Result<Self, String> {
        in_time("an upgrade", Self::upgraded(address, more)).await
    }

    async fn upgraded(address: SocketAddr, more: &str) -> Result<Self, String> {
        let mut peer = Self::dial(address)
            .await
            .map_err(|error| format!("no connection: {error}"))?;
        let answer = peer.ask(&upgrade(address, more)).await?;
        match answer.status {
            101 => Ok(peer),
            status => Err(format!("the upgrade was answered with {status}")),
        }
    }

    /// Connects and upgrades to the subprotocol of an encoding.
    pub(crate) async fn connect_in(
        address: SocketAddr,
        encoding: Encoding,
    ) -> Result<Self, String> {
        let name = encoding.codec().name();
        let offer = format!("Sec-WebSocket-Protocol: attacked.v1+{name}\r\n");
        let mut peer = Self::connect(address, &offer).await?;
        peer.encoding = encoding;
        Ok(peer)
    }

    /// Connects, says hello, and waits for `ready`.
    pub(crate) async fn enter(address: SocketAddr) -> Result<Self, String> {
        let entered = Self::enter_as(address, "", &hello()).await?;
        Ok(entered.0)
    }

    /// The same with more headers and another hello. Gives the `ready`, too.
    pub(crate) async fn enter_as(
        address: SocketAddr,
        more: &str,
        hello: &str,
    ) -> Result<(Self, String), String> {
        let mut peer = Self::connect(address, more).await?;
        peer.say(hello).await?;
        let ready = in_time("an answer to the hello", peer.hear()).await?;
        match ready.contains(r#""type":"ready""#) {
            true => Ok((peer, ready)),
            false => Err(format!("not ready: {ready}")),
        }
    }

    /// Sends a message that is written here as JSON.
    pub(crate) async fn say(&mut self, text: &str) -> Result<(), String> {
        let mut bytes = Vec::new();
        frame::message(&mut bytes, self.encoding, text);
        self.write(&bytes).await
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), String> {
        let written = self.stream.write_all(bytes).await;
        written.map_err(|error| format!("nothing can be sent: {error}"))
    }

    /// The next frame; none at the end of the connection, however it ended.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = frame::take(&mut self.unread) {
                return Some(frame);
            }
            match self.stream.read_buf(&mut self.unread).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next text message that is not a ping of the session's, which is answered.
    pub(crate) async fn hear(&mut self) -> Result<String, String> {
        loop {
            let frame = self.frame().await.ok_or("the connection ended")?;
            if let Some(code) = frame.code() {
                return Err(format!("closed with {code}"));
            }
            if frame.opcode != frame::TEXT {
                continue;
            }
            let text = String::from_utf8_lossy(&frame.payload).into_owned();
            // An acknowledgement is no answer.
            if text.starts_with(r#"{"type":"received""#) {
                continue;
            }
            if text != r#"{"type":"ping"}"# {
                return Ok(text);
            }
            self.say(r#"{"type":"pong"}"#).await?;
        }
    }

    /// Waits for a message that contains a text.
    pub(crate) async fn hear_of(&mut self, part: &str) -> Result<(), String> {
        let heard = async {
            while !part.is_empty() && !self.hear().await?.contains(part) {}
            Ok(())
        };
        in_time(&format!("a message with `{part}`"), heard).await
    }

    /// The code of the close, after whatever else comes; 1006 where the connection ends without one.
    pub(crate) async fn closed(&mut self, within: Duration) -> Result<u16, String> {
        let code = async {
            while let Some(frame) = self.frame().await {
                if let Some(code) = frame.code() {
                    return code;
                }
            }
            1006
        };
        let waited = timeout(within, code).await;
        waited.map_err(|_| format!("still open after {} s", within.as_secs()))
    }
}
