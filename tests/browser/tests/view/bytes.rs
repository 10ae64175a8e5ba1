//! From bytes to what crossed: the page's own parsers, with bytes made by hand.

use super::bench;
use serde_json::{Value, json};

/// Feeds passages to one connection; `[way, kind, label, [part names], bytes, left]` of
/// each crossing. A passage is `[kind, text or [bytes], more bytes that passed]`.
fn crossings(passages: &Value) -> Vec<Value> {
    let (_course, _window, page) = bench();
    let crossed = page.run(&format!(
        "const {{ Connection }} = await import('/view/connection.js');
         const all = [];
         const one = new Connection(7, (it) => all.push(
           [it.way, it.kind, it.label, it.parts.map((part) => part.name), it.bytes, it.left ?? 0]));
         let us = 0;
         for (const [kind, what, more = 0] of {passages}) {{
           const bytes = typeof what === 'string' ? new TextEncoder().encode(what) : new Uint8Array(what);
           if (kind === 'missed') one.missed();
           else one.take({{ us: us++, kind, bytes, length: bytes.length + more, why: kind === 'end' ? what : undefined }});
         }}
         return all;"
    ));
    crossed.as_array().expect("a list").clone()
}

/// The first three of each.
fn kinds(crossings: &[Value]) -> Vec<Value> {
    crossings
        .iter()
        .map(|one| json!([one[0], one[1], one[2]]))
        .collect()
}

const ASK: &str = "GET /short-polling/messages?after=0 HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_poll_without_news_is_empty_and_one_with_news_is_a_message() {
    let empty = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"messages\":[],\"last_id\":\"k-1\"}";
    let empty = empty.replace("30", "31");
    let body = "{\"messages\":[{\"id\":\"k-2\",\"data\":\"hi\"}],\"last_id\":\"k-2\"}";
    let length = body.len();
    let news = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let none = "HTTP/1.1 204 No Content\r\nLast-Event-ID: k-2\r\n\r\n";
    let all = crossings(&json!([
        ["in", ASK],
        ["out", empty],
        ["in", ASK],
        ["out", news],
        ["in", ASK],
        ["out", none],
    ]));
    let asked = json!(["up", "request", "GET /short-polling/messages"]);
    assert_eq!(
        kinds(&all),
        [
            asked.clone(),
            json!(["down", "empty", "200"]),
            asked.clone(),
            json!(["down", "message", "k-2"]),
            asked,
            json!(["down", "empty", "204"]),
        ]
    );
    assert_eq!(all[0][3], json!(["request-line", "field", "blank-line"]));
    assert_eq!(
        all[3][3].as_array().and_then(|parts| parts.last()),
        Some(&json!("body"))
    );
}

const STREAM: &str = "GET /sse/stream HTTP/1.1\r\n\r\n";
const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn a_stream_is_taken_apart_chunk_by_chunk_however_the_bytes_arrive() {
    let chunks = "1d\r\nid: k-3\ndata: {\"id\":\"k-3\"}\n\n\r\n3\r\n:\n\n\r\n0\r\n\r\n";
    let chunks = chunks.replace("1d", "1c");
    let whole = crossings(&json!([
        ["in", STREAM],
        ["out", STREAM_HEAD],
        ["out", chunks]
    ]));
    let expected = [
        json!(["up", "request", "GET /sse/stream"]),
        json!(["down", "open", "200, and it stays open"]),
        json!(["down", "message", "k-3"]),
        json!(["down", "heartbeat", "heartbeat"]),
        json!(["down", "close", "the last chunk"]),
    ];
    assert_eq!(kinds(&whole), expected);
    assert_eq!(
        whole[2][3],
        json!(["chunk-size", "sse-id", "sse-data", "sse-blank", "chunk-end"])
    );
    assert_eq!(whole[2][4], 0x1c + 6);
    // A byte at a time.
    let mut bytes = vec![json!(["in", STREAM]), json!(["out", STREAM_HEAD])];
    bytes.extend(chunks.chars().map(|one| json!(["out", one.to_string()])));
    assert_eq!(kinds(&crossings(&bytes.into())), expected);
}

#[test]
fn a_line_over_two_chunks_is_two_pieces_and_a_script_is_a_message() {
    let lines = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n8\r\n:\"k-4\"}\n\r\n1\r\n\n\r\n";
    let all = crossings(&json!([
        ["in", "GET /comet/stream HTTP/1.1\r\n\r\n"],
        ["out", lines]
    ]));
    let parts: Vec<_> = all[2..].iter().map(|one| &one[3]).collect();
    assert_eq!(
        parts,
        [
            &json!(["chunk-size", "line", "chunk-end"]),
            &json!(["chunk-size", "line", "chunk-end"]),
            &json!(["chunk-size", "heartbeat", "chunk-end"]),
        ]
    );
    let script = "<script>parent.postMessage({\"id\":\"k-5\"},location.origin)</script>\n";
    let page = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{script}\r\n",
        script.len()
    );
    let all = crossings(&json!([
        ["in", "GET /iframe-push/stream HTTP/1.1\r\n\r\n"],
        ["out", page]
    ]));
    assert_eq!(kinds(&all)[2], json!(["down", "message", "k-5"]));
    assert_eq!(all[2][3][1], "script");
}

const UPGRADE: &str = "GET /websocket/echo HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

#[test]
fn frames_are_named_bit_by_bit_and_unmasked() {
    // RFC 6455, section 5.7: "Hello", masked and not; then a ping, a Close 1000 and bytes.
    let masked = [
        0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];
    let plain = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    let all = crossings(&json!([
        ["in", UPGRADE],
        ["out", SWITCH],
        ["in", masked],
        ["out", plain],
        ["out", [0x89, 0]],
        ["out", [0x82, 2, 255, 254]],
        ["out", [0x88, 2, 3, 0xe8]],
    ]));
    assert_eq!(
        kinds(&all)[1..],
        [
            json!(["down", "handshake", "101 Switching Protocols"]),
            json!(["up", "frame", "Hello"]),
            json!(["down", "message", "Hello"]),
            json!(["down", "heartbeat", "ping"]),
            json!(["down", "message", "2 bytes"]),
            json!(["down", "close", "Close"]),
        ]
    );
    assert_eq!(
        all[2][3],
        json!([
            "ws-fin",
            "ws-opcode",
            "ws-masked",
            "ws-length",
            "ws-key",
            "ws-payload"
        ])
    );
    assert_eq!(
        all[6][3],
        json!(["ws-fin", "ws-opcode", "ws-masked", "ws-length", "ws-code"])
    );
}

#[test]
fn of_a_frame_whose_bytes_were_not_kept_the_length_is_right_and_the_next_one_is_found() {
    let long = [0x82, 127, 0, 0, 0, 0, 0, 16, 0, 0, 1, 2, 3];
    // 1 MiB of payload: three bytes are here, the rest passed unkept, in two pieces.
    let all = crossings(&json!([
        ["in", UPGRADE],
        ["out", SWITCH],
        ["out", long, 1_000_000],
        ["out", [], 48_573],
        ["out", [0x81, 2, 104, 105]],
    ]));
    let last = &kinds(&all)[2..];
    assert_eq!(
        last,
        [
            json!(["down", "message", "1048576 bytes"]),
            json!(["down", "message", "hi"])
        ]
    );
    assert_eq!(
        (&all[2][4], &all[2][5]),
        (&json!(1_048_586), &json!(1_048_573))
    );
}

#[test]
fn after_bytes_that_were_missed_the_view_finds_its_place_again() {
    let all = crossings(&json!([
        ["in", STREAM],
        ["out", STREAM_HEAD],
        ["out", "c\r\ndata"],
        ["missed", ""],
        ["out", ": rest\n\n\r\n"],
        ["out", "7\r\nid: 9\n\n\r\n"],
        ["end", "Cut"],
    ]));
    assert_eq!(
        kinds(&all)[2..],
        [
            json!(["down", "answer", "data"]),
            // An id alone: no event fires.
            json!(["down", "answer", "9"]),
            json!(["end", "cut", "Cut"]),
        ]
    );
}

#[test]
fn packets_of_socket_io_are_named_in_a_poll_and_in_a_frame() {
    let poll = "GET /socket.io/?EIO=4&transport=polling&sid=a HTTP/1.1\r\n\r\n";
    let body = "42/push,7[\"hello\",1]\x1e2";
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let all = crossings(&json!([["in", poll], ["out", answer]]));
    let parts = all[1][3].as_array().expect("parts");
    let names: Vec<_> = parts
        .iter()
        .filter_map(Value::as_str)
        .skip_while(|name| *name != "blank-line")
        .skip(1)
        .collect();
    assert_eq!(
        names,
        [
            "eio-type",
            "sio-type",
            "sio-namespace",
            "sio-ack",
            "sio-data",
            "eio-separator",
            "eio-type"
        ]
    );
    assert_eq!(all[1][1], "message");
    let frame = |text: &str| {
        let mut bytes = vec![0x81, u8::try_from(text.len()).expect("short")];
        bytes.extend_from_slice(text.as_bytes());
        bytes
    };
    let socket = UPGRADE.replace("/websocket/echo", "/socket.io/?EIO=4&transport=websocket");
    let all = crossings(&json!([
        ["in", socket],
        ["out", SWITCH],
        ["out", frame("2")],
        ["out", frame("430[\"ok\"]")]
    ]));
    assert_eq!(all[2][1], "heartbeat");
    assert_eq!(kinds(&all)[3], json!(["down", "message", "430[\"ok\"]"]));
}

#[test]
fn who_comes_in_the_middle_of_a_stream_sees_what_follows() {
    let (_course, _window, page) = bench();
    let labels = page.run(
        "const { Connection } = await import('/view/connection.js');
         const all = [];
         const take = (target, bytes) => {
           const one = new Connection(1, (it) => all.push(`${it.kind} ${it.label}`), target);
           one.take({ us: 1, kind: 'out', bytes: new Uint8Array(bytes), length: bytes.length });
         };
         const text = (words) => [...new TextEncoder().encode(words)];
         take('/comet/stream', text('b\\r\\n{\"id\":\"k-1\"\\r\\n'));
         take('/websocket/socket', [0x81, 2, 104, 105]);
         take('/short-polling/messages', text('HTTP/1.1 204 No Content\\r\\n\\r\\n'));
         return all;",
    );
    assert_eq!(labels, json!(["message k-1", "message hi", "empty 204"]));
}

#[test]
fn a_batch_is_unpacked_with_its_bytes() {
    let (_course, _window, page) = bench();
    let told = page.run(
        "const { unpack } = await import('/view/tap.js');
         const text = '{\"n\":1,\"kind\":\"in\",\"length\":9,\"kept\":3}\\na\\nb{\"missed\":4}\\n';
         return [...unpack(new TextEncoder().encode(text).buffer)]
           .map(({ n, missed, bytes }) => [n ?? null, missed ?? null, bytes ? [...bytes] : null]);",
    );
    assert_eq!(told, json!([[1, null, [97, 10, 98]], [null, 4, null]]));
}
