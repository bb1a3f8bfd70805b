//! Middleware: what runs around the handlers of all messages, in order, and hears of every outcome.

#![cfg(all(feature = "server", feature = "client"))]

mod board;
mod support;

use board::{App, Boards, ClientMessage, Hand, Load, Server};
use handfast::{
    Protocol,
    descriptor::{HandlerTimeout, Limits},
    server::{Context, Handled, Middleware, Rejection},
};
use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};
use support::simulated;

/// What was called.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        self.0.lock().expect("it is whole").push(line);
    }

    /// Takes the lines.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("it is whole"))
    }

    /// Waits for so many lines, and takes them.
    async fn wait(&self, lines: usize) -> Vec<String> {
        while self.0.lock().expect("it is whole").len() < lines {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.take()
    }
}

/// Logs, and refuses loads of 403; those of 408 wait for ever.
struct Layer {
    name: &'static str,
    log: Log,
}

impl Middleware<ClientMessage> for Layer {
    async fn before(&self, message: &ClientMessage, cx: &Context) -> Result<(), Rejection> {
        let id = cx.id().map(ToString::to_string).unwrap_or_default();
        self.log.add(format!("{} before {id}", self.name));
        match message {
            ClientMessage::Load(Load { n: 403 }) => Err(Rejection::new("NOT_YOU", "not for you")),
            ClientMessage::Load(Load { n: 408 }) => std::future::pending().await,
            _ => Ok(()),
        }
    }

    fn after(&self, handled: &Handled, cx: &Context) {
        assert_eq!(handled.id.as_ref(), cx.id());
        self.log.add(format!(
            "{} after {} {}",
            self.name, handled.message, handled.outcome
        ));
        assert!(self.name != "panics", "as asked");
    }
}

/// Refuses messages without a reply.
struct HandsOff;

impl Middleware<ClientMessage> for HandsOff {
    async fn before(&self, message: &ClientMessage, _: &Context) -> Result<(), Rejection> {
        match message {
            ClientMessage::Touch(_) => Err(Rejection::new("NO_TOUCHING", "hands off")),
            _ => Ok(()),
        }
    }
}

fn server(log: &Log, names: &[&'static str], limits: Limits) -> (App, Server) {
    let app = App::new();
    let builder = Server::builder(app.clone()).limits(limits);
    let builder = names.iter().fold(builder, |builder, name| {
        builder.middleware(Layer {
            name,
            log: log.clone(),
        })
    });
    (app, builder.middleware(HandsOff).build())
}

const LIMITS: Limits = Boards::DESCRIPTOR.limits;

#[tokio::test(start_paused = true)]
async fn it_runs_around_the_handler_in_order() {
    simulated(async {
        let log = Log::default();
        let (_, server) = server(&log, &["outer", "inner"], LIMITS);
        let mut hand = Hand::enter(&server, 16).await;
        hand.ask("count", "{}", "c").await;
        hand.expect(r#"{"type":"counted","payload":{"touched":0},"id":"c"}"#)
            .await;
        assert_eq!(
            log.take(),
            [
                "outer before c",
                "inner before c",
                "inner after count ok",
                "outer after count ok"
            ]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_the_answer_and_nothing_behind_it_is_called() {
    simulated(async {
        let log = Log::default();
        let (app, server) = server(&log, &["outer", "inner"], LIMITS);
        let mut hand = Hand::enter(&server, 16).await;
        hand.ask("load", r#"{"n":403}"#, "l").await;
        hand.expect(
            r#"{"type":"error","payload":{"code":"NOT_YOU","message":"not for you"},"id":"l"}"#,
        )
        .await;
        assert_eq!(
            log.wait(2).await,
            ["outer before l", "outer after load NOT_YOU"]
        );
        assert_eq!(app.began.load(Ordering::SeqCst), 0);
        // A message without a reply as well.
        app.load.add_permits(1);
        hand.ask("touch", "{}", "t").await;
        hand.expect(
            r#"{"type":"error","payload":{"code":"NO_TOUCHING","message":"hands off"},"id":"t"}"#,
        )
        .await;
        assert_eq!(app.touched.load(Ordering::SeqCst), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn it_hears_of_every_outcome() {
    simulated(async {
        let log = Log::default();
        let (app, server) = server(
            &log,
            &["it"],
            Limits {
                handler_timeout: HandlerTimeout::After(Duration::from_secs(3)),
                ..LIMITS
            },
        );
        let mut hand = Hand::enter(&server, 16).await;
        for (message, payload, outcome) in [
            ("load", r#"{"n":404}"#, "load NOT_THERE"),
            ("load", r#"{"n":500}"#, "load panicked"),
            ("crash", "{}", "crash panicked"),
            ("hold", "{}", "hold timed_out"),
            // The middleware itself takes too long.
            ("load", r#"{"n":408}"#, "load timed_out"),
            ("enter", r#"{"id":"a"}"#, "enter ok"),
        ] {
            hand.ask(message, payload, outcome).await;
            hand.next().await;
            assert_eq!(
                log.wait(2).await,
                [
                    format!("it before {outcome}"),
                    format!("it after {outcome}")
                ]
            );
        }
        hand.ask("watch", "{}", "w").await;
        hand.expect(r#"{"type":"watching","id":"w"}"#).await;
        hand.ask("stop", "{}", "w").await;
        assert_eq!(
            log.wait(2).await,
            ["it before w", "it after watch cancelled"]
        );
        // What a server refuses before its handler is not handled: a repeated request, for one.
        for _ in 0..2 {
            hand.ask("load", r#"{"n":1}"#, "1").await;
        }
        hand.ask("load", r#"{"n":2}"#, "1").await;
        let refused = hand.next().await;
        assert!(refused.contains("ID_REUSED"), "{refused}");
        assert_eq!(log.wait(1).await, ["it before 1"]);
        drop(hand);
        assert_eq!(log.wait(1).await, ["it after load cancelled"]);
        assert_eq!(app.dropped.available_permits(), 3);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn it_keeps_the_order_of_messages() {
    simulated(async {
        let log = Log::default();
        let (app, server) = server(&log, &["it"], LIMITS);
        let mut hand = Hand::enter(&server, 16).await;
        hand.ask("hold", "{}", "1").await;
        hand.ask("count", "{}", "2").await;
        assert_eq!(log.wait(1).await, ["it before 1"]);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(log.take().is_empty());
        app.hold.add_permits(1);
        hand.expect(r#"{"type":"held","id":"1"}"#).await;
        hand.next().await;
        assert_eq!(
            log.take(),
            ["it after hold ok", "it before 2", "it after count ok"]
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_that_panics_is_logged() {
    simulated(async {
        let log = Log::default();
        let (_, server) = server(&log, &["first", "panics"], LIMITS);
        let mut hand = Hand::enter(&server, 16).await;
        for id in ["1", "2"] {
            hand.ask("count", "{}", id).await;
            hand.next().await;
            assert_eq!(
                log.take()[2..],
                ["panics after count ok", "first after count ok"]
            );
        }
    })
    .await;
}
