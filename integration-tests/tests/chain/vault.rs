//! A Vault source whose password is the key of another source.

use std::fs;

use integration_tests::home::Home;
use integration_tests::servers::OpenBao;
use serde_json::json;

const KEY: &str = "sk-of-the-vault";
const LOGIN: &str = "auth/userpass/login/ci";
const REVOKE: &str = "auth/token/revoke-self";

/// Returns a server at which `ci` may read [`KEY`].
fn server(password: &str) -> OpenBao {
    let bao = OpenBao::dev();
    bao.write("secret/data/anthropic", &json!({ "data": { "api_key": KEY } }));
    bao.policy("reader", &[("secret/data/anthropic", "read")]);
    bao.enable_auth("userpass", "userpass");
    set_password(&bao, password);
    bao
}

fn set_password(bao: &OpenBao, password: &str) {
    let user = json!({ "password": password, "token_policies": "reader" });
    bao.write("auth/userpass/users/ci", &user);
}

/// Returns a user whose script prints the content of the file `password`.
fn home_at(bao: &OpenBao, password: &str) -> Home {
    let home = Home::new();
    home.write("password", password);
    let script = home.script("password-of", "cat \"$HOME/password\"");
    home.configure(&format!(
        "[profile.work]\nsources = [\"vault\"]\n\
         [source.vault]\nbackend = \"vault\"\naddress = \"{}\"\npath = \"anthropic\"\n\
         auth = {{ method = \"userpass\", username = \"ci\", password = {{ source = \"password\" }} }}\n\
         [source.password]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        bao.address(),
        script.display()
    ));
    home
}

#[test]
fn rejected_vault_password_is_fetched_again_from_the_inner_source() {
    let bao = server("the-first-password");
    let home = home_at(&bao, "the-first-password");
    home.helper().run().assert_key(KEY);

    set_password(&bao, "the-second-password");
    fs::write(home.path().join("password"), "the-second-password").unwrap();
    let log_in_anew =
        || home.state().change("vault", |entry| (entry.key, entry.renewal) = (None, None));
    log_in_anew();
    home.helper().run().assert_key(KEY);
    assert_eq!((home.runs("password-of"), bao.requests(LOGIN)), (2, 3));

    // An unknown password is refused, after one more attempt to get another.
    set_password(&bao, "a-password-that-nobody-knows");
    home.state().age("password", std::time::Duration::from_secs(60));
    log_in_anew();
    let refused = ["vault refused the login of user `ci`", "check the `password`"];
    home.helper().run().assert_error(4, &refused);
    assert_eq!((home.runs("password-of"), bao.requests(LOGIN)), (3, 5));
}

#[test]
fn logout_of_an_inner_source_revokes_the_vault_token() {
    let bao = server("the-password");
    let home = home_at(&bao, "the-password");
    home.helper().run().assert_key(KEY);
    let before = bao.requests(REVOKE);
    let answer = home.call(["logout", "--source", "password"]).run();
    let said = (answer.code, &*answer.stdout, &*answer.stderr);
    assert_eq!(said, (Some(0), "", "Signed out of `password`.\n"));
    assert_eq!(bao.requests(REVOKE), before + 1);
    assert_eq!(home.state().files(".entry"), [""; 0]);
}
