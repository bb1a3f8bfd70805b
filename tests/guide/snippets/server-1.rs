// with tests/guide/snippets/desk.yaml
use api::{Confirm, Context};
use handfast::{HandlerError, client::CallError};

pub async fn handle(cx: &Context<()>) -> Result<(), HandlerError> {
    // …
    Ok(())
}
