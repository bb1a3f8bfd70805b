//! Authenticating again on a living connection, and what happens when an authentication expires.

#![cfg(all(feature = "server", feature = "client"))]

#[path = "auth/badges.rs"]
mod badges;
mod support;

use badges::{Quick, QuickClient, Server, app, badge, client_of, login};
use handfast::{
    TagBuf,
    client::{ClientBuilder, Event, RefreshError, State},
    server::ConnectionInfo,
    transport::{CloseFrame, TransportEvent, duplex},
};
use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use support::{Script, soon};
use tokio::sync::mpsc;

#[tokio::test]
async fn later_messages_have_the_new_credentials() {
    soon(async {
        let (_, server) = app();
        let logins = [Ok(login("ada", "one", None)), Ok(login("ada", "two", None))];
        let client = client_of(&server, logins).0.await.expect("it is let in");
        assert_eq!(badge(&client).await, "one");
        client.refresh_auth().await.expect("it is accepted");
        assert_eq!(badge(&client).await, "two");
    })
    .await;
}

#[tokio::test]
async fn refused_credentials_leave_the_old_ones() {
    soon(async {
        let (_, server) = app();
        let logins = [
            Ok(login("ada", "one", None)),
            Ok(login("ada", "locked", None)),
            Ok(login("eve", "two", None)),
            Ok(login("", "three", None)),
            Err("there is no network"),
            Ok(login("ada", "four", None)),
        ];
        let client = client_of(&server, logins).0.await.expect("it is let in");
        for code in ["LOCKED", "OTHER_PRINCIPAL", "INVALID"] {
            match client.refresh_auth().await {
                Err(RefreshError::Refused(error)) => {
                    assert_eq!(error.code, TagBuf::Text(code.into()));
                    if code == "INVALID" {
                        assert_eq!(error.violations[0].path, "/payload/user");
                    }
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(badge(&client).await, "one");
        }
        let failed = client.refresh_auth().await;
        assert!(matches!(failed, Err(RefreshError::Auth(_))), "{failed:?}");
        assert_eq!(badge(&client).await, "one");
        client.refresh_auth().await.expect("it is accepted");
        assert_eq!(badge(&client).await, "four");
    })
    .await;
}

/// A client by hand.
async fn by_hand(server: &Server, lasts: &str) -> Script {
    by_hand_with(server, lasts, "{}").await
}

/// A client by hand, whose hello has this `resume`.
async fn by_hand_with(server: &Server, lasts: &str, resume: &str) -> Script {
    let (ours, theirs) = duplex(16);
    let server = server.clone();
    tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
    let mut script = Script(ours);
    script
        .say(&format!(
            r#"{{"type":"hello","payload":{{"version":"1.0.0","auth":{{"user":"ada","badge":"one"{lasts}}},"resume":{resume}}}}}"#
        ))
        .await;
    script
}

/// The next message, without the time at which it was sent.
async fn answer(script: &mut Script) -> String {
    let text = script.next().await;
    let mut message: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    message
        .as_object_mut()
        .expect("it is an object")
        .remove("timestamp");
    message.to_string()
}

/// The milliseconds that a message announces.
fn announced(text: &str) -> Option<u64> {
    let message: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
    message["payload"]["expires"].as_u64()
}

#[tokio::test]
async fn what_is_on_the_wire() {
    soon(async {
        let (_, server) = app();
        let mut script = by_hand(&server, "").await;
        assert_eq!(announced(&script.next().await), None);
        script
            .say(r#"{"type":"auth","payload":{"user":"ada","badge":"two","lasts":60000},"id":"7"}"#)
            .await;
        let first = answer(&mut script).await;
        let expires = announced(&first).expect("it is announced");
        assert!((50_000..=60_000).contains(&expires), "{first}");
        assert_eq!(
            first.replace(&expires.to_string(), "N"),
            r#"{"type":"auth","payload":{"expires":N},"id":"7"}"#
        );
        script
            .say(r#"{"type":"auth","payload":{"user":"ada","badge":"two"},"id":"8"}"#)
            .await;
        assert_eq!(
            answer(&mut script).await,
            r#"{"type":"auth","payload":{},"id":"8"}"#
        );
        // An error has the path within the message, and nothing of the credentials.
        script.say(r#"{"type":"auth","id":"9"}"#).await;
        let refused = answer(&mut script).await;
        assert!(refused.contains(r#""code":"INVALID""#), "{refused}");
        assert!(
            refused.contains(r#""path":"/payload","keyword":"required""#),
            "{refused}"
        );
        assert!(refused.ends_with(r#""id":"9"}"#), "{refused}");
    })
    .await;
}

async fn close_frame(script: &mut Script) -> CloseFrame {
    loop {
        match script.0.receive().await.expect("it is open") {
            TransportEvent::Closed(Some(frame)) => return frame,
            TransportEvent::Packet(_) | TransportEvent::Alive => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_expired_session_is_closed() {
    soon(async {
        let (app, server) = app();
        let mut script = by_hand(&server, r#","lasts":200"#).await;
        let ready = script.next().await;
        assert!(announced(&ready).is_some_and(|left| left <= 200), "{ready}");
        // In time, this one is replaced.
        script
            .say(r#"{"type":"auth","payload":{"user":"ada","badge":"two","lasts":400},"id":"1"}"#)
            .await;
        assert!(announced(&script.next().await).is_some_and(|left| left > 200));
        let began = std::time::Instant::now();
        let frame = close_frame(&mut script).await;
        assert!(
            began.elapsed() > Duration::from_millis(250),
            "the new time counts"
        );
        assert_eq!(frame.code, 4401);
        assert_eq!(frame.reason, "the authentication has expired");
        let _ = app.ended.acquire().await.expect("it is open");
    })
    .await;
}

#[tokio::test]
async fn credentials_that_arrive_in_time_count_behind_a_slow_message() {
    soon(async {
        let ask = |id: &str| format!(r#"{{"type":"ask","id":"{id}"}}"#);
        let auth = |badge: &str| {
            format!(
                r#"{{"type":"auth","payload":{{"user":"ada","badge":"{badge}","lasts":60000}},"id":"2"}}"#
            )
        };
        let (_, server) = app();
        let mut script = by_hand(&server, r#","lasts":100"#).await;
        script.next().await;
        for message in [ask("1"), auth("two"), ask("3")] {
            script.say(&message).await;
        }
        let me = |badge: &str, id: &str| {
            format!(r#"{{"type":"me","payload":{{"badge":"{badge}"}},"id":"{id}"}}"#)
        };
        assert_eq!(answer(&mut script).await, me("one", "1"));
        assert!(announced(&script.next().await).is_some_and(|left| left > 50_000));
        assert_eq!(answer(&mut script).await, me("two", "3"));
        // The session goes on.
        script.say(&ask("4")).await;
        assert_eq!(answer(&mut script).await, me("two", "4"));

        let mut script = by_hand(&server, r#","lasts":100"#).await;
        script.next().await;
        for message in [ask("1"), auth("locked")] {
            script.say(&message).await;
        }
        assert_eq!(answer(&mut script).await, me("one", "1"));
        assert!(script.next().await.contains("LOCKED"));
        assert_eq!(close_frame(&mut script).await.code, 4401);
    })
    .await;
}

/// The credentials of the hello that resumes a session are newer than those that the server still judges.
#[tokio::test]
async fn older_credentials_do_not_replace_those_of_a_resumption() {
    soon(async {
        let (app, server) = app();
        let mut script = by_hand(&server, "").await;
        let ready: serde_json::Value =
            serde_json::from_str(&script.next().await).expect("it is JSON");
        let token = ready["payload"]["session"].as_str().expect("it has one");
        let auth = r#"{"type":"auth","payload":{"user":"ada","badge":"judged slowly","lasts":1000},"id":"1"}"#;
        script.say(auth).await;
        drop(script);
        let resume = format!(r#"{{"session":"{token}","received":0}}"#);
        let mut script = by_hand_with(&server, r#","lasts":60000"#, &resume).await;
        let ready = script.next().await;
        assert!(ready.contains(r#""resumed":true"#), "{ready}");
        app.judged.add_permits(1);
        // It says how long the newer ones last.
        let left = announced(&script.next().await);
        assert!(left.is_some_and(|left| left > 50_000), "{left:?}");
        script.say(r#"{"type":"ask","id":"2"}"#).await;
        let me = r#"{"type":"me","payload":{"badge":"one"},"id":"2"}"#;
        assert_eq!(answer(&mut script).await, me);
    })
    .await;
}

#[tokio::test]
async fn a_session_without_a_connection_expires_as_well() {
    soon(async {
        let (app, server) = app();
        let mut script = by_hand(&server, r#","lasts":200"#).await;
        script.next().await;
        // It would be kept for two minutes.
        drop(script);
        let _ = app.ended.acquire().await.expect("it is open");
    })
    .await;
}

/// Nothing that waits to be handled begins without a connection, so credentials that wait would never count.
#[tokio::test]
async fn it_does_not_wait_for_credentials_that_are_not_handled() {
    soon(async {
        let (app, server) = app();
        let mut script = by_hand(&server, r#","lasts":400"#).await;
        script.next().await;
        for (id, user) in [(1, "eve"), (2, "ada")] {
            let auth = r#""badge":"judged slowly","lasts":200000"#;
            let auth =
                format!(r#"{{"type":"auth","payload":{{"user":"{user}",{auth}}},"id":"{id}"}}"#);
            script.say(&auth).await;
        }
        drop(script);
        tokio::time::sleep(Duration::from_millis(600)).await;
        // The first is refused, and the second would be next.
        app.judged.add_permits(1);
        let _ = app.ended.acquire().await.expect("it is open");
    })
    .await;
}

#[tokio::test]
async fn any_time_is_possible() {
    soon(async {
        let (_, server) = app();
        let mut past = by_hand(&server, r#","lasts":-1"#).await;
        assert_eq!(announced(&past.next().await), Some(0));
        assert_eq!(close_frame(&mut past).await.code, 4401);

        let mut far = by_hand(&server, r#","lasts":1000000001"#).await;
        assert_eq!(announced(&far.next().await), Some((1 << 53) - 1));
        let login = Ok(login("ada", "one", Some(1_000_000_001)));
        let client = client_of(&server, [login]).0.await.expect("it is let in");
        assert_eq!(badge(&client).await, "one");
        far.say(r#"{"type":"ask","id":"1"}"#).await;
        assert_eq!(
            answer(&mut far).await,
            r#"{"type":"me","payload":{"badge":"one"},"id":"1"}"#
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_authenticates_again_in_time() {
    soon(async {
        let (app, server) = app();
        let (client, asked) = client_of(&server, [Ok(login("ada", "one", Some(300)))]);
        let client = client.await.expect("it is let in");
        let mut notifications = client.notifications();
        // The first was for the hello. Five times the time that a login lasts.
        let _ = asked.acquire_many(6).await.expect("it is open");
        assert_eq!(client.state(), State::Connected);
        assert_eq!(app.ended.available_permits(), 0, "it is one session");
        client.close().await;
        assert_eq!(notifications.next().await, None, "nothing failed");
    })
    .await;
}

#[tokio::test]
async fn a_failure_is_reported_and_the_next_login_is_another_session() {
    soon(async {
        let (app, server) = app();
        let logins = [
            Ok(login("ada", "one", Some(300))),
            Err("there is no network"),
            Ok(login("ada", "two", None)),
        ];
        let client = client_of(&server, logins).0.await.expect("it is let in");
        match client.notifications().next().await {
            Some(Event::RefreshFailed(RefreshError::Auth(error))) => {
                assert_eq!(error.to_string(), "there is no network");
            }
            other => panic!("{other:?}"),
        }
        // The server closes with 4401, which is not final for a client whose authentication has expired.
        let _ = app.ended.acquire().await.expect("it is open");
        client
            .wait_for_state(|state| *state != State::Connected)
            .await;
        client
            .wait_for_state(|state| *state == State::Connected)
            .await;
        assert_eq!(badge(&client).await, "two");
    })
    .await;
}

#[tokio::test]
async fn without_an_announcement_unauthorized_is_final() {
    soon(async {
        let (sender, mut scripts) = mpsc::channel(1);
        let client = ClientBuilder::<Quick, QuickClient>::over(move || {
            let sender = sender.clone();
            async move {
                let (client, server) = duplex(64);
                sender.send(Script(server)).await.expect("the test goes on");
                Ok::<_, Infallible>(client)
            }
        })
        .auth(&login("ada", "one", None));
        let client = tokio::spawn(client.into_future());
        let mut script = scripts.recv().await.expect("it connects");
        script.next().await;
        script
            .say(r#"{"type":"ready","payload":{"version":"1.0.0","session":"s","expires":0}}"#)
            .await;
        let client = client.await.expect("it ends").expect("it is let in");
        script.close(4401, "go away").await;
        let state = client
            .wait_for_state(|state| matches!(state, State::Closed(_)))
            .await;
        assert_eq!(state, State::Closed(Some(CloseFrame::new(4401, "go away"))));
    })
    .await;
}

/// Whoever asks for new credentials has newer ones than those of the hello.
#[tokio::test]
async fn the_credentials_of_a_hello_on_its_way_are_followed_by_the_new_ones() {
    soon(async {
        let (sender, mut scripts) = mpsc::channel(1);
        let asked = AtomicUsize::new(0);
        let client = ClientBuilder::<Quick, QuickClient>::over(move || {
            let sender = sender.clone();
            async move {
                let (client, server) = duplex(64);
                sender.send(Script(server)).await.expect("the test goes on");
                Ok::<_, Infallible>(client)
            }
        })
        .auth_with(move || {
            let badge = asked.fetch_add(1, Ordering::SeqCst) + 1;
            let login = login("ada", &badge.to_string(), None);
            std::future::ready(Ok::<_, Infallible>(login))
        });
        const READY: &str = r#"{"type":"ready","payload":{"version":"1.0.0","session":"s"}}"#;
        let client = tokio::spawn(client.into_future());
        let mut script = scripts.recv().await.expect("it connects");
        script.next().await;
        script.say(READY).await;
        let client = client.await.expect("it ends").expect("it is let in");
        drop(script);
        let mut script = scripts.recv().await.expect("it connects again");
        let hello = script.next().await;
        assert!(hello.contains(r#""badge":"2""#), "{hello}");
        let refreshing = tokio::spawn({
            let client = client.clone();
            async move { client.refresh_auth().await }
        });
        // It has begun to wait.
        tokio::task::yield_now().await;
        script.say(READY).await;
        let auth = script.next().await;
        assert!(auth.contains(r#""badge":"3""#), "{auth}");
        script.say(r#"{"type":"auth","payload":{},"id":"1"}"#).await;
        refreshing.await.expect("it ends").expect("it is accepted");
    })
    .await;
}
