//! A client, the server and the network between them.

#![allow(unreachable_pub, reason = "it is a part of one test")]

use super::{
    app::{
        Client, ClientHandle, EnterError, Hall, Login, Memberships, News, Person, Post, Room,
        Server, ServerMessage,
    },
    reader::{Counters, End, Reader, Seen, listed, read},
};
use crate::support::{faulty::Network, random::Random};
use handfast::{
    ChannelKey, PresenceInfo,
    broker::Recipients,
    client::{CallError, ClientBuilder, Subscription},
    server::ConnectionInfo,
    transport::MemoryTransport,
};
use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::oneshot, task::JoinHandle, time::Instant};

/// A channel of the simulation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    Room(&'static str),
    Hall,
}

pub const PLACES: [Place; 3] = [Place::Room("a"), Place::Room("b"), Place::Hall];

pub fn room(id: &str) -> Room {
    Room { id: id.into() }
}

pub type Readers = Arc<Mutex<Vec<(Place, Reader)>>>;

/// A client, the server and what is between them.
#[derive(Clone)]
pub struct World {
    pub name: &'static str,
    pub client: Client,
    pub server: Server,
    pub readers: Readers,
    pub counters: Counters,
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
            end,
            task: tokio::spawn(reading),
        };
        let mut readers = self.readers.lock().expect("it is whole");
        readers.push((place, reader));
    }

    pub async fn join(&self, place: Place) {
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
    pub fn subscribe(&self, place: Place) -> bool {
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

    /// Ends a subscription, if there is one. Returns the task that reads it.
    pub fn end(&self, n: usize, end: End) -> Option<JoinHandle<()>> {
        let mut readers = self.readers.lock().expect("it is whole");
        let n = n.checked_rem(readers.len())?;
        let (_, reader) = readers.swap_remove(n);
        Some(reader.end(end))
    }

    pub async fn on_the_server(&self, place: Place, adds: bool) {
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
    pub async fn rename(&self, place: Place) {
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
    pub async fn is_in(&self, place: Place) -> bool {
        let session = self.session().await;
        session.is_some_and(|client| match place {
            Place::Room(id) => client.channel_handle(&room(id)).is_joined(),
            Place::Hall => client.channel_handle(&Hall {}).is_joined(),
        })
    }

    /// Who the server says is in a channel.
    pub async fn members(&self, place: Place) -> Vec<String> {
        match place {
            Place::Room(id) => {
                let members = self.server.handle().room(&id.into()).presence().await;
                listed(&members.expect("the broker works"))
            }
            Place::Hall => Vec::new(),
        }
    }

    pub fn publish(&self, place: Place, n: i64) {
        let handle = self.server.handle();
        match place {
            Place::Room(id) => drop(handle.room(&id.into()).publish(&Post { n })),
            Place::Hall => drop(handle.hall().publish(&News { n })),
        }
    }

    /// The subscriptions of a channel that have not ended.
    pub fn readers(&self, place: Place) -> Vec<Arc<Mutex<Seen>>> {
        let readers = self.readers.lock().expect("it is whole");
        let of_place = readers.iter().filter(|(other, _)| *other == place);
        let open = of_place.map(|(_, reader)| reader.seen.clone());
        open.filter(|seen| !seen.lock().expect("it is whole").ended)
            .collect()
    }
}

/// A network that is down for a while after a connection is lost: mostly not at all, sometimes for longer than a session is kept.
pub struct Weather {
    network: Network,
    server: Server,
    random: Mutex<Random>,
    down_until: Mutex<Instant>,
    pub calm: Mutex<bool>,
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
    pub fn end_session(&self) {
        if let Some(served) = self.served.lock().expect("it is whole").take() {
            served.abort();
        }
    }
}

/// Connects a client.
pub async fn connect(
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
