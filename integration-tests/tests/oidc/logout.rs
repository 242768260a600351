//! `logout` revokes a login, and forgets it in any case.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use integration_tests::servers::OidcProvider;

use crate::user::{COMMAND, User};

/// Asserts that nothing of the login is left here.
#[track_caller]
fn assert_forgotten(user: &User) {
    assert_eq!(user.state().files(".entry"), [""; 0]);
    user.get().run().assert_error(3, &["there is no sign-in for `sso`", COMMAND]);
    let status = user.status();
    assert_eq!((&status["key"], status["has_renewal"].as_bool()), (&"none".into(), Some(false)));
    assert!(status["sign_in"].is_null(), "{status}");
}

#[test]
fn logout_revokes_the_refresh_token_and_removes_the_entry() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    let key = user.key();
    let refresh_token = user.refresh_token();
    assert!(provider.is_active(&key) && provider.is_active(&refresh_token));

    let answer = user.home.call(["logout"]).run();
    let said = (answer.code, &*answer.stdout, &*answer.stderr);
    assert_eq!(said, (Some(0), "", "Signed out of `sso`.\n"));
    assert!(!provider.is_active(&key) && !provider.is_active(&refresh_token));
    assert_forgotten(&user);

    // There is no login any more, and no request is sent.
    let events = provider.events();
    assert_eq!(user.home.call(["logout"]).run().code, Some(0));
    assert_eq!(provider.events(), events);
    user.sign_in(&provider);
    user.key();
}

#[test]
fn logout_with_the_provider_down_removes_the_entry_and_exits_1() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    user.key();
    provider.kill();
    user.home.call(["logout"]).run().assert_error(
        1,
        &[
            "`sso` is signed out on this machine only",
            "/token/revocation`",
            "revoke the sign-in at the provider",
        ],
    );
    assert_forgotten(&user);
}

#[test]
fn logout_removes_a_revoked_sign_in_without_a_request() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    user.key();
    provider.revoke();
    user.home.call(["get", "--refresh"]).run().assert_error(3, &["has ended", COMMAND]);
    let events = provider.events();
    let answer = user.home.call(["logout"]).run();
    assert_eq!((answer.code, &*answer.stderr), (Some(0), "Signed out of `sso`.\n"));
    // A revoked token is not sent again.
    assert_eq!(provider.events(), events);
    assert_forgotten(&user);
}

#[test]
fn logout_revokes_the_sign_ins_of_all_settings() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    let mut tokens = vec![user.refresh_token()];
    let settings = [
        "scopes = [\"openid\", \"offline_access\"]",
        "key = \"id_token\"\nscopes = [\"openid\", \"offline_access\", \"email\"]",
    ];
    for settings in settings {
        user.configure(&provider, settings);
        user.sign_in(&provider);
        tokens.extend(user.refresh_tokens());
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
    let answer = user.home.call(["logout"]).run();
    assert_eq!((answer.code, &*answer.stderr), (Some(0), "Signed out of `sso`.\n"));
    assert!(tokens.iter().all(|token| !provider.is_active(token)));
    for settings in ["", settings[0], settings[1]] {
        user.configure(&provider, settings);
        assert_forgotten(&user);
    }
}

#[test]
fn logout_after_the_backend_changed_says_that_the_sign_in_is_not_revoked() {
    let provider = OidcProvider::new();
    let others = [
        "backend = \"script\"\ncommand = [\"/bin/echo\", \"k\"]",
        "backend = \"vault\"\naddress = \"http://127.0.0.1:9\"\npath = \"x\"\nauth = { method = \"cert\" }\n\
         client_cert = \"c\"\nclient_key = \"c\"",
        "backend = \"aws\"\nsecret_id = \"x\"\nregion = \"eu-central-1\"",
        "backend = \"exchange\"\ngrant = \"jwt-bearer\"\ntoken = { env = \"T\" }\n\
         token_endpoint = \"http://127.0.0.1:9\"",
    ];
    for other in others {
        let user = User::signed_in(&provider, "");
        let refresh_token = user.refresh_token();
        user.home
            .configure(&format!("[profile.sso]\nsources = [\"sso\"]\n[source.sso]\n{other}\n"));
        let answer = user.home.call(["logout", "--source", "sso"]).run();
        let words = [
            "signed out on this machine only",
            "came of another `backend`",
            "hint: revoke the sign-in at the provider",
            "if the old `backend` is set again before the next sign-in, `logout` revokes it",
        ];
        answer.assert_error(2, &words);
        assert!(provider.is_active(&refresh_token));
        assert_eq!(user.state().files(".entry"), [""; 0]);
    }
}

#[test]
fn logout_revokes_a_sign_in_at_the_provider_that_granted_it() {
    let (first, second) = (OidcProvider::new(), OidcProvider::new());
    let user = User::signed_in(&first, "");
    let of_first = user.refresh_token();
    user.configure(&second, "");
    user.sign_in(&second);
    let of_second = user.refresh_tokens().into_iter().find(|token| *token != of_first).unwrap();
    let before = second.events().len();
    let answer = user.home.call(["logout"]).run();
    assert_eq!((answer.code, &*answer.stderr), (Some(0), "Signed out of `sso`.\n"));
    assert!(!first.is_active(&of_first) && !second.is_active(&of_second));
    // Neither provider received the other's token.
    assert_eq!(second.events().len(), before + 1 + 1);
}

#[test]
fn logout_warns_of_an_unreadable_sign_in_entry_and_removes_it() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    let state = user.state();
    let (entry, refresh_token) = (state.entry_file("sso"), user.refresh_token());
    let content = std::fs::read(&entry).unwrap();
    // Entries of a lost encryption key, and one that was moved aside.
    let name = entry.to_string_lossy().into_owned();
    let (stem, _) = name.rsplit_once('-').unwrap();
    state.replace(Path::new(&format!("{stem}-0f0f0f0f.v2.entry")), &content);
    state.replace(Path::new(&format!("{name}.Xa1b2c.unreadable")), &content);
    let answer = user.home.call(["logout"]).run();
    assert_eq!(answer.code, Some(1), "{answer:?}");
    let cannot = "an entry of source `sso` cannot be opened";
    assert_eq!(answer.stderr.matches(cannot).count(), 2, "{answer:?}");
    for suffix in [".entry", ".unreadable", ".failure"] {
        assert_eq!(state.files(suffix), [""; 0]);
    }
    assert!(!provider.is_active(&refresh_token));
}

#[test]
fn logout_removes_nothing_while_an_entry_cannot_be_read() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    let refresh_token = user.refresh_token();
    let state = user.state();
    let own = state.entry_file("sso");
    // The login with other settings.
    user.configure(&provider, "scopes = [\"openid\", \"offline_access\"]");
    user.sign_in(&provider);
    let files = state.files(".entry");
    std::fs::set_permissions(&own, PermissionsExt::from_mode(0o640)).unwrap();
    let hint = format!("run `chmod 600 {}`", own.display());
    user.home.call(["logout"]).run().assert_error(2, &["is open to others (mode 640)", &hint]);
    assert_eq!(state.files(".entry"), files);
    assert!(provider.is_active(&refresh_token));

    std::fs::set_permissions(&own, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(user.home.call(["logout"]).run().code, Some(0));
    assert_eq!(state.files(".entry"), [""; 0]);
    assert!(!provider.is_active(&refresh_token));
}
