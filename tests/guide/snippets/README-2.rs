// with protocol.yaml
use api::{Auth, ChatSend, ChatSendError, RoomId, UserName};
use handfast::client::{CallError, Event};
use std::error::Error;

pub async fn run(
    url: &str,
    name: UserName,
    room_id: RoomId,
    text: String,
) -> Result<(), Box<dyn Error>> {
    // …
    Ok(())
}
