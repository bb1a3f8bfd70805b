use handfast::protocol;

#[protocol]
pub struct Say {
    #[protocol(min_lenght = 1)]
    pub text: String,
}

fn main() {}
