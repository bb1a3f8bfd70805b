//! GraphQL over WebSocket, spoken with the package `graphql-ws`: our server with its client, our clients with its server.
//!
//! Ignored by default: they need the packages of `tests/typescript`.

mod node;

use handfast::{
    HandlerError, Nullable,
    client::{CallError, ConnectError, StreamError},
    server::{ConnectionInfo, StreamSender},
};
use handfast_golden::graphql_ws::*;
use node::{Node, Outcome, scripts};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::net::TcpListener;

/// Counts the subscriptions that are open.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct App {
    open: Arc<AtomicUsize>,
}

fn extensions(value: Value) -> Outcome<Extensions> {
    Ok(handfast::from_value(&value, &[], handfast::Side::Server)?)
}

fn result(data: Value) -> Outcome<Next> {
    let value = json!({ "data": data });
    Ok(handfast::from_value(&value, &[], handfast::Side::Client)?)
}

impl SessionHandler for App {
    type Session = ();

    fn principal<'a>(&self, _: &'a ()) -> Option<Cow<'a, str>> {
        None
    }

    async fn authenticate(
        &self,
        m: ConnectionInit,
        _: &ConnectionInfo,
    ) -> Result<(), HandlerError<ConnectionInitError>> {
        let params = serde_json::to_value(&m).map_err(HandlerError::internal)?;
        match params["token"] == "wrong" {
            true => Err(ForbiddenError.into()),
            false => Ok(()),
        }
    }

    fn welcome(&self, (): &()) -> ConnectionAck {
        ConnectionAck(extensions(json!({ "motto": "welcome" })).expect("they are valid"))
    }
}

impl Handler for App {
    async fn subscribe(
        &self,
        Subscribe(operation): Subscribe,
        mut to: StreamSender<Next>,
        _: &Context<()>,
    ) -> Result<Complete, HandlerError<SubscribeError>> {
        let _open = Open::new(&self.open);
        let send = |data| result(data).map_err(HandlerError::internal);
        match operation.query.as_str() {
            "{ hello }" => {
                to.send(send(json!({ "hello": "world" }))?)
                    .await
                    .map_err(HandlerError::internal)?;
            }
            "{ open }" => {
                let open = self.open.load(Ordering::SeqCst);
                to.send(send(json!({ "open": open }))?)
                    .await
                    .map_err(HandlerError::internal)?;
            }
            "subscription { count }" => {
                let variables = serde_json::to_value(&operation.variables);
                let variables = variables.map_err(HandlerError::internal)?;
                for n in 0..variables["to"].as_u64().unwrap_or_default() {
                    to.send(send(json!({ "count": n }))?)
                        .await
                        .map_err(HandlerError::internal)?;
                }
            }
            "subscription { forever }" => {
                to.send(send(json!({ "forever": 0 }))?)
                    .await
                    .map_err(HandlerError::internal)?;
                std::future::pending::<()>().await;
            }
            _ => return Err(GraphqlValidationFailedError.into()),
        }
        Ok(Complete {})
    }
}

#[tokio::test]
#[ignore = "needs the packages of tests/typescript"]
async fn the_graphql_client_of_npm_speaks_with_our_server() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/ws", listener.local_addr()?);
    let server = Server::new(App::default());
    let router = server.router();
    let serving = tokio::spawn(async move { handfast::server::serve(listener, router).await });
    let mut client = Node::start("graphql-client.js", [&*url])?;
    client
        .expect(json!({ "ack": { "motto": "welcome" } }))
        .await?;
    client
        .expect(json!({ "query": { "results": [{ "data": { "hello": "world" } }] } }))
        .await?;
    let counted: Vec<Value> = (0..3).map(|n| json!({ "data": { "count": n } })).collect();
    client
        .expect(json!({ "subscription": { "results": counted } }))
        .await?;
    client
        .expect(json!({ "error": { "results": [], "error": [{
            "message": "The operation is not one of the schema.",
            "extensions": { "code": "GRAPHQL_VALIDATION_FAILED" },
        }] } }))
        .await?;
    client
        .expect(json!({ "cancelled": { "data": { "forever": 0 } } }))
        .await?;
    // The one that asks is the only one that is open.
    client
        .expect(json!({ "after": { "results": [{ "data": { "open": 1 } }] } }))
        .await?;
    client
        .expect(json!({ "pings": [
            { "type": "pong" },
            { "type": "connection_ack", "payload": { "motto": "welcome" } },
            { "type": "pong", "payload": { "n": 1 } },
            { "type": "pong", "payload": { "last": true } },
            { "type": "next", "payload": { "data": { "hello": "world" } }, "id": "1" },
            { "type": "complete", "id": "1" },
        ] }))
        .await?;
    client
        .expect(json!({ "closes": [4400, 4400, 4401, 4409, 4429, 4400, 4400, 4403, 4408] }))
        .await?;
    assert!(client.child.wait().await?.success());
    serving.abort();
    Ok(())
}

/// The fields of a result.
fn data(next: &Next) -> Outcome<Value> {
    Ok(serde_json::to_value(next)?["data"].take())
}

#[tokio::test]
#[ignore = "needs the packages of tests/typescript"]
async fn our_client_speaks_with_the_graphql_server_of_npm() -> Outcome {
    let mut server = Node::start("graphql-server.js", [])?;
    let url = format!("ws://127.0.0.1:{}/", server.line().await?);
    let init = |token: &str| Outcome::Ok(ConnectionInit(extensions(json!({ "token": token }))?));
    let client = Client::connect(&url).auth(&init("secret")?).await?;
    let operation = |query: &str, variables: Value| -> Outcome<Subscribe> {
        let value = json!({ "query": query, "variables": variables });
        Ok(handfast::from_value(&value, &[], handfast::Side::Server)?)
    };

    let mut query = client
        .subscribe(operation("{ hello }", Value::Null)?)
        .await?;
    let first = query.next().await.ok_or("a result")??;
    assert_eq!(data(&first)?, json!({ "hello": "world, 0 running" }));
    assert!(query.next().await.is_none());

    let variables = json!({ "to": 3 });
    let count = "subscription ($to: Int!) { count(to: $to) }";
    let mut counts = client.subscribe(operation(count, variables)?).await?;
    let mut counted = Vec::new();
    while let Some(next) = counts.next().await {
        counted.push(data(&next?)?["count"].clone());
    }
    assert_eq!(counted, [json!(0), json!(1), json!(2)]);

    // An operation that is not one of the schema.
    let mut wrong = client
        .subscribe(operation("{ nothing }", Value::Null)?)
        .await?;
    let Some(Err(StreamError::Closed(CallError::Remote(error)))) = wrong.next().await else {
        panic!("it is not valid");
    };
    assert_eq!(
        error.message,
        "Cannot query field \"nothing\" on type \"Query\"."
    );

    // A result with errors of its own.
    let mut fails = client
        .subscribe(operation("{ fails }", Value::Null)?)
        .await?;
    let Next(outcome) = fails.next().await.ok_or("a result")??;
    let errors = outcome.errors.ok_or("it has errors")?;
    assert_eq!(errors[0].message, "it fails");
    assert!(matches!(outcome.data, Some(Nullable::Value(_))));

    // A cancel ends it at the server, too.
    let mut forever = client
        .subscribe(operation("subscription { forever }", Value::Null)?)
        .await?;
    assert!(forever.next().await.is_some_and(|next| next.is_ok()));
    drop(forever);
    loop {
        let mut query = client
            .subscribe(operation("{ hello }", Value::Null)?)
            .await?;
        let next = query.next().await.ok_or("a result")??;
        if data(&next)? == json!({ "hello": "world, 0 running" }) {
            break;
        }
    }
    client.close().await;

    let refused = Client::connect(&url)
        .auth(&init("wrong")?)
        .reconnect(false)
        .await;
    let Err(ConnectError::Closed { closing, is_final }) = refused else {
        panic!("the token is wrong");
    };
    assert_eq!(closing.map(|closing| closing.code), Some(4403));
    assert!(is_final);
    Ok(())
}

/// Generates the TypeScript of a protocol, and returns its folder.
fn generated(spec: &str) -> Outcome<PathBuf> {
    let text =
        std::fs::read_to_string(scripts().join("../protocols").join(format!("{spec}.yaml")))?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(spec);
    std::fs::create_dir_all(&folder)?;
    let spec = folder.join("protocol.yaml");
    std::fs::write(
        &spec,
        format!("{text}\ngenerate:\n  typescript: {{ out: api.ts }}\n"),
    )?;
    let generator = handfast_codegen::Generator::new(spec);
    generator.run().map_err(|failed| failed.to_string())?;
    Ok(folder)
}

#[tokio::test]
#[ignore = "needs the packages of tests/typescript"]
async fn our_typescript_client_speaks_with_the_graphql_server_of_npm() -> Outcome {
    let folder = generated("graphql-ws")?;
    let folder = folder.to_str().ok_or("a path of text")?;
    let mut server = Node::start("graphql-server.js", [])?;
    let url = format!("ws://127.0.0.1:{}/", server.line().await?);
    let mut client = Node::start("graphql-our-client.js", [folder, &url])?;
    client
        .expect(json!({ "query": [{ "hello": "world, 0 running" }] }))
        .await?;
    client
        .expect(json!({ "subscription": [{ "count": 0 }, { "count": 1 }, { "count": 2 }] }))
        .await?;
    let words = "UNDECLARED (FAILED): Cannot query field \"nothing\" on type \"Query\".";
    client
        .expect(json!({ "error": { "results": [], "error": words } }))
        .await?;
    client.expect(json!({ "fails": [["it fails"]] })).await?;
    client.expect(json!({ "first": { "forever": 0 } })).await?;
    client.expect(json!({ "invalid": [] })).await?;
    client
        .expect(json!({ "refused": { "code": 4403, "final": true } }))
        .await?;
    assert!(client.child.wait().await?.success());
    Ok(())
}
