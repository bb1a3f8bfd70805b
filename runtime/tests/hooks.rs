//! What an application hears of the life of a session: ready, detached, resumed, disconnected.

#![cfg(all(feature = "server", feature = "client"))]

mod board;
mod support;

use board::{App, Hand, Server};
use handfast::{
    broker::Recipients,
    transport::{CloseFrame, Transport},
};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use support::simulated;

const WELCOME: &str = r#"{"type":"hint","payload":{"topic":0,"text":"welcome"}}"#;

fn greeting() -> (App, Server) {
    let app = App::new();
    app.greets.store(true, Ordering::SeqCst);
    (app.clone(), Server::new(app))
}

/// Closes the connection and waits until the server has closed it as well.
async fn close(mut hand: Hand, code: u16, reason: &'static str) {
    let frame = CloseFrame::new(code, reason);
    std::future::poll_fn(|cx| hand.0.poll_close(cx, &frame)).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_is_ready_and_ends_with_the_close_frame_of_its_client() {
    simulated(async {
        let (app, server) = greeting();
        let mut hand = Hand::enter(&server, 16).await;
        hand.expect(WELCOME).await;
        assert_eq!(app.heard().await, "ready nobody");
        close(hand, 4999, "enough").await;
        assert_eq!(
            app.heard().await,
            r#"disconnected nobody Some((4999, "enough"))"#
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn or_with_that_of_the_server() {
    simulated(async {
        let (app, server) = greeting();
        let mut hand = Hand::enter(&server, 16).await;
        hand.expect(WELCOME).await;
        assert_eq!(app.heard().await, "ready nobody");
        server.handle().shutdown().await;
        assert_eq!(
            app.heard().await,
            r#"disconnected nobody Some((1001, "the server is shutting down"))"#
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_session_is_detached_resumed_and_lost() {
    simulated(async {
        let (app, server) = greeting();
        let (mut hand, ready) = Hand::resume(&server, "ada", json!({})).await;
        hand.expect(WELCOME).await;
        assert_eq!(app.heard().await, "ready ada");
        drop(hand);
        assert_eq!(app.heard().await, "detached ada");
        let resume = json!({ "session": ready["session"], "received": 1 });
        let (mut hand, ready) = Hand::resume(&server, "ada", resume).await;
        assert_eq!(ready["resumed"], true);
        hand.expect(r#"{"type":"hint","payload":{"topic":0,"text":"again"}}"#)
            .await;
        assert_eq!(app.heard().await, "resumed ada");
        // Another connection takes over: the session is never without one.
        let resume = json!({ "session": ready["session"], "received": 2 });
        let (other, _) = Hand::resume(&server, "ada", resume).await;
        let closed = hand.next().await;
        assert!(closed.contains("4409"), "{closed}");
        assert_eq!(app.heard().await, "resumed ada");
        drop(other);
        assert_eq!(app.heard().await, "detached ada");
        let began = tokio::time::Instant::now();
        assert_eq!(app.heard().await, "disconnected ada None");
        // `session.resume`
        assert_eq!(began.elapsed().as_secs(), 120);
    })
    .await;
}

/// Its last moment: the session is there when the hello is read, and its task ends before it takes the connection.
#[tokio::test(start_paused = true)]
async fn a_session_that_ends_while_it_is_resumed_is_followed_by_another() {
    simulated(async {
        let (app, server) = greeting();
        let (mut hand, ready) = Hand::resume(&server, "ada", json!({})).await;
        hand.expect(WELCOME).await;
        assert_eq!(app.heard().await, "ready ada");
        drop(hand);
        assert_eq!(app.heard().await, "detached ada");
        let handle = server.handle();
        let kick = move || handle.kick(Recipients::Principal("ada".into()), "no spam");
        *app.meanwhile.lock().await = Some(Box::new(kick));
        let resume = json!({ "session": ready["session"], "received": 1 });
        let (mut hand, ready) = Hand::resume(&server, "ada", resume).await;
        assert_eq!(ready["resumed"], Value::Null);
        assert_eq!(ready["received"], 0);
        hand.expect(WELCOME).await;
        assert!(app.heard().await.starts_with("disconnected ada"));
        assert_eq!(app.heard().await, "ready ada");
    })
    .await;
}

/// Without `resume` in the hello, a lost connection is the end of its session.
#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_resumed_is_not_detached() {
    simulated(async {
        let (app, server) = greeting();
        let hand = Hand::enter(&server, 16).await;
        assert_eq!(app.heard().await, "ready nobody");
        drop(hand);
        assert_eq!(app.heard().await, "disconnected nobody None");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_panics_ends_nothing() {
    simulated(async {
        let (app, server) = greeting();
        app.panics.store(true, Ordering::SeqCst);
        let (mut hand, ready) = Hand::resume(&server, "ada", json!({})).await;
        hand.expect(WELCOME).await;
        assert_eq!(app.heard().await, "ready ada");
        drop(hand);
        assert_eq!(app.heard().await, "detached ada");
        let resume = json!({ "session": ready["session"], "received": 1 });
        let (mut hand, _) = Hand::resume(&server, "ada", resume).await;
        assert_eq!(app.heard().await, "resumed ada");
        hand.next().await;
        hand.ask("count", "{}", "c").await;
        hand.expect(r#"{"type":"counted","payload":{"touched":0},"id":"c"}"#)
            .await;
        close(hand, 1000, "").await;
        assert_eq!(app.heard().await, r#"disconnected ada Some((1000, ""))"#);
        // Nothing is left behind.
        server.handle().shutdown().await;
    })
    .await;
}
