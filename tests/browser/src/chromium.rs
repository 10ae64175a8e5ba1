//! The browser's process: one serves all tests of a file that run at the same time.

use headless_chrome::{Browser, LaunchOptions};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

const FLAGS: [&str; 7] = [
    // There is none; to play one keeps both cores busy.
    "--disable-gpu",
    "--disable-gpu-rasterization",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Longer than any wait of a test: until then the driver waits for an answer.
const DRIVER_LIMIT: Duration = Duration::from_secs(150);

/// A browser process and the folder that it keeps its things in.
pub(crate) struct Chromium {
    browser: Option<Browser>,
    profile: PathBuf,
}

impl Chromium {
    /// The one that runs, or a new one. It ends, by its id, with its last window.
    pub(crate) fn shared() -> Arc<Chromium> {
        static RUNNING: Mutex<Weak<Chromium>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chromium) = running.upgrade() {
            return chromium;
        }
        let chromium = Arc::new(Chromium::launch());
        *running = Arc::downgrade(&chromium);
        chromium
    }

    fn launch() -> Chromium {
        static LAUNCHED: AtomicU32 = AtomicU32::new(0);
        let n = LAUNCHED.fetch_add(1, Ordering::Relaxed);
        // A short name: there are sockets below it, whose paths have a limit.
        let name = format!("ptp-chromium-{}-{n}", std::process::id());
        let profile = std::env::temp_dir().join(name);
        std::fs::create_dir(&profile).expect("a folder for Chromium");
        let temporary = ("TMPDIR".to_owned(), profile.display().to_string());
        let options = LaunchOptions {
            path: Some(find()),
            user_data_dir: Some(profile.clone()),
            process_envs: Some([temporary].into()),
            // Tests run as root in containers, where Chromium has no sandbox.
            sandbox: false,
            // The system chooses a free one.
            port: Some(0),
            window_size: Some((1280, 900)),
            idle_browser_timeout: DRIVER_LIMIT,
            args: FLAGS.into_iter().map(OsStr::new).collect(),
            ..LaunchOptions::default()
        };
        let browser = Some(Browser::new(options).expect("Chromium starts"));
        Chromium { browser, profile }
    }

    pub(crate) fn driver(&self) -> &Browser {
        self.browser
            .as_ref()
            .expect("it runs until this is dropped")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.browser = None;
        // Its helpers end a moment after it, and write until then.
        let until = Instant::now() + Duration::from_secs(5);
        while self.profile.exists() && Instant::now() < until {
            if std::fs::remove_dir_all(&self.profile).is_err() {
                std::thread::park_timeout(Duration::from_millis(20));
            }
        }
    }
}

fn find() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("chromium"))
        .find(|file| file.is_file())
        .expect("these tests need `chromium` in PATH (Debian: apt-get install chromium)")
}
