use handfast::protocol;

#[protocol(checked)]
struct Whole {
    #[protocol(checked)]
    part: i64,
    #[protocol(items(checked, minimum = 1))]
    list: Vec<i64>,
}

fn main() {}
