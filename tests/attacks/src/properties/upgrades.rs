//! Requests for an upgrade (RFC 6455, section 4.2.1), and pages of other origins.

use super::Property;
use crate::{
    peer::{ConnectionInfo, upgrade},
    process::{PATIENCE, Process},
    server::Setup,
};
use futures_util::FutureExt;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

pub(crate) fn all() -> Vec<Property> {
    vec![
        Property {
            name: "upgrade-requests",
            line: "A7",
            holds: |server| requests(server).boxed(),
        },
        Property {
            name: "origins",
            line: "A7",
            holds: |server| origins(server).boxed(),
        },
        Property {
            name: "refusals-logged",
            line: "A9",
            holds: |server| logged(server).boxed(),
        },
        Property {
            name: "connection-caps",
            line: "A4",
            holds: |_| caps().boxed(),
        },
    ]
}

struct Request {
    version: &'static str,
    host: Option<String>,
    key: &'static str,
    websocket: &'static str,
    origin: Option<String>,
}

async fn status(server: &Process, request: Request) -> Result<(u16, String), String> {
    let line = |name: &str, value: Option<String>| {
        value.map_or_else(String::new, |value| format!("{name}: {value}\r\n"))
    };
    let text = format!(
        "GET /ws {}\r\n{}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: {}\r\n\
         Sec-WebSocket-Key: {}\r\n{}\r\n",
        request.version,
        line("Host", request.host),
        request.websocket,
        request.key,
        line("Origin", request.origin),
    );
    let mut peer = ConnectionInfo::dial(server.address)
        .await
        .map_err(|error| error.to_string())?;
    let answer = peer.ask(&text).await?;
    Ok((answer.status, answer.text))
}

fn good(server: &Process) -> Request {
    Request {
        version: "HTTP/1.1",
        host: Some(server.address.to_string()),
        key: KEY,
        websocket: "13",
        origin: None,
    }
}

async fn requests(server: &Process) -> Result<(), String> {
    let good = || good(server);
    let cases = [
        ("a good one", good(), 101),
        (
            "HTTP/1.0",
            Request {
                version: "HTTP/1.0",
                ..good()
            },
            426,
        ),
        (
            "no Host",
            Request {
                host: None,
                ..good()
            },
            400,
        ),
        (
            "a key that is no base64",
            Request {
                key: "!!!!!!!!!!!!!!!!!!!!!!!!",
                ..good()
            },
            400,
        ),
        (
            "a key of 17 bytes",
            Request {
                key: "AAAAAAAAAAAAAAAAAAAAAAA=",
                ..good()
            },
            400,
        ),
        ("an empty key", Request { key: "", ..good() }, 400),
        (
            "version 8",
            Request {
                websocket: "8",
                ..good()
            },
            426,
        ),
    ];
    for (what, request, wanted) in cases {
        let (got, _) = status(server, request).await?;
        // Which refusal it is matters less than that it is one.
        let is_refused = wanted != 101 && (400..=505).contains(&got);
        if got != wanted && !is_refused {
            return Err(format!("{what}: {got} instead of {wanted}"));
        }
    }
    Ok(())
}

async fn origins(server: &Process) -> Result<(), String> {
    let own = server.address.to_string();
    let port = server.address.port();
    let cases = [
        (own.clone(), format!("http://{own}"), true),
        (
            format!("localhost:{port}"),
            format!("http://localhost:{port}"),
            true,
        ),
        (
            format!("app.localhost:{port}"),
            format!("http://app.localhost:{port}"),
            true,
        ),
        // A page of evil.com whose name was resolved to this server.
        ("evil.com".to_owned(), "http://evil.com".to_owned(), false),
        (
            format!("evil.com:{port}"),
            format!("http://evil.com:{port}"),
            false,
        ),
        (
            "evillocalhost".to_owned(),
            "http://evillocalhost".to_owned(),
            false,
        ),
        (own.clone(), format!("://{own}"), false),
        (own.clone(), own.clone(), false),
        (own.clone(), "null".to_owned(), false),
        (own.clone(), String::new(), false),
        (own.clone(), "http://evil.com".to_owned(), false),
        (own.clone(), format!("http://{own}.evil.com"), false),
        (own.clone(), format!("http://evil.com@{own}"), false),
        (own.clone(), format!("http://{own}@evil.com"), false),
    ];
    for (host, origin, is_taken) in cases {
        let words = format!("Host `{host}`, Origin `{origin}`");
        let request = Request {
            host: Some(host),
            origin: Some(origin),
            ..good(server)
        };
        let (status, text) = status(server, request).await?;
        let wanted = if is_taken { 101 } else { 403 };
        if status != wanted {
            return Err(format!("{words}: {status} instead of {wanted}"));
        }
        if !is_taken && !text.contains("origin(") {
            return Err(format!(
                "{words}: the refusal does not say what to type: {text}"
            ));
        }
    }
    Ok(())
}

async fn logged(server: &Process) -> Result<(), String> {
    let request = Request {
        origin: Some("http://noted.example".to_owned()),
        ..good(server)
    };
    status(server, request).await?;
    let state = server.state().await?;
    let lines = state["lines"].as_array().cloned().unwrap_or_default();
    let is_told = lines.iter().any(|line| {
        let line = line.as_str().unwrap_or_default();
        line.contains("origin")
    });
    match is_told {
        true => Ok(()),
        false => Err(format!("no line tells of it: {lines:?}")),
    }
}

/// The caps of a server of its own.
const CAPS: (usize, usize) = (8, 3);

/// Behind a proxy, an address has so many connections, all together so many, and what goes makes room.
async fn caps() -> Result<(), String> {
    let server = Process::start(&Setup {
        caps: Some(CAPS),
        is_behind_proxy: true,
        ..Setup::DEFAULT
    })
    .await?;
    let connect = async |from: &str| {
        let mut peer = ConnectionInfo::dial(server.address)
            .await
            .map_err(|error| error.to_string())?;
        // What a client writes before its proxy does is not believed.
        let forwarded = format!("Forwarded: for=198.51.100.1, for={from};proto=https\r\n");
        let answer = peer.ask(&upgrade(server.address, &forwarded)).await?;
        Ok::<_, String>((peer, answer))
    };
    let mut open = Vec::new();
    // One after the other they fill an address, a range of IPv6, and the rest.
    for (from, wanted) in [
        ("203.0.113.1", 101),
        ("203.0.113.1", 101),
        ("\"203.0.113.1:4711\"", 101),
        ("203.0.113.1", 429),
        ("\"[2001:db8::1]\"", 101),
        ("\"[2001:db8::2]:80\"", 101),
        ("\"[2001:db8::3]\"", 101),
        ("\"[2001:db8::4]\"", 429),
        ("203.0.113.3", 101),
        ("203.0.113.4", 101),
        ("203.0.113.5", 503),
    ] {
        let (peer, answer) = connect(from).await?;
        if answer.status != wanted {
            return Err(format!(
                "one from {from}: {} instead of {wanted}",
                answer.status
            ));
        }
        let says_when = answer
            .text
            .to_ascii_lowercase()
            .contains("\r\nretry-after:");
        match wanted {
            101 => open.push(peer),
            _ if says_when => {}
            _ => return Err(format!("{wanted} does not say when to try again")),
        }
    }
    drop(open);
    let come_back = async {
        loop {
            if let Ok((_, answer)) = connect("203.0.113.1").await
                && answer.status == 101
            {
                return;
            }
        }
    };
    let waited = tokio::time::timeout(PATIENCE, come_back).await;
    waited.map_err(|_| "what went makes no room".to_owned())
}
