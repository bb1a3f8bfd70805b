use handfast::protocol;

#[protocol(channel = "room:{room}")]
pub struct Room {
    pub room_id: String,
}

fn main() {}
