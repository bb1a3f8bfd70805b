//! Who is in a channel: lists, events, across lost connections, and what strangers do with that.

#![cfg(all(feature = "server", feature = "client"))]

#[path = "presence/lobby.rs"]
mod lobby;
mod support;

use handfast::client::{Event, PresenceEvent};
use lobby::{App, Line, Mood, Peer, Server, hear, names};
use serde_json::json;
use support::simulated;

#[tokio::test(start_paused = true)]
async fn members_see_each_other_come_and_go() {
    simulated(async {
        let server = Server::new(App::default());
        let (a, b) = (Line::to(&server), Line::to(&server));
        let ada = a.client("ada").await;
        let mut room = ada.room(&"r".into()).join().await.expect("it may");
        assert_eq!(hear(&mut room).await, PresenceEvent::Listed);
        assert_eq!(names(&room), ["ada"]);
        let own = room.member_id().expect("it is listed");
        assert_eq!(room.members()[0].id, own);
        assert_eq!(room.members()[0].principal.as_deref(), Some("ada"));
        let bob = b.client("bob").await;
        let mut other = bob.room(&"r".into()).join().await.expect("it may");
        assert_eq!(hear(&mut other).await, PresenceEvent::Listed);
        assert_eq!(names(&other), ["ada", "bob"]);
        let PresenceEvent::Joined(member) = hear(&mut room).await else {
            panic!("bob came");
        };
        assert_eq!(member.info.name, "bob");
        assert_eq!(names(&room), ["ada", "bob"]);
        assert_eq!(room.member_count(), 2);
        let (id, mood) = ("r".into(), "sleepy".into());
        bob.mood(Mood { id, mood })
            .await
            .expect("it is in the room");
        let PresenceEvent::Updated(member) = hear(&mut room).await else {
            panic!("bob is sleepy");
        };
        assert_eq!(member.info.mood, "sleepy");
        // About itself, a session receives updates.
        assert!(matches!(hear(&mut other).await, PresenceEvent::Updated(_)));
        other.leave().await.expect("it is in the room");
        let PresenceEvent::Left(member) = hear(&mut room).await else {
            panic!("bob left");
        };
        assert_eq!(member.info.mood, "sleepy");
        assert_eq!(names(&room), ["ada"]);
    })
    .await;
}

/// The list comes right behind the answer, and two sessions of one user are two members.
#[tokio::test]
async fn a_list_follows_the_answer() {
    let server = Server::new(App::default());
    let mut first = Peer::connect(&server, "ada").await;
    let list = first.join().await;
    let id = list["self"].clone();
    let info = json!({ "name": "ada", "mood": "" });
    let member = json!({ "id": id, "principal": "ada", "info": info });
    assert_eq!(
        list,
        json!({ "channel": "room:r", "event": "list", "count": 1, "self": id, "members": [member] })
    );
    let mut second = Peer::connect(&server, "ada").await;
    let list = second.join().await;
    assert_eq!(list["members"][0], member);
    assert_eq!(list["members"][1]["id"], list["self"]);
    assert_ne!(list["self"], id);
    let joined = first.presence().await;
    assert_eq!(joined["event"], "join");
    assert_eq!(joined["member"], list["members"][1]);
    assert_eq!(joined["count"], 2);
    drop(second);
    // The session may be resumed: a client that does not count ends with its connection.
    let left = first.presence().await;
    assert_eq!(left["event"], "leave");
    assert_eq!(left["member"], json!({ "id": list["self"] }));
}

/// A session that has lost its connection is away until it is resumed; it leaves when it ends.
#[tokio::test(start_paused = true)]
async fn a_lost_session_is_away_until_it_comes_back_or_ends() {
    simulated(async {
        let server = Server::new(App::default());
        let (a, b) = (Line::to(&server), Line::to(&server));
        let ada = a.client("ada").await;
        let mut room = ada.room(&"r".into()).join().await.expect("it may");
        assert_eq!(hear(&mut room).await, PresenceEvent::Listed);
        let bob = b.client("bob").await;
        let mut other = bob.room(&"r".into()).join().await.expect("it may");
        assert_eq!(hear(&mut other).await, PresenceEvent::Listed);
        assert!(matches!(hear(&mut room).await, PresenceEvent::Joined(_)));
        b.cut().await;
        let PresenceEvent::Away(member) = hear(&mut room).await else {
            panic!("bob's connection is lost");
        };
        assert!(member.away);
        assert!(room.members()[1].away);
        // What happens meanwhile arrives after the resumption.
        let (id, mood) = ("r".into(), "glad".into());
        ada.mood(Mood { id, mood })
            .await
            .expect("it is in the room");
        assert!(matches!(hear(&mut room).await, PresenceEvent::Updated(_)));
        b.mend(&server);
        assert!(matches!(hear(&mut room).await, PresenceEvent::Back(_)));
        let PresenceEvent::Updated(member) = hear(&mut other).await else {
            panic!("ada is glad");
        };
        assert_eq!(member.info.mood, "glad");
        b.cut().await;
        assert!(matches!(hear(&mut room).await, PresenceEvent::Away(_)));
        // Nobody comes back: the session ends with its time.
        assert!(matches!(hear(&mut room).await, PresenceEvent::Left(_)));
        assert_eq!(names(&room), ["ada"]);
    })
    .await;
}

/// After a new session, the client compares the list with what it knew.
#[tokio::test(start_paused = true)]
async fn a_rejoin_reports_what_has_changed() {
    simulated(async {
        let server = Server::new(App::default());
        let line = Line::to(&server);
        let mut ben = Peer::connect(&server, "ben").await;
        ben.join().await;
        let ada = line.client("ada").await;
        let mut room = ada.room(&"r".into()).join().await.expect("it may");
        assert_eq!(hear(&mut room).await, PresenceEvent::Listed);
        assert_eq!(names(&room), ["ben", "ada"]);
        line.end().await;
        drop(ben);
        let mut cy = Peer::connect(&server, "cy").await;
        while cy.join().await["count"] != 1 {
            // The sessions before it end by themselves.
            cy.leave().await;
        }
        line.mend(&server);
        let reply = room.next().await;
        assert!(matches!(reply, Some(Event::Joined(Some(_)))), "{reply:?}");
        let mut events = Vec::new();
        loop {
            match hear(&mut room).await {
                PresenceEvent::Listed => break,
                PresenceEvent::Joined(member) => events.push(format!("+{}", member.info.name)),
                PresenceEvent::Left(member) => events.push(format!("-{}", member.info.name)),
                other => panic!("{other:?}"),
            }
        }
        // The client itself has another session.
        assert_eq!(events, ["+cy", "+ada", "-ben", "-ada"]);
        assert_eq!(names(&room), ["cy", "ada"]);
    })
    .await;
}

#[tokio::test]
async fn a_channel_may_have_presence_without_info() {
    let server = Server::new(App::default());
    let mut peer = Peer::connect(&server, "ada").await;
    let hall = json!({ "channel": "hall" });
    assert_eq!(peer.request("join", hall.clone()).await["type"], "join");
    let list = peer.presence().await;
    let member = json!({ "id": list["self"], "principal": "ada" });
    assert_eq!(list["members"], json!([member]));
    // Joining again lists anew.
    assert_eq!(peer.request("join", hall).await["type"], "join");
    assert_eq!(peer.presence().await, list);
}

/// Of more members than `members`, the first are listed, and all are counted.
#[tokio::test]
async fn a_long_list_is_cut_and_says_so() {
    let server = Server::new(App::default());
    let mut peers = Vec::new();
    for _ in 0..60 {
        let mut peer = Peer::connect(&server, "ada").await;
        let answer = peer.request("room.join", json!({ "id": "r" })).await;
        assert_eq!(answer["type"], "joined");
        peers.push(peer);
    }
    let list = peers[59].presence().await;
    assert_eq!(list["count"], 60);
    let members = list["members"].as_array().expect("it is a list");
    assert_eq!(members.len(), 50);
    assert_eq!(members[49]["id"], list["self"], "the receiver is listed");
    let line = Line::to(&server);
    let ada = line.client("ada").await;
    let mut room = ada.room(&"r".into()).join().await.expect("it may");
    assert_eq!(hear(&mut room).await, PresenceEvent::Listed);
    assert_eq!((room.members().len(), room.member_count()), (50, 61));
}

/// What is said of a member is checked when it joins, and when it changes.
#[tokio::test]
async fn an_info_that_is_not_valid_or_too_large_is_refused() {
    let app = App::default();
    let server = Server::new(app.clone());
    *app.mood.lock().expect("it is whole") = "x".repeat(21);
    let mut peer = Peer::connect(&server, "ada").await;
    let join = json!({ "id": "r" });
    let refused = peer.request("room.join", join.clone()).await;
    assert_eq!(refused["payload"]["code"], "INTERNAL", "{refused}");
    assert_eq!(server.handle().room(&"r".into()).members(), 0);
    app.mood.lock().expect("it is whole").clear();
    let mut long = Peer::connect(&server, &"x".repeat(5000)).await;
    let refused = long.request("room.join", join).await;
    assert_eq!(refused["payload"]["code"], "INTERNAL", "{refused}");
    peer.join().await;
    let mood = json!({ "id": "r", "mood": "x".repeat(21) });
    let refused = peer.request("mood", mood).await;
    assert_eq!(refused["payload"]["code"], "INTERNAL", "{refused}");
    let elsewhere = json!({ "id": "other", "mood": "" });
    let refused = peer.request("mood", elsewhere).await;
    assert_eq!(refused["payload"]["code"], "INTERNAL", "{refused}");
    let here = server.handle().room(&"r".into()).presence().await;
    assert_eq!(here.expect("the broker works").len(), 1);
}

/// A client cannot speak for the session: its `presence` is no message, and others hear nothing.
#[tokio::test]
async fn a_forged_presence_is_refused() {
    let server = Server::new(App::default());
    let mut ada = Peer::connect(&server, "ada").await;
    ada.join().await;
    let mut eve = Peer::connect(&server, "eve").await;
    eve.join().await;
    assert_eq!(ada.presence().await["event"], "join");
    let member = json!({ "id": "x", "info": { "name": "bob", "mood": "" } });
    let forged = json!({ "channel": "room:r", "event": "join", "count": 9, "member": member });
    eve.send(json!({ "type": "presence", "payload": forged }))
        .await;
    assert_eq!(eve.next().await["payload"]["code"], "UNKNOWN_TYPE");
    drop(eve);
    assert_eq!(
        ada.presence().await["event"],
        "leave",
        "nothing came before"
    );
}

/// Who joins and leaves in a loop is one member or none, at both ends, and costs others a bounded queue.
#[tokio::test]
async fn joining_and_leaving_in_a_loop_leaves_nothing() {
    let server = Server::new(App::default());
    let line = Line::to(&server);
    let ada = line.client("ada").await;
    let mut room = ada.room(&"r".into()).join().await.expect("it may");
    assert_eq!(hear(&mut room).await, PresenceEvent::Listed);
    let mut eve = Peer::connect(&server, "eve").await;
    for _ in 0..500 {
        eve.join().await;
        eve.leave().await;
        // One comes, one goes: the subscription is read.
        assert!(matches!(hear(&mut room).await, PresenceEvent::Joined(_)));
        assert!(matches!(hear(&mut room).await, PresenceEvent::Left(_)));
    }
    assert_eq!(names(&room), ["ada"]);
    assert_eq!(room.member_count(), 1);
    let here = server.handle().room(&"r".into()).presence().await;
    assert_eq!(here.expect("the broker works").len(), 1);
}
