//! Two Vault servers, the first of which dies and comes back.

use integration_tests::home::Home;
use integration_tests::servers::openbao::{OpenBao, ROOT};
use integration_tests::wait::until;
use serde_json::{Value, json};

fn put(bao: &OpenBao, key: &str) {
    bao.write("secret/data/anthropic", &json!({ "data": { "api_key": key } }));
}

/// Returns a profile that prefers `first`.
fn home_of(first: &OpenBao, second: &OpenBao) -> Home {
    let home = Home::new();
    let source = |name: &str, bao: &OpenBao| {
        format!(
            "[source.{name}]\nbackend = \"vault\"\naddress = \"{}\"\npath = \"anthropic\"\n",
            bao.address()
        )
    };
    home.configure(&format!(
        "[profile.work]\nsources = [\"vault-eu\", \"vault-us\"]\nttl = \"1h\"\n\
         stale_if_error = \"0s\"\nretries = 1\n{}{}",
        source("vault-eu", first),
        source("vault-us", second)
    ));
    home
}

/// Returns the action of the next call, its source and its reason.
#[track_caller]
fn next_call(home: &Home) -> (String, String, Option<String>) {
    let answer = home.call(["status", "--json"]).env("VAULT_TOKEN", ROOT).run();
    let status: Value = serde_json::from_str(answer.assert_printed()).unwrap();
    let text = |name: &str| status["next_call"][name].as_str().map(str::to_owned);
    (text("does").unwrap(), text("source").unwrap(), text("reason"))
}

#[test]
fn failover_second_vault_answers_until_the_first_is_back() {
    let (mut first, second) = (OpenBao::dev(), OpenBao::dev());
    put(&first, "key-of-the-first");
    put(&second, "key-of-the-second");
    let home = home_of(&first, &second);
    let call = home.helper().env("VAULT_TOKEN", ROOT);
    let expire = |source: &str| home.state().change(source, |entry| entry.key = None);
    call.run().assert_key("key-of-the-first");
    assert_eq!(next_call(&home), ("prints".to_owned(), "vault-eu".to_owned(), None));
    assert_eq!(second.reads("secret/data/anthropic"), 0);

    first.kill();
    expire("vault-eu");
    call.run().assert_key("key-of-the-second");
    // During its cooldown, the first is skipped: the second one's key is printed at once, and
    // `status` shows the reason. After so many failures, the cooldown lasts longer than the test.
    home.state().fail_in_a_row("vault-eu", 9);
    call.run().assert_key("key-of-the-second");
    assert_eq!(second.reads("secret/data/anthropic"), 1);
    let (does, source, reason) = next_call(&home);
    assert_eq!((&*does, &*source), ("prints", "vault-us"));
    assert!(reason.unwrap().starts_with("`vault-eu` is in its pause for "));
    let status = home.call(["status"]).env("VAULT_TOKEN", ROOT).run();
    let text = status.assert_printed();
    assert!(text.contains("the next call prints the key of `vault-us` at once\n"), "{text}");
    assert!(text.contains(" at the earliest: it failed, so `vault-us` answers\n"), "{text}");

    // It is back. A call after the cooldown prints the second one's key at once, and asks the first
    // in the background.
    first.start_again();
    put(&first, "key-of-the-first-again");
    home.state().end_pause("vault-eu");
    let (does, source, reason) = next_call(&home);
    assert_eq!((&*does, &*source), ("prints", "vault-us"));
    assert_eq!(reason.unwrap(), "`vault-eu` failed, and is asked again behind the answer");
    let status = home.call(["status"]).env("VAULT_TOKEN", ROOT).run();
    let text = status.assert_printed();
    assert!(text.contains("behind the next call, which `vault-us` answers\n"), "{text}");
    call.run().assert_key("key-of-the-second");
    until("the first one is asked", || home.state().failure("vault-eu").is_none().then_some(()));
    home.state().wait_for_peace("vault-eu");
    call.run().assert_key("key-of-the-first-again");
    assert_eq!(next_call(&home), ("prints".to_owned(), "vault-eu".to_owned(), None));
    assert_eq!(second.reads("secret/data/anthropic"), 1);
}

#[test]
fn failover_error_is_the_first_vaults_when_both_are_down() {
    let (first, second) = (OpenBao::dev(), OpenBao::dev());
    let home = home_of(&first, &second);
    first.kill();
    second.kill();
    let call = home.helper().env("VAULT_TOKEN", ROOT);
    call.run().assert_error(1, &["cannot reach vault", first.address()]);
    // Each is asked again after its own cooldown.
    call.run().assert_error(1, &["cannot reach vault", first.address()]);
    let (does, source, _) = next_call(&home);
    assert_eq!((&*does, &*source), ("fails", "vault-eu"));
}
