//! No user is needed after the login, for as long as it lasts and no longer.

use std::time::SystemTime;

use api_key_helper_values::Moment;
use integration_tests::servers::oidc_provider::Settings;
use integration_tests::wait::until;

use crate::company::{Company, KEY};
use crate::place::Recipe;

/// Returns a company whose tokens live for some seconds, and a user who always wants the current
/// key.
fn hasty(recipe: Recipe) -> Company {
    let settings = Settings { id_token: 4, ..Settings::default() };
    let company = Company::with(recipe, "ttl = \"0s\"", &settings);
    company.place.shorten_sessions();
    company.sign_in();
    assert_eq!(company.get(), KEY);
    company
}

/// Waits until token and session have expired.
#[track_caller]
fn outlive_token(company: &Company) -> Moment {
    let end = company.end_of_token();
    until("the token has ended", || (Moment::from(now()) > end).then_some(()));
    company.place.end_session(&company.state());
    end
}

#[track_caller]
fn assert_key_is_renewed(recipe: Recipe) {
    let company = hasty(recipe);
    for round in 1..=3 {
        let end = outlive_token(&company);
        let key = format!("sk-ant-made-up-rotated-000{round}");
        company.place.put(&key);
        let before = company.costs();
        assert_eq!(company.get(), key);
        let costs = company.costs();
        assert_eq!(costs, before.map(|before| before + 1), "refreshes, logins, reads");
        assert!(company.inner().validity.fetched_at >= end);
    }
    assert_eq!(company.provider.revocations(), 0);
}

#[track_caller]
fn assert_key_ends_with_the_sign_in(recipe: Recipe) {
    let company = hasty(recipe);
    company.provider.revoke();
    outlive_token(&company);
    let before = company.costs();
    let answer = company.run(&[]);
    company.assert_says("ended", 3, &answer);
    // It is not tried again, at either server.
    company.assert_says("ended", 3, &company.run(&[]));
    let [refreshes, logins, reads] = before;
    assert_eq!(company.costs(), [refreshes + 1, logins, reads]);
    company.sign_in();
    assert_eq!(company.get(), KEY);
}

#[expect(clippy::disallowed_methods, reason = "the clock that the servers go by")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[test]
fn recipe_sso_vault_renews_the_key_for_three_lifetimes() {
    assert_key_is_renewed(Recipe::Vault);
}

#[test]
fn recipe_sso_aws_renews_the_key_for_three_lifetimes() {
    assert_key_is_renewed(Recipe::Aws);
}

#[test]
fn recipe_sso_vault_ends_with_the_revoked_sign_in() {
    assert_key_ends_with_the_sign_in(Recipe::Vault);
}

#[test]
fn recipe_sso_aws_ends_with_the_revoked_sign_in() {
    assert_key_ends_with_the_sign_in(Recipe::Aws);
}
