use handfast::protocol;

include!("api.inc");

struct App;

impl Sessions for App {
    type Session = ();
    async fn open(&self, _: &handfast::server::Peer) {}
    async fn admit(&self, _: &str, _: &Context<()>) -> Result<(), handfast::server::Refusal> {
        Ok(())
    }
}

impl ChatHandler for App {}

fn main() {
    let _ = Server::new(App);
}
