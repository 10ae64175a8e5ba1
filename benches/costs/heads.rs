//! Request heads as a browser sends them.
//!
//! They were taken from the socket once: headless Chromium 156 on Linux opened each
//! lesson's page through a small relay that wrote down what it sent. Only the host's
//! port, the cursors, session ids and keys were replaced. The pages are the lessons'
//! own, so a `fetch` that must pass by the cache says so here too.

/// What a course that was started without options is called.
const HOST: &str = "localhost:3000";

const AGENT: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 \
    (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36\r\n";
const BRANDS: &str = "sec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\n";
const MOBILE: &str = "sec-ch-ua-mobile: ?0\r\n";
const PLATFORM: &str = "sec-ch-ua-platform: \"Linux\"\r\n";
const NO_CACHE: &str = "Pragma: no-cache\r\nCache-Control: no-cache\r\n";
const FETCHED: &str =
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n";
const LANGUAGES: &str =
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n";

/// `fetch(target)` in the page of the lesson in `folder`.
pub fn fetch(target: &str, folder: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive\r\n\
         {PLATFORM}{AGENT}{BRANDS}{MOBILE}Accept: */*\r\n{FETCHED}\
         Referer: http://{HOST}/{folder}/\r\n{LANGUAGES}\r\n"
    )
}

/// `fetch(target, {cache: "no-store"})`.
pub fn fetch_uncached(target: &str, folder: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive\r\n{NO_CACHE}\
         {PLATFORM}{AGENT}{BRANDS}{MOBILE}Accept: */*\r\n{FETCHED}\
         Referer: http://{HOST}/{folder}/\r\n{LANGUAGES}\r\n"
    )
}

/// `fetch(target, {method: "POST", body})`, as lesson 7's client does it, with the body.
pub fn post(target: &str, folder: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive\r\n\
         Content-Length: {length}\r\n{PLATFORM}{AGENT}{BRANDS}\
         Content-Type: text/plain;charset=UTF-8\r\n{MOBILE}Accept: */*\r\n\
         Origin: http://{HOST}\r\n{FETCHED}Referer: http://{HOST}/{folder}/\r\n\
         {LANGUAGES}\r\n{body}"
    )
}

/// An iframe whose `src` is `target`.
pub fn iframe(target: &str, folder: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive\r\n\
         {BRANDS}{MOBILE}{PLATFORM}Upgrade-Insecure-Requests: 1\r\n{AGENT}\
         Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,\
         image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7\r\n\
         Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\n\
         Sec-Fetch-Dest: iframe\r\nReferer: http://{HOST}/{folder}/\r\n{LANGUAGES}\r\n"
    )
}

/// `new EventSource(target)`.
pub fn event_source(target: &str, folder: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive\r\n{NO_CACHE}\
         {PLATFORM}{AGENT}Accept: text/event-stream\r\n{BRANDS}{MOBILE}{FETCHED}\
         Referer: http://{HOST}/{folder}/\r\n{LANGUAGES}\r\n"
    )
}

/// `new WebSocket(target)`; `subprotocol` is a whole field or nothing. The key is the
/// standard's own example: the server does not care that it is always the same.
pub fn web_socket(target: &str, subprotocol: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\n{NO_CACHE}{AGENT}\
         Upgrade: websocket\r\nOrigin: http://{HOST}\r\nSec-WebSocket-Version: 13\r\n\
         {LANGUAGES}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
         {subprotocol}\r\n"
    )
}
