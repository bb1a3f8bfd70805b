//! The spans of sessions and messages, and that no log has a token or a payload.

#![cfg(all(feature = "server", feature = "client"))]

mod board;
mod support;

use board::{App, Hand, Server};
use serde_json::json;
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use support::simulated;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// Collects spans and events.
#[derive(Clone, Default)]
struct Collector(Arc<Inner>);

#[derive(Default)]
struct Inner {
    last: AtomicU64,
    spans: Mutex<HashMap<u64, Span>>,
    entered: Mutex<Vec<u64>>,
    /// Each event, behind the spans that it is in.
    events: Mutex<Vec<String>>,
}

#[derive(Clone, Debug)]
struct Span {
    name: &'static str,
    fields: Fields,
    parent: Option<u64>,
    closed: bool,
}

#[derive(Clone, Debug, Default)]
struct Fields(Vec<(String, String)>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        for (name, value) in &self.fields.0 {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

impl Collector {
    fn spans(&self) -> Vec<Span> {
        let spans = self.0.spans.lock().expect("it is whole");
        let mut spans: Vec<_> = spans.iter().map(|(id, span)| (*id, span.clone())).collect();
        spans.sort_by_key(|(id, _)| *id);
        spans.into_iter().map(|(_, span)| span).collect()
    }

    fn events(&self) -> Vec<String> {
        self.0.events.lock().expect("it is whole").clone()
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        target.starts_with("handfast") || target.starts_with("spans")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.0.last.fetch_add(1, Ordering::SeqCst) + 1;
        let mut fields = Fields::default();
        span.record(&mut fields);
        let entered = self.0.entered.lock().expect("it is whole");
        let span = Span {
            name: span.metadata().name(),
            fields,
            parent: entered.last().copied(),
            closed: false,
        };
        self.0.spans.lock().expect("it is whole").insert(id, span);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut spans = self.0.spans.lock().expect("it is whole");
        let span = spans.get_mut(&span.into_u64()).expect("it was created");
        values.record(&mut span.fields);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let entered = self.0.entered.lock().expect("it is whole");
        let spans = self.0.spans.lock().expect("it is whole");
        let within = entered.iter().map(|id| spans[id].name.to_owned() + " > ");
        let text: Vec<_> = fields
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let event = within.collect::<String>() + &text.join(" ");
        self.0.events.lock().expect("it is whole").push(event);
    }

    fn enter(&self, span: &Id) {
        let mut entered = self.0.entered.lock().expect("it is whole");
        entered.push(span.into_u64());
    }

    fn exit(&self, span: &Id) {
        let last = self.0.entered.lock().expect("it is whole").pop();
        assert_eq!(last, Some(span.into_u64()));
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = self.0.spans.lock().expect("it is whole");
        if let Some(span) = spans.get_mut(&id.into_u64()) {
            span.closed = true;
        }
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_is_a_span_and_its_messages_are_spans_in_it() {
    let collector = Collector::default();
    let _guard = tracing::subscriber::set_default(collector.clone());
    simulated(async {
        let app = App::new();
        let server = Server::new(app.clone());
        let (mut hand, ready) = Hand::resume(&server, "ada", json!({})).await;
        hand.ask("load", r#"{"n":404}"#, "1").await;
        hand.next().await;
        hand.ask("load", r#"{"n":123321}"#, "2").await;
        hand.ask("crash", "{}", "secret id").await;
        hand.next().await;
        app.load.add_permits(1);
        hand.next().await;
        hand.ask("watch", "{}", "w").await;
        hand.next().await;
        // Not a message, an unknown one, and one that does not fit.
        hand.say("secret text").await;
        hand.next().await;
        hand.ask("secret type", "{}", "s").await;
        hand.next().await;
        hand.ask("load", r#"{"n":"secret value"}"#, "s").await;
        hand.next().await;
        let token = ready["session"].as_str().expect("it is text").to_owned();
        let resume = json!({ "session": token, "received": 1 });
        let (other, ready) = Hand::resume(&server, "ada", resume).await;
        assert_eq!(ready["resumed"], true);
        drop((hand, other));
        // Ends what the session still has.
        server.handle().shutdown().await;
        while app.heard().await.split(' ').next() != Some("disconnected") {}

        let spans = collector.spans();
        let texts: Vec<_> = spans.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                r#"session connection=1 principal="ada""#,
                r#"message message_type="load" outcome=NOT_THERE"#,
                r#"message message_type="load" outcome=ok"#,
                r#"message message_type="crash" outcome=panicked"#,
                r#"message message_type="watch" outcome=cancelled"#,
            ]
        );
        assert!(spans[1..].iter().all(|span| span.parent == Some(1)));
        assert!(spans[1..].iter().all(|span| span.closed));
        let events = collector.events();
        let inside = r#"session > message > message=loading"#;
        assert_eq!(
            events.iter().filter(|one| *one == inside).count(),
            2,
            "{events:?}"
        );
        let token_of =
            |ready: &serde_json::Value| ready["session"].as_str().unwrap_or("?").to_owned();
        for secret in ["secret", "123321", &*token, &*token_of(&ready)] {
            for text in texts.iter().chain(&events) {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
        }
    })
    .await;
}

/// Without a subscriber, and with one that wants no more than warnings, no span is made.
#[tokio::test(start_paused = true)]
async fn spans_of_messages_are_for_who_asks() {
    struct Few(Collector);
    impl Subscriber for Few {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() <= tracing::Level::INFO
        }
        fn new_span(&self, span: &Attributes<'_>) -> Id {
            self.0.new_span(span)
        }
        fn record(&self, span: &Id, values: &Record<'_>) {
            self.0.record(span, values);
        }
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            self.0.event(event);
        }
        fn enter(&self, span: &Id) {
            self.0.enter(span);
        }
        fn exit(&self, span: &Id) {
            self.0.exit(span);
        }
    }
    let collector = Collector::default();
    let _guard = tracing::subscriber::set_default(Few(collector.clone()));
    simulated(async {
        let server = Server::new(App::new());
        let mut hand = Hand::enter(&server, 16).await;
        hand.ask("load", r#"{"n":404}"#, "1").await;
        hand.next().await;
        let texts: Vec<_> = collector.spans().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["session connection=1"]);
        let inside = "session > message=loading".to_owned();
        assert!(collector.events().contains(&inside));
    })
    .await;
}
