//! Lesson 8: every way at once, the ledger, and what is kept of a run.

use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::Course;
use serde_json::{Value, json};
use std::time::Duration;

const AT_FIRST: [&str; 6] = [
    "short-polling",
    "parked",
    "comet",
    "sse",
    "websocket",
    "socket-io-websocket",
];

/// An iframe sees no cut: after 20 s of silence it comes back. The others are faster.
const BACK: Duration = Duration::from_secs(60);

/// The page, at one of its stops, with its lanes in `race`.
fn open(course: &Course, window: &Window, stop: &str) -> Page {
    let page = window.open(&course.url(&format!("/8-race/#{stop}")));
    page.run("window.race = (await import('/8-race/race.js')).race");
    there(&page, &AT_FIRST);
    page
}

/// Waits until these lanes, and no others, listen.
#[track_caller]
fn there(page: &Page, names: &[&str]) {
    page.until(&format!(
        "JSON.stringify(race.on.map(({{ name }}) => name)) === {:?}
         && race.on.every((lane) => Number.isFinite(lane.since) && lane.there.at(-1)?.to === null)",
        json!(names).to_string()
    ));
}

/// Leaves four held: all those that are not on at first are on now, but one.
fn change_lanes(page: &Page) -> Vec<&'static str> {
    for name in [
        "parked",
        "comet",
        "iframe-push",
        "socket-io-polling",
        "long-polling",
    ] {
        page.click(&format!("on-{name}"));
    }
    let names = vec![
        "short-polling",
        "long-polling",
        "iframe-push",
        "sse",
        "websocket",
        "socket-io-polling",
        "socket-io-websocket",
    ];
    there(page, &names);
    names
}

/// The newest row of the ledger, as words, for each lane.
fn newest(page: &Page) -> Vec<String> {
    let row = page.run(
        "return [...document.querySelectorAll('#ledger tbody tr:first-child td .visually-hidden')].map((it) => it.textContent)",
    );
    let row = row.as_array().expect("a row").iter();
    row.map(|words| words.as_str().expect("words").to_owned())
        .collect()
}

#[track_caller]
fn publish(page: &Page, nth: u32) {
    page.click("publish");
    page.until_text("published", &format!("Message {nth} is published"));
}

#[track_caller]
fn whole(page: &Page) {
    page.within(
        BACK,
        // The words follow the ledger, a moment later.
        "race.ledger.fates().every(({ fates }) => !fates.includes('waiting'))
         && document.getElementById('whole').textContent.startsWith('Whole')",
    );
}

#[test]
fn every_way_brings_a_message_once() {
    for program in ["poll-to-push", "lesson8"] {
        let course = Course::start(program);
        let window = Window::new();
        let page = open(&course, &window, "a-cut-and-the-ledger");
        publish(&page, 1);
        whole(&page);
        let came = newest(&page);
        assert_eq!(
            came.iter().filter(|it| *it == "not on").count(),
            3,
            "{came:?}"
        );
        let on = change_lanes(&page);
        publish(&page, 2);
        page.until_text("whole", "all 2 messages");
        let came = newest(&page);
        let not_on = came.iter().filter(|it| *it == "not on").count();
        assert_eq!(not_on, 9 - on.len(), "{came:?}");
        assert!(
            !came.iter().any(|it| it == "twice" || it == "lost"),
            "{came:?}"
        );
        // Each has its own delay, requests and bytes; what was held is let go of.
        let counted = page.run(
            "return race.on.every(({ median, requests, up, down }) => median > 0 && requests > 0 && up > 200 && down > 100)",
        );
        assert_eq!(counted, true);
        assert_eq!(page.run("return race.held"), 4);
        assert_eq!(page.complaints(), [""; 0]);
    }
}

#[test]
fn after_a_cut_every_lane_comes_back_and_the_ledger_is_whole() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "a-cut-and-the-ledger");
    let mut nth = 0;
    let mut cut = |on: &[&str]| {
        nth += 1;
        publish(&page, nth);
        whole(&page);
        page.click("cut");
        page.until_text("wire-state", "cut:");
        nth += 1;
        publish(&page, nth);
        whole(&page);
        there(&page, on);
        nth += 1;
        publish(&page, nth);
        whole(&page);
        let fates = "return race.ledger.fates().flatMap(({ fates }) => fates)";
        let fates = page.run(fates);
        let fates = fates.as_array().expect("fates");
        for fate in fates {
            assert!(
                ["once", "late", "not-on"].iter().any(|it| fate == it),
                "{fates:?}"
            );
        }
    };
    cut(&AT_FIRST);
    let on = change_lanes(&page);
    cut(&on);
}

#[test]
fn a_fifth_held_connection_is_refused_with_words() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "six-connections");
    page.click("on-long-polling");
    page.until_text("held", "4 connections held");
    page.click("on-iframe-push");
    page.until_text("held", "iframe push would hold a fifth connection");
    assert!(page.text("held").contains("long poll, condvar"));
    assert_eq!(
        page.run("return document.getElementById('on-iframe-push').checked"),
        false
    );
    // One that holds none of the six is no fifth.
    page.click("on-websocket");
    page.click("on-websocket");
    page.until_text("held", "4 connections held");
    page.click("on-long-polling");
    page.click("on-iframe-push");
    page.until("race.on.some(({ name }) => name === 'iframe-push')");
}

#[test]
fn the_ledger_knows_seven_fates() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "a-cut-and-the-ledger");
    let fates = page.run(
        "const { Ledger, verdict } = await import('/8-race/ledger.js');
         const lane = (words) => ({ words, on: true, since: 0, gapAt: -1, state: '' });
         const [good, twice, slow, gone, told, away, off] = ['good', 'twice', 'slow', 'gone', 'told', 'away', 'off'].map(lane);
         const lanes = [good, twice, slow, gone, told, away, off];
         off.on = false;
         const ledger = new Ledger(lanes);
         const one = ledger.next(32), two = ledger.next(32);
         ledger.acknowledged(one.n, 'a-9');
         ledger.acknowledged(two.n, 'a-10');
         const message = (it) => ledger.of(it.data);
         for (const lane of [good, twice, twice]) ledger.arrived(lane, message(one), message(one).sentAt + 5);
         ledger.arrived(slow, message(one), message(one).sentAt + 1500);
         ledger.arrived(gone, message(two), message(two).sentAt + 5);
         told.gapAt = performance.now() + 1;
         const all = ledger.fates();
         return [all.map(({ fates }) => fates), verdict(ledger, all).words, one.data.length, ledger.next(1000).data.length];",
    );
    assert_eq!(
        fates[0],
        json!([
            [
                "waiting", "waiting", "waiting", "once", "gap", "waiting", "not-on"
            ],
            ["once", "twice", "late", "lost", "gap", "waiting", "not-on"],
        ])
    );
    let words = fates[1].as_str().expect("words");
    for part in [
        "Not whole",
        "gone: 1 lost",
        "told: 2 in a gap",
        "twice: 1 twice",
        "away 2",
    ] {
        assert!(words.contains(part), "{words}");
    }
    assert_eq!((&fates[2], &fates[3]), (&json!(32), &json!(1000)));
}

/// Puts a file with this text into the field.
fn lay_beside(page: &Page, text: &Value) {
    page.run(&format!(
        "const files = new DataTransfer();
         files.items.add(new File([{text}], 'run.json'));
         const it = document.getElementById('beside');
         it.files = files.files;
         it.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    ));
}

#[test]
fn a_saved_run_can_be_laid_beside_and_other_files_cannot() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = open(&course, &window, "keep-a-run");
    page.click("publish");
    page.until("race.on.every(({ messages }) => messages === 1)");
    page.click("load-run");
    page.until_text("load-state", "All came: 5,000 of 5,000");
    page.run(
        "const make = URL.createObjectURL;
         URL.createObjectURL = (blob) => make.call(URL, window.kept = blob);",
    );
    page.click("save");
    page.until_text("kept", "Saved as race-");
    let saved = page.run("return kept.text()");
    page.run("race.clear()");
    lay_beside(&page, &saved);
    page.until_text("kept", "Beside it: the run of ");
    let rows = page.run(
        "return [...document.querySelectorAll('#runs tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))",
    );
    let rows = rows.as_array().expect("rows");
    // The lanes have no figures now; the run with a hundred is in both.
    assert_eq!(rows.len(), 7, "{rows:?}");
    assert_eq!(rows[0][1], "–", "{rows:?}");
    assert!(
        rows[0][2].as_str().is_some_and(|it| it.contains('s')),
        "{rows:?}"
    );
    assert_eq!(rows[6][0], "SSE, to 100");
    assert_eq!(rows[6][1], rows[6][2], "{rows:?}");
    for (text, why) in [
        (json!("no JSON"), "cannot be laid beside"),
        (json!("{\"form\":\"another\"}"), "no run of this page"),
        (
            json!("{\"form\":\"poll-to-push race 1\",\"lanes\":[{}],\"loads\":[]}"),
            "not what this page writes",
        ),
        (
            json!("{\"form\":\"poll-to-push race 1\",\"lanes\":[],\"loads\":[{}]}"),
            "cannot be laid beside",
        ),
    ] {
        lay_beside(&page, &text);
        page.until_text("kept", why);
    }
}

#[test]
fn without_the_view_of_the_bytes_the_race_runs_and_says_what_is_missing() {
    let course = Course::start_in("poll-to-push", None, &["--no-wire"]);
    let window = Window::new();
    let page = open(&course, &window, "what-it-costs");
    page.click("publish");
    page.until("race.on.every(({ messages }) => messages === 1)");
    assert!(page.text("lanes-note").contains("--no-wire"));
    let cells = "document.querySelector('#on-sse').closest('tr').querySelectorAll('.costs')";
    page.until(&format!("{cells}[0].textContent === '2'"));
    assert_eq!(
        page.run(&format!(
            "return [...{cells}].slice(1).map((it) => it.textContent)"
        )),
        json!(["–", "–", "–"])
    );
    assert_eq!(
        page.run("return document.getElementById('cut').disabled"),
        true
    );
}

#[test]
fn the_servers_figures_follow_a_run() {
    let course = Course::start("lesson8");
    let window = Window::new();
    let page = open(&course, &window, "waiting-waking-writing");
    page.click("load-run");
    page.until("Number(document.getElementById('server-threads').textContent) > 100");
    page.until_text("load-state", "All came");
    assert_eq!(
        page.run("return document.querySelectorAll('#loads tbody tr').length"),
        1
    );
    // A run that is ended makes room for the next.
    page.click("load-run");
    page.until_text("load-state", "published");
    page.click("load-stop");
    page.until_text("load-state", "Ended");
    page.until("!document.getElementById('load-run').disabled");
}
