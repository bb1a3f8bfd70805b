//! The replay of a channel's history to a client that has joined again.
//!
//! Until it has caught up, the client is not sent what is published: that is read from the history as well. So the history bounds what waits
//! for a slow client, and what is evicted meanwhile is a gap.

use super::{
    connection_handle::ConnectionHandle,
    hub::{Channel, Hub},
};
use crate::{
    GapReason,
    broker::{History, Publication, StreamPosition},
    encoded::EncodedMessage,
    outbound::EnqueueError,
    system::GapNotice,
};
use futures_util::FutureExt;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// How many messages are read from the history at a time.
const BATCH: usize = 64;

/// How long encoded messages are kept after the last replay: clients that lost the same server do not rejoin at the same instant.
const LINGER: Duration = Duration::from_secs(5);

/// The messages of a channel that are being replayed, encoded, by sequence number and encoding.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    /// The epoch of the sequence numbers.
    epoch: Option<Arc<str>>,
    packets: HashMap<(u64, usize), Option<EncodedMessage>>,
    bytes: usize,
    /// Whether a task forgets them when no replay is in progress.
    lingering: bool,
}

impl Replayed {
    /// Forgets the messages of another epoch.
    fn of_epoch(&mut self, epoch: &Arc<str>) -> &mut Self {
        if self.epoch.as_ref() != Some(epoch) {
            (self.packets, self.bytes) = (HashMap::new(), 0);
            self.epoch = Some(epoch.clone());
        }
        self
    }

    /// Adds a message. Beyond `limit` bytes, all others are forgotten.
    fn insert(&mut self, key: (u64, usize), packet: Option<EncodedMessage>, limit: usize) {
        let bytes = packet.as_ref().map_or(0, |packet| packet.len());
        if self.bytes + bytes > limit {
            self.packets.clear();
            self.bytes = 0;
        }
        if self.packets.insert(key, packet).is_none() {
            self.bytes += bytes;
        }
    }
}

/// Forgets what is encoded after a while without replays.
async fn linger(channel: Arc<Channel>) {
    loop {
        tokio::time::sleep(LINGER).await;
        let mut state = channel.lock();
        if !state.is_replaying() {
            state.replayed = Replayed::default();
            return;
        }
    }
}

/// The replay to one member of a channel.
pub(super) struct Replay {
    pub(super) hub: Arc<Hub>,
    pub(super) key: Arc<str>,
    pub(super) channel: Arc<Channel>,
    pub(super) connection: Arc<ConnectionHandle>,
    pub(super) epoch: Arc<str>,
    /// The id of its cursor.
    pub(super) id: u64,
    /// The bound of [`Replayed`], in bytes.
    pub(super) limit: usize,
}

/// The member has left or its connection has ended.
struct Left;

impl Replay {
    /// Sends what there is room for at once, and the rest from a task of its own, because it must not keep the handlers of the connection
    /// waiting. The task ends with the replay or the connection.
    pub(super) fn start(self) {
        let mut replay = Box::pin(async move {
            // If the member has left, nothing remains to be sent.
            let _ = self.run().await;
            let replayed = &mut self.channel.lock().replayed;
            if !replayed.packets.is_empty() && !std::mem::replace(&mut replayed.lingering, true) {
                tokio::spawn(linger(self.channel.clone()));
            }
        });
        if replay.as_mut().now_or_never().is_none() {
            tokio::spawn(replay);
        }
    }

    async fn run(&self) -> Result<(), Left> {
        loop {
            let since = StreamPosition {
                epoch: self.epoch.clone(),
                seq: self.cursor()?,
            };
            let history = self.hub.broker().history(&self.key, &since, BATCH).await;
            match history {
                Ok(history) if history.position.epoch == self.epoch => {
                    self.send_batch(since.seq, &history).await?;
                    if self.is_done()? {
                        return Ok(());
                    }
                    if self.cursor()? == since.seq {
                        // The broker delivered a message that it neither stores nor counts.
                        return self.give_up(GapReason::Unavailable).await;
                    }
                }
                Ok(_) => return self.give_up(GapReason::Epoch).await,
                Err(error) => {
                    tracing::error!(
                        connection = self.connection.id,
                        error = &error as &dyn std::error::Error,
                        "the history of a channel cannot be read"
                    );
                    return self.give_up(GapReason::Unavailable).await;
                }
            }
        }
    }

    /// Returns the number of the last message that was sent.
    fn cursor(&self) -> Result<u64, Left> {
        let state = self.channel.lock();
        let member = state.members.get(&self.connection.id).ok_or(Left)?;
        let cursor = member.replay.filter(|cursor| cursor.id == self.id);
        cursor.map(|cursor| cursor.seq).ok_or(Left)
    }

    async fn send_batch(&self, last: u64, history: &History) -> Result<(), Left> {
        let mut last = last;
        let reason = history.lost.unwrap_or(GapReason::Evicted);
        for (seq, publication) in &history.publications {
            if *seq > last + 1 {
                self.gap(last + 1, *seq - 1, reason).await?;
            }
            let packet = self.packet(*seq, publication);
            self.send(packet, *seq).await?;
            last = *seq;
        }
        if history.publications.is_empty() && history.position.seq > last {
            self.gap(last + 1, history.position.seq, reason).await?;
        }
        Ok(())
    }

    /// Returns a message as this client receives it.
    fn packet(&self, seq: u64, publication: &Publication) -> Option<EncodedMessage> {
        let encoding = self.connection.encoding;
        if publication.except == Some(self.hub.member(self.connection.id)) {
            return self.hub.skip(encoding, &self.key, seq);
        }
        let key = (seq, encoding);
        let known = {
            let replayed = &mut self.channel.lock().replayed;
            replayed.of_epoch(&self.epoch).packets.get(&key).cloned()
        };
        known.unwrap_or_else(|| {
            let packet = self.hub.encode(encoding, publication, Some(seq));
            let replayed = &mut self.channel.lock().replayed;
            replayed
                .of_epoch(&self.epoch)
                .insert(key, packet.clone(), self.limit);
            packet
        })
    }

    async fn gap(&self, from: u64, to: u64, reason: GapReason) -> Result<(), Left> {
        let notice = GapNotice {
            channel: Some((&*self.key).into()),
            from: Some(from),
            to: Some(to),
            reason: Some(reason),
        };
        let packet = self.hub.gap(self.connection.encoding, &notice);
        self.send(packet, to).await
    }

    /// Sends a packet when there is room, and advances to a number.
    async fn send(&self, packet: Option<EncodedMessage>, seq: u64) -> Result<(), Left> {
        let outbound = &self.connection.outbound;
        let length = packet.as_ref().map_or(0, |packet| packet.len());
        loop {
            std::future::poll_fn(|task| outbound.poll_room(length, task))
                .await
                .map_err(|_| Left)?;
            let mut state = self.channel.lock();
            let member = state.members.get_mut(&self.connection.id);
            let cursor = member.and_then(|member| member.replay.as_mut());
            let cursor = cursor.filter(|cursor| cursor.id == self.id).ok_or(Left)?;
            let pushed = match &packet {
                Some(packet) => outbound.try_push(packet.clone()),
                None => Ok(()),
            };
            match pushed {
                Ok(()) => {
                    cursor.seq = seq;
                    return Ok(());
                }
                Err(EnqueueError::Ended) => return Err(Left),
                // Something else took the room.
                Err(EnqueueError::Full) => {}
            }
        }
    }

    /// If everything that was published is sent, ends the replay: from then on the member receives what is published.
    fn is_done(&self) -> Result<bool, Left> {
        let mut state = self.channel.lock();
        let published = state.position.clone();
        let member = state.members.get_mut(&self.connection.id).ok_or(Left)?;
        let cursor = member.replay.filter(|cursor| cursor.id == self.id);
        let cursor = cursor.ok_or(Left)?;
        let is_done = published
            .is_none_or(|published| published.epoch == self.epoch && published.seq <= cursor.seq);
        if is_done {
            member.replay = None;
        }
        Ok(is_done)
    }

    /// Reports that the rest is lost, and ends the replay.
    async fn give_up(&self, reason: GapReason) -> Result<(), Left> {
        loop {
            let last = self.cursor()?;
            let published = self.channel.lock().position.clone();
            let same_epoch = |at: &StreamPosition| at.epoch == self.epoch;
            let Some(published) =
                published.filter(|at| reason != GapReason::Epoch && same_epoch(at))
            else {
                return self.renew(last).await;
            };
            if published.seq > last {
                self.gap(last + 1, published.seq, reason).await?;
            }
            if self.is_done()? {
                return Ok(());
            }
        }
    }

    /// Reports that the numbering began anew, and ends the replay.
    async fn renew(&self, last: u64) -> Result<(), Left> {
        // What is published between this and the end of the replay is missing, which the numbers of what follows then show.
        let published = self.channel.lock().position.clone();
        let published = published.filter(|at| at.epoch != self.epoch);
        let position = published.as_ref().map(|at| (at.seq, &*at.epoch));
        let packet = self
            .hub
            .renewed(self.connection.encoding, &self.key, position);
        self.send(packet, last).await?;
        let mut state = self.channel.lock();
        let member = state.members.get_mut(&self.connection.id).ok_or(Left)?;
        member.replay = None;
        Ok(())
    }
}
