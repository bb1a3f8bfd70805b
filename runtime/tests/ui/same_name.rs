use handfast::protocol;

#[protocol]
pub struct Say {
    pub text: String,
    #[protocol(name = "text")]
    pub words: String,
}

fn main() {}
