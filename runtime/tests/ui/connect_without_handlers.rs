//! The server sends requests, and nothing answers them.

include!("asking.inc");

fn main() {
    let _ = Client::connect("ws://localhost/ws");
}
