use handfast::protocol;

#[protocol]
pub struct Say {
    #[protocol(contains(min = 2))]
    pub texts: Vec<String>,
}

fn main() {}
