use handfast::protocol;

include!("api.inc");

struct App;

impl SessionHandler for App {
    type Session = ();
    async fn connected(&self, _: &handfast::server::ConnectionInfo) -> Result<(), handfast::server::Rejection> { Ok(()) }
    async fn authorize_join(&self, _: &str, _: &Context<()>) -> Result<(), handfast::server::Rejection> {
        Ok(())
    }
}

fn main() {
    let _ = Server::new(App);
}
