//! What a single peer can ask of a server in a moment: upgrades, close codes, what comes back, and going away.

mod closes;
mod going;
mod session;
#[cfg(feature = "tokens")]
mod tokens;
mod upgrades;

use crate::process::Process;
use futures_util::future::{BoxFuture, join_all};

/// One thing that holds.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) line: &'static str,
    pub(crate) holds: for<'a> fn(&'a Process) -> BoxFuture<'a, Result<(), String>>,
}

/// All of them. They share a server.
pub(crate) fn all() -> Vec<Property> {
    let parts = [
        upgrades::all(),
        closes::all(),
        session::all(),
        #[cfg(feature = "tokens")]
        tokens::all(),
        going::all(),
    ];
    parts.into_iter().flatten().collect()
}

/// Asks for each, side by side, and tells which do not hold. Gives how many hold and how many do not.
pub(crate) async fn run(properties: &[Property]) -> Result<(usize, usize), String> {
    let server = Process::start(&crate::server::Setup::default()).await?;
    let asked = properties.iter().map(|property| {
        let limit = tokio::time::timeout(4 * crate::process::PATIENCE, (property.holds)(&server));
        async {
            limit
                .await
                .unwrap_or_else(|_| Err("it takes too long".to_owned()))
        }
    });
    let results = join_all(asked).await;
    let mut failed = 0;
    for (property, result) in properties.iter().zip(&results) {
        match result {
            Ok(()) => println!("{:<24} {:<3} ok", property.name, property.line),
            Err(words) => {
                failed += 1;
                println!("{:<24} {:<3} FAILED: {words}", property.name, property.line);
            }
        }
    }
    Ok((results.len() - failed, failed))
}

/// Compares what came with what should have.
fn expect<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, wanted: &T) -> Result<(), String> {
    match got == wanted {
        true => Ok(()),
        false => Err(format!("{what}: {got:?} instead of {wanted:?}")),
    }
}
