//! Reconnecting: backoff, giving up, and final closes.

#![cfg(all(feature = "server", feature = "client"))]

mod chat;
mod script;
mod support;

use chat::{Auth, Chat, ClientMessage, News, PricesWatch, ServerMessage, Wait};
use handfast::{
    Protocol,
    client::{CallError, Client, ClientBuilder, ConnectError, Event, State, StreamError},
    descriptor::{ProtocolDescriptor, SessionDescriptor},
    transport::{CloseFrame, duplex},
};
use script::{
    begin, enter, greet, id_of, is_back, message, read, said, scripted, send, spawn_join,
};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{Script, simulated, soon};
use tokio::{sync::mpsc, time::Instant};

/// Returns the time from the loss of a connection to the next attempt.
async fn wait(scripts: &mut mpsc::Receiver<Script>) -> (Script, Duration) {
    let lost = Instant::now();
    let mut script = scripts.recv().await.expect("the client reconnects");
    let waited = lost.elapsed();
    greet(&mut script).await;
    (script, waited)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_closes_is_retried_with_backoff() {
    simulated(async {
        let (_client, mut script, mut scripts) = begin().await;
        let mut all = Duration::ZERO;
        for _ in 0..20 {
            drop(script);
            let waited;
            (script, waited) = wait(&mut scripts).await;
            assert!(waited >= Duration::from_millis(250), "{waited:?}");
            all += waited;
        }
        assert!(all > Duration::from_secs(40), "{all:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_lasted_resets_the_backoff() {
    simulated(async {
        let (_client, mut script, mut scripts) = begin().await;
        for _ in 0..10 {
            drop(script);
            (script, _) = wait(&mut scripts).await;
        }
        script.expect(r#"{"type":"ping"}"#).await;
        script.say(r#"{"type":"pong"}"#).await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        drop(script);
        let (_script, waited) = wait(&mut scripts).await;
        assert!(waited <= Duration::from_millis(501), "{waited:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_gets_longer_delays() {
    simulated(async {
        for code in [4429, 4008] {
            let mut longest = Duration::ZERO;
            for _ in 0..20 {
                let (_client, mut script, mut scripts) = begin().await;
                script.close(code, "").await;
                drop(script);
                let (_, waited) = wait(&mut scripts).await;
                assert!(waited <= Duration::from_millis(4001), "{waited:?}");
                longest = longest.max(waited);
            }
            assert!(longest > Duration::from_millis(500), "{longest:?}");
        }
    })
    .await;
}

/// A retryable refusal is a failed attempt; queued messages wait for the next one.
#[tokio::test(start_paused = true)]
async fn a_retryable_refusal_is_not_final() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        script.close(1001, "").await;
        drop(script);
        let call = tokio::spawn(async move { client.call(&Wait {}).await });
        let mut script = scripts.recv().await.expect("the client reconnects");
        script.next().await;
        script
            .say(r#"{"type":"refuse","payload":{"code":"RATE_LIMITED","message":"too many","retryable":true}}"#)
            .await;
        script.close(4429, "").await;
        drop(script);
        let (mut script, _) = wait(&mut scripts).await;
        script.expect(r#"{"type":"wait","id":"1"}"#).await;
        script.say(r#"{"type":"waited","id":"1"}"#).await;
        call.await.expect("the task finishes").expect("the reply arrives");
    })
    .await;
}

/// The chat protocol, for a client that gives up after three attempts.
#[derive(Clone, Copy, Debug)]
struct Thrice;

impl Protocol for Thrice {
    type Client = ClientMessage;
    type Server = ServerMessage;
    const DESCRIPTOR: &'static ProtocolDescriptor = &ProtocolDescriptor {
        session: SessionDescriptor {
            attempts: Some(3),
            ..Chat::DESCRIPTOR.session
        },
        ..*Chat::DESCRIPTOR
    };
}

#[tokio::test(start_paused = true)]
async fn the_client_gives_up_after_the_configured_attempts() {
    simulated(async {
        let attempts = Arc::new(AtomicUsize::new(0));
        let (sender, mut scripts) = mpsc::channel(1);
        let connect = ClientBuilder::<Thrice, Client<Thrice>>::over({
            let attempts = attempts.clone();
            move || {
                let (attempts, sender) = (attempts.clone(), sender.clone());
                async move {
                    if attempts.fetch_add(1, Ordering::Relaxed) > 0 {
                        return Err("the server is offline");
                    }
                    let (client, server) = duplex(64);
                    sender
                        .send(Script(server))
                        .await
                        .expect("the test is running");
                    Ok(client)
                }
            }
        })
        .auth(&Auth { name: "ada".into() });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        greet(&mut script).await;
        let client = client
            .await
            .expect("the task finishes")
            .expect("the client connects");
        script.close(1001, "we restart").await;
        let state = client
            .wait_for_state(|s| matches!(s, State::Closed(_)))
            .await;
        assert_eq!(
            state,
            State::Closed(Some(CloseFrame::new(1001, "we restart")))
        );
        assert_eq!(attempts.load(Ordering::Relaxed), 4);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn short_sessions_count_as_attempts() {
    simulated(async {
        let (sender, mut scripts) = mpsc::channel(1);
        let connect = ClientBuilder::<Thrice, Client<Thrice>>::over(move || {
            let sender = sender.clone();
            async move {
                let (client, server) = duplex(64);
                sender
                    .send(Script(server))
                    .await
                    .expect("the test is running");
                Ok::<_, Infallible>(client)
            }
        })
        .auth(&Auth { name: "ada".into() });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        greet(&mut script).await;
        let client = client
            .await
            .expect("the task finishes")
            .expect("the client connects");
        for _ in 0..3 {
            drop(script);
            (script, _) = wait(&mut scripts).await;
        }
        drop(script);
        client.wait_for_state(|s| *s == State::Closed(None)).await;
        assert!(scripts.try_recv().is_err());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn done_and_kicked_are_final() {
    simulated(async {
        for code in [1000, 4403] {
            let (client, mut script, mut scripts) = begin().await;
            script.close(code, "that was it").await;
            let state = client.wait_for_state(|s| *s != State::Connected).await;
            let closing = CloseFrame::new(code, "that was it");
            assert_eq!(state, State::Closed(Some(closing)));
            assert!(scripts.try_recv().is_err());
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_too_large_is_not_resent() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        // A join is idempotent: after any other close it would be sent again.
        let request = spawn_join(&client, "r");
        script.next().await;
        script.close(1009, "too large").await;
        let answer = request.await.expect("the task finishes").map(|_| ());
        assert_eq!(answer, Err(CallError::OutcomeUnknown));
        let (mut script, _) = wait(&mut scripts).await;
        read(&mut script).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_reply_was_too_large_is_not_resent() {
    simulated(async {
        let (sender, mut scripts) = mpsc::channel(1);
        let connect = ClientBuilder::<Chat, chat::Client>::over(move || {
            let sender = sender.clone();
            async move {
                let (client, server) = duplex(64);
                sender
                    .send(Script(server))
                    .await
                    .expect("the test is running");
                Ok::<_, Infallible>(client.limit(1000))
            }
        })
        .auth(&Auth { name: "ada".into() });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        greet(&mut script).await;
        let client = client
            .await
            .expect("the task finishes")
            .expect("the client connects");
        let request = spawn_join(&client, "r");
        script.next().await;
        script.say(&message(&"x".repeat(2000), 1)).await;
        let closed = script.next().await;
        assert!(closed.contains("1009"), "{closed}");
        let answer = request.await.expect("the task finishes").map(|_| ());
        assert_eq!(answer, Err(CallError::OutcomeUnknown));
        let (mut script, _) = wait(&mut scripts).await;
        read(&mut script).await;
    })
    .await;
}

#[tokio::test]
async fn a_client_closes_with_the_runtime_that_connected_it() {
    soon(async {
        let (connect, mut scripts) = scripted();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("the runtime starts");
            let client = runtime.block_on(connect.into_future());
            assert!(sender.send(client.expect("the client connects")).is_ok());
            let () = stopped.recv().expect("the test signals the end");
        });
        let mut script = scripts.recv().await.expect("the client connects");
        greet(&mut script).await;
        let client = receiver.await.expect("the client connects");
        let mut messages = client.notifications();
        stop.send(()).expect("the thread waits");
        thread.join().expect("the task finishes");
        assert_eq!(client.state(), State::Closed(None));
        assert_eq!(messages.next().await, None);
        let answer = client.chat_send(send("r", "x")).await;
        assert_eq!(answer, Err(CallError::Closed));
        client.close().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_closes_if_its_auth_panics() {
    simulated(async {
        let (connect, mut scripts) = scripted();
        let request = AtomicUsize::new(0);
        let connect = connect.auth_with(move || {
            assert_eq!(
                request.fetch_add(1, Ordering::Relaxed),
                0,
                "the second call panics, as intended"
            );
            std::future::ready(Ok::<_, Infallible>(Auth { name: "ada".into() }))
        });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        greet(&mut script).await;
        let client = client
            .await
            .expect("the task finishes")
            .expect("the client connects");
        let mut room = enter(&client, &mut script, "r", 0).await;
        let mut ticks = begin_stream(&client, &mut script).await;
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.chat_send(send("r", "x")).await }
        });
        script.next().await;
        drop(script);
        let answer = waiting.await.expect("the task finishes");
        assert_eq!(answer, Err(CallError::OutcomeUnknown));
        assert_eq!(room.next().await, None);
        let over = StreamError::Closed(CallError::OutcomeUnknown);
        assert_eq!(ticks.next().await, Some(Err(over)));
        client.wait_for_state(|s| *s == State::Closed(None)).await;
        client.close().await;
    })
    .await;
}

type Ticks = handfast::client::Streaming<
    ServerMessage,
    chat::PricesWatching,
    chat::PricesTick,
    chat::PricesDone,
    chat::WatchError,
>;

async fn begin_stream(client: &chat::Client, script: &mut Script) -> Ticks {
    let request = tokio::spawn({
        let client = client.clone();
        async move { client.prices_watch(PricesWatch { count: 3 }).await }
    });
    let id = id_of(&script.next().await);
    script
        .say(&format!(r#"{{"type":"prices.watching","id":"{id}"}}"#))
        .await;
    request
        .await
        .expect("the task finishes")
        .expect("the stream starts")
}

#[tokio::test(start_paused = true)]
async fn auth_that_hangs_is_a_failed_attempt() {
    simulated(async {
        let (connect, mut scripts) = scripted();
        let request = AtomicUsize::new(0);
        let connect = connect.auth_with(move || {
            let hangs = request.fetch_add(1, Ordering::Relaxed) == 1;
            async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                Ok::<_, Infallible>(Auth { name: "ada".into() })
            }
        });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        greet(&mut script).await;
        let client = client
            .await
            .expect("the task finishes")
            .expect("the client connects");
        drop(script);
        let (_script, _) = wait(&mut scripts).await;
        client.wait_for_state(|s| *s == State::Connected).await;
        // The first attempt is not retried.
        let (connect, _scripts) = scripted();
        let connect = connect.auth_with(std::future::pending::<Result<Auth, Infallible>>);
        let error = connect.await.expect_err("auth hangs");
        assert!(matches!(error, ConnectError::Timeout), "{error}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_late_timer_extends_the_deadline_once() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        script.expect(r#"{"type":"ping"}"#).await;
        // The process is suspended beyond the deadline of the pong.
        tokio::time::advance(Duration::from_secs(12)).await;
        script.expect(r#"{"type":"ping"}"#).await;
        script.say(r#"{"type":"pong"}"#).await;
        read(&mut script).await;
        assert_eq!(client.state(), State::Connected);
        // The deadline is extended only once.
        script.expect(r#"{"type":"ping"}"#).await;
        tokio::time::advance(Duration::from_secs(12)).await;
        script.expect(r#"{"type":"ping"}"#).await;
        let request = Instant::now();
        assert!(script.next().await.contains("4000"));
        assert_eq!(request.elapsed().as_secs(), 10);
        let _ = wait(&mut scripts).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_state_says_how_the_connection_ended() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let is_lost = |state: &State| matches!(state, State::Reconnecting { .. });
        script.close(1012, "we restart").await;
        let code = |state: &State| match state {
            State::Reconnecting { closing, .. } => closing.as_ref().map(|closing| closing.code),
            other => panic!("{other:?}"),
        };
        let state = client.wait_for_state(is_lost).await;
        assert_eq!(code(&state), Some(1012));
        // An attempt is closed as well.
        let mut script = scripts.recv().await.expect("the client reconnects");
        script.next().await;
        script.close(1013, "too many clients").await;
        let state = client.wait_for_state(|other| *other != state).await;
        assert_eq!(code(&state), Some(1013));
        let (script, _) = wait(&mut scripts).await;
        client.wait_for_state(|s| *s == State::Connected).await;
        assert_eq!(client.resumed(), Some(false));
        drop(script);
        let state = client.wait_for_state(is_lost).await;
        assert_eq!(code(&state), None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_state_says_when_the_client_tries_again() {
    simulated(async {
        let (client, script, mut scripts) = begin().await;
        drop(script);
        let mut state = State::Connected;
        for _ in 0..3 {
            state = client.wait_for_state(|other| *other != state).await;
            let State::Reconnecting { retry_at, .. } = state else {
                panic!("{state:?}");
            };
            let script = scripts.recv().await.expect("the client reconnects");
            let late = Instant::now().into_std().duration_since(retry_at);
            assert!(late <= Duration::from_millis(1), "{late:?}");
            // Each attempt that fails is followed by another.
            drop(script);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn retry_now_does_not_wait() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        for _ in 0..10 {
            drop(script);
            client
                .wait_for_state(|s| matches!(s, State::Reconnecting { .. }))
                .await;
            client.retry_now();
            let waited;
            (script, waited) = wait(&mut scripts).await;
            assert_eq!(waited, Duration::ZERO);
            client.wait_for_state(|s| *s == State::Connected).await;
        }
        // A connected client sends a ping.
        client.retry_now();
        let request = Instant::now();
        script.expect(r#"{"type":"ping"}"#).await;
        assert_eq!(request.elapsed(), Duration::ZERO);
        script.say(r#"{"type":"pong"}"#).await;
        script.expect(r#"{"type":"ping"}"#).await;
        assert_eq!(request.elapsed().as_secs(), 25);
        script.say(r#"{"type":"pong"}"#).await;
        read(&mut script).await;
        let request = Instant::now();
        client.retry_now();
        script.expect(r#"{"type":"ping"}"#).await;
        assert!(script.next().await.contains("4000"));
        assert_eq!(request.elapsed().as_secs(), 10);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_keeps_its_violations() {
    simulated(async {
        let (connect, mut scripts) = scripted();
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("the client connects");
        script.next().await;
        script
            .say(r#"{"type":"refuse","payload":{"code":"INVALID","message":"It does not fit.","violations":[{"path":"/payload/auth/name","keyword":"minLength","message":"must be longer","allowed":1}]}}"#)
            .await;
        match client.await.expect("the task finishes") {
            Err(ConnectError::Refused(error)) => {
                assert_eq!(error.violations[0].path, "/payload/auth/name");
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_timeout_reply_of_the_server_is_a_timeout() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        for (code, expected) in [("TIMEOUT", true), ("TOO_MANY", false)] {
            let request = tokio::spawn({
                let client = client.clone();
                async move { client.chat_send(send("r", "x")).await }
            });
            let id = id_of(&script.next().await);
            script.say(&script::error(code, &id, false)).await;
            let answer = request.await.expect("the task finishes");
            match answer {
                Err(CallError::Timeout) => assert!(expected),
                Err(CallError::Remote(error)) => {
                    assert!(!expected && !error.retryable, "{error}");
                }
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn notifications_continue_after_a_reconnect() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        let mut messages = client.notifications();
        let mut room = enter(&client, &mut script, "r", 1).await;
        drop(script);
        let (mut script, _) = wait(&mut scripts).await;
        let id = id_of(&script.next().await);
        script.say(&script::let_in("r", &id, 1)).await;
        script.say(&message("x", 2)).await;
        script
            .say(r#"{"type":"news","payload":{"text":"x"},"channel":"lobby"}"#)
            .await;
        assert_eq!(is_back(room.next().await), Some(1));
        assert_eq!(said(room.next().await).1, Some(2));
        let news = messages.next().await;
        assert!(
            matches!(&news, Some(Event::Message(e)) if e.message == ServerMessage::News(News { text: "x".into() })),
            "{news:?}"
        );
    })
    .await;
}
