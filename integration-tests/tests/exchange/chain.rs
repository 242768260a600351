//! A login whose token is exchanged for the key.

use std::time::Duration;

use integration_tests::home::Home;
use integration_tests::servers::token_endpoint::{AUDIENCE, FEDERATION, Settings};
use integration_tests::servers::{OidcProvider, TokenEndpoint};
use integration_tests::sign_in::sign_in;

/// Longer than the `ttl` of a profile, `stale_while_revalidate` included.
const STALE: Duration = Duration::from_secs(2 * 3_600);

/// A provider, an endpoint that trusts it, and a user who has logged in.
struct Company {
    provider: OidcProvider,
    endpoint: TokenEndpoint,
    home: Home,
}

impl Company {
    fn new() -> Self {
        let provider = OidcProvider::new();
        let keys = format!("{}/jwks", provider.issuer());
        let trusted = vec![(provider.issuer().to_owned(), keys)];
        let endpoint = TokenEndpoint::with(&Settings { trusted, ..Settings::default() });
        let home = Home::new();
        home.configure(&format!(
            "[profile.work]\nsources = [\"key\"]\n\n[source.key]\nbackend = \"exchange\"\n\
             token_endpoint = \"{}\"\ntoken = {{ source = \"sso\" }}\n{FEDERATION}\n\
             [source.sso]\nbackend = \"oidc\"\nissuer = \"{}\"\nclient_id = \"helper\"\n\
             resource = \"{AUDIENCE}\"\nscopes = [\"openid\", \"offline_access\", \"models\"]\n",
            endpoint.federation(),
            provider.issuer()
        ));
        Self { provider, endpoint, home }
    }

    #[track_caller]
    fn sign_in(&self) {
        sign_in(&self.home.call(["login", "--source", "sso"]), &self.provider);
    }

    #[track_caller]
    fn key(&self) -> String {
        self.home.helper().run().key()
    }
}

#[test]
fn exchange_of_a_used_token_refreshes_the_sign_in_first() {
    let company = Company::new();
    company.home.helper().run().assert_error(3, &["`sso`", "login"]);
    company.sign_in();
    // The token of the login is sent unchanged.
    let key = company.key();
    assert!(company.endpoint.is_active(&key));
    assert_eq!(company.provider.granted("refresh_token"), 0);
    // The token is still valid but was used, so it is renewed before the next request.
    company.home.state().age("key", STALE);
    assert_ne!(company.key(), key);
    assert_eq!(company.provider.granted("refresh_token"), 1);
    assert_eq!(company.endpoint.statuses(), [200, 200]);
    // It is also renewed after a lost response, within one call.
    company.home.state().age("key", STALE);
    company.endpoint.lose_a_grant();
    company.key();
    assert_eq!(company.provider.granted("refresh_token"), 3);
    assert_eq!(company.endpoint.statuses(), [200; 4]);
    assert_eq!(company.provider.revocations(), 0);
}

#[test]
fn single_flight_exchange_of_a_crowd_costs_one_refresh_token_use() {
    let company = Company::new();
    company.sign_in();
    let first = company.key();
    company.home.state().age("key", STALE);
    let calls: Vec<_> = (0..20).map(|_| company.home.helper().start()).collect();
    let keys: Vec<String> = calls.into_iter().map(|call| call.finish().key()).collect();
    assert!(keys.iter().all(|key| *key == keys[0] && *key != first), "{keys:?}");
    assert_eq!(company.endpoint.statuses(), [200, 200]);
    assert_eq!(company.provider.granted("refresh_token"), 1);
}

#[test]
fn exchange_with_a_revoked_sign_in_names_the_login_command() {
    let company = Company::new();
    company.sign_in();
    company.key();
    company.provider.revoke();
    company.home.state().age("key", STALE);
    company.home.helper().run().assert_error(3, &["`sso`", "api-key-helper login"]);
    company.sign_in();
    company.key();
}

#[test]
fn exchange_after_a_lost_entry_refreshes_the_rejected_token() {
    let company = Company::new();
    company.sign_in();
    let key = company.key();
    // The record of used tokens is removed with the entry, and the login's own key is still cached.
    std::fs::remove_file(company.home.state().entry_file("key")).unwrap();
    assert_ne!(company.key(), key);
    assert_eq!(company.endpoint.statuses(), [200, 401, 200]);
    assert_eq!(company.provider.granted("refresh_token"), 1);
}
