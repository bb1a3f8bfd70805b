//! What a server counts for the `metrics` facade, and the route that shows it.

#![cfg(all(feature = "server", feature = "client", feature = "metrics"))]

mod board;
mod support;

use axum::{body::Body, http::Request};
use board::{App, Boards, Hand, Server};
use handfast::{
    Protocol,
    descriptor::Limits,
    transport::{CloseFrame, Transport},
};
use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use support::simulated;
use tower_service::Service;

/// Keeps what is recorded, by name and labels.
#[derive(Clone, Default)]
struct Kept(Arc<Inner>);

#[derive(Default)]
struct Inner {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    gauges: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    histograms: Mutex<BTreeMap<String, Arc<Values>>>,
    described: Mutex<BTreeSet<String>>,
}

/// The number of values of a histogram, and the largest.
#[derive(Default)]
struct Values(Mutex<(usize, f64)>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        let mut values = self.0.lock().expect("it is whole");
        *values = (values.0 + 1, values.1.max(value));
    }
}

fn name_of(key: &Key) -> String {
    let labels: Vec<_> = key
        .labels()
        .map(|label| format!("{}={}", label.key(), label.value()))
        .collect();
    match &*labels {
        [] => key.name().to_owned(),
        labels => format!("{}{{{}}}", key.name(), labels.join(",")),
    }
}

impl Kept {
    fn describe(&self, key: &KeyName) {
        let mut described = self.0.described.lock().expect("it is whole");
        described.insert(key.as_str().to_owned());
    }

    /// The counters whose names begin like this.
    fn counters(&self, prefix: &str) -> Vec<String> {
        let counters = self.0.counters.lock().expect("it is whole");
        counters
            .iter()
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(name, count)| format!("{name} {}", count.load(Ordering::SeqCst)))
            .collect()
    }

    fn gauge(&self, name: &str) -> f64 {
        let gauges = self.0.gauges.lock().expect("it is whole");
        let value = gauges.get(name).map(|value| value.load(Ordering::SeqCst));
        f64::from_bits(value.unwrap_or_default())
    }

    /// The number of values of a histogram, and the largest.
    fn histogram(&self, name: &str) -> (usize, f64) {
        let histograms = self.0.histograms.lock().expect("it is whole");
        *histograms[name].0.lock().expect("it is whole")
    }

    /// The names of all metrics, without labels.
    fn names(&self) -> BTreeSet<String> {
        let plain = |name: &String| name.split('{').next().unwrap_or_default().to_owned();
        let counters = self.0.counters.lock().expect("it is whole");
        let gauges = self.0.gauges.lock().expect("it is whole");
        let histograms = self.0.histograms.lock().expect("it is whole");
        let names = counters.keys().chain(gauges.keys());
        names.chain(histograms.keys()).map(plain).collect()
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&key);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&key);
    }

    fn describe_histogram(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&key);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counters = self.0.counters.lock().expect("it is whole");
        Counter::from_arc(counters.entry(name_of(key)).or_default().clone())
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let mut gauges = self.0.gauges.lock().expect("it is whole");
        Gauge::from_arc(gauges.entry(name_of(key)).or_default().clone())
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let mut histograms = self.0.histograms.lock().expect("it is whole");
        Histogram::from_arc(histograms.entry(name_of(key)).or_default().clone())
    }
}

#[tokio::test(start_paused = true)]
async fn messages_are_counted_by_name_and_outcome() {
    let kept = Kept::default();
    let _guard = metrics::set_default_local_recorder(&kept);
    simulated(async {
        let limits = Limits {
            streams: 1,
            violations: 1_000,
            ..Boards::DESCRIPTOR.limits
        };
        let server = Server::builder(App::new()).limits(limits).build();
        let mut hand = Hand::enter(&server, 16).await;
        for (message, payload, id) in [
            ("count", "{}", "1"),
            ("count", "{}", "2"),
            ("load", r#"{"n":404}"#, "3"),
            ("load", r#"{"n":500}"#, "4"),
            ("watch", "{}", "5"),
            ("watch", "{}", "6"),
            ("load", r#"{"n":1}"#, "7"),
            ("load", r#"{"n":"x"}"#, "8"),
            ("hold", "{}", "5"),
        ] {
            hand.ask(message, payload, id).await;
            hand.next().await;
        }
        // However many strangers send, they are one label.
        for n in 0..100 {
            hand.ask(&format!("unknown{n}"), "{}", "9").await;
            hand.next().await;
        }
        hand.say("{").await;
        hand.next().await;
        hand.ask("stop", "{}", "5").await;
        hand.ask("count", "{}", "10").await;
        hand.next().await;
        let count = |message: &str, outcome: &str, count: u32| {
            format!("handfast_messages_total{{message={message},outcome={outcome}}} {count}")
        };
        assert_eq!(
            kept.counters("handfast_messages_total"),
            [
                count("count", "ok", 3),
                count("hold", "ID_REUSED", 1),
                count("load", "INVALID", 1),
                count("load", "NOT_THERE", 1),
                count("load", "TOO_MANY", 1),
                count("load", "panicked", 1),
                count("unknown", "SYNTAX", 1),
                count("unknown", "UNKNOWN_TYPE", 100),
                count("watch", "TOO_MANY", 1),
                count("watch", "cancelled", 1),
            ]
        );
        assert_eq!(
            kept.histogram("handfast_handler_seconds{message=count}").0,
            3
        );
        let (batches, bytes) = kept.histogram("handfast_outbound_bytes");
        assert!(batches > 100 && bytes > 50.0, "{batches} {bytes}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn connections_sessions_resumptions_and_closes_are_counted() {
    let kept = Kept::default();
    let _guard = metrics::set_default_local_recorder(&kept);
    simulated(async {
        let app = App::new();
        let server = Server::new(app.clone());
        let (hand, ready) = Hand::resume(&server, "ada", json!({})).await;
        assert_eq!(app.heard().await, "ready ada");
        assert_eq!(kept.gauge("handfast_connections"), 1.0);
        drop(hand);
        assert_eq!(app.heard().await, "detached ada");
        assert_eq!(kept.gauge("handfast_connections"), 0.0);
        assert_eq!(kept.gauge("handfast_sessions_detached"), 1.0);
        let resume = json!({ "session": ready["session"], "received": 0 });
        let (mut hand, _) = Hand::resume(&server, "ada", resume).await;
        assert_eq!(app.heard().await, "resumed ada");
        assert_eq!(kept.gauge("handfast_sessions_detached"), 0.0);
        let frame = CloseFrame::new(1000, "");
        std::future::poll_fn(|cx| hand.0.poll_close(cx, &frame)).await;
        app.heard().await;
        // A session that is gone, and a close code that nobody knows.
        let resume = json!({ "session": "gone", "received": 0 });
        let (mut hand, _) = Hand::resume(&server, "ada", resume).await;
        assert_eq!(app.heard().await, "ready ada");
        let frame = CloseFrame::new(4999, "");
        std::future::poll_fn(|cx| hand.0.poll_close(cx, &frame)).await;
        app.heard().await;
        let _hand = Hand::enter(&server, 16).await;
        server.handle().shutdown().await;
        assert_eq!(
            kept.counters("handfast_resumes_total"),
            [
                "handfast_resumes_total{outcome=new} 1",
                "handfast_resumes_total{outcome=resumed} 1"
            ]
        );
        assert_eq!(
            kept.counters("handfast_closes_total"),
            ["1000", "1001", "1006", "other"]
                .map(|code| format!("handfast_closes_total{{code={code}}} 1"))
        );
        assert_eq!(kept.gauge("handfast_connections"), 0.0);
        assert_eq!(kept.gauge("handfast_sessions_detached"), 0.0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn dropped_messages_are_counted_by_reason_and_everything_is_described() {
    let kept = Kept::default();
    let _guard = metrics::set_default_local_recorder(&kept);
    simulated(async {
        let app = App::new();
        let limits = Limits {
            outbound: 2_000,
            ..Boards::DESCRIPTOR.limits
        };
        let server = Server::builder(app.clone()).limits(limits).build();
        let (mut hand, _) = Hand::resume(&server, "ada", json!({})).await;
        hand.ask("enter", r#"{"id":"a"}"#, "1").await;
        hand.next().await;
        let moves = |users: &[String]| {
            let moves: Vec<_> = users
                .iter()
                .map(|user| json!({ "board": "a", "user": user, "x": 1 }))
                .collect();
            json!({ "moves": moves }).to_string()
        };
        // Two are replaced, and of many only some find room. Each is about 200 bytes with its key.
        let mut users = vec!["ada".to_owned(); 3];
        users.extend((0..10).map(|n| n.to_string()));
        hand.ask("move", &moves(&users), "2").await;
        while !hand.next().await.contains("moved") {}
        let dropped = kept.counters("handfast_dropped_total");
        assert_eq!(dropped.len(), 2, "{dropped:?}");
        assert!(dropped[0].starts_with("handfast_dropped_total{reason=full} "));
        assert_eq!(dropped[1], "handfast_dropped_total{reason=replaced} 2");
        drop(hand);
        while app.heard().await != "detached ada" {}
        let handle = server.handle();
        handle.board(&"a".to_owned()).publish(&board::Cursor {
            user: "ada".into(),
            x: 2,
        });
        assert_eq!(
            kept.counters("handfast_dropped_total{reason=detached}"),
            ["handfast_dropped_total{reason=detached} 1"]
        );
        let names = kept.names();
        let described = kept.0.described.lock().expect("it is whole").clone();
        assert!(names.is_subset(&described), "{names:?} {described:?}");
        // The guide lists them all.
        let guide = include_str!("../../docs/guide/serving.md");
        for name in &described {
            assert!(guide.contains(&format!("`{name}`")), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_route_answers_what_the_exporter_renders() {
    let server = Server::builder(App::new())
        .metrics("/metrics", || "handfast_connections 0\n".to_owned())
        .build();
    let get = |path: &str| Request::get(path).body(Body::empty()).expect("a request");
    let response = server
        .router()
        .call(get("/metrics"))
        .await
        .expect("it answers");
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let body = axum::body::to_bytes(response.into_body(), 1024)
        .await
        .expect("it is read");
    assert_eq!(body, "handfast_connections 0\n");
    // Who does not ask for it has none.
    let response = Server::new(App::new())
        .router()
        .call(get("/metrics"))
        .await
        .expect("it answers");
    assert_eq!(response.status(), 404);
}
