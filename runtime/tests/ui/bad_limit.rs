use handfast::protocol;

#[protocol]
pub struct Say {
    #[protocol(minimum = "1")]
    pub count: i64,
}

fn main() {}
