use handfast::protocol;

#[protocol]
fn say() {}

fn main() {}
