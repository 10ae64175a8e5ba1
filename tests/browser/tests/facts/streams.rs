//! Lesson 3: answers that are read while they grow.

use super::page;
use serde_json::json;

/// A stream of three chunks: the first at once, each other when it is released.
fn three(asked: &super::Asked, wire: &mut super::Wire) {
    let (kind, sniff) = match asked.query() {
        "plain" => ("text/plain", ""),
        "nosniff" => ("text/plain", "X-Content-Type-Options: nosniff"),
        _ => ("text/html", ""),
    };
    wire.begin(&format!("Content-Type: {kind}\n{sniff}"));
    wire.chunk("one ");
    wire.until("two");
    wire.chunk("two ");
    wire.until("three");
    wire.chunk("three ");
    wire.until("end");
    wire.end();
}

const XHR: &str = r#"
window.texts = {};
window.states = {};
for (const kind of ["plain", "nosniff", "html"]) {
  const xhr = new XMLHttpRequest();
  texts[kind] = "";
  xhr.onreadystatechange = () => {
    states[kind] = xhr.readyState;
    if (xhr.readyState >= 3) texts[kind] = xhr.responseText;
  };
  xhr.open("GET", "/three?" + kind);
  xhr.send();
}
"#;

#[test]
fn at_ready_state_3_plain_text_comes_only_with_nosniff() {
    let (raw, _window, page) = page(three);
    page.run(XHR);
    page.until("texts.nosniff === 'one ' && texts.html === 'one '");
    raw.release("two");
    page.until("texts.nosniff === 'one two ' && texts.html === 'one two '");
    raw.release("three");
    page.until("texts.nosniff === 'one two three ' && texts.html === 'one two three '");
    // The server sent it the same, at the same times.
    assert_eq!(page.run("return texts.plain"), "");
    raw.release("end");
    page.until("texts.plain === 'one two three ' && states.plain === 4");
}

#[test]
fn a_reader_of_fetch_gets_each_piece_as_it_comes() {
    let (raw, _window, page) = page(three);
    page.run(
        "const response = await fetch('/three?nosniff');
         window.read = '';
         window.whole = null;
         (async () => {
           const reader = response.body.getReader();
           for (;;) {
             const { value, done } = await reader.read();
             if (done) break;
             read += new TextDecoder().decode(value);
           }
         })();
         fetch('/three?html').then((response) => response.text()).then((text) => { whole = text; });",
    );
    page.until("read === 'one '");
    raw.release("two");
    page.until("read === 'one two '");
    raw.until_asked("/three?html", 1);
    assert_eq!(
        page.run("return whole"),
        json!(null),
        "text() waits for the end"
    );
    raw.release("three");
    raw.release("end");
    page.until("whole === 'one two three '");
}

#[test]
fn who_looks_only_at_ready_state_3_misses_the_tail() {
    let (_raw, _window, page) = page(|_, wire| {
        wire.begin("Content-Type: text/plain\nX-Content-Type-Options: nosniff");
        // Pieces that come close together: the browser does not tell of each.
        for _ in 0..20 {
            wire.chunk("x".repeat(100_000));
        }
        wire.chunk("tail");
        wire.end();
    });
    let seen = page.run(
        "const once = (n) => new Promise((done) => {
           const at = {};
           const xhr = new XMLHttpRequest();
           xhr.onreadystatechange = () => { at[xhr.readyState] = xhr.responseText.slice(-4); };
           xhr.onload = () => done(at);
           xhr.open('GET', '/stream?' + n);
           xhr.send();
         });
         // Nearly every time; a machine that stands still for a moment may see it all at 3.
         for (let n = 0; n < 20; n++) {
           const at = await once(n);
           if (at[3] !== 'tail') return at[4];
         }
         return 'never missed';",
    );
    assert_eq!(seen, "tail");
}

#[test]
fn response_text_is_all_that_came_so_far_each_time() {
    let (raw, _window, page) = page(|_, wire| {
        wire.begin("Content-Type: text/plain\nX-Content-Type-Options: nosniff");
        wire.chunk("one ");
        wire.until("two");
        wire.chunk("two ");
        wire.hold();
    });
    page.run(
        "window.printed = [];
         const xhr = new XMLHttpRequest();
         xhr.onreadystatechange = () => { if (xhr.readyState === 3) printed.push(xhr.responseText); };
         xhr.open('GET', '/stream');
         xhr.send();",
    );
    page.until("printed.at(-1) === 'one '");
    raw.release("two");
    page.until("printed.at(-1) === 'one two '");
}

#[test]
fn a_tab_shows_an_event_stream_while_it_grows_but_no_ndjson() {
    let (raw, window, _page) = page(|asked, wire| {
        let kind = asked.query();
        wire.begin(&format!(
            "Content-Type: {kind}\nX-Content-Type-Options: nosniff"
        ));
        wire.chunk("data: 1\n\n");
        wire.hold();
    });
    let shown = window.blank();
    shown.run(&format!(
        "location.href = '{}'",
        raw.url("/tab?text/event-stream")
    ));
    shown.until("document.body?.textContent.includes('data: 1')");
    // Chromium does not know how to show this type, so it saves it, and the tab
    // stays as it was.
    let saved = window.blank();
    saved.run(&format!(
        "location.href = '{}'",
        raw.url("/tab?application/x-ndjson")
    ));
    raw.until_left("/tab?application/x-ndjson");
    assert_eq!(saved.run("return location.href"), "about:blank");
}

#[test]
fn fetch_fails_when_a_stream_is_cut_in_the_middle() {
    let (raw, _window, page) = page(|_, wire| {
        wire.begin("Content-Type: text/plain");
        wire.chunk("one ");
        wire.until("cut");
        wire.shut();
    });
    page.run(
        "window.outcome = null;
         window.first = null;
         const response = await fetch('/stream');
         const reader = response.body.getReader();
         first = new TextDecoder().decode((await reader.read()).value);
         reader.read().then(() => { outcome = 'more'; }, (error) => { outcome = error.name; });",
    );
    raw.release("cut");
    page.until("first === 'one ' && outcome === 'TypeError'");
}
