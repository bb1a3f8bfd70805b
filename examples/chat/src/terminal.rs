//! A client for the terminal: what is typed is said, and what others say is printed.

use crate::api::{
    Auth, ChatSend, ChatSendError, Client, Device, RoomId, RoomPresence, ServerMessage, UserName,
};
use handfast::{
    Member,
    client::{CallError, Event, Gap, PresenceEvent},
};
use std::error::Error;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

pub async fn talk(name: &str, room: &str, url: String) -> Result<(), Box<dyn Error>> {
    let name = UserName::try_from(name).map_err(|why| format!("the name {why}"))?;
    let room_id = RoomId::try_from(room).map_err(|why| format!("the room {why}"))?;
    let auth = Auth {
        name,
        device: Some(Device::Terminal),
        token: None,
    };
    let client = Client::connect(url).auth(&auth).await?;
    if let Some(skew) = client.skew() {
        eprintln!("note: {skew}");
    }
    let mut room = client.room(&room_id).join().await?;
    println!("* in #{room_id}");
    let mut lines = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => match line? {
                None => break,
                Some(text) if text.trim().is_empty() => {}
                Some(text) => say(&client, &room_id, text).await?,
            },
            event = room.next() => match event {
                None => return Err("the server does not let us in any more".into()),
                Some(Event::Presence(PresenceEvent::Listed)) => {
                    let names: Vec<_> = room.members().iter().map(described).collect();
                    println!("* here: {}", names.join(", "));
                }
                Some(event) => print(event),
            },
        }
    }
    room.leave().await?;
    client.close().await;
    Ok(())
}

async fn say(client: &Client, room_id: &RoomId, text: String) -> Result<(), Box<dyn Error>> {
    let said = client
        .chat_send(ChatSend {
            room_id: room_id.clone(),
            text: text.into(),
            attachments: None,
        })
        .await;
    match said {
        Ok(_) => {}
        Err(CallError::Declared(ChatSendError::NotInRoom)) => {
            eprintln!("! we are not in #{room_id}")
        }
        // Such as a text that is too long: the next line may be better.
        Err(CallError::Invalid(why)) => eprintln!("! not sent: {why}"),
        Err(CallError::Remote(why)) => eprintln!("! refused: {}", plain(&why.to_string())),
        Err(CallError::Timeout | CallError::OutcomeUnknown) => {
            eprintln!("! nobody knows whether that was sent");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Text of strangers without what a terminal takes for commands.
fn plain(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// A member, as a line says it.
fn described(member: &Member<RoomPresence>) -> String {
    let name = plain(&member.info.0.name);
    match &member.info.0.device {
        Some(device) => format!("{name} ({})", plain(device.as_str())),
        None => name,
    }
}

fn print(event: Event<ServerMessage, RoomPresence>) {
    match event {
        // Nobody wants to see a line for every key that is pressed.
        Event::Message(envelope) => {
            if let ServerMessage::ChatMessage(m) = envelope.message {
                println!("{}: {}", plain(&m.from), plain(&m.text));
            }
        }
        Event::Presence(event) => match event {
            PresenceEvent::Joined(member) => println!("* {} came", described(&member)),
            PresenceEvent::Left(member) => println!("* {} went", described(&member)),
            PresenceEvent::Away(member) => {
                println!("* {} has lost the connection", described(&member))
            }
            PresenceEvent::Back(member) => println!("* {} is back", described(&member)),
            _ => {}
        },
        Event::Gap(Gap { .. }) => println!("* some messages were missed"),
        _ => {}
    }
}
