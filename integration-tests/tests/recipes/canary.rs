//! Tokens that pass from one link to the next leak nowhere.

use integration_tests::call::wait_for_workers;
use integration_tests::process::Process;

use crate::company::{Company, INNER, KEY};
use crate::place::Recipe;

#[track_caller]
fn assert_no_secret_is_shown(recipe: Recipe) {
    let company = Company::new(recipe);
    company.home.make_dumpable();
    company.assert_says("nobody", 3, &company.run(&[]));
    company.sign_in();
    company.search(&[]);

    // Observed while the server has the token.
    let held = company.place.barrier.lock().unwrap();
    let call = [company.call(&[]).start()];
    wait_for_workers(&call);
    let processes = Process::all_with("HOME", company.home.path());
    assert!(processes.contains(&call[0].process()));
    company.search(&processes);
    drop(held);
    let [call] = call;
    company.heard(call.finish()).assert_key(KEY);
    // The key, the login's token and its refresh token, and the session at the server.
    assert!(company.secrets() >= 4, "{}", company.secrets());
    company.search(&[]);
    let doctor = company.run(&["doctor"]);
    assert!(doctor.stdout.contains(&format!("`{INNER}` gave a key")), "{doctor:?}");

    // Failures of both links.
    company.provider.refuse(502, "<html>Bad Gateway</html>");
    company.provider.revoke();
    for source in [INNER, recipe.outer()] {
        company.state().change(source, |entry| entry.key = None);
    }
    company.place.take_sessions_back(&company.state());
    let words = ["the sign-in of", "is lost", "`api-key-helper login --source sso`"];
    company.run(&["get", "--refresh"]).assert_error(3, &words);
    company.search(&[]);
    assert_eq!(company.run(&["logout"]).code, Some(0));
    company.search(&[]);
}

#[test]
fn recipe_sso_vault_shows_no_token() {
    assert_no_secret_is_shown(Recipe::Vault);
}

#[test]
fn recipe_sso_aws_shows_no_token() {
    assert_no_secret_is_shown(Recipe::Aws);
}
