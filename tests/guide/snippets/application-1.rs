// with tests/guide/snippets/desk.yaml
use api::{Client, Confirm, ConfirmError, Confirmed};
use handfast::HandlerError;

pub struct Desk;

impl Desk {
    async fn ask(&self, text: &str) -> bool {
        !text.is_empty()
    }
}

// …
