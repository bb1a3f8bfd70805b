//! A request of the server has no handler.

include!("asking.inc");

struct Desk;

impl ServerRequestHandler for Desk {}

fn main() {
    let _ = Client::connect_with("ws://localhost/ws", Desk);
}
