//! How a login is shown to whoever sits at the terminal.
//!
//! All of it goes to stderr: stdout is for keys.

use std::io::{self, IsTerminal as _};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use api_key_helper_core::engine::Clock as _;
use api_key_helper_core::{DeviceCode, Moment, Prompt};
use async_trait::async_trait;
use tokio::task::JoinHandle;

use crate::colours::Colours;
use crate::environment::Environment;
use crate::report::tell;
use crate::world::MachineClock;
use crate::written::written;

/// The terminal, if there is one.
pub(crate) struct Terminal {
    source: String,
    clock: MachineClock,
    is_interactive: bool,
    colours: Colours,
    opens_browser: bool,
    /// The line that shows the time that is left.
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
        let is_set = |name: &str| environment.variable(name).is_some_and(|value| !value.is_empty());
        Self {
            source: source.to_owned(),
            clock,
            is_interactive,
            colours: Colours::of(environment, is_interactive),
            opens_browser: may_open_browser && is_interactive && has_browser(is_set),
            waiting: Mutex::default(),
        }
    }

    /// The lines for a person.
    fn invitation(&self, code: &DeviceCode<'_>) -> String {
        let bold = self.colours.strong;
        let uri = printable(code.verification_uri);
        let mut text = format!(
            "\nSign in to `{}`\n\n  1. Open   {bold}{uri}{bold:#}\n  2. Enter  {bold}{}{bold:#}\n\n",
            self.source,
            spaced(code.user_code)
        );
        if let Some(picture) = code.verification_uri_complete.and_then(fitting_picture) {
            text += "  Or scan this, which has the code in it:\n\n";
            text += &picture;
            text.push('\n');
        }
        text
    }

    fn wait_visibly(&self, until: Moment) {
        let clock = self.clock;
        let line = tokio::spawn(async move {
            loop {
                let left = until.since(clock.now());
                tell(&format!("\r\u{1b}[K  Waiting, {} left ", written(left)));
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
        if !self.is_interactive {
            tell(&format!(
                "api-key-helper: open: {}\napi-key-helper: code: {}\n",
                printable(code.verification_uri),
                printable(code.user_code)
            ));
            return;
        }
        tell(&self.invitation(code));
        if self.opens_browser {
            open_browser(code.verification_uri_complete.unwrap_or(code.verification_uri));
        }
        self.wait_visibly(code.expires_at.into());
    }
}

impl Drop for Terminal {
    /// Leaves the cursor at the beginning of an empty line, whatever ended the login.
    fn drop(&mut self) {
        let waiting = self.waiting.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = waiting.take() {
            line.abort();
            tell("\r\u{1b}[K");
        }
    }
}

/// What a server sent, without anything that a terminal would obey.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

/// The code with room between its characters, so that it can be read from a distance.
fn spaced(code: &str) -> String {
    let characters: Vec<String> = printable(code).chars().map(String::from).collect();
    characters.join(" ")
}

/// Whether somebody sits in front of this machine's screen.
fn has_browser(is_set: impl Fn(&str) -> bool) -> bool {
    if is_set("SSH_CONNECTION") || is_set("SSH_TTY") {
        return false;
    }
    cfg!(any(windows, target_os = "macos")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// Opens the address in a browser, which may say whatever it wants to nobody. Only addresses of the
/// web: a provider does not choose which program runs here.
fn open_browser(uri: &str) {
    if !uri.starts_with("https://") && !uri.starts_with("http://") || uri.contains(char::is_control)
    {
        return;
    }
    for mut command in open::commands(uri) {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C is for the login, and not for a browser with other pages open.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        if command.spawn().is_ok() {
            return;
        }
    }
}

/// The address as a QR code, if the terminal has room for it and for the lines above it.
fn fitting_picture(uri: &str) -> Option<String> {
    const LINES_AROUND: usize = 10;

    let picture = fast_qr::QRBuilder::new(uri).ecl(fast_qr::ECL::L).build().ok()?.to_str();
    let (columns, rows) = size()?;
    let width = picture.lines().map(|line| line.chars().count()).max()?;
    let fits = width <= columns && picture.lines().count() + LINES_AROUND <= rows;
    fits.then(|| picture + "\n")
}

#[cfg(unix)]
fn size() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    Some((size.ws_col.into(), size.ws_row.into()))
}

/// No picture where the size is not known. Not tried.
#[cfg(not(unix))]
fn size() -> Option<(usize, usize)> {
    None
}
