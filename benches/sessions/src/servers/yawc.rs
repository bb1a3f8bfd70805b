//! yawc, behind hyper. What is ready is written before a flush.

use super::{Failure, listen, room::Room};
use crate::messages::{Effect, handle};
use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{io, sync::Arc};
use tokio::sync::mpsc::unbounded_channel;
use yawc::{
    WebSocket,
    frame::{Frame, OpCode},
};

pub(super) async fn serve() -> Result<(), Failure> {
    let room = Arc::new(Room::default());
    let listener = listen().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let room = room.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            let room = room.clone();
            async move {
                let (response, upgrade) =
                    WebSocket::upgrade(&mut request).map_err(io::Error::other)?;
                tokio::spawn(async move { talk(upgrade.await?, room).await });
                Ok::<_, io::Error>(response)
            }
        });
        tokio::spawn(
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades(),
        );
    }
}

async fn talk<S>(mut socket: WebSocket<S>, room: Arc<Room<Bytes>>) -> Result<(), Failure>
where
    WebSocket<S>: futures_util::Stream<Item = Frame>
        + futures_util::Sink<Frame, Error = yawc::WebSocketError>
        + Unpin,
{
    let (sender, mut queue) = unbounded_channel::<Bytes>();
    loop {
        tokio::select! {
            published = queue.recv() => {
                let mut next = published;
                while let Some(text) = next {
                    socket.feed(Frame::text(text)).await?;
                    next = queue.try_recv().ok();
                }
            }
            frame = socket.next() => {
                let Some(frame) = frame else { return Ok(()) };
                let mut next = Some(frame);
                while let Some(frame) = next {
                    if frame.opcode() == OpCode::Text {
                        match handle(frame.as_str())? {
                            Effect::Answer(answer) => socket.feed(Frame::text(answer)).await?,
                            Effect::Join(answer) => {
                                room.enter(sender.clone());
                                socket.feed(Frame::text(answer)).await?;
                            }
                            Effect::Publish(text) => room.publish(&text.into()),
                        }
                    }
                    next = socket.next().now_or_never().flatten();
                }
            }
        }
        socket.flush().await?;
    }
}
