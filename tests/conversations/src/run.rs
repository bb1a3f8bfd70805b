//! Holds a conversation with one end, and plays the other.

use crate::{
    bindings::Bindings,
    conversation::{Conversation, Line, Side, Step},
    end::End,
    flat,
    forms::Form,
    mapped, numbered, plain, renamed,
};
use handfast::{
    codec::Encoding,
    transport::{CloseFrame, MemoryTransport, Transport, TransportEvent},
};
use handfast_testing::frames;
use serde_json::Value;
use std::{future::poll_fn, time::Duration};
use tokio::time::{sleep, timeout};

/// How long something that is expected may take. Time is simulated.
const AT_ONCE: Duration = Duration::from_millis(200);

/// How long a client may take to connect again.
const AGAIN: Duration = Duration::from_secs(120);

/// Holds a conversation with the end of a side, in an encoding. Time has to be paused.
///
/// # Errors
/// If the end does anything else than the conversation says: the line, and what it did.
pub async fn hold(
    conversation: &Conversation,
    side: Side,
    encoding: Encoding,
) -> Result<(), String> {
    use Side::{Client, Server};
    let to = conversation;
    match (side, conversation.form) {
        (Client, Form::Plain) => with::<plain::client::ClientEnd>(to, encoding).await,
        (Server, Form::Plain) => with::<plain::server::ServerEnd>(to, encoding).await,
        (Client, Form::Numbered) => with::<numbered::client::ClientEnd>(to, encoding).await,
        (Server, Form::Numbered) => with::<numbered::server::ServerEnd>(to, encoding).await,
        (Client, Form::Mapped) => with::<mapped::client::ClientEnd>(to, encoding).await,
        (Server, Form::Mapped) => with::<mapped::server::ServerEnd>(to, encoding).await,
        (Client, Form::Renamed) => with::<renamed::client::ClientEnd>(to, encoding).await,
        (Server, Form::Renamed) => with::<renamed::server::ServerEnd>(to, encoding).await,
        (Client, Form::Flat) => with::<flat::client::ClientEnd>(to, encoding).await,
        (Server, Form::Flat) => with::<flat::server::ServerEnd>(to, encoding).await,
    }
}

async fn with<E: End>(conversation: &Conversation, encoding: Encoding) -> Result<(), String> {
    let mut run = Run {
        side: E::SIDE,
        encoding,
        end: E::new(encoding),
        transport: None,
        bindings: Bindings::new(E::HASH),
    };
    for Line { number, step, .. } in &conversation.lines {
        let done = run.step(step).await;
        done.map_err(|error| format!("line {number}: {error}"))?;
    }
    run.quiet(AT_ONCE).await?;
    let rest = run.end.log().rest();
    if rest.is_empty() {
        return Ok(());
    }
    Err(format!(
        "not expected of the application: {}",
        rest.join("; ")
    ))
}

struct Run<E> {
    side: Side,
    encoding: Encoding,
    end: E,
    /// The connection, as the played end has it.
    transport: Option<MemoryTransport>,
    bindings: Bindings,
}

impl<E: End> Run<E> {
    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Open => {
                let opened = timeout(AGAIN, self.end.open()).await;
                self.transport = Some(opened.map_err(|_| "no connection is opened")?);
                Ok(())
            }
            Step::Message(by, expected) if *by == self.side => {
                let event = self.event().await?;
                let actual = match event {
                    TransportEvent::Packet(packet) => frames::read(&packet, self.encoding)?,
                    other => return Err(format!("it did something else: {other:?}")),
                };
                if self.bindings.accept(expected, &actual) {
                    return Ok(());
                }
                Err(format!("it sent {actual}"))
            }
            Step::Message(_, value) => {
                let packet = frames::write(&self.bindings.fill(value), self.encoding)?;
                let transport = self.connection()?;
                let fed = transport.feed(packet.bytes(), packet.is_text());
                fed.map_err(|error| error.to_string())?;
                let flushed = poll_fn(|cx| transport.poll_flush(cx)).await;
                flushed.map_err(|error| error.to_string())
            }
            Step::Close(by, code) if *by == self.side => match self.event().await? {
                TransportEvent::Closed(Some(frame)) if frame.code == *code => {
                    self.transport = None;
                    Ok(())
                }
                other => Err(format!("it did not close with {code}: {other:?}")),
            },
            Step::Close(_, code) => {
                let frame = CloseFrame::new(*code, "");
                let transport = self.connection()?;
                poll_fn(|cx| transport.poll_close(cx, &frame)).await;
                self.transport = None;
                Ok(())
            }
            Step::GiveUp => match self.event().await {
                Ok(TransportEvent::Closed(None)) => {
                    self.transport = None;
                    Ok(())
                }
                other => Err(format!("it did not drop the connection: {other:?}")),
            },
            Step::Drop => {
                self.transport = None;
                Ok(())
            }
            Step::Wait(duration) => self.quiet(*duration).await,
            Step::Application(side, words, value) if *side == self.side => {
                self.application(words, value).await
            }
            Step::Application(..) => Ok(()),
        }
    }

    fn connection(&mut self) -> Result<&mut MemoryTransport, String> {
        self.transport
            .as_mut()
            .ok_or_else(|| "there is no connection".to_owned())
    }

    /// What the tested end does next.
    async fn event(&mut self) -> Result<TransportEvent, String> {
        let received = timeout(AT_ONCE, self.connection()?.receive()).await;
        let received = received.map_err(|_| "nothing was sent")?;
        received.map_err(|error| error.to_string())
    }

    /// Lets time pass, while the tested end does nothing.
    async fn quiet(&mut self, duration: Duration) -> Result<(), String> {
        match &mut self.transport {
            None => sleep(duration).await,
            Some(transport) => {
                if let Ok(event) = timeout(duration, transport.receive()).await {
                    return Err(format!("it is not quiet: {event:?}"));
                }
            }
        }
        if self.end.has_opened() {
            return Err("a connection is opened".to_owned());
        }
        Ok(())
    }

    async fn application(&mut self, words: &[String], value: &Value) -> Result<(), String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let filled = self.bindings.fill(value);
        if let Some(done) = self.end.act(&words, &filled).await {
            return done;
        }
        let expected = words.join(" ");
        let next = timeout(AT_ONCE, self.end.log().next(words[0])).await;
        let (said, actual) = next.map_err(|_| {
            let rest = self.end.log().rest().join("; ");
            format!("the application does not learn `{expected}`, but: {rest}")
        })?;
        if said == expected && self.bindings.accept(value, &actual) {
            return Ok(());
        }
        Err(format!("the application learned `{said} {actual}`"))
    }
}
