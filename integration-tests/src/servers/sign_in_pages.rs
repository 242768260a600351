//! The user's part of a login, on a provider's pages.

use super::browser::{Browser, Form, Page};
use super::oidc_provider::ACCOUNT;

/// Signs in as [`ACCOUNT`] on the page at `address`, and approves all requests. Returns the last
/// page.
pub(super) fn approve(address: &str) -> Page {
    let mut browser = Browser::new();
    let mut page = browser.open(address);
    while let Some(form) = page.form() {
        page = go_on(&mut browser, form);
    }
    page
}

/// Signs in, and rejects the request of the code in `address`.
pub(super) fn deny(address: &str) {
    let mut browser = Browser::new();
    let mut page = browser.open(address);
    while let Some(form) = page.form() {
        if form.has("confirm") {
            browser.submit(form, &[("confirm", ""), ("abort", "yes")]);
            return;
        }
        page = go_on(&mut browser, form);
    }
}

/// Cancels on the page at `address` without signing in. Returns the last page.
pub(super) fn decline(address: &str) -> Page {
    let mut browser = Browser::new();
    let mut page = browser.open(address);
    while page.form().is_some() {
        let abort = page.address.join(&format!("{}/abort", page.address.path()));
        page = browser.open(abort.expect("an address").as_str());
    }
    page
}

fn go_on(browser: &mut Browser, form: Form) -> Page {
    let fields: &[_] =
        if form.has("login") { &[("login", ACCOUNT), ("password", "x")] } else { &[] };
    browser.submit(form, fields)
}
