use handfast::protocol;

#[protocol]
pub struct Say<T> {
    pub text: T,
}

fn main() {}
