//! Serves the page: three files that are compiled into the program.

use axum::{Router, http::header, routing::get};

/// Path, content type and text. `npm run example` in `tests/typescript` bundles `main.ts` into `dist/main.js`.
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
