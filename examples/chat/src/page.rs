//! The page, as it is served: three files that are part of the program.

use axum::{Router, http::header, routing::get};

/// `dist/main.js` is made from `main.ts`; `web/README.md` tells how.
const FILES: [(&str, &str, &str); 3] = [
    (
        "/",
        "text/html; charset=utf-8",
        include_str!("../web/index.html"),
    ),
    (
        "/style.css",
        "text/css; charset=utf-8",
        include_str!("../web/style.css"),
    ),
    (
        "/dist/main.js",
        "text/javascript; charset=utf-8",
        include_str!("../web/dist/main.js"),
    ),
];

pub fn router() -> Router {
    FILES
        .into_iter()
        .fold(Router::new(), |router, (path, kind, text)| {
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "no-cache"),
            ];
            router.route(path, get(move || async move { (headers, text) }))
        })
}
