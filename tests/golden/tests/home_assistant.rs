//! Home Assistant's WebSocket API, spoken with the package `home-assistant-js-websocket`: the server speaks first, and ids begin with
//! ready.
//!
//! Ignored by default: it needs the packages of `tests/typescript`.

mod node;

use handfast::{
    HandlerError, Id,
    client::{CallError, ClientBuilder, ConnectError},
    server::{ConnectionInfo, StreamResponder},
    transport::duplex,
};
use handfast_golden::home_assistant::*;
use node::{Node, Outcome};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio::{
    net::TcpListener,
    sync::{broadcast, oneshot},
};

const VERSION: &str = "2026.11.0";

/// A home with one light.
struct Home {
    level: Mutex<u64>,
    changes: broadcast::Sender<u64>,
}

/// The subscriptions of a connection, which end with these.
type Subscriptions = Mutex<HashMap<i64, oneshot::Sender<()>>>;

fn valid<T: handfast::Payload>(value: &Value) -> T {
    handfast::from_value(value, &[], handfast::Side::Client).expect("it is valid")
}

impl SessionHandler for Home {
    type Session = Subscriptions;

    fn greeting(&self, _: &ConnectionInfo) -> AuthRequired {
        AuthRequired {
            ha_version: VERSION.into(),
        }
    }

    fn principal<'a>(&self, _: &'a Subscriptions) -> Option<Cow<'a, str>> {
        None
    }

    async fn authenticate(
        &self,
        m: Auth,
        _: &ConnectionInfo,
    ) -> Result<Subscriptions, HandlerError<AuthError>> {
        match m.access_token.as_deref() {
            Some("secret") => Ok(Subscriptions::default()),
            _ => Err(InvalidAuthError.into()),
        }
    }

    fn welcome(&self, _: &Subscriptions) -> AuthOk {
        AuthOk {
            ha_version: VERSION.into(),
        }
    }
}

impl Handler for Home {
    async fn supported_features(
        &self,
        _: SupportedFeatures,
        _: &Context<Subscriptions>,
    ) -> Result<Acknowledged, HandlerError> {
        Ok(Acknowledged { result: Some(()) })
    }

    async fn get_states(
        &self,
        _: GetStates,
        _: &Context<Subscriptions>,
    ) -> Result<States, HandlerError> {
        let level = *self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let state =
            json!({ "entity_id": "light.kitchen", "state": level.to_string(), "attributes": {} });
        Ok(States {
            result: vec![valid(&state)],
        })
    }

    async fn call_service(
        &self,
        m: CallService,
        _: &Context<Subscriptions>,
    ) -> Result<Called, HandlerError<CallServiceError>> {
        if m.service != "turn_on" {
            return Err(NotFoundError.into());
        }
        let data = serde_json::to_value(&m.service_data).map_err(HandlerError::internal)?;
        let level = data["level"].as_u64().unwrap_or(1);
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = level;
        // Nobody may listen.
        let _ = self.changes.send(level);
        Ok(Called { result: None })
    }

    async fn subscribe_events(
        &self,
        _: SubscribeEvents,
        to: StreamResponder<Acknowledged, Event>,
        cx: &Context<Subscriptions>,
    ) -> Result<(), HandlerError<SubscribeEventsError>> {
        let mut changes = self.changes.subscribe();
        let (end, mut ended) = oneshot::channel();
        if let Some(Id::Integer(id)) = cx.id() {
            let mut subscriptions = cx.session().lock().unwrap_or_else(PoisonError::into_inner);
            subscriptions.insert(*id, end);
        }
        let mut to = to.accept(Acknowledged { result: Some(()) });
        loop {
            let level = tokio::select! {
                level = changes.recv() => level.map_err(HandlerError::internal)?,
                _ = &mut ended => return Ok(()),
            };
            let event =
                json!({ "event": { "event_type": "state_changed", "data": { "level": level } } });
            to.send(valid(&event))
                .await
                .map_err(HandlerError::internal)?;
        }
    }

    async fn unsubscribe_events(
        &self,
        m: UnsubscribeEvents,
        cx: &Context<Subscriptions>,
    ) -> Result<Unsubscribed, HandlerError<UnsubscribeEventsError>> {
        let mut subscriptions = cx.session().lock().unwrap_or_else(PoisonError::into_inner);
        match subscriptions.remove(&m.subscription) {
            Some(_) => Ok(Unsubscribed { result: Some(()) }),
            None => Err(NotFoundError.into()),
        }
    }
}

#[tokio::test]
#[ignore = "needs the packages of tests/typescript"]
async fn the_client_of_npm_speaks_with_our_server() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}/api/websocket", listener.local_addr()?);
    let home = Home {
        level: Mutex::new(0),
        changes: broadcast::Sender::new(16),
    };
    let server = Server::builder(home).path("/api/websocket").build();
    let router = server.router();
    let serving = tokio::spawn(async move { handfast::server::serve(listener, router).await });
    let mut client = Node::start("home-assistant-client.js", [&*url])?;
    client.expect(json!({ "version": VERSION })).await?;
    client
        .expect(json!({ "states": [["light.kitchen", "0"]] }))
        .await?;
    client.expect(json!({ "events": [{ "level": 3 }] })).await?;
    let failed = json!({ "code": "not_found", "message": "There is no such thing." });
    client.expect(json!({ "failed": failed })).await?;
    client.expect(json!({ "pinged": true })).await?;
    client.expect(json!({ "events": 1 })).await?;
    client.expect(json!({ "refused": true })).await?;
    assert!(client.child.wait().await?.success());
    serving.abort();
    Ok(())
}

/// What a connection sees, without a package between.
#[tokio::test]
async fn the_server_speaks_first_and_there_are_no_ids_before_ready() -> Outcome {
    use handfast::transport::{Packet, TransportEvent};
    let home = Home {
        level: Mutex::new(0),
        changes: broadcast::Sender::new(16),
    };
    let server = Server::new(home);
    let (mut ours, theirs) = duplex(64 * 1024);
    let serving = server.clone();
    tokio::spawn(async move { serving.serve(theirs, ConnectionInfo::default()).await });
    let mut exchange = async |text: Option<&str>| -> Outcome<Value> {
        if let Some(text) = text {
            ours.send(text).await?;
        }
        match ours.receive().await? {
            TransportEvent::Packet(Packet::Text(text)) => Ok(serde_json::from_str(&text)?),
            other => Err(format!("{other:?}").into()),
        }
    };
    let greeting = exchange(None).await?;
    assert_eq!(
        greeting,
        json!({ "type": "auth_required", "ha_version": VERSION })
    );
    let early = exchange(Some(r#"{"type":"get_states","id":1}"#)).await?;
    assert_eq!(early["error"]["code"], "NOT_READY");
    let ready = exchange(Some(r#"{"type":"auth","access_token":"secret"}"#)).await?;
    assert_eq!(ready, json!({ "type": "auth_ok", "ha_version": VERSION }));
    let states = exchange(Some(r#"{"type":"get_states","id":2}"#)).await?;
    assert_eq!(
        (&states["id"], &states["success"]),
        (&json!(2), &json!(true))
    );
    let pong = exchange(Some(r#"{"type":"ping","id":3}"#)).await?;
    assert_eq!(pong, json!({ "type": "pong", "id": 3 }));
    let unknown = exchange(Some(r#"{"type":"explode","id":4}"#)).await?;
    assert_eq!(unknown["error"]["code"], "UNKNOWN_TYPE");
    Ok(())
}

fn client(server: Server, token: &str) -> ClientBuilder<HomeAssistant, Client> {
    let auth = Auth {
        access_token: Some(token.into()),
        api_password: None,
    };
    ClientBuilder::over(move || {
        let (ours, theirs) = duplex(64 * 1024);
        let server = server.clone();
        tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
        async { Ok::<_, std::convert::Infallible>(ours) }
    })
    .auth(&auth)
}

#[tokio::test]
async fn our_client_speaks_with_our_server() -> Outcome {
    let home = Home {
        level: Mutex::new(0),
        changes: broadcast::Sender::new(16),
    };
    let server = Server::new(home);
    let refused = client(server.clone(), "wrong").reconnect(false).await;
    let Err(ConnectError::Refused(error)) = refused else {
        panic!("the token is wrong");
    };
    assert_eq!(error.message, "The token is not valid.");
    let client = client(server, "secret").await?;
    let states = client.get_states(GetStates {}).await?;
    assert_eq!(states.result[0].entity_id, "light.kitchen");
    let service = |service: &str| CallService {
        domain: "light".into(),
        service: service.into(),
        service_data: None,
        target: None,
        return_response: None,
    };
    let failed = client.call_service(service("explode")).await;
    assert!(matches!(
        failed,
        Err(CallError::Declared(CallServiceError::NotFound))
    ));
    let events = SubscribeEvents { event_type: None };
    let mut events = client.subscribe_events(events).await?;
    client.call_service(service("turn_on")).await?;
    let Some(Ok(Event { event })) = events.next().await else {
        panic!("the light was turned on");
    };
    assert_eq!(event.event_type, "state_changed");
    Ok(())
}
