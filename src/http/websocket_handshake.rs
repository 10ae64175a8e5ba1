//! The opening handshake of a WebSocket (RFC 6455, section 4.2). Lesson 6 teaches it.

use super::{Request, Response};

/// The subprotocol that this server knows.
const SUBPROTOCOL: &str = "poll-to-push.v1";

/// The 101 that accepts the handshake, without what follows it.
///
/// # Errors
/// 426 for a request that is no upgrade, or is one to another version; 400 for
/// one that is malformed.
pub fn accept(request: &Request) -> Result<Response, Response> {
    if !request.header_has("Upgrade", "websocket") {
        let why = "this is a WebSocket: open it with new WebSocket(url)";
        return Err(Response::error(426, why)
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade"));
    }
    if request.method != "GET"
        || request.minor_version == 0
        || !request.header_has("Connection", "Upgrade")
    {
        let why = "an upgrade is a GET of HTTP/1.1 with Connection: Upgrade";
        return Err(Response::error(400, why));
    }
    for name in ["Sec-WebSocket-Key", "Sec-WebSocket-Version"] {
        if request.header_values(name).count() > 1 {
            let why = format!("there must be exactly one {name} field");
            return Err(Response::error(400, &why));
        }
    }
    // ANCHOR: version
    if request.header("Sec-WebSocket-Version") != Some("13") {
        return Err(Response::error(426, "the version must be 13")
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Version", 13));
    }
    let key = request.header("Sec-WebSocket-Key").unwrap_or_default();
    if !is_sixteen_bytes_in_base64(key) {
        let why = "Sec-WebSocket-Key must be 16 bytes in base64";
        return Err(Response::error(400, why));
    }
    // ANCHOR_END: version
    // ANCHOR: proof
    // The key and 258EAFA5-E914-47DA-95CA-C5AB0DC85B11, hashed, in base64.
    let proof = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let mut response = Response::new(101)
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Accept", proof);
    // ANCHOR_END: proof
    // Several fields are one list (section 11.3.4). Names differ by case, too.
    let mut offered = request
        .header_values("Sec-WebSocket-Protocol")
        .flat_map(|names| names.split(|byte| *byte == b','));
    if offered.any(|name| name.trim_ascii() == SUBPROTOCOL.as_bytes()) {
        response = response.header("Sec-WebSocket-Protocol", SUBPROTOCOL);
    }
    Ok(response)
}

/// The last letter before `==` may have bits that mean nothing, as in the
/// standard's own example (section 4.1).
fn is_sixteen_bytes_in_base64(key: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let letters = key.strip_suffix("==").unwrap_or_default();
    letters.len() == 22 && letters.bytes().all(letter)
}
