use handfast::protocol;

include!("api.inc");

fn tell(handle: &Handle) {
    handle.room().publish(&News { text: String::new() });
}

fn main() {}
