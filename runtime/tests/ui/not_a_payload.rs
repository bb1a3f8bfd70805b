use handfast::protocol;

#[protocol]
pub struct Say {
    pub at: std::time::Instant,
}

fn main() {}
