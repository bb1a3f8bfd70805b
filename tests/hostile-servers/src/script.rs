//! One connection of a scripted server: what it reads, and what it does about it.

use crate::{
    frame::{self, CLOSE, FIN, Frame, PING, PONG, TEXT},
    list::{Action, Script},
    record::Run,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    time::timeout,
};

/// How long the client's close is waited for after one's own.
const CLOSING: Duration = Duration::from_secs(3);

/// What is to be written.
enum Out {
    Bytes(Vec<u8>),
    /// Everything before it, and then the end of TCP.
    End,
}

/// A connection, for those who answer.
#[derive(Clone)]
struct Link {
    number: usize,
    run: Arc<Run>,
    out: mpsc::Sender<Out>,
    /// How many pongs of the session's came.
    pongs: watch::Receiver<u64>,
}

/// What happens to reading after a message.
#[derive(PartialEq)]
enum Then {
    Read,
    Stop,
    Close,
    Cut,
}

/// Serves a connection that was upgraded, until it ends.
pub(crate) async fn serve(
    stream: TcpStream,
    unread: Vec<u8>,
    script: &'static Script,
    run: Arc<Run>,
    number: usize,
) {
    let (input, output) = stream.into_split();
    let (out, outs) = mpsc::channel(64);
    let (pong, pongs) = watch::channel(0);
    let writer = tokio::spawn(write(output, outs));
    let link = Link {
        number,
        run,
        out,
        pongs,
    };
    read(input, unread, script, link, pong).await;
    // What is still being answered has nobody to go to.
    writer.abort();
}

async fn write(mut output: OwnedWriteHalf, mut outs: mpsc::Receiver<Out>) {
    while let Some(Out::Bytes(bytes)) = outs.recv().await {
        if output.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // Where the client has gone already, there is nothing to end.
    let _ = output.shutdown().await;
}

async fn read(
    mut input: OwnedReadHalf,
    mut unread: Vec<u8>,
    script: &'static Script,
    link: Link,
    pong: watch::Sender<u64>,
) {
    let mut counts = BTreeMap::new();
    let mut fragments = Vec::new();
    let mut is_closing = false;
    loop {
        let mut at = 0;
        while let Some(Frame { opcode, payload }) = frame::take(&unread, &mut at) {
            match opcode {
                CLOSE => {
                    let code = payload
                        .first_chunk()
                        .map_or(1005, |code| u16::from_be_bytes(*code));
                    link.run.closed(code);
                    if !is_closing {
                        link.send(frame::frame(FIN | CLOSE, &payload)).await;
                    }
                    // The rest is written, and then the client closes the connection.
                    let _ = link.out.send(Out::End).await;
                    let _ = timeout(CLOSING, input.read_buf(&mut unread)).await;
                    return;
                }
                PING => link.send(frame::frame(FIN | PONG, &payload)).await,
                PONG => {}
                _ => {
                    fragments.extend(payload);
                    let message: Value = serde_json::from_slice(&fragments).unwrap_or_default();
                    fragments.clear();
                    if message["type"] == "pong" {
                        pong.send_modify(|count| *count += 1);
                    }
                    match received(script, &link, message, &mut counts).await {
                        Then::Read => {}
                        Then::Close => is_closing = true,
                        Then::Cut => return,
                        Then::Stop => return std::future::pending().await,
                    }
                }
            }
        }
        unread.drain(..at);
        match input.read_buf(&mut unread).await {
            Ok(1..) => {}
            _ => return,
        }
    }
}

/// Answers a message as the script says, or as a good server does.
async fn received(
    script: &'static Script,
    link: &Link,
    message: Value,
    counts: &mut BTreeMap<String, usize>,
) -> Then {
    link.run.received(link.number, &message);
    let tag = message["type"].as_str().unwrap_or_default().to_owned();
    let count = counts.entry(tag.clone()).or_default();
    let nth = *count;
    *count += 1;
    let fits = |rule: &&crate::list::Rule| {
        rule.tag == tag
            && rule.connection.is_none_or(|number| number == link.number)
            && rule.nth.is_none_or(|(from, to)| (from..to).contains(&nth))
    };
    const GOOD: &[Action] = &[Action::Default];
    let actions = match script.on.iter().find(fits) {
        Some(rule) => &rule.actions,
        None if tag == "hello" => {
            let hello = script.hello.get(link.number).or(script.hello.last());
            hello.map_or(GOOD, |actions| actions)
        }
        None => GOOD,
    };
    let link = link.clone();
    if actions.iter().any(Action::waits) {
        link.run.pending(&tag, true);
        tokio::spawn(async move {
            let mut is_pending = true;
            for action in actions {
                // Before it is written: the client may send the next one at once.
                if !action.waits() && std::mem::take(&mut is_pending) {
                    link.run.pending(&tag, false);
                }
                link.act(action, &message).await;
            }
            if is_pending {
                link.run.pending(&tag, false);
            }
        });
        return Then::Read;
    }
    let mut then = Then::Read;
    for action in actions {
        let next = link.act(action, &message).await;
        if next != Then::Read {
            then = next;
        }
    }
    then
}

impl Link {
    async fn send(&self, bytes: Vec<u8>) {
        // Where the connection is over, nobody hears it.
        let _ = self.out.send(Out::Bytes(bytes)).await;
    }

    async fn act(&self, action: &Action, message: &Value) -> Then {
        match action {
            Action::Default => {
                if let Some(answer) = good(message) {
                    self.send(frame::text(&answer.to_string())).await;
                }
            }
            Action::Say(say) => self.send(frame::text(&filled(say, message, None))).await,
            Action::Times { count, batch, say } => self.times(*count, *batch, say, message).await,
            Action::Frames {
                first,
                text,
                pad,
                count,
            } => {
                let mut payload = text.clone().into_bytes();
                payload.resize(payload.len() + pad, b'x');
                let bytes = frame::frame(*first, &payload);
                for _ in 0..*count {
                    self.send(bytes.clone()).await;
                }
            }
            Action::Raw(text) => self.send(text.clone().into_bytes()).await,
            Action::Close(code, reason) => {
                let mut payload = code.to_be_bytes().to_vec();
                payload.extend_from_slice(reason.as_bytes());
                self.send(frame::frame(FIN | CLOSE, &payload)).await;
                return Then::Close;
            }
            Action::Cut => return Then::Cut,
            Action::Hold(name) => {
                let mut released = self.run.released.subscribe();
                // The sender lives as long as the run.
                let _ = released.wait_for(|released| released.contains(name)).await;
            }
            Action::Delay(ms) => tokio::time::sleep(Duration::from_millis(*ms)).await,
            Action::StopReading => return Then::Stop,
        }
        Then::Read
    }

    async fn times(&self, count: u64, batch: u64, say: &Value, message: &Value) {
        let mut pongs = self.pongs.clone();
        let mut bytes = Vec::new();
        for n in 0..count {
            bytes.extend(frame::text(&filled(say, message, Some(n))));
            let is_last = n + 1 == count;
            let is_whole = batch != 0 && (n + 1) % batch == 0;
            if is_whole {
                let before = *pongs.borrow_and_update();
                bytes.extend(frame::frame(FIN | TEXT, br#"{"type":"ping"}"#));
                self.send(std::mem::take(&mut bytes)).await;
                // Where the connection is over, nothing more is sent.
                if pongs.wait_for(|now| *now > before).await.is_err() {
                    return;
                }
            } else if is_last || bytes.len() > 32 * 1024 {
                self.send(std::mem::take(&mut bytes)).await;
            }
        }
    }
}

/// A message with its holes filled.
fn filled(say: &Value, message: &Value, n: Option<u64>) -> String {
    let n = n.map_or_else(|| message["payload"]["n"].clone(), Value::from);
    let room = message["payload"]["room"].as_str().unwrap_or_default();
    say.to_string()
        .replace(r#""$id""#, &message["id"].to_string())
        .replace(r#""$n""#, &n.to_string())
        .replace("$key", &format!("room:{room}"))
}

/// What a good server answers.
fn good(message: &Value) -> Option<Value> {
    let id = &message["id"];
    let payload = &message["payload"];
    Some(match message["type"].as_str()? {
        "hello" => json!({ "type": "ready", "payload": { "version": "1.0.0" } }),
        "ping" => json!({ "type": "pong" }),
        "echo" => json!({ "type": "echoed", "id": id, "payload": { "n": payload["n"] } }),
        "get" => json!({ "type": "got", "id": id, "payload": { "n": payload["n"] } }),
        "room.join" => {
            let key = format!("room:{}", payload["room"].as_str()?);
            json!({ "type": "room.joined", "id": id, "channel": key, "seq": 0, "epoch": "e" })
        }
        "room.leave" => json!({ "type": "room.left", "id": id }),
        "ticks.watch" => json!({ "type": "ticks.watching", "id": id }),
        _ => return None,
    })
}
