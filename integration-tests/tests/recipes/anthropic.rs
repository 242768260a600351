//! `docs/recipes/sso-anthropic.md` and `workload-anthropic.md`, from top to bottom.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use api_key_helper_values::Moment;
use integration_tests::call::{Answer, Call, Running, wait_for_workers};
use integration_tests::home::Home;
use integration_tests::servers::token_endpoint::{self, AUDIENCE, JOB_TOKEN};
use integration_tests::servers::{OidcProvider, Relay, TokenEndpoint, oidc_provider};
use integration_tests::sign_in::sign_in;
use integration_tests::wait::until;

use crate::page::Page;

/// Longer than the `ttl` of a profile, `stale_while_revalidate` included.
const STALE: Duration = Duration::from_secs(2 * 3_600);

/// An endpoint that trusts a provider, and a user with a page's configuration.
struct Company {
    page: Page,
    provider: OidcProvider,
    endpoint: TokenEndpoint,
    home: Home,
}

impl Company {
    /// Returns a company whose keys and subject tokens live for `life` seconds.
    fn new(life: u32) -> Self {
        let settings = oidc_provider::Settings { access_token: life, ..Default::default() };
        let provider = OidcProvider::with(&settings);
        let keys = format!("{}/jwks", provider.issuer());
        let trusted = vec![(provider.issuer().to_owned(), keys)];
        let settings = token_endpoint::Settings { life, trusted, ..Default::default() };
        let endpoint = TokenEndpoint::with(&settings);
        let company =
            Self { page: Page::open("sso-anthropic.md"), provider, endpoint, home: Home::new() };
        let text = here(company.page.block("configuration"), &company.endpoint);
        let text = text.replace("https://login.example.com", company.provider.issuer());
        company.home.configure(&text.replace("\"api-key-helper\"", "\"helper\""));
        company
    }

    fn sign_in(&self) {
        sign_in(&self.home.call(["login"]), &self.provider);
    }

    /// Returns a valid key of the endpoint.
    #[track_caller]
    fn get(&self) -> String {
        key(&self.home.helper(), &self.endpoint)
    }

    /// Returns the numbers of refreshes at the provider and exchanges at the endpoint.
    fn costs(&self) -> [usize; 2] {
        [self.provider.asked("refresh_token"), self.endpoint.exchanges().len()]
    }
}

/// Returns a block of a page, with this endpoint.
fn here(block: &str, endpoint: &TokenEndpoint) -> String {
    let address = format!("backend = \"exchange\"\ntoken_endpoint = \"{}\"", endpoint.federation());
    block
        .replace("backend = \"exchange\"", &address)
        .replace("fdrl_...", "fdrl_made_up")
        .replace("svac_...", "svac_made_up")
        .replace("00000000-0000-0000-0000-000000000000", "00000000-0000-4000-8000-000000000000")
        .replace("https://api.anthropic.com", AUDIENCE)
}

/// Returns an output with the endpoint of the page.
fn on_page(said: &str, endpoint: &TokenEndpoint) -> String {
    said.replace(&format!("{}/issuer", endpoint.address()), "https://kubernetes.example.com")
        .replace(endpoint.address(), "https://api.anthropic.com")
        .replace(AUDIENCE, "https://api.anthropic.com")
        .replace("_made_up", "_...")
}

#[track_caller]
fn key(call: &Call, endpoint: &TokenEndpoint) -> String {
    let key = call.run().key();
    assert!(endpoint.is_active(&key));
    key
}

#[track_caller]
fn assert_says(page: &Page, block: &str, code: i32, answer: &Answer) {
    answer.assert_error(code, &[]);
    page.assert_shows(block, &answer.stderr);
}

#[test]
fn recipe_sso_anthropic_page_matches_the_program() {
    let company = Company::new(3_600);
    let page = &company.page;
    assert_says(page, "nobody", 3, &company.home.helper().run());
    assert_eq!(page.block("sign in"), "api-key-helper login\napi-key-helper\n");
    company.sign_in();
    company.get();
    let status = company.home.call(["status"]).run();
    page.assert_shows("status", status.assert_printed().split_once("\ncaller").unwrap().0);
    company.provider.revoke();
    company.home.state().age("claude", STALE);
    assert_says(page, "ended", 3, &company.home.helper().run());
    page.assert_all_used();
}

#[test]
fn recipe_sso_anthropic_renews_the_key_for_three_lifetimes() {
    let company = Company::new(4);
    company.sign_in();
    let mut before = company.get();
    for _ in 1..=3 {
        let end = company.home.state().entry("claude").validity.expires_at.unwrap();
        until("the key has ended", || (Moment::from(now()) > end).then_some(()));
        let [refreshes, trades] = company.costs();
        let next = company.get();
        assert_ne!(next, before);
        before = next;
        assert_eq!(company.costs(), [refreshes + 1, trades + 1]);
    }
    assert_eq!(company.provider.revocations(), 0);
}

#[test]
fn recipe_sso_anthropic_single_flight_one_token_exchange() {
    let company = Company::new(3_600);
    let barrier = Arc::new(Mutex::new(()));
    let passed = Arc::clone(&barrier);
    let relay = Relay::with_barrier(company.endpoint.address(), move |_| drop(passed.lock()));
    let text = fs::read_to_string(company.home.config_file()).unwrap();
    let text = text.replace(company.endpoint.address(), relay.address());
    // The limits allow all of them to start during one exchange.
    let sources = "sources = [\"claude\"]\n";
    let patient = format!("{sources}deadline = \"60s\"\ntimeout = \"50s\"\n");
    assert!(text.contains(sources), "{text}");
    company.home.configure(&text.replace(sources, &patient));
    company.sign_in();
    company.home.state().change("sso", |entry| entry.key = None);

    let held = barrier.lock().unwrap();
    let calls: Vec<Running> = (0..100).map(|_| company.home.helper().start()).collect();
    wait_for_workers(&calls);
    drop(held);
    let keys: BTreeSet<String> = calls.into_iter().map(|call| call.finish().key()).collect();
    assert_eq!(keys, BTreeSet::from([company.get()]));
    assert_eq!(company.costs(), [1, 1]);
}

#[test]
fn recipe_workload_anthropic_page_matches_the_program() {
    let page = Page::open("workload-anthropic.md");
    let endpoint = TokenEndpoint::new();
    let (home, elsewhere) = (Home::new(), tempfile::tempdir().unwrap());
    let file = elsewhere.path().join("token");
    let rotate = || fs::write(&file, endpoint.token()).unwrap();
    assert!(page.block("pod").contains("            path: token\n"));
    let path = "/var/run/secrets/anthropic.com/token";
    let text = page.block("kubernetes").replace(path, &file.display().to_string());
    home.configure(&here(&text, &endpoint));
    rotate();
    let first = key(&home.helper(), &endpoint);
    home.state().age("claude", STALE);
    rotate();
    assert_ne!(key(&home.helper(), &endpoint), first);
    // The pod restarts with the same token.
    fs::remove_dir_all(home.state().path()).unwrap();
    let spent = home.helper().run();
    let said = on_page(&spent.stderr, &endpoint);
    assert_says(&page, "spent", 4, &Answer { stderr: said, ..spent });

    let home = Home::new();
    home.configure(&here(page.block("github"), &endpoint));
    let refused = home.helper().run();
    assert_says(&page, "no permission", 2, &refused);
    let job = home.helper().env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", JOB_TOKEN);
    let job = job.env("ACTIONS_ID_TOKEN_REQUEST_URL", endpoint.job());
    let first = key(&job, &endpoint);
    home.state().age("claude", STALE);
    assert_ne!(key(&job, &endpoint), first);
    page.assert_all_used();
}

#[expect(clippy::disallowed_methods, reason = "the clock that the servers go by")]
fn now() -> SystemTime {
    SystemTime::now()
}
