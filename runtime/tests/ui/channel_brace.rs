use handfast::protocol;

#[protocol(channel = "room:{room_id")]
pub struct Room {
    pub room_id: String,
}

fn main() {}
