//! Clients and a server that both join and leave channels at random, over slow networks that lose connections. When everything has settled,
//! both ends have to agree on which channels each client is in and who else is, and each subscription has to receive what is published once.
//!
//! `HANDFAST_ROUNDS` sets how many rounds there are, `HANDFAST_SEED` the seed.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(missing_docs, reason = "the protocol is this test's own")]

#[path = "memberships/app.rs"]
mod app;
#[path = "memberships/reader.rs"]
mod reader;
mod support;
#[path = "memberships/world.rs"]
mod world;

use app::{App, Server, Whims};
use reader::{Counters, End};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{
    random::{Random, setting},
    simulated,
};
use world::{PLACES, World, connect};

/// Everything that has to have happened for the simulation to be worth something.
const HAPPENINGS: [&str; 17] = [
    "joined",
    "refused",
    "refused for now",
    "join timed out",
    "join lost",
    "subscribed",
    "not subscribed",
    "left",
    "dropped",
    "added",
    "removed by the server",
    "removed",
    "lost",
    "gap",
    "presence",
    "renamed",
    "settled as a member",
];

const NAMES: [&str; 3] = ["ada", "bob", "cy"];

async fn round(seed: u64, counters: &Counters) {
    let mut random = Random::new(seed);
    let whims = Arc::new(Mutex::new(Whims {
        random: Random::new(random.next()),
        calm: false,
    }));
    let server = Server::new(App(whims.clone()));
    let mut worlds = Vec::new();
    for name in &NAMES[..1 + random.below(NAMES.len())] {
        worlds.push(connect(name, &server, &mut random, counters).await);
    }
    let mut published = 0;
    let mut tasks = Vec::new();
    for _ in 0..60 * worlds.len() {
        let (world, weather) = &worlds[random.below(worlds.len())];
        if random.below(60) == 0 {
            weather.end_session();
        }
        let place = PLACES[random.below(PLACES.len())];
        let world = world.clone();
        match random.below(20) {
            0..6 => tasks.push(tokio::spawn(async move { world.join(place).await })),
            6..9 => tasks.extend(world.end(random.below(100), End::Drop)),
            9..12 => tasks.extend(world.end(random.below(100), End::Leave)),
            12 => {
                world.subscribe(place);
            }
            13..15 => tasks.push(tokio::spawn(async move {
                world.on_the_server(place, true).await;
            })),
            15..17 => tasks.push(tokio::spawn(async move {
                world.on_the_server(place, false).await;
            })),
            17 => tasks.push(tokio::spawn(async move { world.rename(place).await })),
            _ => {
                published += 1;
                world.publish(place, published);
            }
        }
        let most = [1, 3, 20, 2000][random.below(4)];
        match random.below(most) {
            0 => {}
            1 => tokio::task::yield_now().await,
            wait => tokio::time::sleep(Duration::from_millis(wait as u64)).await,
        }
    }
    whims.lock().expect("it is whole").calm = true;
    for (_, weather) in &worlds {
        *weather.calm.lock().expect("it is whole") = true;
    }
    // Longer than an outage, the wait for a reply, and the longest wait between attempts.
    tokio::time::sleep(Duration::from_secs(400)).await;
    for task in tasks {
        task.await
            .expect("no operation panics, and what was read is right");
    }
    // A message in each channel may show the client that it has missed some.
    for place in PLACES {
        published += 1;
        worlds[0].0.publish(place, published);
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    for (world, _) in &worlds {
        settled(world, &mut published).await;
    }
    for (world, _) in &worlds {
        leave(world).await;
    }
}

/// Ends all subscriptions of a client, which is in no channel then.
async fn leave(world: &World) {
    while let Some(task) = world.end(0, End::Drop) {
        task.await.expect("what it read is right");
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    for place in PLACES {
        assert!(!world.is_in(place).await, "{place:?} is left at the end");
        assert!(!world.subscribe(place), "{place:?} is left at the end");
    }
    world.client.close().await;
}

/// Checks that both ends agree.
async fn settled(world: &World, published: &mut i64) {
    for place in PLACES {
        let before = world.readers(place);
        let is_in = world.is_in(place).await;
        let subscribed = world.subscribe(place);
        // A join whose outcome is unknown may have brought the client into a channel, of which a subscription waits to be added again.
        let is_known = subscribed || (is_in && !before.is_empty());
        assert_eq!(
            is_in,
            is_known,
            "{place:?}: with {} subscriptions of {}",
            before.len(),
            world.name
        );
        if !is_in {
            continue;
        }
        world.counters.count("settled as a member");
        *published += 1;
        world.publish(place, *published);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let after = world.readers(place);
        let expected = before.len() + usize::from(subscribed);
        assert_eq!(after.len(), expected, "{place:?}: one has ended");
        let members = world.members(place).await;
        for seen in after {
            let seen = seen.lock().expect("it is whole");
            let times = seen.posts.iter().filter(|n| *n == published).count();
            assert_eq!(times, 1, "{place:?}: {published} in {:?}", seen.posts);
            assert_eq!(seen.members, members, "{place:?} of {}", world.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn both_ends_agree_on_the_channels_of_a_client() {
    let seed = setting("HANDFAST_SEED", 1);
    let rounds = setting("HANDFAST_ROUNDS", 150);
    println!("seed {seed}, {rounds} rounds");
    let counters = Counters::default();
    for number in 0..rounds {
        let seed = seed.wrapping_mul(1_000_000) + number;
        println!("round {number}");
        simulated(round(seed, &counters)).await;
    }
    let counters = counters.0.lock().expect("it is whole");
    println!("{counters:#?}");
    for what in HAPPENINGS {
        assert!(counters.contains_key(what), "{what} never happened");
    }
}
