//! The first connection of a client: an error at once, or further attempts.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{Auth, Chat, ClientMessage, ServerMessage};
use handfast::{
    Protocol,
    client::{Client, ClientBuilder, ConnectError, State},
    descriptor::{ProtocolDescriptor, SessionDescriptor},
    transport::duplex,
};
use script::greet;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{Script, simulated};
use tokio::{sync::mpsc, time::Instant};

/// The chat protocol, for a client that gives up after five further attempts.
#[derive(Clone, Copy, Debug)]
struct Patient;

impl Protocol for Patient {
    type Client = ClientMessage;
    type Server = ServerMessage;
    const DESCRIPTOR: &'static ProtocolDescriptor = &ProtocolDescriptor {
        session: SessionDescriptor {
            attempts: Some(5),
            ..Chat::DESCRIPTOR.session
        },
        ..*Chat::DESCRIPTOR
    };
}

/// A client whose server cannot be reached for some attempts, the servers that it reaches, and the number of attempts.
fn out_of_reach(
    attempts: usize,
) -> (
    ClientBuilder<Patient, Client<Patient>>,
    mpsc::UnboundedReceiver<Script>,
    Arc<AtomicUsize>,
) {
    let (sender, scripts) = mpsc::unbounded_channel();
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let client = ClientBuilder::over(move || {
        let dialled = match count.fetch_add(1, Ordering::Relaxed) {
            n if n < attempts => Err("nobody listens"),
            _ => {
                let (ours, theirs) = duplex(16);
                sender
                    .send(Script(theirs))
                    .map(|()| ours)
                    .map_err(|_| "it is over")
            }
        };
        async { dialled }
    });
    (client.auth(&Auth { name: "ada".into() }), scripts, made)
}

#[tokio::test(start_paused = true)]
async fn the_first_error_is_returned_unless_the_application_asks_for_more() {
    simulated(async {
        let (connect, _scripts, attempts) = out_of_reach(1);
        let error = connect.await.expect_err("nobody listens");
        assert!(matches!(error, ConnectError::Transport(_)), "{error}");
        assert_eq!(attempts.load(Ordering::Relaxed), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_first_connection_is_tried_again_with_backoff() {
    simulated(async {
        let (connect, mut scripts, attempts) = out_of_reach(3);
        let began = Instant::now();
        let connecting = tokio::spawn(connect.retry_connect(true).into_future());
        let mut script = scripts.recv().await.expect("it is reached");
        greet(&mut script).await;
        let client = connecting
            .await
            .expect("the task ends")
            .expect("it is ready");
        assert_eq!(client.state(), State::Connected);
        assert_eq!(attempts.load(Ordering::Relaxed), 4);
        // Three delays of at least half of `backoff.min`.
        assert!(began.elapsed() >= Duration::from_millis(750));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_first_connection_is_given_up_after_the_configured_attempts() {
    simulated(async {
        let (connect, _scripts, attempts) = out_of_reach(usize::MAX);
        let error = connect
            .retry_connect(true)
            .await
            .expect_err("nobody listens");
        assert!(matches!(error, ConnectError::Transport(_)), "{error}");
        assert_eq!(attempts.load(Ordering::Relaxed), 6);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_final_is_not_tried_again() {
    simulated(async {
        let (connect, mut scripts, attempts) = out_of_reach(0);
        let connecting = tokio::spawn(connect.retry_connect(true).into_future());
        let mut script = scripts.recv().await.expect("it is reached");
        script.next().await;
        script
            .say(r#"{"type":"refuse","payload":{"code":"BAD_TOKEN","message":"no"}}"#)
            .await;
        let error = connecting
            .await
            .expect("the task ends")
            .expect_err("it is refused");
        assert!(matches!(error, ConnectError::Refused(_)), "{error}");
        assert_eq!(attempts.load(Ordering::Relaxed), 1);
    })
    .await;
}
