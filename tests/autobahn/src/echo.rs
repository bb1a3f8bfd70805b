//! What both ends do over a transport until it ends; then they close as a server of Handfast does.

use handfast::transport::{CloseFrame, Packet, Transport, TransportError, TransportEvent};
use std::{future::poll_fn, time::Duration};

/// How long a close may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sends back what arrives where `answers`; else collects the texts, and gives them.
pub(crate) async fn echo(transport: &mut dyn Transport, answers: bool) -> Vec<String> {
    let mut texts = Vec::new();
    let closing = loop {
        match poll_fn(|cx| transport.poll_receive(cx)).await {
            Ok(TransportEvent::Packet(packet)) if answers => {
                if transport.feed(packet.bytes(), packet.is_text()).is_err()
                    || poll_fn(|cx| transport.poll_flush(cx)).await.is_err()
                {
                    return texts;
                }
            }
            Ok(TransportEvent::Packet(Packet::Text(text))) => texts.push(text.as_str().to_owned()),
            Ok(TransportEvent::Packet(Packet::Binary(_))) => {}
            Ok(TransportEvent::Alive) => {}
            Ok(TransportEvent::Closed(_)) => break CloseFrame::new(1000, ""),
            Err(TransportError::TooLarge { .. }) => break CloseFrame::new(1009, "too large"),
            Err(TransportError::Protocol { code, reason }) => break CloseFrame::new(code, reason),
            Err(_) => return texts,
        }
    };
    let closed = poll_fn(|cx| transport.poll_close(cx, &closing));
    // Whoever does not answer has the connection dropped.
    let _ = tokio::time::timeout(PATIENCE, closed).await;
    texts
}
