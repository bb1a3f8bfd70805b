use handfast::protocol;

#[protocol]
pub struct Say {
    #[protocol(default = 1)]
    pub count: i64,
}

fn main() {}
