use handfast::protocol;

#[protocol(client, envelope(by_order))]
pub enum ClientMessage {
    #[message("ask", reply = Answer, concurrent)]
    Ask,
    #[message("watch", stream(item = Answer), concurrent)]
    Watch,
    #[message("seen", concurrent)]
    Seen,
    #[message("moved", volatile, volatile_key = "x")]
    Moved { x: i64 },
}

#[protocol(server)]
pub enum ServerMessage {
    #[message("news", concurrent)]
    News,
    #[message("here", volatile_key = "x")]
    Here { x: i64 },
}

fn main() {}
