//! The attacks, by what they do.

mod floods;
mod hangs;
mod http;
mod sockets;

use crate::attack::{Attack, Fate};

/// All attacks, those that leave the machine idle first: they run side by side.
pub(crate) fn all() -> (Vec<Attack>, Vec<Attack>) {
    let quiet = http::all().into_iter().chain(hangs::all()).collect();
    let loud = floods::all().into_iter().chain(sockets::all()).collect();
    (quiet, loud)
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
    each(fates, |fate| match (fate.ended, fate.close) {
        (None, _) => Some("not closed".to_owned()),
        (Some(_), Some(code)) if !codes.contains(&code) => Some(format!("closed with {code}")),
        _ => None,
    })
}
