use handfast::protocol;

include!("api.inc");

fn tell(handle: &ServerHandle) {
    handle.room().publish(&News { text: String::new() });
}

fn main() {}
