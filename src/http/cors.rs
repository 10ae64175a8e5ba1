//! Cross-origin requests of pages that `--allow-origin` names (Fetch standard, HTTP
//! extensions). Who may ask at all: `origin_policy`.

use super::response::Response;

/// The response to a preflight request: the browser asks before it uses a method or a
/// field that not every page may use. The fields that it asks for are allowed: who may
/// publish and connect may say what its client's library adds.
pub fn preflight(allowed_methods: &str, asked_fields: Option<&str>) -> Response {
    let fields = asked_fields
        .filter(|fields| are_tokens(fields))
        .unwrap_or("Content-Type, Last-Event-ID");
    Response::new(204)
        .header("Access-Control-Allow-Methods", allowed_methods)
        .header("Access-Control-Allow-Headers", fields)
}

/// Lets a page of `origin` read the response, also one to a request with credentials.
pub fn allow(response: Response, origin: &str) -> Response {
    response
        .header("Access-Control-Allow-Origin", origin)
        .header("Access-Control-Allow-Credentials", true)
        .header("Access-Control-Expose-Headers", "Last-Event-ID")
        .header("Vary", "Origin")
}

/// Names with commas between them (RFC 9110, section 5.6.2).
fn are_tokens(list: &str) -> bool {
    let right = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    list.split(',')
        .map(str::trim)
        .all(|name| !name.is_empty() && name.bytes().all(right))
}
