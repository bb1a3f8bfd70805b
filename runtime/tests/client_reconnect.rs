//! How a client comes back: how long it waits, when it gives up, and what ends it.

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
use script::{begin, enter, greet, id_of, message, read, said, scripted, send, spawn_join};
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

/// From the loss of a connection to the next attempt.
async fn wait(scripts: &mut mpsc::Receiver<Script>) -> (Script, Duration) {
    let lost = Instant::now();
    let mut script = scripts.recv().await.expect("it connects again");
    let waited = lost.elapsed();
    greet(&mut script).await;
    (script, waited)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_ready_and_closes_is_not_asked_in_haste() {
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
async fn a_session_that_lasted_begins_the_waits_anew() {
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
async fn a_busy_server_gets_more_time() {
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

/// A refusal for now is an attempt that failed; what the client has to say waits for the next.
#[tokio::test(start_paused = true)]
async fn a_refusal_for_now_is_not_final() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        script.close(1001, "").await;
        drop(script);
        let call = tokio::spawn(async move { client.call(&Wait {}).await });
        let mut script = scripts.recv().await.expect("it connects again");
        script.next().await;
        script
            .say(r#"{"type":"refuse","payload":{"code":"RATE_LIMITED","message":"too many","retryable":true}}"#)
            .await;
        script.close(4429, "").await;
        drop(script);
        let (mut script, _) = wait(&mut scripts).await;
        script.expect(r#"{"type":"wait","id":"1"}"#).await;
        script.say(r#"{"type":"waited","id":"1"}"#).await;
        call.await.expect("it ends").expect("it is answered");
    })
    .await;
}

/// The protocol of rooms, for a client that gives up after three attempts.
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
async fn it_gives_up_after_so_many_attempts() {
    simulated(async {
        let attempts = Arc::new(AtomicUsize::new(0));
        let (sender, mut scripts) = mpsc::channel(1);
        let connect = ClientBuilder::<Thrice, Client<Thrice>>::over({
            let attempts = attempts.clone();
            move || {
                let (attempts, sender) = (attempts.clone(), sender.clone());
                async move {
                    if attempts.fetch_add(1, Ordering::Relaxed) > 0 {
                        return Err("nobody is there");
                    }
                    let (client, server) = duplex(64);
                    sender.send(Script(server)).await.expect("it goes on");
                    Ok(client)
                }
            }
        })
        .auth(&Auth { name: "ada".into() });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("it connects");
        greet(&mut script).await;
        let client = client.await.expect("it ends").expect("it is let in");
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
async fn sessions_that_do_not_last_are_attempts_too() {
    simulated(async {
        let (sender, mut scripts) = mpsc::channel(1);
        let connect = ClientBuilder::<Thrice, Client<Thrice>>::over(move || {
            let sender = sender.clone();
            async move {
                let (client, server) = duplex(64);
                sender.send(Script(server)).await.expect("it goes on");
                Ok::<_, Infallible>(client)
            }
        })
        .auth(&Auth { name: "ada".into() });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("it connects");
        greet(&mut script).await;
        let client = client.await.expect("it ends").expect("it is let in");
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
async fn what_was_too_large_is_not_sent_again() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        // A join is idempotent: after any other close it is sent again.
        let asked = spawn_join(&client, "r");
        script.next().await;
        script.close(1009, "too large").await;
        let answer = asked.await.expect("it ends").map(|_| ());
        assert_eq!(answer, Err(CallError::OutcomeUnknown));
        let (mut script, _) = wait(&mut scripts).await;
        read(&mut script).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_is_not_asked_for_again() {
    simulated(async {
        let (sender, mut scripts) = mpsc::channel(1);
        let connect = ClientBuilder::<Chat, chat::Client>::over(move || {
            let sender = sender.clone();
            async move {
                let (client, server) = duplex(64);
                sender.send(Script(server)).await.expect("it goes on");
                Ok::<_, Infallible>(client.limit(1000))
            }
        })
        .auth(&Auth { name: "ada".into() });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("it connects");
        greet(&mut script).await;
        let client = client.await.expect("it ends").expect("it is let in");
        let asked = spawn_join(&client, "r");
        script.next().await;
        script.say(&message(&"x".repeat(2000), 1)).await;
        let closed = script.next().await;
        assert!(closed.contains("1009"), "{closed}");
        let answer = asked.await.expect("it ends").map(|_| ());
        assert_eq!(answer, Err(CallError::OutcomeUnknown));
        let (mut script, _) = wait(&mut scripts).await;
        read(&mut script).await;
    })
    .await;
}

#[tokio::test]
async fn a_client_ends_with_the_runtime_that_connected() {
    soon(async {
        let (connect, mut scripts) = scripted();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("there is a runtime");
            let client = runtime.block_on(connect.into_future());
            assert!(sender.send(client.expect("it is let in")).is_ok());
            let () = stopped.recv().expect("the test says when");
        });
        let mut script = scripts.recv().await.expect("it connects");
        greet(&mut script).await;
        let client = receiver.await.expect("it connects");
        let mut messages = client.notifications();
        stop.send(()).expect("it waits");
        thread.join().expect("it ends");
        assert_eq!(client.state(), State::Closed(None));
        assert_eq!(messages.next().await, None);
        let answer = client.chat_send(send("r", "x")).await;
        assert_eq!(answer, Err(CallError::Closed));
        client.close().await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_ends_with_a_panic_of_its_auth() {
    simulated(async {
        let (connect, mut scripts) = scripted();
        let asked = AtomicUsize::new(0);
        let connect = connect.auth_with(move || {
            assert_eq!(asked.fetch_add(1, Ordering::Relaxed), 0, "as meant");
            std::future::ready(Ok::<_, Infallible>(Auth { name: "ada".into() }))
        });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("it connects");
        greet(&mut script).await;
        let client = client.await.expect("it ends").expect("it is let in");
        let mut room = enter(&client, &mut script, "r", 0).await;
        let mut ticks = begin_stream(&client, &mut script).await;
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.chat_send(send("r", "x")).await }
        });
        script.next().await;
        drop(script);
        let answer = waiting.await.expect("it ends");
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
    let asked = tokio::spawn({
        let client = client.clone();
        async move { client.prices_watch(PricesWatch { count: 3 }).await }
    });
    let id = id_of(&script.next().await);
    script
        .say(&format!(r#"{{"type":"prices.watching","id":"{id}"}}"#))
        .await;
    asked.await.expect("it ends").expect("it begins")
}

#[tokio::test(start_paused = true)]
async fn an_auth_that_hangs_is_an_attempt_that_failed() {
    simulated(async {
        let (connect, mut scripts) = scripted();
        let asked = AtomicUsize::new(0);
        let connect = connect.auth_with(move || {
            let hangs = asked.fetch_add(1, Ordering::Relaxed) == 1;
            async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                Ok::<_, Infallible>(Auth { name: "ada".into() })
            }
        });
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("it connects");
        greet(&mut script).await;
        let client = client.await.expect("it ends").expect("it is let in");
        drop(script);
        let (_script, _) = wait(&mut scripts).await;
        client.wait_for_state(|s| *s == State::Connected).await;
        // The first one is tried once.
        let (connect, _scripts) = scripted();
        let connect = connect.auth_with(std::future::pending::<Result<Auth, Infallible>>);
        let error = connect.await.expect_err("it hangs");
        assert!(matches!(error, ConnectError::Timeout), "{error}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_fired_late_waits_once_more() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        script.expect(r#"{"type":"ping"}"#).await;
        // The process stands still, past the time in which an answer was due.
        tokio::time::advance(Duration::from_secs(12)).await;
        script.expect(r#"{"type":"ping"}"#).await;
        script.say(r#"{"type":"pong"}"#).await;
        read(&mut script).await;
        assert_eq!(client.state(), State::Connected);
        // It does not go on for ever.
        script.expect(r#"{"type":"ping"}"#).await;
        tokio::time::advance(Duration::from_secs(12)).await;
        script.expect(r#"{"type":"ping"}"#).await;
        let asked = Instant::now();
        assert!(script.next().await.contains("4000"));
        assert_eq!(asked.elapsed().as_secs(), 10);
        let _ = wait(&mut scripts).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn retry_now_does_not_wait() {
    simulated(async {
        let (client, mut script, mut scripts) = begin().await;
        for _ in 0..10 {
            drop(script);
            client.wait_for_state(|s| *s == State::Reconnecting).await;
            client.retry_now();
            let waited;
            (script, waited) = wait(&mut scripts).await;
            assert_eq!(waited, Duration::ZERO);
            client.wait_for_state(|s| *s == State::Connected).await;
        }
        // Connected, it asks.
        client.retry_now();
        let asked = Instant::now();
        script.expect(r#"{"type":"ping"}"#).await;
        assert_eq!(asked.elapsed(), Duration::ZERO);
        script.say(r#"{"type":"pong"}"#).await;
        script.expect(r#"{"type":"ping"}"#).await;
        assert_eq!(asked.elapsed().as_secs(), 25);
        script.say(r#"{"type":"pong"}"#).await;
        read(&mut script).await;
        let asked = Instant::now();
        client.retry_now();
        script.expect(r#"{"type":"ping"}"#).await;
        assert!(script.next().await.contains("4000"));
        assert_eq!(asked.elapsed().as_secs(), 10);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_keeps_its_violations() {
    simulated(async {
        let (connect, mut scripts) = scripted();
        let client = tokio::spawn(connect.into_future());
        let mut script = scripts.recv().await.expect("it connects");
        script.next().await;
        script
            .say(r#"{"type":"refuse","payload":{"code":"INVALID","message":"It does not fit.","violations":[{"path":"/payload/auth/name","keyword":"minLength","message":"must be longer","allowed":1}]}}"#)
            .await;
        match client.await.expect("it ends") {
            Err(ConnectError::Refused(error)) => {
                assert_eq!(error.violations[0].path, "/payload/auth/name");
            }
            other => panic!("{other:?}"),
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_the_servers_is_a_timeout() {
    simulated(async {
        let (client, mut script, _scripts) = begin().await;
        for (code, expected) in [("TIMEOUT", true), ("TOO_MANY", false)] {
            let asked = tokio::spawn({
                let client = client.clone();
                async move { client.chat_send(send("r", "x")).await }
            });
            let id = id_of(&script.next().await);
            script.say(&script::error(code, &id, false)).await;
            let answer = asked.await.expect("it ends");
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
async fn news_come_after_a_reconnection() {
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
        assert_eq!(said(room.next().await).1, Some(2));
        let news = messages.next().await;
        assert!(
            matches!(&news, Some(Event::Message(e)) if e.message == ServerMessage::News(News { text: "x".into() })),
            "{news:?}"
        );
    })
    .await;
}
