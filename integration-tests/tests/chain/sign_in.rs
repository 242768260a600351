//! A login, and the sources that depend on it.

use integration_tests::call::{Answer, Call};
use integration_tests::home::Home;
use integration_tests::servers::OidcProvider;
use integration_tests::sign_in::sign_in;
use serde_json::Value;

use crate::user::{TRADES, runs};

const NO_SIGN_IN: &str = "there is no sign-in for `sso`";

/// Returns two profiles whose sources exchange a login's token, one of them through another source.
fn home_at(provider: &OidcProvider) -> Home {
    let home = Home::new();
    let [keys, others, between] =
        ["keys", "others", "between"].map(|name| home.script(name, TRADES).display().to_string());
    home.configure(&format!(
        "default_profile = \"work\"\n\
         [profile.work]\nsources = [\"keys\"]\n\
         [profile.other]\nsources = [\"others\"]\n\
         [source.keys]\nbackend = \"script\"\ncommand = [\"{keys}\"]\nstdin = {{ source = \"sso\" }}\n\
         [source.others]\nbackend = \"script\"\ncommand = [\"{others}\"]\n\
         stdin = {{ source = \"between\" }}\n\
         [source.between]\nbackend = \"script\"\ncommand = [\"{between}\"]\n\
         stdin = {{ source = \"sso\" }}\n\
         [source.sso]\nbackend = \"oidc\"\nissuer = \"{}\"\nclient_id = \"helper\"\n",
        provider.issuer()
    ));
    home
}

/// Returns a user who has logged in and has the first key of each profile, with a call for the
/// other one's.
#[track_caller]
fn signed_in(provider: &OidcProvider) -> (Home, Call) {
    let home = home_at(provider);
    let other = home.call(["--profile", "other"]);
    sign_in(&home.call(["login"]), provider);
    assert_traded(&home.helper().run(), "keys", 1);
    assert_traded(&other.run(), "others", 1);
    (home, other)
}

/// Asserts a key of this run of `script`, made from the login's.
#[track_caller]
fn assert_traded(answer: &Answer, script: &str, run: usize) {
    assert_eq!((answer.code, &*answer.stderr), (Some(0), ""), "{answer:?}");
    assert!(answer.stdout.starts_with(&format!("{script}-{run}-of-")), "{answer:?}");
}

#[test]
fn login_clears_the_cooldown_of_chained_sources() {
    let provider = OidcProvider::new();
    let home = home_at(&provider);
    let other = home.call(["--profile", "other"]);
    for _ in 0..2 {
        home.helper().run().assert_error(3, &[NO_SIGN_IN, "login --source sso"]);
        other.run().assert_error(3, &[NO_SIGN_IN, "--profile other login --source sso"]);
    }
    // No name is needed: it is the profile's first source with a login, wherever it is.
    let said = sign_in(&home.call(["login"]), &provider).stderr;
    assert!(said.contains("Signed in to `sso`"), "{said}");
    // No failure of the missing login is left, in any profile.
    assert_traded(&home.helper().run(), "keys", 1);
    assert_traded(&other.run(), "others", 1);
    assert_eq!(runs(&home, ["keys", "others", "between"]), [1, 1, 1]);
}

#[test]
fn second_login_drops_the_keys_of_chained_sources() {
    let provider = OidcProvider::new();
    let (home, other) = signed_in(&provider);

    sign_in(&home.call(["login", "--source", "sso"]), &provider);
    assert_eq!(home.state().files(".entry").len(), 1);
    assert_traded(&home.helper().run(), "keys", 2);
    assert_traded(&other.run(), "others", 2);
    assert_eq!(home.runs("between"), 2);
}

#[test]
fn logout_removes_the_entries_of_chained_sources() {
    let provider = OidcProvider::new();
    let (home, other) = signed_in(&provider);
    assert_eq!(home.state().files(".entry").len(), 4);

    let answer = home.call(["logout"]).run();
    let said = (answer.code, &*answer.stdout, &*answer.stderr);
    assert_eq!(said, (Some(0), "", "Signed out of `sso`.\n"));
    assert_eq!(home.state().files(".entry"), [""; 0]);
    home.helper().run().assert_error(3, &[NO_SIGN_IN, "login --source sso"]);
    other.run().assert_error(3, &[NO_SIGN_IN, "login --source sso"]);
    assert_eq!(runs(&home, ["keys", "others", "between"]), [1, 1, 1]);
}

#[test]
fn revoked_sign_in_of_an_inner_source_names_the_login_command() {
    let provider = OidcProvider::new();
    let home = home_at(&provider);
    sign_in(&home.call(["login"]), &provider);
    assert_traded(&home.helper().run(), "keys", 1);
    provider.revoke();
    // The cached keys remain valid.
    assert_traded(&home.helper().run(), "keys", 1);
    for source in ["sso", "keys"] {
        home.state().change(source, |entry| entry.key = None);
    }
    let words = ["the sign-in of `ada` has ended", "login --source sso"];
    home.helper().run().assert_error(3, &words);
    // The saved failure says the same.
    home.helper().run().assert_error(3, &words);
    let status = home.call(["status", "--json"]).run();
    let status: Value = serde_json::from_str(status.assert_printed()).unwrap();
    assert_eq!(status["sources"][0]["uses"][0]["failure"]["kind"], "needs-login", "{status}");
}
