//! The attacks, by what they do.

mod asked;
mod binary;
mod floods;
mod hangs;
mod http;
mod numbered;
mod resumed;
mod sockets;
mod storms;
#[cfg(feature = "tokens")]
mod tokens;

use crate::attack::{Attack, Fate};
use std::time::Duration;

/// Longer than a client may not read (the heartbeat and its timeout) and its close may take, with room for a busy machine.
const SLOW: Duration = Duration::from_secs(12);

/// All attacks, those that leave the machine idle first: they run side by side.
pub(crate) fn all() -> (Vec<Attack>, Vec<Attack>) {
    let quiet = http::all().into_iter().chain(hangs::all()).collect();
    let loud = [
        floods::all(),
        sockets::all(),
        storms::all(),
        asked::all(),
        resumed::all(),
        numbered::all(),
        binary::all(),
        #[cfg(feature = "tokens")]
        tokens::all(),
    ];
    (quiet, loud.into_iter().flatten().collect())
}

fn nothing_more(_: &[Fate]) -> Result<(), String> {
    Ok(())
}

/// Says which peers are not as they should be.
fn each(fates: &[Fate], wrong: impl Fn(&Fate) -> Option<String>) -> Result<(), String> {
    let all: Vec<String> = fates.iter().filter_map(wrong).collect();
    match all.first() {
        None => Ok(()),
        Some(first) => Err(format!("{} of {} peers: {first}", all.len(), fates.len())),
    }
}

/// Every peer has to be closed, with one of these codes where it could read one.
fn all_closed(fates: &[Fate], codes: &[u16]) -> Result<(), String> {
    each(fates, |fate| match (fate.close, fate.ended) {
        (Some(code), _) if codes.contains(&code) => None,
        (Some(code), _) => Some(format!("closed with {code}")),
        (None, Some(_)) => None,
        (None, None) => Some("not closed".to_owned()),
    })
}
