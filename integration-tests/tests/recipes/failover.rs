//! `docs/recipes/failover.md`, from top to bottom.

use integration_tests::wait::until;

use crate::company::{Company, KEY};
use crate::page::Page;
use crate::place::Recipe;

/// The key in the password manager.
const BEHIND_GLASS: &str = "sk-ant-made-up-behind-glass";

#[test]
fn recipe_vault_failover_page_matches_the_program() {
    let mut company = Company::new(Recipe::Vault);
    let page = Page::open("failover.md");
    let body = format!("[ \"$*\" = 'show anthropic/break-glass' ] && echo {BEHIND_GLASS}");
    let pass = company.home.script("pass", &body).display().to_string();
    let configuration = page.block("configuration").replace("/usr/bin/pass", &pass);
    // No relay is in between: errors about a dead server name that server.
    let address = company.place.vault().address();
    let configuration = configuration.replace("https://vault.example.com:8200", address);
    company.home.configure(&company.here(&configuration));

    page.assert_shows("nobody", &company.run(&[]).stderr);
    assert_eq!(company.home.runs("pass"), 0);
    company.sign_in();
    assert_eq!(company.get(), KEY);

    company.place.vault().kill();
    assert_eq!(company.get(), KEY);
    let hour = std::time::Duration::from_secs(3_600);
    company.state().age("vault", hour * 3 / 2);
    company.run(&[]).assert_warned(KEY, &["using the key that `vault` gave", "cannot reach vault"]);
    company.state().end_pause("vault");
    company.state().age("vault", hour);
    assert_eq!(company.get(), BEHIND_GLASS);
    // After so many failures, the cooldown lasts longer than the test.
    company.state().fail_in_a_row("vault", 9);
    assert_eq!(company.get(), BEHIND_GLASS);
    assert_eq!(company.home.runs("pass"), 1);
    company.assert_status(&page);

    company.place.restart();
    company.administer();
    company.state().end_pause("vault");
    assert_eq!(company.get(), BEHIND_GLASS);
    let state = company.state();
    until("vault is asked", || state.failure("vault").is_none().then_some(()));
    state.wait_for_peace("vault");
    assert_eq!(company.get(), KEY);

    company.follow(company.page.block("sign out"));
    page.assert_shows("nobody", &company.run(&[]).stderr);
    let call = page.block("by hand").trim().strip_prefix("api-key-helper ").unwrap();
    let words: Vec<&str> = call.split_whitespace().collect();
    company.run(&words).assert_key(BEHIND_GLASS);
    page.assert_all_used();
}
