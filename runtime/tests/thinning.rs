//! Volatile messages with a key: of each, only the newest waits for a slow client.

#![cfg(all(feature = "server", feature = "client"))]

mod board;
mod support;

use board::{App, Boards, Cursor, Hand, Server};
use handfast::{Protocol, descriptor::Limits};
use support::{simulated, soon};

fn cursor(board: &str, user: &str, x: i64) -> String {
    format!(
        r#"{{"type":"cursor","payload":{{"user":"{user}","x":{x}}},"channel":"board:{board}"}}"#
    )
}

/// A client that is in some boards.
async fn enter(server: &Server, packets: usize, boards: &[&str]) -> Hand {
    let mut hand = Hand::enter(server, packets).await;
    for board in boards {
        hand.ask("enter", &format!(r#"{{"id":"{board}"}}"#), board)
            .await;
        let entered = hand.next().await;
        assert!(entered.starts_with(r#"{"type":"entered""#), "{entered}");
    }
    hand
}

/// Asks for moves: (board, user, x).
async fn moves(hand: &mut Hand, id: &str, moves: &[(&str, &str, i64)]) {
    let moves: Vec<String> = moves
        .iter()
        .map(|(board, user, x)| format!(r#"{{"board":"{board}","user":"{user}","x":{x}}}"#))
        .collect();
    let payload = format!(r#"{{"moves":[{}]}}"#, moves.join(","));
    hand.ask("move", &payload, id).await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_takes_the_place_of_the_oldest() {
    simulated(async {
        let server = Server::new(App::new());
        let mut hand = enter(&server, 64, &["a", "b"]).await;
        moves(
            &mut hand,
            "m",
            &[
                ("a", "ada", 1),
                ("a", "bob", 2),
                ("a", "say", 3),
                ("a", "ada", 4),
                // Another channel and another type are other keys.
                ("b", "ada", 5),
                ("a", "type:ada", 6),
                ("a", "type:bob", 7),
                ("a", "type:ada", 8),
                ("b", "ada", 9),
                ("a", "say", 10),
                ("a", "bob", 11),
                ("a", "ada", 12),
            ],
        )
        .await;
        let typing = |user: &str| {
            format!(r#"{{"type":"typing","payload":{{"user":"type:{user}"}},"channel":"board:a"}}"#)
        };
        let said = |text: &str, seq: u64| {
            format!(
                r#"{{"type":"said","payload":{{"text":"{text}"}},"channel":"board:a","seq":{seq}}}"#
            )
        };
        for text in [
            cursor("a", "ada", 12),
            cursor("a", "bob", 11),
            said("3", 1),
            cursor("b", "ada", 9),
            typing("ada"),
            typing("bob"),
            said("10", 2),
            r#"{"type":"moved","id":"m"}"#.to_owned(),
        ] {
            hand.expect(&text).await;
        }
        // What was written is not replaced.
        moves(&mut hand, "n", &[("a", "ada", 13)]).await;
        hand.expect(&cursor("a", "ada", 13)).await;
        hand.expect(r#"{"type":"moved","id":"n"}"#).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn messages_to_one_connection_are_thinned_as_well() {
    simulated(async {
        let server = Server::new(App::new());
        let mut hand = Hand::enter(&server, 64).await;
        let hints = [10, 20, 11, 12, 21].map(|x| ("a", "hint", x));
        moves(&mut hand, "m", &hints).await;
        for (topic, text) in [(1, 12), (2, 21)] {
            hand.expect(&format!(
                r#"{{"type":"hint","payload":{{"topic":{topic},"text":"{text}"}}}}"#
            ))
            .await;
        }
        hand.expect(r#"{"type":"moved","id":"m"}"#).await;
    })
    .await;
}

/// A client that does not read for a while gets the newest of each key, whatever was sent meanwhile, and is not closed.
#[tokio::test]
async fn a_slow_client_gets_the_newest_of_each() {
    soon(async {
        let limits = Limits {
            outbound: 4 * 1024,
            ..Boards::DESCRIPTOR.limits
        };
        let server = Server::builder(App::new()).limits(limits).build();
        let mut slow = enter(&server, 1, &["a"]).await;
        let mut fast = enter(&server, 64, &["a"]).await;
        let handle = server.handle();
        let board = handle.board(&"a".to_owned());
        let users = ["ada", "bob", "cyd"];
        for x in 0..10_000 {
            for user in users {
                let user = user.to_owned();
                board.publish(&Cursor { user, x });
            }
            // The server's tasks run meanwhile.
            tokio::task::yield_now().await;
        }
        let last = users.map(|user| cursor("a", user, 9_999));
        // The fast one, which reads only now, was slow as well: its transport holds more, and then the newest wait.
        for hand in [&mut slow, &mut fast] {
            let mut read = 0;
            let mut seen = Vec::new();
            while seen.len() < 3 {
                let text = hand.next().await;
                read += 1;
                if last.contains(&text) {
                    seen.push(text);
                } else {
                    assert!(text.starts_with(r#"{"type":"cursor""#), "{text}");
                    assert!(seen.is_empty(), "{text} is older");
                }
            }
            assert_eq!(seen, last);
            assert!(read < 200, "{read} messages waited");
        }
    })
    .await;
}
