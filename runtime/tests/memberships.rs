//! Clients and a server that both join and leave channels at random, over slow networks that lose connections. When everything has settled,
//! both ends have to agree on which channels each client is in and who else is, and each subscription has to receive what is published once.
//!
//! `HANDFAST_ROUNDS` sets how many rounds there are, `HANDFAST_SEED` the seed.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(missing_docs, reason = "the protocol is this test's own")]

mod support;

use handfast::{
    ChannelKey, HandlerError, Member, PresenceInfo,
    broker::Recipients,
    client::{CallError, ClientBuilder, Event, Subscription},
    protocol,
    server::{ConnectionInfo, Rejection},
    transport::MemoryTransport,
};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};
use support::{faulty::Network, random::Random, simulated};
use tokio::{sync::oneshot, task::JoinHandle, time::Instant};

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub name: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Enter {
    pub id: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    pub id: String,
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message(
        "room.enter",
        reply = Entered,
        errors = EnterError,
        join = Room,
        timeout_ms = 3000
    )]
    Enter(Enter),
    #[message("room.exit", reply = Exited, leave = Room, timeout_ms = 3000)]
    Exit(Exit),
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Exited {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    pub n: i64,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    pub n: i64,
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("entered")]
    Entered(Entered),
    #[message("exited")]
    Exited(Exited),
    #[message("post", channel = Room)]
    Post(Post),
    #[message("news", channel = Hall)]
    News(News),
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum EnterError {
    #[error(wire = "FULL", message = "The room has no place left.", retryable)]
    Full,
    #[error(wire = "CLOSED_TO_YOU", message = "You may not enter.")]
    ClosedToYou,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub name: String,
}

/// Joined and left with messages of the protocol.
#[protocol(channel = "room:{id}", join = Enter, leave = Exit, history(size = 5), presence(info = Person))]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    pub id: String,
}

/// Joined and left with those of the session.
#[protocol(channel = "hall")]
#[derive(Clone, Debug, PartialEq)]
pub struct Hall {}

#[protocol(
    name = "memberships",
    version = "1.0.0",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room, Hall),
    authorize_joins,
    presence(Room),
    auth = Login,
    limits(no_rate)
)]
#[derive(Clone, Copy, Debug)]
pub struct Memberships;

/// What becomes of joins.
#[derive(Clone)]
struct App(Arc<Mutex<Whims>>);

struct Whims {
    random: Random,
    /// From then on every join is granted, at once.
    calm: bool,
}

impl App {
    async fn whim(&self) -> Result<(), EnterError> {
        let (what, wait) = {
            let mut whims = self.0.lock().expect("it is whole");
            if whims.calm {
                return Ok(());
            }
            (whims.random.below(20), whims.random.below(8000))
        };
        match what {
            0 | 1 => return Err(EnterError::ClosedToYou),
            2 | 3 => return Err(EnterError::Full),
            4 | 5 => tokio::time::sleep(Duration::from_millis(wait as u64)).await,
            6..10 => tokio::time::sleep(Duration::from_millis(wait as u64 / 200)).await,
            _ => {}
        }
        Ok(())
    }
}

impl SessionHandler for App {
    type Session = String;

    async fn authenticate(&self, m: Login, _: &ConnectionInfo) -> Result<String, HandlerError> {
        Ok(m.name)
    }

    fn principal<'a>(&self, session: &'a String) -> Option<Cow<'a, str>> {
        Some(session.into())
    }

    async fn authorize_join(&self, key: &str, _: &Context<String>) -> Result<(), Rejection> {
        if key != "hall" {
            return Ok(());
        }
        self.whim().await.map_err(|error| {
            let mut rejection = Rejection::new("NOT_NOW", "it may not");
            rejection.retryable = error == EnterError::Full;
            rejection
        })
    }

    fn room_presence(&self, _: &str, cx: &Context<String>) -> Person {
        Person {
            name: cx.session().clone(),
        }
    }
}

impl RoomHandler for App {
    async fn enter(
        &self,
        _: Enter,
        _: &Context<String>,
    ) -> Result<Entered, HandlerError<EnterError>> {
        self.whim().await?;
        Ok(Entered {})
    }

    async fn exit(&self, _: Exit, _: &Context<String>) -> Result<Exited, HandlerError> {
        Ok(Exited {})
    }
}

/// A channel of the simulation.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Room(&'static str),
    Hall,
}

const PLACES: [Place; 3] = [Place::Room("a"), Place::Room("b"), Place::Hall];

fn room(id: &str) -> Room {
    Room { id: id.into() }
}

/// How a subscription is ended.
enum End {
    Drop,
    Leave,
}

/// A subscription that something reads.
struct Reader {
    seen: Arc<Mutex<Seen>>,
    end: Option<oneshot::Sender<End>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    posts: Vec<i64>,
    /// Who is in the channel, as of the last event that said something about it.
    members: Vec<String>,
    /// It was removed or lost.
    ended: bool,
}

/// What happened, by its name.
#[derive(Clone, Default)]
struct Counters(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Counters {
    fn count(&self, what: &'static str) {
        *self.0.lock().expect("it is whole").entry(what).or_default() += 1;
    }
}

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

/// Members in a form that can be compared.
fn listed<I: fmt::Debug>(members: &[Member<I>]) -> Vec<String> {
    let mut listed: Vec<_> = members.iter().map(|member| format!("{member:?}")).collect();
    listed.sort();
    listed
}

/// Reads a subscription until it ends or is ended. Each message comes once, in order, and none is missing without a gap.
async fn read<R, I: PresenceInfo + fmt::Debug>(
    mut subscription: Subscription<ServerMessage, R, I>,
    mut end: oneshot::Receiver<End>,
    seen: Arc<Mutex<Seen>>,
    counters: Counters,
) {
    let (mut last, mut gap) = (None, false);
    seen.lock().expect("it is whole").members = listed(&subscription.members());
    loop {
        let event = tokio::select! {
            event = subscription.next() => event,
            end = &mut end => {
                return match end {
                    Ok(End::Leave) => match subscription.leave().await {
                        Ok(()) => counters.count("left"),
                        Err(CallError::Timeout | CallError::OutcomeUnknown) => {}
                        Err(error) => panic!("{error:?}"),
                    },
                    _ => counters.count("dropped"),
                };
            }
        };
        match event {
            Some(Event::Message(envelope)) => {
                let seq = envelope.seq.expect("it is numbered");
                if let Some(last) = last {
                    assert!(seq > last, "{seq} after {last}");
                    assert!(seq == last + 1 || gap, "{seq} after {last} without a gap");
                }
                (last, gap) = (Some(seq), false);
                let n = match envelope.message {
                    ServerMessage::Post(Post { n }) | ServerMessage::News(News { n }) => n,
                    other => panic!("{other:?}"),
                };
                seen.lock().expect("it is whole").posts.push(n);
            }
            Some(Event::Gap(_)) => {
                counters.count("gap");
                gap = true;
            }
            Some(Event::Presence(_)) => {
                counters.count("presence");
                seen.lock().expect("it is whole").members = listed(&subscription.members());
            }
            Some(Event::Removed | Event::Lost(_)) => {
                counters.count(match event {
                    Some(Event::Removed) => "removed",
                    _ => "lost",
                });
                assert!(subscription.next().await.is_none(), "it was the last event");
                seen.lock().expect("it is whole").ended = true;
                return;
            }
            None => {
                seen.lock().expect("it is whole").ended = true;
                return;
            }
            other => panic!("{other:?}"),
        }
    }
}

type Readers = Arc<Mutex<Vec<(Place, Reader)>>>;

/// A client, the server and what is between them.
#[derive(Clone)]
struct World {
    name: &'static str,
    client: Client,
    server: Server,
    readers: Readers,
    counters: Counters,
}

impl World {
    fn follow<R: Send + 'static, I: PresenceInfo + fmt::Debug + Send + 'static>(
        &self,
        place: Place,
        subscription: Subscription<ServerMessage, R, I>,
    ) {
        let (end, ended) = oneshot::channel();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let reading = read(subscription, ended, seen.clone(), self.counters.clone());
        let reader = Reader {
            seen,
            end: Some(end),
            task: tokio::spawn(reading),
        };
        let mut readers = self.readers.lock().expect("it is whole");
        readers.push((place, reader));
    }

    async fn join(&self, place: Place) {
        let failed = match place {
            Place::Room(id) => match self.client.room(&id.into()).join().await {
                Ok(subscription) => return self.joined(place, subscription),
                Err(CallError::Declared(EnterError::Full)) => "refused for now",
                Err(CallError::Declared(EnterError::ClosedToYou)) => "refused",
                Err(CallError::Timeout) => "join timed out",
                Err(CallError::OutcomeUnknown) => "join lost",
                Err(error) => panic!("{error:?}"),
            },
            Place::Hall => match self.client.hall().join().await {
                Ok(subscription) => return self.joined(place, subscription),
                Err(CallError::Remote(_)) => "refused",
                Err(CallError::Timeout) => "join timed out",
                Err(CallError::OutcomeUnknown) => "join lost",
                Err(error) => panic!("{error:?}"),
            },
        };
        self.counters.count(failed);
    }

    fn joined<R: Send + 'static, I: PresenceInfo + fmt::Debug + Send + 'static>(
        &self,
        place: Place,
        subscription: Subscription<ServerMessage, R, I>,
    ) {
        self.counters.count("joined");
        self.follow(place, subscription);
    }

    /// Subscribes to a channel that the client is in.
    fn subscribe(&self, place: Place) -> bool {
        let is_in = match place {
            Place::Room(id) => match self.client.room(&id.into()).subscribe() {
                Some(subscription) => {
                    self.follow(place, subscription);
                    true
                }
                None => false,
            },
            Place::Hall => match self.client.hall().subscribe() {
                Some(subscription) => {
                    self.follow(place, subscription);
                    true
                }
                None => false,
            },
        };
        self.counters.count(if is_in {
            "subscribed"
        } else {
            "not subscribed"
        });
        is_in
    }

    /// Ends a subscription.
    fn end(&self, n: usize, end: End) {
        let mut readers = self.readers.lock().expect("it is whole");
        if readers.is_empty() {
            return;
        }
        let n = n % readers.len();
        let (_, mut reader) = readers.swap_remove(n);
        // It may have ended meanwhile.
        let _ = reader.end.take().expect("it was not ended").send(end);
    }

    async fn on_the_server(&self, place: Place, adds: bool) {
        match place {
            Place::Room(id) => self.change(&room(id), adds).await,
            Place::Hall => self.change(&Hall {}, adds).await,
        }
    }

    async fn change<C: ChannelKey>(&self, channel: &C, adds: bool) {
        let Some(client) = self.session().await else {
            return;
        };
        let channel = client.channel_handle(channel);
        if adds {
            if channel.add().await.is_ok() {
                self.counters.count("added");
            }
        } else if channel.remove() {
            self.counters.count("removed by the server");
        }
    }

    /// Changes what is said of the client in a channel.
    async fn rename(&self, place: Place) {
        let (Place::Room(id), Some(client)) = (place, self.session().await) else {
            return;
        };
        let name = format!("{} {:?}", self.name, Instant::now());
        let renamed = client
            .channel_handle(&room(id))
            .set_presence(&Person { name });
        if renamed.is_ok() {
            self.counters.count("renamed");
        }
    }

    /// The client as the server has it, while it has a session.
    async fn session(&self) -> Option<ClientHandle> {
        let handle = self.server.handle();
        let own = Recipients::Principal(self.name.into());
        let list = handle.sessions(&own, 1).await.expect("the broker works");
        handle.client(list.sessions.first()?.id.connection)
    }

    /// Whether the server has the client in a channel.
    async fn is_in(&self, place: Place) -> bool {
        let session = self.session().await;
        session.is_some_and(|client| match place {
            Place::Room(id) => client.channel_handle(&room(id)).is_joined(),
            Place::Hall => client.channel_handle(&Hall {}).is_joined(),
        })
    }

    /// Who the server says is in a channel.
    async fn members(&self, place: Place) -> Vec<String> {
        match place {
            Place::Room(id) => {
                let members = self.server.handle().room(&id.into()).presence().await;
                listed(&members.expect("the broker works"))
            }
            Place::Hall => Vec::new(),
        }
    }

    fn publish(&self, place: Place, n: i64) {
        let handle = self.server.handle();
        match place {
            Place::Room(id) => drop(handle.room(&id.into()).publish(&Post { n })),
            Place::Hall => drop(handle.hall().publish(&News { n })),
        }
    }

    /// The subscriptions of a channel that have not ended.
    fn readers(&self, place: Place) -> Vec<Arc<Mutex<Seen>>> {
        let readers = self.readers.lock().expect("it is whole");
        let of_place = readers.iter().filter(|(other, _)| *other == place);
        let open = of_place.map(|(_, reader)| reader.seen.clone());
        open.filter(|seen| !seen.lock().expect("it is whole").ended)
            .collect()
    }
}

/// A network that is down for a while after a connection is lost: mostly not at all, sometimes for longer than a session is kept.
struct Weather {
    network: Network,
    server: Server,
    random: Mutex<Random>,
    down_until: Mutex<Instant>,
    calm: Mutex<bool>,
    /// What serves the last connection.
    served: Mutex<Option<JoinHandle<()>>>,
}

impl Weather {
    async fn connect(self: Arc<Self>) -> Result<MemoryTransport, &'static str> {
        let calm = *self.calm.lock().expect("it is whole");
        let (packets, outage, delays) = {
            let mut random = self.random.lock().expect("it is whole");
            let most = [10, 40, 100, 300][random.below(4)];
            (6 + random.below(most), random.below(12), random.next())
        };
        if !calm && self.network.connections() > 0 {
            let now = Instant::now();
            let mut down_until = self.down_until.lock().expect("it is whole");
            if outage == 0 && now >= *down_until {
                *down_until = now + Duration::from_secs(150);
            }
            if now < *down_until || outage == 1 {
                return Err("the network is down");
            }
        }
        let packets = if calm { usize::MAX } else { packets };
        let (client, far) = self.network.connect_slowly(packets, Random::new(delays));
        let server = self.server.clone();
        let served = tokio::spawn(async move {
            server.serve(far, ConnectionInfo::default()).await;
        });
        *self.served.lock().expect("it is whole") = Some(served);
        Ok(client)
    }

    /// Ends the session, as a server that stops does.
    fn end_session(&self) {
        if let Some(served) = self.served.lock().expect("it is whole").take() {
            served.abort();
        }
    }
}

const NAMES: [&str; 3] = ["ada", "bob", "cy"];

/// Connects a client.
async fn connect(
    name: &'static str,
    server: &Server,
    random: &mut Random,
    counters: &Counters,
) -> (World, Arc<Weather>) {
    let weather = Arc::new(Weather {
        network: Network::new(),
        server: server.clone(),
        random: Mutex::new(Random::new(random.next())),
        down_until: Mutex::new(Instant::now()),
        calm: Mutex::new(random.below(4) == 0),
        served: Mutex::default(),
    });
    let connecting = weather.clone();
    let client = ClientBuilder::<Memberships, Client>::over(move || connecting.clone().connect())
        .auth(&Login { name: name.into() })
        .await
        .expect("the first connection lasts long enough");
    let world = World {
        name,
        client,
        server: server.clone(),
        readers: Readers::default(),
        counters: counters.clone(),
    };
    (world, weather)
}

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
            6..9 => world.end(random.below(100), End::Drop),
            9..12 => world.end(random.below(100), End::Leave),
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
        task.await.expect("no operation panics");
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
    let readers = std::mem::take(&mut *world.readers.lock().expect("it is whole"));
    let mut reading = Vec::new();
    for (_, mut reader) in readers {
        // Those that have ended hear nothing.
        let _ = reader.end.take().expect("it was not ended").send(End::Drop);
        reading.push(reader.task);
    }
    for task in reading {
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

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
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
