//! How the pages look: on a projector and on a phone, in light and in dark.

use poll_to_push_browser_tests::browser::{Page, Window};
use poll_to_push_browser_tests::course::{Course, FOLDERS};

/// The texts before and behind the lessons, and the lesson that uses all others.
const AROUND: [&str; 3] = ["/0-http/", "/8-race/", "/comparison/"];

const OTHERS: [&str; 3] = [
    "/",
    "/1-short-polling/confirm.html?session=none",
    "/7-socket-io/notes.html",
];

const WIDTHS: [(u32, u32); 2] = [(1280, 800), (390, 844)];

/// Every page, with what is wrong with it according to `check`.
fn wrong(check: impl Fn(&Page) -> Vec<String>) -> Vec<String> {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.blank();
    let mut all = Vec::new();
    for path in FOLDERS.iter().chain(&AROUND).chain(&OTHERS) {
        page.go(&course.url(path));
        all.extend(
            check(&page)
                .into_iter()
                .map(|words| format!("{path}: {words}")),
        );
    }
    all
}

fn words(value: &serde_json::Value) -> Vec<String> {
    let list = value.as_array().expect("a list").iter();
    list.map(|words| words.as_str().expect("words").to_owned())
        .collect()
}

const NOTHING: [&str; 0] = [];

#[test]
fn no_page_scrolls_sideways() {
    let wrong = wrong(|page| {
        let mut all = Vec::new();
        let phone = "return document.querySelector('meta[name=viewport]')?.content ?? 'none'";
        let phone = page.run(phone);
        if phone != "width=device-width, initial-scale=1" {
            all.push(format!("viewport {phone}"));
        }
        for (width, height) in WIDTHS {
            page.resize(width, height);
            let over = page.run(&format!(
                "const width = {width};
                 await new Promise(requestAnimationFrame);
                 const root = document.documentElement;
                 if (root.scrollWidth <= width) return [];
                 const wide = [...document.body.querySelectorAll('*')]
                   .filter((it) => it.getBoundingClientRect().right > width + 1)
                   .map((it) => `${{it.localName}}#${{it.id}}.${{it.className}}`);
                 return [`${{root.scrollWidth}} wide on ${{width}}: ${{wide.slice(0, 5)}}`];",
            ));
            all.extend(words(&over));
        }
        all
    });
    assert_eq!(wrong, NOTHING);
}

/// Fills the page as a lesson does, so that long words and tables are there too.
#[test]
fn no_page_scrolls_sideways_when_it_is_in_use() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let mut wrong = Vec::new();
    for path in FOLDERS {
        let page = window.open(&course.url(path));
        page.resize(390, 844);
        page.fill("text", &"LongWord".repeat(40));
        if path == FOLDERS[6] {
            page.click("engine-open");
            page.click("start");
            page.until_text("packets", "4 message");
        }
        page.click("send");
        for id in [
            "sign-in",
            "nine-start",
            "eight-open",
            "handshake-start",
            "echo-open",
            "wrong-origin",
        ] {
            page.run(&format!("document.getElementById('{id}')?.click()"));
        }
        if path == FOLDERS[4] {
            page.run("document.getElementById('eight-close').click()");
            page.fill("stream", "chat");
        }
        if path == FOLDERS[3] {
            page.fill("topic", "chat");
        }
        if path != FOLDERS[6] {
            page.click("start");
        }
        if path != FOLDERS[0] {
            page.click("send");
        }
        if path == FOLDERS[5] {
            page.until("document.getElementById('handshake-sum').children.length > 0");
            page.click("handshake-close");
            page.until("document.getElementById('handshake-frames').children.length > 0");
        }
        page.until("document.getElementById('log').children.length > 0");
        let wide = page.run("return document.documentElement.scrollWidth");
        if wide.as_u64() > Some(390) {
            wrong.push(format!("{path}: {wide} wide"));
        }
        page.close();
    }
    assert_eq!(wrong, NOTHING);
}

#[test]
fn no_page_has_an_error_in_the_console_or_takes_anything_from_elsewhere() {
    let wrong = wrong(|page| {
        let foreign = page.run(
            "await until('the fonts and scripts are in', () => document.readyState === 'complete');
             return performance.getEntriesByType('resource').map((entry) => entry.name)
               .filter((name) => !name.startsWith(location.origin) && !name.startsWith('data:'));",
        );
        words(&foreign)
    });
    assert_eq!(wrong, NOTHING);
    let course = Course::start("poll-to-push");
    let window = Window::new();
    for path in FOLDERS.iter().chain(&AROUND).chain(&OTHERS[..1]) {
        let page = window.open(&course.url(path));
        assert_eq!(page.complaints(), NOTHING, "{path}");
        page.close();
    }
}

/// What is wrong with the links of the page.
const LINKS: &str = "
    const wrong = [];
    for (const link of document.querySelectorAll('a[href]')) {
      const url = new URL(link.href);
      if (url.origin !== location.origin) { wrong.push(`leads away: ${link.href}`); continue; }
      if (url.hash && url.pathname === location.pathname) {
        if (!document.getElementById(url.hash.slice(1))) wrong.push(`no such place: ${url.hash}`);
        continue;
      }
      const { status } = await fetch(url, { method: 'HEAD', cache: 'no-store' });
      if (status !== 200) wrong.push(`${status} at ${url.pathname}${url.search}`);
    }
    return wrong;";

#[test]
fn all_links_lead_somewhere() {
    assert_eq!(wrong(|page| words(&page.run(LINKS))), NOTHING);
}

/// Alone, a lesson has no other lesson's page: those links say what to run.
#[test]
fn on_a_lessons_own_program_a_link_leads_somewhere_or_says_what_to_run() {
    let window = Window::new();
    for (n, path) in FOLDERS.iter().enumerate() {
        let course = Course::start(&format!("lesson{}", n + 1));
        // Its home is the lesson itself.
        let page = window.open(&course.url("/"));
        assert_eq!(page.run("return location.pathname"), *path);
        for words in words(&page.run(LINKS)) {
            let other = words
                .strip_prefix("404 at ")
                .unwrap_or_else(|| panic!("{path}: {words}"));
            let elsewhere = FOLDERS.iter().chain(&AROUND);
            assert!(
                elsewhere.into_iter().any(|it| *it == other),
                "{path}: {words}"
            );
            let said = page.run(&format!("return (await fetch('{other}')).text()"));
            assert!(
                said.as_str().is_some_and(|said| said.contains("cargo run")),
                "{said}"
            );
        }
        page.close();
    }
}

#[test]
fn each_stop_stands_beside_its_stage_and_on_a_phone_below_it() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.blank();
    for path in FOLDERS.iter().chain(&AROUND[1..2]) {
        page.resize(1280, 800);
        page.go(&course.url(path));
        page.until(
            "document.querySelector('.stage').getBoundingClientRect().left >= document.querySelector('.text').getBoundingClientRect().right
             && document.querySelectorAll('.stop:not([hidden])').length === 1",
        );
        let text = page.run(
            "const text = document.querySelector('article.text');
             return [text.querySelectorAll('h1').length, document.querySelectorAll('.line a').length,
                     text.textContent.length, text.textContent, text.innerHTML.includes('<!-- text -->')]",
        );
        assert_eq!(text[0], 1, "{path}");
        assert!(text[1].as_u64() > Some(7), "{path}: {} stops", text[1]);
        assert!(text[2].as_u64() > Some(3000), "{path}: {} letters", text[2]);
        assert_eq!(text[4], false, "{path}");
        // The commands and links in it are for this server. (In the examples of
        // bytes the name stays.)
        let words = text[3].as_str().expect("text");
        assert!(!words.contains("http://localhost:3000"), "{path}");
        page.resize(390, 844);
        page.until(
            "(() => {
               const stage = document.querySelector('.stage').getBoundingClientRect();
               const text = document.querySelector('.text').getBoundingClientRect();
               return stage.bottom <= text.top + 1 && stage.height <= innerHeight / 2;
             })()",
        );
    }
}

/// What is wrong with the stop that is shown: words that are cut, or a stage that is.
const CUT: &str = "
    const wrong = [];
    const ids = [...document.querySelectorAll('[id]')].map((it) => it.id);
    for (const [at, id] of ids.entries()) if (ids.indexOf(id) !== at) wrong.push(`two have the id ${id}`);
    for (const part of document.querySelectorAll('.demo-part, .watch')) {
      if (part.checkVisibility() && part.scrollHeight > part.clientHeight + 2) wrong.push(`${part.id || part.className} holds ${part.scrollHeight} in ${part.clientHeight}`);
    }
    for (const it of document.querySelectorAll('.stage button, .stage dt, .stage dd, .foot a, .stop h1, .stop h2, .stop h3')) {
      if (it.checkVisibility() && it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).display !== 'inline') wrong.push(`${it.localName} ${it.textContent.slice(0, 30)} is cut`);
    }
    return wrong;";

/// Each stop of each lesson, before anything is done: on both screens, in light and in dark.
#[test]
fn no_stop_is_cut() {
    let course = Course::start("poll-to-push");
    let window = Window::new();
    let page = window.blank();
    let mut wrong = Vec::new();
    for path in FOLDERS.iter().chain(&AROUND[1..2]) {
        for ((width, height), scheme) in [((1280, 900), "light"), ((390, 844), "dark")] {
            page.resize(width, height);
            page.prefer(scheme);
            page.go(&course.url(path));
            page.until("document.querySelector('.line [aria-current]')");
            let stops =
                page.run("return [...document.querySelectorAll('.stop')].map((it) => it.id)");
            for stop in words(&stops) {
                page.run(&format!("location.hash = '{stop}'"));
                page.until(&format!("!document.getElementById('{stop}').hidden"));
                let said = page.run(CUT);
                wrong.extend(
                    words(&said)
                        .into_iter()
                        .map(|words| format!("{path}#{stop} {width}: {words}")),
                );
            }
        }
    }
    assert_eq!(wrong, NOTHING);
}

#[test]
fn every_control_has_a_name_and_can_be_reached_by_keyboard() {
    let wrong = wrong(|page| {
        let nameless = page.run(
            "return [...document.querySelectorAll('button, input, select, textarea, a[href], [tabindex]')]
               .filter((it) => it.checkVisibility())
               .filter((it) => !(it.textContent.trim() || it.labels?.length || it.ariaLabel))
               .concat([...document.querySelectorAll('input, select')].filter((it) => !it.labels.length))
               .concat([...document.querySelectorAll('button, input, select, a[href]')]
                 // The arrow keys lead to a tab that is not selected.
                 .filter((it) => it.tabIndex < 0 && !it.matches('[role=tablist] [aria-selected=false]')))
               .map((it) => `${it.localName}#${it.id}`);",
        );
        words(&nameless)
    });
    assert_eq!(wrong, NOTHING);
}

/// Text whose colour is too near to what is behind it (WCAG: 4.5 to 1).
const PALE: &str = "
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
      const linear = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const behind = (it) => {
      for (; it; it = it.parentElement) {
        const [r, g, b, a = 1] = parts(getComputedStyle(it).backgroundColor);
        if (a === 1) return [r, g, b];
      }
      return [255, 255, 255];
    };
    const pale = new Set();
    for (const it of document.querySelectorAll('body, body *')) {
      const own = [...it.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      // A control that cannot be used may be pale.
      if (!own || !it.checkVisibility() || it.matches(':disabled')) continue;
      const [a, b] = [light(parts(getComputedStyle(it).color)), light(behind(it))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) pale.add(`${it.localName}#${it.id}.${it.className} ${contrast.toFixed(2)}`);
    }
    return [...pale];";

#[test]
fn text_stands_out_in_light_and_in_dark() {
    let wrong = wrong(|page| {
        let mut all = Vec::new();
        let mut papers = Vec::new();
        for scheme in ["light", "dark"] {
            page.prefer(scheme);
            papers.push(page.run("return getComputedStyle(document.body).backgroundColor"));
            all.extend(
                words(&page.run(PALE))
                    .into_iter()
                    .map(|pale| format!("{scheme}: {pale}")),
            );
        }
        if papers[0] == papers[1] {
            all.push("light and dark are the same".to_owned());
        }
        all
    });
    assert_eq!(wrong, NOTHING);
}
