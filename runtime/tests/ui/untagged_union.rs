use handfast::protocol;

#[protocol]
pub enum Shape {
    Circle { r: f64 },
    Point,
}

fn main() {}
