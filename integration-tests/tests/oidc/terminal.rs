//! `login` in a terminal.

use std::fs;
use std::path::{Path, PathBuf};

use integration_tests::call::Call;
use integration_tests::executables;
use integration_tests::home::search_path_from;
use integration_tests::process::Process;
use integration_tests::servers::OidcProvider;
use integration_tests::terminal::{Streams, wrapper};
use integration_tests::wait::until;
use rustix::process::{Pid, Signal, kill_process};

use crate::screen::Screen;
use crate::user::{Login, User};

/// The values in the documentation instead of a real provider's.
const EXAMPLE_ISSUER: &str = "https://login.example.com";
const EXAMPLE_CODE: &str = "WDJB-MJHT";

/// Starts `call` in a terminal of 80 columns.
#[track_caller]
fn start(call: &Call, rows: u16) -> Login {
    Login::start_in(call, &wrapper(rows, Streams::InAndErr))
}

/// Returns the screen, once it shows that the login waits.
#[track_caller]
fn waiting(login: &Login) -> Screen {
    until("the login waits", || {
        let shown = login.shown();
        shown.contains(" left ").then(|| Screen::after(&shown))
    })
}

/// Returns the user code, which is bold and spaced.
#[track_caller]
fn code(screen: &Screen) -> String {
    let [_, code] = &screen.bold[..] else { panic!("{screen:?}") };
    code.replace(' ', "")
}

#[test]
fn login_terminal_output_matches_the_documentation() {
    let provider = OidcProvider::new();
    let user = User::with(&provider, "scopes = [\"openid\", \"offline_access\", \"email\"]");
    let login = start(&user.home.call(["login"]), 50);
    let mut screen = waiting(&login);
    assert!(screen.width() < 80 && screen.lines.len() < 50, "{screen:#?}");
    let code = code(&screen);
    let address = format!("{}/device", provider.issuer());
    assert_eq!(screen.bold[0], address);
    // With a phone, nothing has to be typed.
    let scanned = screen.take_picture().expect("a QR code");
    assert_eq!(scanned.says, format!("{address}?user_code={code}"));
    // Black on white in every terminal, with the margin that cameras need.
    assert!(!screen.paper.is_empty() && scanned.margin == 4, "{screen:#?}");
    // The remaining time is updated.
    until("two more times are shown", || {
        (login.shown().matches(" left ").count() >= 3).then_some(())
    });
    provider.approve(&code);
    let answer = login.finish();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), ""), "{answer:?}");
    let mut end = Screen::after(&answer.stderr);
    assert_eq!(end.take_picture().as_ref(), Some(&scanned));
    assert_eq!(end.column, 0);
    // The summary has replaced the last line.
    let before = screen.lines.len() - 1;
    assert_eq!(end.lines[..before], screen.lines[..before]);

    let mut documented = documented();
    let example = documented.take_picture().expect("a QR code");
    assert_eq!(example.says, format!("{EXAMPLE_ISSUER}/device?user_code={EXAMPLE_CODE}"));
    let shown = screen.lines.iter().chain(&end.lines[before..]);
    let shown = shown.map(|line| generic(line, provider.issuer(), &code));
    let shown: Vec<String> = shown.filter(|line| !line.is_empty()).collect();
    let documented =
        documented.lines.iter().map(|line| generic(line, EXAMPLE_ISSUER, EXAMPLE_CODE));
    let documented: Vec<String> = documented.filter(|line| !line.is_empty()).collect();
    assert_eq!(shown, documented, "\n{}", answer.stderr);
}

/// Returns the `text` block of the page.
fn documented() -> Screen {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/backends/oidc.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, block) = page.split_once("\n```text\n").expect("a block of text");
    let (block, _) = block.split_once("\n```\n").unwrap();
    let lines: Vec<String> = block.lines().map(str::to_owned).collect();
    let paper = lines.iter().filter(|line| line.contains(['█', '▀', '▄'])).cloned().collect();
    Screen { lines, paper, ..Screen::default() }
}

/// Returns a line with the documentation's address, code and times.
fn generic(line: &str, issuer: &str, code: &str) -> String {
    let spaced = |code: &str| code.chars().map(String::from).collect::<Vec<_>>().join(" ");
    let line = line.replace(issuer, EXAMPLE_ISSUER);
    let line = line.replace(&spaced(code), &spaced(EXAMPLE_CODE));
    // Any number matches a number.
    let mut words: Vec<&str> = line.trim_end().split(' ').collect();
    for word in &mut words {
        if word.parse::<u32>().is_ok() {
            *word = "N";
        }
    }
    words.join(" ")
}

#[test]
fn login_in_a_small_terminal_shows_no_qr_code() {
    let provider = OidcProvider::new();
    let user = User::of(&provider);
    let login = start(&user.home.call(["login"]).env("NO_COLOR", "1"), 24);
    let mut screen = waiting(&login);
    assert!(screen.width() < 80 && screen.lines.len() < 24, "{screen:#?}");
    assert_eq!(screen.take_picture(), None);
    assert_eq!(screen.bold, [""; 0]);
    let line = screen.lines.iter().find_map(|line| line.strip_prefix("  2. Enter  "));
    provider.approve(&line.expect("the code").replace(' ', ""));
    let answer = login.finish();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), ""), "{answer:?}");
    user.key();
}

#[test]
fn login_with_no_color_draws_the_qr_code_for_a_dark_terminal() {
    let provider = OidcProvider::new();
    let user = User::of(&provider);
    let login = start(&user.home.call(["login"]).env("NO_COLOR", "1"), 50);
    let mut screen = waiting(&login);
    let scanned = screen.take_picture().expect("a QR code");
    assert!(scanned.says.starts_with(provider.issuer()), "{scanned:?}");
    assert!(screen.paper.is_empty() && scanned.margin == 4, "{screen:#?}");
    login.signal(Signal::INT);
    assert_eq!(login.finish().code, Some(130));
}

#[test]
fn login_ctrl_c_leaves_no_half_line_on_the_terminal() {
    let provider = OidcProvider::new();
    let user = User::of(&provider);
    user.get().run().assert_error(3, &["there is no sign-in"]);
    let before = user.files();
    let login = start(&user.home.call(["login"]), 24);
    let screen = waiting(&login);
    let lines = screen.lines.len();

    login.signal(Signal::INT);
    let answer = login.finish();

    assert_eq!((answer.code, &*answer.stdout), (Some(130), ""), "{answer:?}");
    let end = Screen::after(&answer.stderr);
    assert_eq!((end.lines.len(), end.column), (lines, 0), "{answer:?}");
    assert_eq!(end.lines[..lines - 1], screen.lines[..lines - 1]);
    assert_eq!(end.lines[lines - 1], "");
    assert_eq!(user.files(), before);
}

/// A folder at the start of the search path, with a browser that records its arguments.
struct Browser {
    user: User,
    program: PathBuf,
}

impl Browser {
    fn of(user: User) -> Self {
        let program = user.home.path().join("bin/xdg-open");
        let text = "#!/bin/sh\n\
                    echo 'from the browser'; echo 'from the browser' >&2\n\
                    echo $$ >\"$HOME/browser.pid\"\n\
                    echo \"$@\" >\"$HOME/browser.draft\"\n\
                    mv \"$HOME/browser.draft\" \"$HOME/browser\"\n\
                    exec sleep 30\n";
        executables::write(&program, text);
        Self { user, program }
    }

    fn login(&self) -> Call {
        let path = search_path_from(self.program.parent().unwrap());
        self.user.home.call(["login"]).env("PATH", path)
    }

    /// Returns the recorded address.
    fn opened(&self) -> Option<String> {
        fs::read_to_string(self.user.home.path().join("browser")).ok()
    }

    /// Returns the process.
    fn process(&self) -> Process {
        let id = fs::read_to_string(self.user.home.path().join("browser.pid")).unwrap();
        Process { id: id.trim().parse().unwrap() }
    }

    /// Closes the browser.
    fn close(&self) {
        fs::remove_file(self.user.home.path().join("browser")).unwrap();
        let pid = Pid::from_raw(self.process().id.cast_signed()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
    }
}

#[test]
fn login_with_display_set_opens_a_browser() {
    let provider = OidcProvider::new();
    let browser = Browser::of(User::of(&provider));
    for variable in ["DISPLAY", "WAYLAND_DISPLAY"] {
        let login = start(&browser.login().env(variable, ":0"), 24);
        let code = code(&waiting(&login));
        let opened = until("the browser is opened", || browser.opened());
        assert_eq!(opened, format!("{}/device?user_code={code}\n", provider.issuer()));
        login.signal(Signal::INT);
        let answer = login.finish();
        assert_eq!((answer.code, &*answer.stdout), (Some(130), ""), "{answer:?}");
        assert!(!answer.stderr.contains("from the browser"), "{answer:?}");
        // Ctrl-C was for the login: the user's browser has other pages open.
        assert!(browser.process().is_running());
        browser.close();
    }
}

#[test]
fn login_over_ssh_or_with_no_browser_opens_no_browser() {
    let provider = OidcProvider::new();
    let browser = Browser::of(User::of(&provider));
    let display = browser.login().env("DISPLAY", ":0");
    for call in [
        browser.login(),
        display.clone().env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22"),
        display.clone().env("SSH_TTY", "/dev/pts/0"),
        display.clone().arg("--no-browser"),
    ] {
        let login = start(&call, 24);
        let code = code(&waiting(&login));
        provider.approve(&code);
        let answer = login.finish();
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert_eq!(browser.opened(), None, "{answer:?}");
    }
    // Not without a terminal either.
    let login = Login::start(&display);
    provider.approve(&login.code());
    assert_eq!(login.finish().code, Some(0));
    assert_eq!(browser.opened(), None);
}
