//! tokio-tungstenite, as most use it (each answer is flushed), and as it is fastest (all that has arrived is answered before a flush).

use super::{Failure, listen};
use crate::messages::{Effect, handle};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

fn answer(message: Message) -> Result<Option<Message>, Failure> {
    let Message::Text(text) = message else {
        return Ok(None);
    };
    match handle(&text)? {
        Effect::Answer(answer) | Effect::Join(answer) => Ok(Some(answer.into())),
        Effect::Publish(_) => Ok(None),
    }
}

async fn accept<F>(serve: fn(WebSocketStream<TcpStream>) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let listener = listen().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move { serve(accept_async(stream).await?).await });
    }
}

pub(super) async fn each() -> Result<(), Failure> {
    accept(|mut socket| async move {
        while let Some(message) = socket.next().await {
            if let Some(answer) = answer(message?)? {
                socket.send(answer).await?;
            }
        }
        Ok(())
    })
    .await
}

pub(super) async fn batches() -> Result<(), Failure> {
    accept(|mut socket| async move {
        while let Some(message) = socket.next().await {
            let mut next = Some(message);
            while let Some(message) = next {
                if let Some(answer) = answer(message?)? {
                    socket.feed(answer).await?;
                }
                next = socket.next().now_or_never().flatten();
            }
            socket.flush().await?;
        }
        Ok(())
    })
    .await
}
