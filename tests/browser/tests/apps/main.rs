//! Every app of the lessons in a real browser, on the whole course; and where it can
//! make a difference, on the lesson's own program, too.

mod comet;
mod iframe_push;
mod long_polling;
mod race;
mod short_polling;
mod socket_io;
mod sse;
mod together;
mod web_socket;

use poll_to_push_browser_tests::SOON;
use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::{Course, FOLDERS, say};
use std::time::Duration;

/// For what must come at once: far less than any poll, wait or heartbeat.
const AT_ONCE: Duration = Duration::from_secs(5);

/// One of the two programs that serve a lesson, and a window to look at it.
struct Stage {
    course: Course,
    window: Window,
    folder: &'static str,
}

impl Stage {
    fn new(program: &str, lesson: usize, arguments: &[&str]) -> Stage {
        Stage {
            course: Course::start_in(program, None, arguments),
            window: Window::new(),
            folder: FOLDERS[lesson - 1],
        }
    }

    /// The lesson's page in a new tab.
    #[track_caller]
    fn open(&self) -> Page {
        self.window.open(&self.course.url(self.folder))
    }
}

/// Runs the check on the whole course: for what is the same code in the lesson's own
/// program. From lesson 3 on that is all of it, so that a few checks on both are enough.
fn on_course(lesson: usize, check: impl Fn(&mut Stage)) {
    on_course_with(lesson, &[], check);
}

/// As [`on_course`], with more arguments for the program.
fn on_course_with(lesson: usize, arguments: &[&str], check: impl Fn(&mut Stage)) {
    check(&mut Stage::new("poll-to-push", lesson, arguments));
}

/// Runs the check on the whole course and on the lesson's own program, at once.
fn on_both(lesson: usize, check: impl Fn(&mut Stage) + Sync) {
    let alone = format!("lesson{lesson}");
    std::thread::scope(|scope| {
        for program in ["poll-to-push", &alone] {
            let run = || check(&mut Stage::new(program, lesson, &[]));
            // Its name stands in the words of a failure.
            let thread = std::thread::Builder::new().name(program.to_owned());
            thread.spawn_scoped(scope, run).expect("a thread");
        }
    });
}

/// Checks a measure of time. A machine that has too much else to do may spoil one,
/// not five of them.
fn measured(mut check: impl FnMut() -> Result<(), String>) {
    let tries: Vec<_> = (0..5).map_while(|_| check().err()).collect();
    assert!(tries.len() < 5, "{}", tries.join("\n"));
}

/// The lines of a log, without their times.
fn lines(page: &Page, log: &str) -> Vec<String> {
    let lines = page.run(&format!(
        "return [...document.querySelectorAll('#{log} li span')].map((words) => words.textContent)"
    ));
    let lines = lines.as_array().expect("lines").iter();
    lines
        .map(|line| line.as_str().expect("words").to_owned())
        .collect()
}

/// How many messages with this text have arrived.
fn times(page: &Page, text: &str) -> usize {
    let came = lines(page, "log").into_iter();
    // What we sent ourselves is in some logs, too.
    came.filter(|line| line.contains(text) && !line.starts_with("sent"))
        .count()
}

/// Waits in the page, and checks that `value` (JavaScript) is the same after it:
/// only for what must not happen.
#[track_caller]
fn stays(page: &Page, value: &str, milliseconds: u32) {
    let both = page.run(&format!(
        "const before = JSON.stringify({value});
         await new Promise((done) => setTimeout(done, {milliseconds}));
         return [before, JSON.stringify({value})];"
    ));
    assert_eq!(both[0], both[1], "{value} changed");
}

/// The buttons under a mistake of a text, in their order.
#[derive(Clone, Copy)]
enum Way {
    Wrong,
    Right,
}

/// Presses one of the buttons under a mistake; what it said until it was done.
#[track_caller]
fn tried(page: &Page, name: &str, way: Way) -> Vec<String> {
    let place = format!("[data-try=\"{name}\"]");
    let button = format!(
        "document.querySelectorAll('{place} button')[{}]",
        way as usize
    );
    // The script that makes the buttons comes after the page.
    page.until(&button);
    page.run(&format!("{button}.click()"));
    let log = format!(
        "document.querySelectorAll('{place} .way')[{}]",
        way as usize
    );
    page.within(
        SOON * 2,
        &format!("{log}.querySelector('li:is(.done, .lost)')"),
    );
    let said = page.run(&format!(
        "return [...{log}.querySelectorAll('li')].map((line) => line.textContent)"
    ));
    let said = said.as_array().expect("lines").iter();
    said.map(|line| line.as_str().expect("words").to_owned())
        .collect()
}

/// What the wrong way says, and what the right way says.
#[track_caller]
fn both_ways(page: &Page, name: &str) -> [Vec<String>; 2] {
    [Way::Wrong, Way::Right].map(|way| tried(page, name, way))
}
