//! Cross-origin requests of pages that `--allow-origin` names (Fetch standard, HTTP
//! extensions). Who may ask at all: `origin_policy`.

use super::response::Response;

/// The response to a preflight request: the browser asks before it uses a method or a
/// field that not every page may use.
pub fn preflight(allowed_methods: &str) -> Response {
    Response::new(204)
        .header("Access-Control-Allow-Methods", allowed_methods)
        .header(
            "Access-Control-Allow-Headers",
            "Content-Type, Last-Event-ID",
        )
}

/// Lets a page of `origin` read the response.
pub fn allow(response: Response, origin: &str) -> Response {
    response
        .header("Access-Control-Allow-Origin", origin)
        .header("Access-Control-Expose-Headers", "Last-Event-ID")
        .header("Vary", "Origin")
}
