//! socketioxide, behind axum.

use super::{Failure, listen};
use crate::messages::{Said, is_room};
use serde::{Deserialize, Serialize};
use socketioxide::{
    SocketIo,
    extract::{AckSender, Data, SocketRef},
};

/// As `messages::Said`, with strings of its own: an extractor lends none.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Owned {
    room_id: String,
    from: String,
    text: String,
    sent_at: u64,
}

impl Owned {
    fn is_valid(&self) -> bool {
        Said {
            room_id: (&*self.room_id).into(),
            from: (&*self.from).into(),
            text: (&*self.text).into(),
            sent_at: self.sent_at,
        }
        .is_valid()
    }
}

#[derive(Serialize)]
struct Sent {
    at: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Join {
    room_id: String,
}

pub(super) async fn serve() -> Result<(), Failure> {
    let (layer, io) = SocketIo::new_layer();
    io.ns("/", async |socket: SocketRef| {
        socket.on(
            "chat.send",
            async |Data(said): Data<Owned>, ack: AckSender| {
                if said.is_valid() {
                    drop(ack.send(&Sent { at: said.sent_at }));
                }
            },
        );
        socket.on(
            "room.join",
            async |socket: SocketRef, Data(join): Data<Join>, ack: AckSender| {
                if is_room(&join.room_id) {
                    socket.join(join.room_id);
                    drop(ack.send::<[u8; 0]>(&[]));
                }
            },
        );
        socket.on(
            "room.say",
            async |socket: SocketRef, Data(said): Data<Owned>| {
                if said.is_valid() {
                    drop(
                        socket
                            .within(said.room_id.clone())
                            .emit("room.said", &said)
                            .await,
                    );
                }
            },
        );
    });
    axum::serve(listen().await?, axum::Router::new().layer(layer)).await?;
    Ok(())
}
