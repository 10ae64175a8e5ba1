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
    // With the cursor: it is the point of the question.
    let asked = json!(["up", "request", "GET /short-polling/messages?after=0"]);
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
            &json!(["chunk-size", "line-piece", "chunk-end"]),
            &json!(["chunk-size", "line-piece", "chunk-end"]),
            &json!(["chunk-size", "heartbeat", "chunk-end"]),
        ]
    );
    let script =
        "<script>parent.postMessage(JSON.parse('{\"id\":\"k-5\"}'),location.origin)</script>\n";
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
            "ws-rsv",
            "ws-opcode",
            "ws-masked",
            "ws-length",
            "ws-key",
            "ws-payload"
        ])
    );
    assert_eq!(
        all[6][3],
        json!([
            "ws-fin",
            "ws-rsv",
            "ws-opcode",
            "ws-masked",
            "ws-length",
            "ws-code"
        ])
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
fn of_chunks_that_were_not_kept_the_length_is_told() {
    let all = crossings(&json!([
        ["in", STREAM],
        ["out", STREAM_HEAD],
        // The first chunk is whole; of the second four bytes were kept.
        ["out", "9\r\nid: a-8\n\n\r\na6\r\ndata", 300],
        ["out", "9\r\nid: a-9\n\n\r\n"],
    ]));
    assert_eq!(
        kinds(&all)[2..],
        [
            json!(["down", "answer", "a-8"]),
            json!(["down", "answer", "data"]),
            json!(["down", "answer", "300 bytes more, not kept"]),
            json!(["down", "answer", "a-9"]),
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

/// What a reader sees of each crossing from the server: its kind, its label, how many
/// messages it counts as, and the explanation of each part behind the head.
fn explained(request: &str, passages: &Value) -> Value {
    let (_course, _window, page) = bench();
    page.run(&format!(
        "const {{ Connection }} = await import('/view/connection.js');
         const {{ explain }} = await import('/view/glossary.js');
         const all = [];
         const inHead = (part) => ['status-line', 'field', 'blank-line', 'chunk-size', 'chunk-end'].includes(part.name);
         const one = new Connection(7, (it) => it.way === 'down' && all.push(
           [it.kind, it.label, it.kind === 'message' ? it.count ?? 1 : 0, ...it.parts
             .filter((part) => !inHead(part)).map((part) => `${{part.text}} = ${{explain(part, it.way)}}`)]));
         let us = 0;
         for (const what of ['{request} HTTP/1.1\\r\\n\\r\\n', ...{passages}]) {{
           const bytes = typeof what === 'string' ? new TextEncoder().encode(what) : new Uint8Array(what);
           one.take({{ us, kind: us++ === 0 ? 'in' : 'out', bytes, length: bytes.length }});
         }}
         return all;"
    ))
}

/// A chunked response of this type, and each piece as a chunk.
fn chunked(content_type: &str, pieces: &[&str]) -> Value {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunks = pieces
        .iter()
        .map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len()));
    std::iter::once(head).chain(chunks).collect()
}

/// A whole response.
fn whole(status: &str, content_type: &str, body: &str) -> Value {
    let length = body.len();
    json!([format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )])
}

#[test]
fn an_event_fires_only_if_data_was_gathered() {
    // HTML standard, 9.2.6: a blank line with an empty data buffer dispatches nothing.
    let pieces = [
        "id: k-1\n\n",
        ":\n\n",
        "id: k-2\nevent: alarm\ndata: {\"id\":\"k-2\"}\n\n",
        "event: gap\ndata: {}\n\n",
        "data: one\n\ndata: two\n\n",
        "nonsense: x\n",
        "data: ha",
        "lf\n\n",
    ];
    let told = explained("GET /sse/stream", &chunked("text/event-stream", &pieces));
    let id = "the id that the browser remembers, and comes back with";
    let fires = "\n = an empty line: now the event fires";
    assert_eq!(
        told.as_array().expect("a list")[1..],
        [
            json!([
                "answer",
                "k-1",
                0,
                format!("id: k-1\n = {id}"),
                "\n = an empty line: no data was gathered, so nothing fires; the id counts"
            ]),
            json!([
                "heartbeat",
                "heartbeat",
                0,
                ":\n = a comment: the page never sees it; here it is the heartbeat",
                "\n = an empty line: nothing was gathered, so nothing fires"
            ]),
            json!([
                "message",
                "k-2",
                1,
                format!("id: k-2\n = {id}"),
                "event: alarm\n = the event's name; without it: message",
                "data: {\"id\":\"k-2\"}\n = what the page gets, if it listens for alarm",
                fires
            ]),
            json!([
                "answer",
                "gap",
                0,
                "event: gap\n = the event's name; without it: message",
                "data: {}\n = what the page gets, if it listens for gap",
                fires
            ]),
            json!([
                "message",
                "two",
                2,
                "data: one\n = what the page gets",
                fires,
                "data: two\n = what the page gets",
                fires
            ]),
            json!([
                "answer",
                "nonsense: x",
                0,
                "nonsense: x\n = no field of an event stream: the browser ignores it"
            ]),
            json!([
                "answer",
                "data: ha",
                0,
                "data: ha = the beginning of a line; the rest comes in another chunk"
            ]),
            json!([
                "message",
                "half",
                1,
                "lf\n = the rest of the line that began in the chunk before",
                fires
            ]),
        ]
    );
}

#[test]
fn a_chunk_is_no_message_and_neither_is_a_gap_notice() {
    let pieces = [
        "{\"id\":\"k-1\"}\n{\"id\":\"k-2\"}\n",
        "{\"id\"",
        ":\"k-3\"}\n",
        "{\"gap\": true}\n",
        "\n",
    ];
    let told = explained(
        "GET /comet/stream",
        &chunked("application/x-ndjson", &pieces),
    );
    let line = "one message, one line of JSON";
    assert_eq!(
        told.as_array().expect("a list")[1..],
        [
            json!([
                "message",
                "k-2",
                2,
                format!("{{\"id\":\"k-1\"}}\n = {line}"),
                format!("{{\"id\":\"k-2\"}}\n = {line}")
            ]),
            json!([
                "answer",
                "{\"id\"",
                0,
                "{\"id\" = the beginning of a line; the rest comes in another chunk"
            ]),
            json!([
                "message",
                "k-3",
                1,
                ":\"k-3\"}\n = the rest of the line that began in the chunk before"
            ]),
            json!([
                "answer",
                "gap",
                0,
                "{\"gap\": true}\n = the gap notice: some messages are lost"
            ]),
            json!([
                "heartbeat",
                "heartbeat",
                0,
                "\n = nothing, said so that the connection is known to be alive"
            ]),
        ]
    );
}

#[test]
fn the_beginning_of_an_iframes_page_is_no_message() {
    let script = "<script>parent.postMessage(JSON.parse('{\"id\":\"k-5\",\"data\":\"a \\u003c b\"}'),location.origin)</script>\n";
    let page = "<!doctype html>\n<meta charset=\"utf-8\">\n<body>\n";
    let gap =
        "<script>parent.postMessage(JSON.parse('{\"gap\": true}'),location.origin)</script>\n";
    let (first, second) = script.split_at(20);
    let pieces = [page, script, gap, "<!---->\n", first, second];
    let told = explained("GET /iframe-push/stream", &chunked("text/html", &pieces));
    assert_eq!(
        told.as_array().expect("a list")[1..],
        [
            json!([
                "answer",
                page.trim().get(..30),
                0,
                format!("{page} = the page around the scripts")
            ]),
            json!([
                "message",
                "k-5",
                1,
                format!("{script} = one message: a script that the browser runs when it has come")
            ]),
            json!([
                "answer",
                "gap",
                0,
                format!("{gap} = the gap notice: some messages are lost")
            ]),
            json!([
                "heartbeat",
                "heartbeat",
                0,
                "<!---->\n = nothing, said so that the connection is known to be alive"
            ]),
            json!([
                "answer",
                first,
                0,
                format!("{first} = the beginning of a script; the rest comes in another chunk")
            ]),
            json!([
                "message",
                "k-5",
                1,
                format!("{second} = the rest of the script that began in the chunk before")
            ]),
        ]
    );
    let poll = "<!doctype html>\n<script>parent.postMessage(JSON.parse('{\"messages\":[],\"last_id\":\"k-5\"}'))</script>\n";
    let told = explained(
        "GET /short-polling/iframe?after=k-5",
        &whole("200 OK", "text/html", poll),
    );
    assert_eq!(told[0][0], "empty");
    assert!(
        told[0].to_string().contains("there was no message"),
        "{told}"
    );
}

#[test]
fn an_answer_that_says_something_is_not_called_empty() {
    let kind = |request: &str, status: &str, body: &str| {
        let told = explained(request, &whole(status, "application/json", body));
        json!([told[0][0], told[0][1], told[0][2]])
    };
    let publish = "POST /publish";
    assert_eq!(
        kind(publish, "200 OK", "{\"id\":\"k-9\"}"),
        json!(["answer", "200 OK", 0])
    );
    let poll = "GET /long-polling/messages";
    assert_eq!(
        kind(poll, "503 Service Unavailable", "{\"error\":\"x\"}"),
        json!(["answer", "503 Service Unavailable", 0])
    );
    assert_eq!(
        kind(poll, "200 OK", "{\"messages\":[],\"last_id\":\"k-1\"}"),
        json!(["empty", "200", 0])
    );
    assert_eq!(
        kind(poll, "200 OK", "{\"messages\":[],\"gap\":true}"),
        json!(["answer", "gap", 0])
    );
    let state = "GET /short-polling/sign-in?session=a";
    assert_eq!(
        kind(state, "200 OK", "{\"state\":\"scanned\"}"),
        json!(["message", "scanned", 0])
    );
    assert_eq!(
        kind(state, "200 OK", "{\"state\":\"waiting\"}"),
        json!(["empty", "waiting", 0])
    );
    let session = "GET /engine.io/?EIO=4&transport=polling";
    let open = "0{\"sid\":\"k3\"}";
    assert_eq!(kind(session, "200 OK", open), json!(["answer", open, 0]));
    assert_eq!(kind(session, "200 OK", "6"), json!(["empty", "6", 0]));
    assert_eq!(
        kind(session, "200 OK", "4a\u{1e}4b"),
        json!(["message", "4a␞4b", 2])
    );
    assert_eq!(
        kind(session, "400 Bad Request", "{\"code\":1}"),
        json!(["answer", "400 Bad Request", 0])
    );
}

#[test]
fn each_bit_of_a_frames_first_byte_has_its_name() {
    let frames = json!([
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        [0x01, 1, 104],
        [0xc0, 1, 105]
    ]);
    let told = explained("GET /websocket/echo", &frames);
    let first: Vec<_> = told[1].as_array().expect("parts")[3..6].to_vec();
    assert_eq!(
        first,
        [
            "0 = FIN is 0: more frames of this message follow",
            "000 = RSV1, RSV2, RSV3 are 0: no extension is used",
            "0001 = opcode 1: text",
        ]
    );
    assert_eq!(
        told[2][4],
        "100 = RSV1 is 1: it means what an extension says"
    );
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
         take('/comet/stream', text('d\\r\\n{\"id\":\"k-1\"}\\n\\r\\n'));
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
