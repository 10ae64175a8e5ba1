//! Lessons 1 and 2: equal URLs, JSONP, and answers without a body.

use super::page;
use poll_to_push_browser_tests::raw::Wire;
use serde_json::json;
use std::sync::Mutex;

/// Three ways to send a GET and to know that it was answered.
const WAYS: &str = r#"
const WAYS = {
  fetch: (url) => fetch(url).then((response) => response.text()),
  xhr: (url) => new Promise((done) => {
    const xhr = new XMLHttpRequest();
    xhr.onload = done;
    xhr.open("GET", url);
    xhr.send();
  }),
  iframe: (url) => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = done;
    frame.src = url;
    document.body.append(frame);
  }),
};
"#;

#[test]
fn two_requests_of_one_url_wait_for_each_other_whatever_the_server_says() {
    let (raw, _window, page) = page(|asked, wire| {
        let cache = match asked.path().rsplit('-').next() {
            Some("store") => "Cache-Control: no-store",
            Some("age") => "Cache-Control: no-cache, max-age=0",
            _ => "",
        };
        wire.until(&asked.target);
        wire.answer(
            "200 OK",
            &format!("Content-Type: text/html\n{cache}"),
            "news",
        );
    });
    for way in ["fetch", "xhr", "iframe"] {
        for cache in ["nothing", "store", "age"] {
            let url = format!("/{way}-{cache}");
            page.run(&format!(
                "{WAYS}
                 window.answered = 0;
                 for (let n = 0; n < 2; n++) WAYS.{way}('{url}').then(() => answered++);
                 void WAYS.{way}('{url}?other');"
            ));
            // Asked later, and at the server already: so it was the browser that
            // held the second one back.
            raw.until_asked(&url, 1);
            raw.until_asked(&format!("{url}?other"), 1);
            assert_eq!(raw.count(&url), 1);
            raw.release(&format!("{url}?other"));
            raw.release(&url);
            page.until("answered === 2");
            // The answer of the first was for the first alone.
            assert_eq!(raw.count(&url), 2, "{url}");
        }
    }
}

#[test]
fn no_store_in_the_request_or_a_url_of_its_own_cures_the_waiting() {
    let (raw, _window, page) = page(|_, wire| {
        wire.until("all");
        wire.answer("200 OK", "", "");
    });
    page.run("for (let n = 0; n < 2; n++) void fetch('/poll', { cache: 'no-store' })");
    raw.until_asked("/poll", 2);
    page.run("for (const tab of 'ab') void fetch('/poll?tab=' + tab)");
    raw.until_asked("/poll?tab=a", 1);
    raw.until_asked("/poll?tab=b", 1);
}

#[test]
fn two_tabs_wait_for_each_other_too() {
    let (raw, window, one) = page(|_, wire| {
        wire.until("all");
        wire.answer("200 OK", "Cache-Control: no-store", "");
    });
    let two = window.open(&raw.url("/"));
    one.run("void fetch('/poll')");
    raw.until_asked("/poll", 1);
    two.run("void fetch('/poll'); void fetch('/poll?tab=two')");
    raw.until_asked("/poll?tab=two", 1);
    assert_eq!(raw.count("/poll"), 1);
    raw.release("all");
    raw.until_asked("/poll", 2);
}

#[test]
fn two_jsonp_scripts_of_one_url_become_one_request() {
    let (raw, _window, page) = page(|_, wire| {
        wire.until("script");
        wire.answer(
            "200 OK",
            "Content-Type: application/javascript\nCache-Control: no-store",
            "callback(1);",
        );
    });
    page.run(
        "window.called = 0;
         window.callback = () => called++;
         for (let n = 0; n < 2; n++) {
           const script = document.createElement('script');
           script.src = '/jsonp?callback=callback';
           document.head.append(script);
         }",
    );
    raw.until_asked("/jsonp?callback=callback", 1);
    raw.release("script");
    page.until("called === 2");
    assert_eq!(raw.count("/jsonp?callback=callback"), 1);
}

#[test]
fn to_remove_a_jsonp_script_stops_nothing_but_to_remove_an_iframe_does() {
    let (raw, _window, page) = page(|asked, wire| {
        if wire.hold_until(asked.path()) && asked.path() == "/jsonp" {
            wire.answer(
                "200 OK",
                "Content-Type: application/javascript",
                "callback(1);",
            );
        }
    });
    page.run(
        "window.called = 0;
         window.callback = () => called++;
         window.script = document.createElement('script');
         script.src = '/jsonp';
         document.head.append(script);
         window.frame = document.createElement('iframe');
         frame.src = '/iframe';
         document.body.append(frame);",
    );
    raw.until_asked("/jsonp", 1);
    raw.until_asked("/iframe", 1);
    page.run("script.remove(); frame.remove();");
    raw.until_left("/iframe");
    assert!(!raw.has_left("/jsonp"));
    raw.release("/jsonp");
    page.until("called === 1");
}

#[test]
fn a_jsonp_answer_whose_function_is_gone_is_an_error() {
    let (_raw, _window, page) = page(|_, wire| {
        wire.answer(
            "200 OK",
            "Content-Type: application/javascript",
            "callback(1);",
        );
    });
    page.run(
        "window.errors = [];
         addEventListener('error', (event) => errors.push(event.message));
         const script = document.createElement('script');
         script.src = '/jsonp';
         document.head.append(script);",
    );
    page.until("errors.some((words) => words.includes('callback is not defined'))");
}

/// The next request line of the connection.
fn next_question(wire: &mut Wire) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(wire.read(1).unwrap_or(b"\r\n\r\n".to_vec()));
    }
    let head = String::from_utf8_lossy(&head);
    head.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_question_that_is_cut_on_a_used_connection_is_sent_again_by_the_browser() {
    static CUT: Mutex<Option<String>> = Mutex::new(None);
    let (raw, _window, page) = page(|asked, wire| match asked.path() {
        "/used" => {
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nused");
            *CUT.lock().expect("a lock") = Some(next_question(wire));
            wire.shut();
        }
        _ => wire.answer("200 OK", "", "again"),
    });
    let answer = page.run(
        "await (await fetch('/used')).text();
         return (await fetch('/poll?wait=25')).text()",
    );
    let cut = CUT.lock().expect("a lock").clone();
    assert_eq!(cut.as_deref(), Some("GET /poll?wait=25 HTTP/1.1"));
    assert_eq!(answer, "again");
    assert_eq!(raw.count("/poll?wait=25"), 1);
}

#[test]
fn a_question_that_is_cut_on_a_new_connection_fails() {
    let (raw, _window, page) = page(|_, wire| wire.shut());
    let thrown = page.run("return fetch('/poll').then(() => 'nothing', (error) => error.name)");
    assert_eq!(thrown, "TypeError");
    assert_eq!(raw.count("/poll"), 1);
}

#[test]
fn json_of_a_204_throws() {
    let (_raw, _window, page) = page(|_, wire| wire.send("HTTP/1.1 204 No Content\r\n\r\n"));
    let thrown = page.run(
        "return fetch('/poll').then((response) => response.json())
           .then(() => 'nothing', (error) => error.name)",
    );
    assert_eq!(thrown, "SyntaxError");
}

#[test]
fn an_iframe_ignores_a_204_and_a_script_cannot_see_it() {
    let (raw, _window, page) = page(|_, wire| wire.send("HTTP/1.1 204 No Content\r\n\r\n"));
    page.run(
        "window.loads = [];
         window.frame = document.createElement('iframe');
         document.body.append(frame);
         frame.addEventListener('load', () => loads.push('frame'));
         frame.src = '/iframe';
         const script = document.createElement('script');
         script.addEventListener('load', () => loads.push('script'));
         script.addEventListener('error', () => loads.push('script error'));
         script.src = '/script';
         document.head.append(script);",
    );
    raw.until_asked("/iframe", 1);
    // The script's event says only that something came, as for any script.
    page.until("loads.some((name) => name.startsWith('script'))");
    let frame = page.run("return [frame.contentDocument.URL, loads.includes('frame')]");
    assert_eq!(frame, json!(["about:blank", false]));
}

#[test]
fn to_clear_an_interval_cancels_no_request_that_is_on_its_way() {
    let (raw, _window, page) = page(|asked, wire| {
        wire.until("slow");
        wire.answer("200 OK", "", asked.query());
    });
    // Two requests at once: the timer does not wait for an answer.
    page.run(
        "window.answers = [];
         let n = 0;
         window.timer = setInterval(() => {
           fetch('/poll?' + ++n).then((response) => response.text()).then((text) => answers.push(text));
         }, 50);",
    );
    raw.until_asked("/poll?2", 1);
    page.run("clearInterval(timer)");
    raw.release("slow");
    page.until("answers.includes('1') && answers.includes('2')");
}

#[test]
fn nine_joined_objects_are_no_json() {
    let (_raw, _window, page) = page(|_, wire| {
        let nine: String = (1..=9).map(|n| format!("{{\"n\":{n}}}")).collect();
        wire.answer("200 OK", "Content-Type: application/json", nine);
    });
    let thrown = page.run(
        "const xhr = new XMLHttpRequest();
         xhr.responseType = 'json';
         const loaded = new Promise((done) => { xhr.onload = done; });
         xhr.open('GET', '/nine');
         xhr.send();
         await loaded;
         const text = await (await fetch('/nine?again')).text();
         let name = 'none';
         try { JSON.parse(text); } catch (error) { name = error.name; }
         let lines = 'none';
         try { JSON.parse('{\"n\":1}\\n{\"n\":2}'); } catch (error) { lines = error.name; }
         return [xhr.response, name, lines];",
    );
    assert_eq!(thrown, json!([null, "SyntaxError", "SyntaxError"]));
}

#[test]
fn a_date_in_a_template_is_no_json() {
    let (_raw, _window, page) = page(|_, _| {});
    let thrown = page.run(
        "try { JSON.parse(`{\"time\": ${new Date()}}`); } catch (error) { return error.name; }",
    );
    assert_eq!(thrown, "SyntaxError");
}
