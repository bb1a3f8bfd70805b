use handfast::protocol;

#[protocol(dependent_required(beside("card", "adress")))]
pub struct Order {
    pub card: Option<String>,
    pub address: Option<String>,
}

fn main() {}
