use handfast::protocol;

#[protocol(server)]
pub enum ServerMessage {
    #[message("news")]
    News,
    #[message("news")]
    More,
}

fn main() {}
