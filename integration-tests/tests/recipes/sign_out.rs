//! After a logout, there is no key.

use crate::company::Company;
use crate::place::Recipe;

#[track_caller]
fn leaves_nothing(recipe: Recipe) -> Company {
    let company = Company::new(recipe);
    company.sign_in();
    company.get();
    assert_eq!(company.state().files(".entry").len(), 2);
    company.follow(company.page.block("sign out"));
    assert_eq!(company.state().files(".entry"), [""; 0]);
    company.assert_says("nobody", 3, &company.run(&[]));
    company
}

#[test]
fn logout_recipe_sso_vault_revokes_the_vault_token() {
    let company = leaves_nothing(Recipe::Vault);
    let requested = company.place.vault().requested();
    assert_eq!(requested.last().map(String::as_str), Some("auth/token/revoke-self"));
    company.sign_in();
    company.get();
    assert_eq!(company.place.asked(), [2, 2]);
}

#[test]
fn logout_recipe_sso_aws_assumes_the_role_again() {
    let company = leaves_nothing(Recipe::Aws);
    company.sign_in();
    company.get();
    assert_eq!(company.place.asked(), [2, 2]);
}
