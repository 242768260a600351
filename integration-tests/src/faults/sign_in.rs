//! The renewal of a login at a provider that rotates the refresh token. A rotation cannot be
//! undone, so each call begins where the last one has ended.

use std::cell::{Cell, RefCell};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::outcome::DEADLINE;
use super::{Fixture, Scenario};
use crate::call::Call;
use crate::home::Home;
use crate::servers::OidcProvider;
use crate::sign_in::sign_in;

/// The key is stale; the refresh token is used for another.
pub const RENEWAL: Scenario =
    Scenario { name: "oidc: renewal", fixture: || SignInFixture::boxed() };

/// Returns the number of lost logins so far: the provider had rotated the token, and the response
/// was not on disk yet.
#[must_use]
pub fn lost() -> usize {
    LOST.load(Ordering::Relaxed)
}

static LOST: AtomicUsize = AtomicUsize::new(0);

/// A user who logs in when it is necessary.
struct SignInFixture {
    home: Home,
    provider: OidcProvider,
    /// The refresh token before the call, and the number of renewals until then.
    before: RefCell<String>,
    granted: Cell<usize>,
}

impl SignInFixture {
    fn boxed() -> Box<dyn Fixture> {
        let (home, provider) = (Home::new(), OidcProvider::new());
        home.configure(&format!(
            "[profile.main]\nsources = [\"main\"]\nretries = 0\n{DEADLINE}\n\n\
             [source.main]\nbackend = \"oidc\"\nissuer = \"{}\"\nclient_id = \"helper\"\n",
            provider.issuer()
        ));
        let fixture = Self { home, provider, before: RefCell::default(), granted: Cell::default() };
        fixture.sign_in();
        // The call writes the plan, from which tests know the source.
        assert_eq!(fixture.home.helper().run().code, Some(0));
        Box::new(fixture)
    }

    fn sign_in(&self) {
        sign_in(&self.home.call(["login"]), &self.provider);
    }

    /// Returns the valid refresh token, unless it was lost.
    fn refresh_token(&self) -> Option<String> {
        let renewal = self.home.state().entry("main").renewal.expect("a renewal");
        let renewal: Value = serde_json::from_str(renewal.expose()).expect("JSON");
        let token = renewal["standing"]["alive"]["refresh_token"].as_str();
        token.map(str::to_owned)
    }
}

impl Fixture for SignInFixture {
    fn set(&self) {
        let state = self.home.state();
        for draft in state.files(".tmp") {
            fs::remove_file(state.path().join(draft)).expect("a draft");
        }
        if self.refresh_token().is_none() {
            self.sign_in();
        }
        self.before.replace(self.refresh_token().expect("a live refresh token"));
        state.age("main", Duration::from_secs(2 * 60 * 60));
        self.granted.set(self.provider.granted("refresh_token"));
    }

    fn call(&self) -> Call {
        self.home.helper()
    }

    fn home(&self) -> &Home {
        &self.home
    }

    fn prints(&self) -> bool {
        true
    }

    fn is_key(&self, text: &str) -> bool {
        !text.is_empty() && self.provider.is_active(text)
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.before.borrow().clone()]
    }

    /// Checks that a login is necessary only if the provider has rotated the token and the new one
    /// was lost.
    fn check_next(&self) {
        self.home.state().end_pauses();
        let is_kept = self.refresh_token().as_ref() != Some(&*self.before.borrow());
        let answer = self.home.helper().run();
        // Checked last: the provider may have finished after the call.
        let was_replaced = self.provider.granted("refresh_token") > self.granted.get();
        if answer.code == Some(3) && was_replaced && !is_kept {
            answer.assert_error(3, &["the sign-in of `ada`", "api-key-helper login --source main"]);
            LOST.fetch_add(1, Ordering::Relaxed);
            self.sign_in();
            return;
        }
        let key = answer.key();
        assert!(self.is_key(&key), "it is not active: {key}");
        self.home.helper().run().assert_key(&key);
    }
}
