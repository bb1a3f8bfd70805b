use handfast::protocol;

#[protocol(server)]
pub enum ServerMessage {
    News,
}

fn main() {}
