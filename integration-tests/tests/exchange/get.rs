//! `get`: a key by each grant, which is refreshed without the user.

use std::time::Duration;

use integration_tests::servers::TokenEndpoint;
use integration_tests::servers::token_endpoint::{FEDERATION, Settings};
use integration_tests::wait::until;

use crate::user::{SOURCE, User};

/// Longer than the `ttl` of a profile, `stale_while_revalidate` included.
const STALE: Duration = Duration::from_secs(2 * 3_600);

const FORM: &str = "client_id = \"helper\"\n";

#[test]
fn each_exchange_grant_prints_a_key_and_caches_it() {
    let endpoint = TokenEndpoint::new();
    for (address, grant) in [
        (endpoint.federation(), FEDERATION.to_owned()),
        (endpoint.form(), format!("{FORM}grant = \"jwt-bearer\"")),
        (
            endpoint.form(),
            format!("{FORM}grant = \"token-exchange\"\nsubject_token_type = \"jwt\""),
        ),
    ] {
        let before = endpoint.exchanges().len();
        let user = User::with(&address, "{ file = \"FILE\" }", &grant);
        user.rotate(&endpoint.token());
        let key = user.key();
        assert!(endpoint.is_active(&key), "{grant}");
        assert_eq!(user.key(), key);
        assert_eq!(endpoint.exchanges().len(), before + 1);
        // The cached key is stale, and the file has another token by now.
        user.rotate(&endpoint.token());
        user.state().age(SOURCE, STALE);
        assert_ne!(user.key(), key);
    }
}

#[test]
fn exchange_key_is_not_printed_past_expires_in() {
    let endpoint = TokenEndpoint::with(&Settings { life: 3, ..Settings::default() });
    let user = User::with_program(&endpoint, 8, "");
    let mut keys: Vec<String> = Vec::new();
    for _ in 0..3 {
        let key = user.key();
        assert!(endpoint.is_active(&key) && !keys.contains(&key), "{key} after {keys:?}");
        until("the key has ended", || (!endpoint.is_active(&key)).then_some(()));
        keys.push(key);
    }
    assert!(endpoint.statuses().iter().all(|status| *status == 200));
}

#[test]
fn exchange_key_without_expires_in_uses_its_jwt_exp() {
    let endpoint = TokenEndpoint::with(&Settings { life: 600, ..Settings::default() });
    let grant = format!(
        "{FORM}grant = \"token-exchange\"\nsubject_token_type = \"jwt\"\n\
         requested_token_type = \"jwt\""
    );
    let user = User::with(&endpoint.form(), "{ file = \"FILE\" }", &grant);
    user.rotate(&endpoint.token());
    user.key();
    let validity = user.state().entry(SOURCE).validity;
    let life = validity.expires_at.unwrap().since(validity.fetched_at);
    // The lifetime counts from before the request here, and from its arrival at the endpoint.
    assert!((590..660).contains(&life.as_secs()), "{life:?}");
}

#[test]
fn anthropic_federation_variables_configure_an_exchange() {
    let endpoint = TokenEndpoint::new();
    let user = User::of(&endpoint, "");
    user.home.configure(&format!(
        "[profile.work]\nsources = [\"{SOURCE}\"]\n[source.{SOURCE}]\nbackend = \"exchange\"\n\
         grant = \"anthropic\"\ntoken_endpoint = \"{}\"\n",
        endpoint.federation()
    ));
    user.get().run().assert_error(2, &["there is no `token`"]);
    let call = user
        .get()
        .env("ANTHROPIC_FEDERATION_RULE_ID", "fdrl_made_up")
        .env("ANTHROPIC_ORGANIZATION_ID", "00000000-0000-4000-8000-000000000000")
        .env("ANTHROPIC_SERVICE_ACCOUNT_ID", "svac_made_up")
        .env("ANTHROPIC_IDENTITY_TOKEN_FILE", user.token_file());
    let _ = call.run().key();
    // The key of another service account is another key.
    call.env("ANTHROPIC_SERVICE_ACCOUNT_ID", "svac_x").run().assert_error(4, &["svac_x"]);
}
