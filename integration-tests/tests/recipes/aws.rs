//! `docs/recipes/sso-aws.md`, from top to bottom.

use crate::company::Company;
use crate::place::Recipe;

#[test]
fn recipe_sso_aws_page_matches_the_program() {
    let company = Company::new(Recipe::Aws);
    let page = &company.page;
    company.assert_says("nobody", 3, &company.run(&[]));
    company.follow(page.block("sign in"));
    company.assert_status(page);
    company.follow(page.block("sign out"));

    company.place.administer(
        "aws iam delete-role-policy --role-name key-reader --policy-name read-anthropic-key",
    );
    company.sign_in();
    company.assert_says("forbidden", 4, &company.run(&[]));

    company.provider.revoke();
    company.state().change("sso", |entry| entry.key = None);
    company.place.end_session(&company.state());
    company.assert_says("ended", 3, &company.run(&["get", "--refresh"]));
    page.assert_all_used();
}
