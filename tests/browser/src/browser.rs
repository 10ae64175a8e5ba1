//! What a test does in the browser: windows, tabs, clicks, and waiting for what
//! a page shows. Each test has a [`Window`] of its own (cookies, cache and
//! connections are not shared between windows) with as many tabs as it likes.

use crate::SOON;
use crate::chromium::Chromium;
use headless_chrome::browser::Tab;
use headless_chrome::protocol::cdp;
use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Emulation, Log, Runtime, Target};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Put before every script: waiting for a condition, with a deadline.
const PRELUDE: &str = r#"
const until = (what, condition, limit = 15000) => new Promise((done, fail) => {
  const end = performance.now() + limit;
  const look = async () => {
    let value;
    try { value = await condition(); } catch (error) { return fail(error); }
    if (value) return done(value);
    if (performance.now() > end) return fail(new Error(`not within ${limit} ms: ${what}`));
    setTimeout(look, 20);
  };
  look();
});
"#;

/// How the driver says that a script's page is no more.
const GONE: [&str; 3] = ["navigated", "context was destroyed", "was collected"];

/// What one person has open: tabs that share a cache and six connections to a
/// host, and share neither with another window.
pub struct Window {
    browser: Arc<Chromium>,
    context: String,
}

impl Window {
    pub fn new() -> Window {
        let browser = Chromium::shared();
        let context = browser
            .driver()
            .new_context()
            .expect("a window")
            .get_id()
            .to_owned();
        Window { browser, context }
    }

    /// Opens `url` in a new tab, and waits until it is loaded.
    pub fn open(&self, url: &str) -> Page {
        let page = self.blank();
        page.go(url);
        page
    }

    /// An empty tab.
    pub fn blank(&self) -> Page {
        let create = Target::CreateTarget {
            url: "about:blank".to_owned(),
            browser_context_id: Some(self.context.clone()),
            left: None,
            top: None,
            width: None,
            height: None,
            window_state: None,
            enable_begin_frame_control: None,
            new_window: None,
            background: None,
            for_tab: None,
            hidden: None,
        };
        Page::new(
            self.browser
                .driver()
                .new_tab_with_options(create)
                .expect("a tab"),
        )
    }
}

impl Default for Window {
    fn default() -> Window {
        Window::new()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // The tests that still run go on in their own windows.
        let tabs = self
            .browser
            .driver()
            .get_tabs()
            .lock()
            .map(|tabs| tabs.clone());
        for tab in tabs.unwrap_or_default() {
            if tab.get_browser_context_id().ok().flatten().as_ref() == Some(&self.context) {
                let _ = tab.close_target();
            }
        }
    }
}

/// One tab.
pub struct Page {
    tab: Arc<Tab>,
    /// Errors and warnings in the console, and exceptions that nobody caught.
    complaints: Arc<Mutex<Vec<String>>>,
}

impl Page {
    fn new(tab: Arc<Tab>) -> Page {
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let page = Page {
            tab,
            complaints: complaints.clone(),
        };
        let listen = move |event: &Event| {
            if let Some(words) = complaint(event) {
                let mut all = complaints.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(words);
            }
        };
        page.tab
            .add_event_listener(Arc::new(listen))
            .expect("a listener");
        page.tab.enable_runtime().expect("exceptions are told");
        page.tab.enable_log().expect("the console is told");
        page
    }

    /// Goes to `url`, and waits until the page and its scripts are there.
    #[track_caller]
    pub fn go(&self, url: &str) {
        self.tab.navigate_to(url).expect("the page is there");
        self.arrive();
    }

    #[track_caller]
    fn arrive(&self) {
        crate::eventually("the page is loaded", || {
            let there = "location.href !== 'about:blank' && document.readyState === 'complete'";
            // While the old page gives way to the new one, a script fails.
            matches!(
                self.try_run(&format!("return {there}")),
                Ok(Value::Bool(true))
            )
        });
    }

    /// The size of what is seen, in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) {
        let size = Emulation::SetDeviceMetricsOverride {
            width,
            height,
            device_scale_factor: 1.0,
            // As a phone it would shrink a page that is too wide, and hide the fault.
            mobile: false,
            scale: None,
            screen_width: None,
            screen_height: None,
            position_x: None,
            position_y: None,
            dont_set_visible_size: None,
            screen_orientation: None,
            viewport: None,
            display_feature: None,
            device_posture: None,
        };
        self.tab.call_method(size).expect("another size");
    }

    /// Light or dark, as a reader's system says.
    pub fn prefer(&self, scheme: &str) {
        let media = Emulation::SetEmulatedMedia {
            media: None,
            features: Some(vec![Emulation::MediaFeature {
                name: "prefers-color-scheme".to_owned(),
                value: scheme.to_owned(),
            }]),
        };
        self.tab.call_method(media).expect("another scheme");
    }

    /// Runs the body of an async function in the page; what it returns.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        match self.try_run(script) {
            Ok(value) => value,
            Err(why) => panic!("{why}\nin: {script}\n{}", self.describe()),
        }
    }

    /// As [`Page::run`]; `Err` says what the page threw.
    ///
    /// # Errors
    /// What was thrown, in words.
    pub fn try_run(&self, script: &str) -> Result<Value, String> {
        let evaluate = Runtime::Evaluate {
            expression: format!("(async () => {{ {PRELUDE}\n{script}\n }})()"),
            return_by_value: Some(true),
            await_promise: Some(true),
            user_gesture: Some(true),
            generate_preview: None,
            silent: None,
            include_command_line_api: None,
            object_group: None,
            context_id: None,
            throw_on_side_effect: None,
            timeout: None,
            disable_breaks: None,
            repl_mode: None,
            allow_unsafe_eval_blocked_by_csp: None,
            unique_context_id: None,
            serialization_options: None,
        };
        let done = self.tab.call_method(evaluate).map_err(|e| e.to_string())?;
        match done.exception_details {
            None => Ok(done.result.value.unwrap_or(Value::Null)),
            Some(details) => Err(details
                .exception
                .and_then(|thrown| thrown.description)
                .unwrap_or(details.text)),
        }
    }

    /// What the reader sees, for the words of a failure.
    fn describe(&self) -> String {
        let seen = "return location.href + '\\n' + \
                    (document.querySelector('.demo') ?? document.body).innerText";
        let seen = self.try_run(seen).unwrap_or_default();
        format!(
            "page: {}\nconsole: {:?}",
            seen.as_str().unwrap_or("gone"),
            self.complaints()
        )
    }

    /// Waits until the JavaScript expression holds.
    #[track_caller]
    pub fn until(&self, condition: &str) {
        self.within(SOON, condition);
    }

    /// Waits until the JavaScript expression holds, for at most `limit`.
    #[track_caller]
    pub fn within(&self, limit: Duration, condition: &str) {
        let what = Value::from(condition);
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now()).as_millis();
            let script = format!("await until({what}, () => ({condition}), {left})");
            match self.try_run(&script) {
                Ok(_) => return,
                // The tab went to another page while we asked: ask that one.
                Err(why) if left > 0 && GONE.iter().any(|gone| why.contains(gone)) => {}
                Err(why) => panic!("{why}\n{}", self.describe()),
            }
        }
    }

    /// Waits until the element has these words in it.
    #[track_caller]
    pub fn until_text(&self, id: &str, words: &str) {
        let words = Value::from(words);
        self.until(&format!(
            "document.getElementById('{id}').textContent.includes({words})"
        ));
    }

    /// Presses OK in the dialog that the page has opened. Until then no script runs in it.
    #[track_caller]
    pub fn press_ok(&self) {
        crate::eventually("a dialog is open", || {
            self.tab.get_dialog().accept(None).is_ok()
        });
    }

    /// What the element says.
    #[track_caller]
    pub fn text(&self, id: &str) -> String {
        let text = self.run(&format!(
            "return document.getElementById('{id}').textContent"
        ));
        text.as_str().expect("text").to_owned()
    }

    /// The number that the element shows.
    #[track_caller]
    pub fn number(&self, id: &str) -> u64 {
        let text = self.text(id);
        text.trim()
            .parse()
            .unwrap_or_else(|_| panic!("#{id} shows {text:?}, no number"))
    }

    /// What is seen, as a PNG.
    #[track_caller]
    pub fn picture(&self) -> Vec<u8> {
        let png = cdp::Page::CaptureScreenshotFormatOption::Png;
        let picture = self.tab.capture_screenshot(png, None, None, true);
        picture.expect("a picture")
    }

    /// The number that a JavaScript expression gives.
    #[track_caller]
    pub fn number_of(&self, expression: &str) -> u64 {
        let value = self.run(&format!("return {expression}"));
        value
            .as_u64()
            .unwrap_or_else(|| panic!("{expression} is {value}"))
    }

    /// From the next page on, no script of a page runs. (Those of a test do.)
    pub fn without_scripts(&self) {
        let off = Emulation::SetScriptExecutionDisabled { value: true };
        self.tab.call_method(off).expect("scripts are off");
    }

    /// Presses a button (or checks a box) that can be pressed.
    #[track_caller]
    pub fn click(&self, id: &str) {
        self.run(&format!(
            "const it = await until('#{id} can be pressed', () => {{
               const it = document.getElementById('{id}');
               return it && !it.disabled && it;
             }});
             it.click();"
        ));
    }

    /// Writes into a field, or chooses in a list.
    #[track_caller]
    pub fn fill(&self, id: &str, value: &str) {
        let value = Value::from(value);
        self.run(&format!(
            "const it = document.getElementById('{id}');
             it.value = {value};
             if (it.value !== {value}) throw new Error('#{id} takes no ' + {value});
             it.dispatchEvent(new Event('input', {{ bubbles: true }}));
             it.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        ));
    }

    /// Errors and warnings in the console, and exceptions that nobody caught, so far.
    pub fn complaints(&self) -> Vec<String> {
        let all = self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    /// Closes the tab, as a reader does.
    pub fn close(self) {
        let _ = self.tab.close_target();
    }
}

fn complaint(event: &Event) -> Option<String> {
    match event {
        Event::RuntimeExceptionThrown(thrown) => {
            let details = &thrown.params.exception_details;
            let exception = details.exception.as_ref();
            let words = exception.and_then(|exception| exception.description.clone());
            Some(format!(
                "uncaught: {}",
                words.unwrap_or(details.text.clone())
            ))
        }
        Event::LogEntryAdded(added) => {
            let entry = &added.params.entry;
            use Log::LogEntryLevel::{Error, Warning};
            let bad = matches!(entry.level, Error | Warning);
            let url = entry.url.as_deref().unwrap_or_default();
            bad.then(|| format!("console: {} {url}", entry.text))
        }
        Event::RuntimeConsoleAPICalled(called) => {
            let error = matches!(
                called.params.Type,
                Runtime::ConsoleAPICalledEventTypeOption::Error
            );
            error.then(|| format!("console.error: {:?}", called.params.args))
        }
        _ => None,
    }
}
