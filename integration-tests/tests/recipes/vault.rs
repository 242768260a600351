//! `docs/recipes/sso-vault.md`, from top to bottom.

use serde_json::json;

use crate::company::{Company, KEY};
use crate::place::Recipe;

#[test]
fn recipe_sso_vault_page_matches_the_program() {
    let company = Company::new(Recipe::Vault);
    let page = &company.page;
    company.assert_says("nobody", 3, &company.run(&[]));
    company.follow(page.block("sign in"));
    company.assert_status(page);
    company.follow(page.block("sign out"));

    // The users of another company.
    company.place.change_role(&json!({ "bound_claims": { "email": "*@example.net" } }));
    company.sign_in();
    company.assert_says("refused", 4, &company.run(&[]));
    // With an earlier token, one more attempt was made.
    company.state().end_pause("vault");
    let before = company.costs();
    company.state().age("sso", std::time::Duration::from_secs(60));
    company.assert_says("refused", 4, &company.run(&[]));
    let [refreshes, logins, reads] = before;
    assert_eq!(company.costs(), [refreshes + 1, logins + 2, reads]);

    company.place.change_role(&json!({ "bound_claims": { "email": "*@example.com" } }));
    company.place.vault().policy("anthropic-reader", &[("secret/data/other", "read")]);
    company.state().end_pause("vault");
    company.assert_says("forbidden", 4, &company.run(&[]));

    company.place.vault().policy("anthropic-reader", &[("secret/data/anthropic", "read")]);
    company.place.administer(page.block("revoke"));
    company.provider.revoke();
    company.state().change("sso", |entry| entry.key = None);
    company.assert_says("ended", 3, &company.run(&["get", "--refresh"]));

    company.place.administer(&company.here(page.block("access token's role")));
    company.configure(page.block("access token"), "");
    company.sign_in();
    assert_eq!(company.get(), KEY);
    page.assert_all_used();
}
