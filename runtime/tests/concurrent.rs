//! Messages that opt out of order: their handlers run beside those of others.

#![cfg(all(feature = "server", feature = "client"))]

mod board;
mod support;

use board::{App, Boards, Hand, Server};
use handfast::{
    Protocol,
    descriptor::{HandlerTimeout, Limits},
};
use std::{sync::atomic::Ordering, time::Duration};
use support::simulated;

const LIMITS: Limits = Boards::DESCRIPTOR.limits;

fn server(limits: Limits) -> (App, Server) {
    let app = App::new();
    let server = Server::builder(app.clone()).limits(limits).build();
    (app, server)
}

const COUNTED: &str = r#"{"type":"counted","payload":{"touched":0},"id":"c"}"#;

#[tokio::test(start_paused = true)]
async fn others_do_not_wait_for_it() {
    simulated(async {
        let (app, server) = server(LIMITS);
        let mut hand = Hand::enter(&server, 16).await;
        hand.ask("load", r#"{"n":1}"#, "1").await;
        hand.ask("touch", "{}", "t").await;
        hand.ask("load", r#"{"n":2}"#, "2").await;
        hand.ask("count", "{}", "c").await;
        hand.expect(COUNTED).await;
        assert_eq!(app.began.load(Ordering::SeqCst), 2);
        // A failure of one is not that of another.
        hand.ask("load", r#"{"n":404}"#, "3").await;
        hand.expect(r#"{"type":"error","payload":{"code":"NOT_THERE","message":"it is not there"},"id":"3"}"#)
            .await;
        hand.ask("load", r#"{"n":500}"#, "4").await;
        hand.expect(r#"{"type":"error","payload":{"code":"INTERNAL","message":"the server failed"},"id":"4"}"#)
            .await;
        app.load.add_permits(3);
        hand.expect(r#"{"type":"loaded","payload":{"n":1},"id":"1"}"#)
            .await;
        hand.expect(r#"{"type":"loaded","payload":{"n":2},"id":"2"}"#)
            .await;
        assert_eq!(app.touched.load(Ordering::SeqCst), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn it_begins_behind_the_ordered_messages_before_it() {
    simulated(async {
        let (app, server) = server(LIMITS);
        app.load.add_permits(1);
        let mut hand = Hand::enter(&server, 16).await;
        hand.ask("hold", "{}", "h").await;
        hand.ask("load", r#"{"n":1}"#, "1").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(app.began.load(Ordering::SeqCst), 0);
        app.hold.add_permits(1);
        hand.expect(r#"{"type":"held","id":"h"}"#).await;
        hand.expect(r#"{"type":"loaded","payload":{"n":1},"id":"1"}"#)
            .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn neither_a_cancel_nor_an_error_takes_its_place() {
    simulated(async {
        let (app, server) = server(LIMITS);
        let mut hand = Hand::enter(&server, 16).await;
        hand.ask("load", r#"{"n":1}"#, "1").await;
        // Only streams are cancelled.
        hand.ask("stop", "{}", "1").await;
        hand.ask("load", r#"{"n":1}"#, "1").await;
        hand.ask("load", "{}", "1").await;
        hand.expect(r#"{"type":"error","payload":{"code":"INVALID","message":"the payload does not fit","violations":[{"path":"/payload","keyword":"required","message":"must have the property \"n\"","allowed":"n"}]},"id":"1"}"#)
            .await;
        app.load.add_permits(2);
        let loaded = r#"{"type":"loaded","payload":{"n":1},"id":"1"}"#;
        hand.expect(loaded).await;
        hand.ask("load", r#"{"n":1}"#, "1").await;
        hand.expect(loaded).await;
        assert_eq!(app.began.load(Ordering::SeqCst), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_has_its_own_time_limit() {
    simulated(async {
        let (app, server) = server(Limits {
            handler_timeout: HandlerTimeout::After(Duration::from_secs(3)),
            ..LIMITS
        });
        let mut hand = Hand::enter(&server, 16).await;
        let began = tokio::time::Instant::now();
        hand.ask("load", r#"{"n":1}"#, "1").await;
        hand.ask("count", "{}", "c").await;
        hand.expect(COUNTED).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        hand.ask("load", r#"{"n":2}"#, "2").await;
        for (id, after) in [("1", 3), ("2", 4)] {
            hand.expect(&format!(
                r#"{{"type":"error","payload":{{"code":"TIMEOUT","message":"the server took too long"}},"id":"{id}"}}"#
            ))
            .await;
            assert_eq!(began.elapsed(), Duration::from_secs(after));
        }
        assert_eq!(app.dropped.available_permits(), 2);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn streams_and_concurrent_messages_have_one_limit() {
    simulated(async {
        let (app, server) = server(Limits {
            streams: 2,
            ..LIMITS
        });
        let mut hand = Hand::enter(&server, 16).await;
        hand.ask("watch", "{}", "w").await;
        hand.expect(r#"{"type":"watching","id":"w"}"#).await;
        hand.ask("load", r#"{"n":1}"#, "1").await;
        let refused = |id: &str| {
            format!(
                r#"{{"type":"error","payload":{{"code":"TOO_MANY","message":"too many streams and concurrent messages are being handled"}},"id":"{id}"}}"#
            )
        };
        let more = [
            ("load", r#"{"n":2}"#, "2"),
            ("touch", "{}", "3"),
            ("watch", "{}", "4"),
        ];
        for (message, payload, id) in more {
            hand.ask(message, payload, id).await;
            hand.expect(&refused(id)).await;
        }
        // Its place is free again when it has ended.
        app.load.add_permits(2);
        hand.expect(r#"{"type":"loaded","payload":{"n":1},"id":"1"}"#)
            .await;
        hand.ask("load", r#"{"n":5}"#, "5").await;
        hand.expect(r#"{"type":"loaded","payload":{"n":5},"id":"5"}"#)
            .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_repeated_one_runs_once_and_a_cancel_is_for_streams() {
    simulated(async {
        let (app, server) = server(LIMITS);
        let mut hand = Hand::enter(&server, 16).await;
        for _ in 0..3 {
            hand.ask("load", r#"{"n":1}"#, "1").await;
        }
        hand.ask("stop", "{}", "1").await;
        hand.ask("count", "{}", "c").await;
        hand.expect(COUNTED).await;
        assert_eq!(app.began.load(Ordering::SeqCst), 1);
        app.load.add_permits(3);
        hand.expect(r#"{"type":"loaded","payload":{"n":1},"id":"1"}"#)
            .await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_it_and_the_end_of_the_connection_drops_it() {
    simulated(async {
        let (app, server) = server(LIMITS);
        let mut hand = Hand::enter(&server, 16).await;
        hand.ask("load", r#"{"n":1}"#, "1").await;
        hand.ask("count", "{}", "c").await;
        hand.expect(COUNTED).await;
        let mut other = Hand::enter(&server, 16).await;
        other.ask("load", r#"{"n":2}"#, "2").await;
        other.ask("count", "{}", "c").await;
        other.expect(COUNTED).await;
        drop(other);
        app.dropped.acquire().await.expect("it is open").forget();
        let handle = server.handle();
        let shutdown = tokio::spawn(async move { handle.shutdown().await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        app.load.add_permits(1);
        hand.expect(r#"{"type":"loaded","payload":{"n":1},"id":"1"}"#)
            .await;
        let closed = hand.next().await;
        assert!(closed.contains("1001"), "{closed}");
        shutdown.await.expect("it ends");
    })
    .await;
}
