//! A hundred concurrent processes, with only a login.

use integration_tests::call::{Running, wait_for_workers};
use integration_tests::servers::oidc_provider::Settings;

use crate::company::{Company, INNER, KEY};
use crate::place::Recipe;

#[track_caller]
fn assert_one_request_for_each_source(recipe: Recipe) {
    // The limits allow all of them to start during one request.
    let patient = "deadline = \"60s\"\ntimeout = \"50s\"";
    let company = Company::with(recipe, patient, &Settings::default());
    company.sign_in();
    company.state().change(INNER, |entry| entry.key = None);
    assert_eq!(company.costs(), [0, 0, 0]);

    let held = company.place.barrier.lock().unwrap();
    let calls: Vec<Running> = (0..100).map(|_| company.call(&[]).start()).collect();
    wait_for_workers(&calls);
    drop(held);
    for call in calls {
        company.heard(call.finish()).assert_key(KEY);
    }
    assert_eq!(company.costs(), [1, 1, 1], "refreshes, logins, reads");
    // The first one is the login.
    let log = company.state().log();
    let sources: Vec<&str> = log.iter().map(|line| line["source"].as_str().unwrap()).collect();
    assert_eq!(sources, [INNER, INNER, recipe.outer()]);
    assert_eq!(company.provider.revocations(), 0);
}

#[test]
fn recipe_sso_vault_single_flight_one_request_for_each_source() {
    assert_one_request_for_each_source(Recipe::Vault);
}

#[test]
fn recipe_sso_aws_single_flight_one_request_for_each_source() {
    assert_one_request_for_each_source(Recipe::Aws);
}
