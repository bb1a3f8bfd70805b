use handfast::protocol;

#[protocol]
pub struct Say {}

#[protocol(client)]
pub enum ClientMessage {
    #[message("say")]
    Say(Say),
    #[message("shout")]
    Shout(Say),
}

fn main() {}
