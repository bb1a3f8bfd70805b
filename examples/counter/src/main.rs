//! A counter that everybody shares. Open its page in two tabs.

mod api;

use api::{CountChanged, CounterAdd, CounterAdded, CounterFollow, CounterValue};
use axum::{http::header::CONTENT_TYPE, response::Html, routing::get};
use handfast::HandlerError;
use handfast::server::{ConnectionInfo, Rejection};
use tokio::{net::TcpListener, sync::Mutex};

type Cx = api::Context<()>;

#[derive(Default)]
struct App {
    count: Mutex<i64>,
}

impl api::SessionHandler for App {
    type Session = ();

    async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
        Ok(())
    }
}

impl api::CounterHandler for App {
    async fn counter_follow(&self, _: CounterFollow, _: &Cx) -> Result<CounterValue, HandlerError> {
        let count = *self.count.lock().await;
        Ok(CounterValue { count })
    }

    async fn counter_add(&self, m: CounterAdd, cx: &Cx) -> Result<CounterAdded, HandlerError> {
        let mut count = self.count.lock().await;
        *count += m.by;
        cx.changes().publish(&CountChanged { count: *count });
        Ok(CounterAdded {})
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("counter: http://{}", listener.local_addr()?);
    let script = (
        [(CONTENT_TYPE, "text/javascript")],
        include_str!("../web/dist/main.js"),
    );
    let router = api::Server::new(App::default())
        .router()
        .route("/", get(Html(include_str!("../web/index.html"))))
        .route("/dist/main.js", get(script));
    handfast::server::serve(listener, router).await
}
