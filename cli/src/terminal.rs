//! Shows a login on the terminal.
//!
//! All of it goes to stderr: stdout is for keys.

pub(crate) mod colours;
mod qr_code;
mod web_browser;

use std::io::{self, IsTerminal as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anstyle::Style;
use api_key_helper_backend::{DeviceCode, Prompt, SignInPage};
use api_key_helper_core::Clock as _;
use api_key_helper_values::{Moment, plain, visible};
use async_trait::async_trait;
use tokio::task::JoinHandle;

use self::colours::Colours;
use self::web_browser::WebBrowser;
use crate::environment::Environment;
use crate::readable::format_duration;
use crate::report::tell;
use crate::world::MachineClock;

pub(crate) struct Terminal {
    source: String,
    clock: MachineClock,
    is_interactive: bool,
    colours: Colours,
    /// `None` if no browser can be seen, or none is wanted.
    browser: Option<WebBrowser>,
    /// The task that shows the remaining time.
    waiting: Mutex<Option<JoinHandle<()>>>,
}

impl Terminal {
    pub(crate) fn new(
        source: &str,
        may_open_browser: bool,
        environment: &Environment,
        clock: MachineClock,
    ) -> Self {
        let is_interactive = io::stderr().is_terminal();
        let variable = |name: &str| environment.variable(name)?.into_string().ok();
        // Only a user at the terminal can see a browser that this process opens.
        let is_wanted = may_open_browser && is_interactive;
        Self {
            source: source.to_owned(),
            clock,
            is_interactive,
            colours: Colours::of(environment, is_interactive),
            browser: is_wanted.then(|| WebBrowser::of(variable)).flatten(),
            waiting: Mutex::default(),
        }
    }

    /// The text for a sign-in with a code.
    fn invitation(&self, code: &DeviceCode<'_>) -> String {
        let bold = self.colours.strong;
        let uri = plain(code.verification_uri);
        let mut text = format!(
            "\nSign in to `{}`\n\n  1. Open   {bold}{uri}{bold:#}\n  2. Enter  {bold}{}{bold:#}\n\n",
            visible(&self.source),
            spaced(code.user_code)
        );
        let paper = self.colours.paper;
        let complete = code.verification_uri_complete;
        if let Some(picture) = complete.and_then(|complete| fitting_picture(complete, paper)) {
            text += "  Or scan this, which has the code in it:\n\n";
            text += &picture;
            text.push('\n');
        }
        text
    }

    /// The text for a sign-in in a browser on this machine. It has no QR code: a phone's browser
    /// cannot come back to this machine.
    fn direction(&self, page: &SignInPage<'_>) -> String {
        let bold = self.colours.strong;
        let (source, address) = (visible(&self.source), plain(page.address));
        let mut text = format!(
            "\nSign in to `{source}` by a browser on this machine\n\n  Open   {bold}{address}{bold:#}\n\n"
        );
        if self.browser.is_none() {
            text += &format!("  {}\n\n", from_elsewhere(page.port));
        }
        text
    }

    /// Shows `text`, opens the page at `address`, and counts down until the sign-in `ends`. The
    /// last two need a user at the terminal.
    fn begin(&self, text: &str, address: &str, ends: Moment) {
        tell(text);
        if let Some(browser) = &self.browser {
            browser.open(address);
        }
        if self.is_interactive {
            self.wait_visibly(ends);
        }
    }

    fn wait_visibly(&self, until: Moment) {
        let clock = self.clock;
        let line = tokio::spawn(async move {
            loop {
                let left = until.since(clock.now());
                tell(&format!("\r\u{1b}[K  Waiting, {} left ", format_duration(left)));
                if left.is_zero() {
                    return;
                }
                clock.sleep(Duration::from_secs(1)).await;
            }
        });
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = waiting.replace(line) {
            before.abort();
        }
    }
}

#[async_trait]
impl Prompt for Terminal {
    async fn show(&self, code: &DeviceCode<'_>) {
        let text = if self.is_interactive {
            self.invitation(code)
        } else {
            format!(
                "api-key-helper: open: {}\napi-key-helper: code: {}\n",
                plain(code.verification_uri),
                plain(code.user_code)
            )
        };
        let address = code.verification_uri_complete.unwrap_or(code.verification_uri);
        self.begin(&text, address, code.expires_at.into());
    }

    async fn browse(&self, page: &SignInPage<'_>) {
        let text = if self.is_interactive {
            self.direction(page)
        } else {
            format!(
                "api-key-helper: open: {}\napi-key-helper: hint: {}\n",
                plain(page.address),
                from_elsewhere(page.port)
            )
        };
        self.begin(&text, page.address, page.expires_at.into());
    }
}

impl Drop for Terminal {
    /// Leaves the cursor at the start of an empty line, however the login ended.
    fn drop(&mut self) {
        let waiting = self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = waiting.take() {
            line.abort();
            tell("\r\u{1b}[K");
        }
    }
}

/// The hint for a user whose browser is on another machine.
fn from_elsewhere(port: u16) -> String {
    format!(
        "from another machine, sign in through `ssh -L {port}:localhost:{port} HOST`, or set \
         `flow = \"device\"`"
    )
}

/// The code with spaces between its characters, to be read from a distance.
fn spaced(code: &str) -> String {
    let characters: Vec<String> = plain(code).chars().map(String::from).collect();
    characters.join(" ")
}

/// The address as a QR code in black on white, if the terminal has room for it and for the lines
/// above it.
fn fitting_picture(uri: &str, paper: Style) -> Option<String> {
    const LINES_AROUND: usize = 10;

    let picture = qr_code::drawn(uri, paper)?;
    let (columns, rows) = size()?;
    let width = picture.first()?.chars().count();
    let fits = width <= columns && picture.len() + LINES_AROUND <= rows;
    fits.then(|| picture.iter().map(|line| format!("{paper}{line}{paper:#}\n")).collect())
}

#[cfg(unix)]
fn size() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    Some((size.ws_col.into(), size.ws_row.into()))
}

/// Without a known size, no QR code is drawn.
#[cfg(not(unix))]
fn size() -> Option<(usize, usize)> {
    None
}
