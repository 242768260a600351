//! A real browser: Debian's Chromium, headless, with a profile of its own.
//!
//! It is controlled by the DevTools protocol over pipes, and exits when they are closed.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::wait::until;
use crate::{executables, install};

/// A Chromium with one tab, which reaches only loopback.
#[derive(Debug)]
pub struct Chromium {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// The session of the tab.
    session: Value,
    asked: u64,
    log: PathBuf,
    _folder: TempDir,
}

impl Chromium {
    /// Starts the browser.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start() -> Self {
        let program = install::debian("chromium", &["chromium"]);
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>\"$0\""]).arg(&log);
        shell.arg(program).args(ARGUMENTS);
        shell.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
        shell.env("HOME", folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = executables::start(&mut shell).expect("a shell");
        let input = process.stdin.take().expect("its input");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                let parsed =
                    serde_json::from_slice(message.strip_suffix(b"\0").unwrap_or_default());
                if sender.send(parsed.expect("JSON")).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let session = Value::Null;
        let mut chromium =
            Self { process, input, messages, session, asked: 0, log, _folder: folder };
        let tab = chromium.ask("Target.createTarget", &json!({ "url": "about:blank" }));
        let target = json!({ "targetId": tab["targetId"], "flatten": true });
        chromium.session = chromium.ask("Target.attachToTarget", &target)["sessionId"].clone();
        chromium
    }

    /// Opens `address`, as if a user had typed it.
    pub fn open(&mut self, address: &str) {
        self.ask("Page.navigate", &json!({ "url": address }));
    }

    /// Returns the value of a JavaScript `expression` in the current page, if there is one.
    pub fn value(&mut self, expression: &str) -> Option<Value> {
        let parameters = json!({ "expression": expression, "returnByValue": true });
        let answer = self.ask("Runtime.evaluate", &parameters);
        answer["result"].get("value").cloned()
    }

    /// Waits until `expression` is true.
    #[track_caller]
    pub fn until(&mut self, expression: &str) {
        until(expression, || (self.value(expression)? == true).then_some(()));
    }

    /// Returns the visible text.
    pub fn text(&mut self) -> String {
        let text = self.value("document.body.innerText").unwrap_or_default();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Sets the preferred `color-scheme`: `light` or `dark`.
    pub fn prefer(&mut self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.ask("Emulation.setEmulatedMedia", &json!({ "features": [feature] }));
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method, "params": parameters });
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        let message = format!("{message}\0");
        self.input.write_all(message.as_bytes()).unwrap_or_else(|error| self.give_up(&error));
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let mut message = message.unwrap_or_else(|error| self.give_up(&error));
            if message["id"] == self.asked {
                return message["result"].take();
            }
        }
    }

    fn give_up(&self, error: &dyn std::error::Error) -> ! {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        panic!("Chromium does not answer, {error}: {log}")
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The first start reads a quarter of a gigabyte, perhaps on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

const ARGUMENTS: [&str; 11] = [
    "--headless=new",
    // Its sandbox does not work for root, and this browser opens only our own pages.
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];
