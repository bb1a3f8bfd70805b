//! The opening handshake of RFC 6455, by hand: Handfast's own belong to its protocols, and the suite has no cases of it.

use crate::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// How long a head may be.
const HEAD: usize = 16 * 1024;

/// The sample key of RFC 6455, section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Answers a client. Gives what it sent behind its request.
pub(crate) async fn accept(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let (head, rest) = head(stream).await?;
    let key = header(&head, "sec-websocket-key").ok_or("a request without a key")?;
    let accept = derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    Ok(rest)
}

/// Asks a server. Gives what it sent behind its answer.
pub(crate) async fn request(stream: &mut TcpStream, path: &str) -> Result<Vec<u8>> {
    let host = stream.peer_addr()?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let (head, rest) = head(stream).await?;
    let accept = header(&head, "sec-websocket-accept");
    if head.starts_with("HTTP/1.1 101 ")
        && accept == Some(derive_accept_key(KEY.as_bytes()).as_str())
    {
        return Ok(rest);
    }
    Err(format!("the handshake of {path} failed:\n{head}").into())
}

/// Reads up to the empty line, and gives what came behind it as well.
async fn head(stream: &mut TcpStream) -> Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((String::from_utf8(bytes)?, rest));
        }
        if bytes.len() > HEAD || stream.read_buf(&mut bytes).await? == 0 {
            return Err("a handshake without an end".into());
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find_map(|(each, value)| each.eq_ignore_ascii_case(name).then_some(value.trim()))
}
