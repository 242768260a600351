//! `login` by a local browser, Chromium.

use std::net::TcpStream;

use integration_tests::chromium::Chromium;
use integration_tests::executables;
use integration_tests::raw_http;
use integration_tests::servers::{OidcProvider, Reply, Stub};
use integration_tests::terminal::{Streams, wrapper};
use integration_tests::wait::until;
use rustix::process::Signal;
use serde_json::json;

use crate::screen::Screen;
use crate::user::{COMMAND, Login, SOURCE, User};

/// The provider issues a refresh token if the client requests consent.
pub(crate) const BROWSER: &str =
    "flow = \"browser\"\nauthorization_parameters = { prompt = \"consent\" }\n";

/// Returns a user whose browser is a program that records the address.
fn user(provider: &OidcProvider) -> User {
    let email = "scopes = [\"openid\", \"offline_access\", \"email\"]";
    let user = User::with(provider, &format!("{BROWSER}{email}"));
    let program =
        "#!/bin/sh\necho \"$@\" >\"$HOME/draft\" && mv \"$HOME/draft\" \"$HOME/opened\"\n";
    executables::write(&user.home.path().join("browser"), program);
    user
}

/// Returns a login of that user in a terminal, with a browser.
fn login(user: &User) -> Login {
    let browser = user.home.path().join("browser");
    let call = user.home.call(["login"]).env("BROWSER", browser);
    Login::start_in(&call, &wrapper(24, Streams::InAndErr))
}

/// Returns the address that the browser got.
fn opened(user: &User) -> Option<String> {
    let opened = std::fs::read_to_string(user.home.path().join("opened")).ok()?;
    Some(opened.trim_end().to_owned())
}

/// Returns the port of the redirect.
fn port(address: &str) -> u16 {
    let (_, rest) = address.split_once("redirect_uri=http%3A%2F%2F127.0.0.1%3A").unwrap();
    rest.split('%').next().unwrap().parse().unwrap()
}

/// Signs in on the provider's pages.
fn sign_in(chromium: &mut Chromium) {
    chromium.until("document.forms.length == 1 && 'login' in document.forms[0]");
    chromium.value(
        "document.forms[0].elements['login'].value = 'ada';
         document.forms[0].elements['password'].value = 'x';
         document.forms[0].submit()",
    );
    chromium.until("document.forms[0]?.elements['prompt']?.value == 'consent'");
}

/// Waits for the last page of a login, and returns its text.
fn last_page(chromium: &mut Chromium) -> String {
    chromium.until("location.pathname == '/callback' && document.readyState == 'complete'");
    // The page is complete in itself, and has no scripts.
    for (what, count) in [
        ("document.scripts.length", 0),
        ("performance.getEntriesByType('resource').length", 0),
        ("document.styleSheets.length", 1),
    ] {
        assert_eq!(chromium.value(what), Some(json!(count)), "{what}");
    }
    assert_eq!(chromium.value("document.title.endsWith('api-key-helper')"), Some(json!(true)));
    chromium.text()
}

#[test]
fn browser_login_in_chromium_gives_a_key() {
    let provider = OidcProvider::new();
    let user = user(&provider);
    user.get().run().assert_error(3, &["there is no sign-in for `sso`", COMMAND]);
    let mut chromium = Chromium::start();
    let login = login(&user);
    let address = until("the browser is told", || opened(&user));
    let screen = until("the login waits", || {
        let shown = login.shown();
        shown.contains(" left ").then(|| Screen::after(&shown))
    });
    assert_eq!(screen.bold, [&*address]);
    assert_eq!(screen.lines[1], "Sign in to `sso` by a browser on this machine");

    // A page that guesses the state ends nothing, wherever it comes from.
    let target = format!("http://127.0.0.1:{}/callback?code=x&state=guessed", port(&address));
    let evil = Stub::start(move |_| Reply::new(302, &[&format!("Location: {target}")], ""));
    chromium.open(evil.address());
    assert!(last_page(&mut chromium).contains("This is not the answer"));
    assert!(login.process().is_running());

    chromium.open(&address);
    sign_in(&mut chromium);
    chromium.value("document.forms[0].submit()");
    let page = last_page(&mut chromium);
    let said = "The program api-key-helper is signed in to sso as ada@example.com.";
    assert_eq!(page, format!("Signed in\n\n{said}\n\nYou can close this window."));
    // Its policy allows its own style only, which follows the user's preference.
    for (scheme, colour) in [("light", "rgb(0, 0, 0)"), ("dark", "rgb(255, 255, 255)")] {
        chromium.prefer(scheme);
        let style = "getComputedStyle(document.querySelector('main'))";
        assert_eq!(chromium.value(&format!("{style}.color")), Some(json!(colour)));
        assert_eq!(chromium.value(&format!("{style}.maxWidth")), Some(json!("648px")));
    }

    let answer = login.finish();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), ""), "{answer:?}");
    assert!(answer.stderr.contains("Signed in to `sso` as ada@example.com."), "{answer:?}");
    let key = user.key();
    assert!(provider.is_active(&key) && !page.contains(&key));
    user.state().age(SOURCE, std::time::Duration::from_secs(3_600));
    assert_ne!(user.key(), key);
    assert_eq!((provider.granted("authorization_code"), provider.granted("refresh_token")), (1, 1));
    assert!(TcpStream::connect(("127.0.0.1", port(&address))).is_err());
}

#[test]
fn browser_login_declined_in_chromium_exits_4() {
    let provider = OidcProvider::new();
    let user = user(&provider);
    let login = login(&user);
    let mut chromium = Chromium::start();
    chromium.open(&until("the browser is told", || opened(&user)));
    sign_in(&mut chromium);
    chromium.value("document.querySelector('a[href$=\"/abort\"]').click()");
    let page = last_page(&mut chromium);
    assert!(page.starts_with("Not signed in\n\n"), "{page}");
    assert!(
        page.contains("the sign-in was declined") && page.contains("close this window"),
        "{page}"
    );
    let answer = login.finish();
    assert_eq!((answer.code, &*answer.stdout), (Some(4), ""), "{answer:?}");
    assert!(answer.stderr.contains("error: the sign-in was declined"), "{answer:?}");
    user.get().run().assert_error(3, &["there is no sign-in", COMMAND]);
}

#[test]
fn browser_login_without_a_terminal_prints_the_address_and_opens_nothing() {
    let provider = OidcProvider::new();
    let user = user(&provider);
    let browser = user.home.path().join("browser");
    let surroundings =
        |call: integration_tests::call::Call| call.env("BROWSER", &browser).env("DISPLAY", ":0");
    let login = Login::start(&surroundings(user.home.call(["login"])));
    let address = login.address();
    let port = port(&address);
    let shown = until("all is said", || Some(login.shown()).filter(|s| s.lines().count() == 2));
    assert_eq!(
        shown.lines().last().unwrap(),
        format!(
            "api-key-helper: hint: from another machine, sign in through `ssh -L \
             {port}:localhost:{port} HOST`, or set `flow = \"device\"`"
        )
    );
    let answer = provider.authorize(&address);
    preflight_takes_no_code(&answer);
    assert!(raw_http::get(&answer).starts_with("HTTP/1.1 200 "));
    assert_eq!(login.finish().code, Some(0));
    user.key();
    // A call that needs a login never opens a browser.
    assert_eq!(user.home.call(["logout"]).run().code, Some(0));
    surroundings(user.get()).run().assert_error(3, &["there is no sign-in", COMMAND]);
    assert_eq!(opened(&user), None);
}

/// A browser first asks whether a public page may lead to a local address.
#[track_caller]
fn preflight_takes_no_code(answer: &str) {
    let (_, target) = answer.split_once("/callback").unwrap();
    let request = format!(
        "OPTIONS /callback{target} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://login.example\r\n\
         Access-Control-Request-Method: GET\r\n\
         Access-Control-Request-Private-Network: true\r\n\r\n"
    );
    let response = raw_http::send(answer, request.as_bytes());
    assert!(response.starts_with("HTTP/1.1 204 "), "{response}");
    for header in [
        "Access-Control-Allow-Origin: https://login.example",
        "Access-Control-Allow-Private-Network: true",
    ] {
        assert!(response.lines().any(|line| line == header), "{response}");
    }
}

#[test]
fn browser_login_ctrl_c_frees_the_loopback_port() {
    let provider = OidcProvider::new();
    let user = user(&provider);
    user.get().run().assert_error(3, &["there is no sign-in"]);
    let before = user.files();
    let login = login(&user);
    let address = until("the browser is told", || opened(&user));
    // A client is connected and silent.
    let _silent = raw_http::connect(&format!("http://127.0.0.1:{}", port(&address)));
    login.signal(Signal::INT);
    let answer = login.finish();
    assert_eq!((answer.code, &*answer.stdout), (Some(130), ""), "{answer:?}");
    assert_eq!(Screen::after(&answer.stderr).column, 0);
    assert!(TcpStream::connect(("127.0.0.1", port(&address))).is_err());
    assert_eq!(user.files(), before);
}
