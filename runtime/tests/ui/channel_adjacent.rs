use handfast::protocol;

#[protocol(channel = "room:{a}{b}")]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub a: String,
    pub b: String,
}

fn main() {}
