//! Lesson 4: pages that never end, and who may post to whom.

use super::page;
use serde_json::json;

const FRAME: &str = r#"
window.arrived = [];
window.loads = 0;
addEventListener("message", (event) => arrived.push([event.data, event.origin === location.origin]));
window.frame = document.createElement("iframe");
frame.addEventListener("load", () => loads++);
frame.src = "/frame";
document.body.append(frame);
"#;

#[test]
fn each_script_of_a_page_that_never_ends_runs_as_soon_as_it_comes_without_padding() {
    let (raw, _window, page) = page(|_, wire| {
        wire.begin("Content-Type: text/html; charset=utf-8");
        let post = |n| {
            format!(
                "<script>parent.postMessage({n}, location.origin);document.currentScript.remove()</script>"
            )
        };
        wire.chunk(post(1));
        wire.until("two");
        wire.chunk(post(2));
        wire.until("end");
        wire.end();
    });
    page.run(FRAME);
    page.until("arrived.length === 1");
    raw.release("two");
    page.until("arrived.length === 2");
    let seen = page.run(
        "const inside = frame.contentDocument;
         return [arrived, inside.readyState, inside.scripts.length, loads]",
    );
    assert_eq!(seen, json!([[[1, true], [2, true]], "loading", 0, 0]));
    // The end of the answer is what makes it load.
    raw.release("end");
    page.until("loads === 1 && frame.contentDocument.readyState === 'complete'");
}

#[test]
fn an_iframe_whose_connection_is_cut_in_the_middle_fires_nothing() {
    let (raw, _window, page) = page(|_, wire| {
        wire.begin("Content-Type: text/html; charset=utf-8");
        wire.chunk("<script>parent.postMessage(1, location.origin)</script>");
        wire.until("cut");
        wire.shut();
    });
    page.run(FRAME);
    page.until("arrived.length === 1");
    raw.release("cut");
    // A fetch of the same kind sees the cut; by then the iframe has had its time.
    let cut = page.run(
        "return fetch('/frame').then((response) => response.text()).then(() => 'whole', (error) => error.name)",
    );
    assert_eq!(cut, "TypeError");
    page.run("await new Promise((done) => setTimeout(done, 500))");
    assert_eq!(
        page.run("return [loads, frame.contentDocument.readyState]"),
        json!([0, "loading"])
    );
}

#[test]
fn an_iframe_loads_when_nobody_answers() {
    let (_raw, _window, page) = page(|_, wire| wire.shut());
    page.run(FRAME);
    // The browser's own error page: it posts nothing, and we may not look into it.
    page.until("loads === 1");
    assert_eq!(
        page.run("return [arrived, frame.contentDocument]"),
        json!([[], null])
    );
}

#[test]
fn a_message_for_localhost_does_not_reach_a_page_opened_at_127_0_0_1() {
    for (opened, other) in [("127.0.0.1", "localhost"), ("localhost", "127.0.0.1")] {
        let (raw, window, _page) = page(move |asked, wire| {
            let port = asked.header("Host").and_then(|host| host.split(':').nth(1));
            let written = format!("http://{other}:{}", port.unwrap_or_default());
            let body = format!(
                "<script>parent.postMessage('written', '{written}');
                 parent.postMessage('own', location.origin);</script>"
            );
            wire.answer("200 OK", "Content-Type: text/html", body);
        });
        let page = window.open(&format!("http://{opened}:{}/", raw.port));
        page.run("window.caught = 0; addEventListener('error', () => caught++);");
        page.run(FRAME);
        // Sent later, it came; so the other one did not.
        page.until("arrived.length > 0 && loads === 1");
        assert_eq!(
            page.run("return [arrived, caught]"),
            json!([[["own", true]], 0])
        );
    }
}

#[test]
fn any_window_that_has_a_reference_may_post() {
    let (raw, window, page) = page(|asked, wire| {
        let origin = asked.query();
        let body = format!("<script>parent.postMessage('from outside', '{origin}')</script>");
        wire.answer("200 OK", "Content-Type: text/html", body);
    });
    drop(page);
    let page = window.open(&raw.url("/"));
    let foreign = format!("http://127.0.0.1:{}/post?{}", raw.port, raw.url(""));
    page.run(&FRAME.replace("\"/frame\"", &format!("\"{foreign}\"")));
    page.until("arrived.length === 1");
    // Only the check of `event.origin` tells.
    assert_eq!(page.run("return arrived"), json!([["from outside", false]]));
}

#[test]
fn inner_html_runs_what_strangers_wrote_and_text_content_does_not() {
    let (_raw, _window, page) = page(|_, wire| wire.answer("404 Not Found", "", ""));
    page.run(
        "window.ran = [];
         const put = (property) => {
           const item = document.createElement('p');
           document.body.append(item);
           item[property] = `<img src='/none?${property}' onerror='ran.push(\"${property}\")'>`;
         };
         put('textContent');
         put('innerHTML');",
    );
    page.until("ran.length > 0");
    assert_eq!(page.run("return ran"), json!(["innerHTML"]));
}
