//! `login` without a terminal, and its effects.

use std::time::Duration;

use integration_tests::home::Home;
use integration_tests::servers::OidcProvider;
use integration_tests::servers::oidc_provider::{Event, Settings};
use integration_tests::wait::until;
use serde_json::json;

use crate::proxy::Proxy;
use crate::user::{COMMAND, Login, User};

/// Two scopes that the provider grants, and an unknown one.
const NARROWED: &str = "scopes = [\"openid\", \"offline_access\", \"email\", \"unheard-of\"]";

#[test]
fn device_login_without_a_terminal_prints_address_and_code() {
    let provider = OidcProvider::new();
    let user = User::with(&provider, NARROWED);
    user.get().run().assert_error(3, &["there is no sign-in for `sso`", COMMAND]);

    let login = user.login();
    let code = login.code();
    let address = format!("{}/device", provider.issuer());
    let lines = format!("api-key-helper: open: {address}\napi-key-helper: code: {code}\n");
    assert_eq!(login.shown(), lines);
    provider.approve(&code);
    let answer = login.finish();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), ""), "{answer:?}");
    let summary: Vec<&str> = answer.stderr.strip_prefix(&lines).unwrap().lines().collect();
    let [who, key, granted, narrowed] = summary[..] else { panic!("{answer:?}") };
    assert_eq!(who, "Signed in to `sso` as ada@example.com.");
    assert!(key.starts_with("The key ends in 59 min "), "{key}");
    assert!(key.ends_with(" s, and is renewed by itself."), "{key}");
    assert_eq!(granted, "Granted: openid offline_access email");
    assert_eq!(narrowed, "Not granted: unheard-of");

    let key = user.key();
    assert!(provider.is_active(&key));
    assert_eq!((provider.granted("device_code"), provider.asked("refresh_token")), (1, 0));

    let status = user.status();
    assert_eq!((&status["key"], &status["has_renewal"]), (&json!("fresh"), &json!(true)));
    assert_eq!(
        status["sign_in"],
        json!({
            "account": "ada@example.com", "expires_at": null,
            "scopes": ["openid", "offline_access", "email"], "missing_scopes": ["unheard-of"],
        })
    );
    let answer = user.home.call(["status"]).run();
    let signed_in = "as ada@example.com, for openid offline_access email, without unheard-of";
    assert!(answer.assert_printed().contains(signed_in), "{answer:?}");
    assert!(!answer.stdout.contains("there is no sign-in"), "{answer:?}");
}

#[test]
fn device_login_without_a_refresh_token_says_when_the_key_expires() {
    let provider = OidcProvider::new();
    let user = User::with(&provider, "scopes = [\"openid\"]");
    let answer = user.sign_in(&provider);
    assert!(answer.stderr.contains("The key ends in 59 min "), "{answer:?}");
    assert!(answer.stderr.contains(" s, and the sign-in with it.\n"), "{answer:?}");
    user.key();
    user.state().age("sso", Duration::from_secs(3_600));
    user.get().run().assert_error(3, &["it has no refresh token", "`offline_access`", COMMAND]);
}

#[test]
fn device_login_declined_exits_4() {
    let provider = OidcProvider::new();
    let user = User::of(&provider);
    let login = user.login();
    provider.deny(&login.code());
    let answer = login.finish();
    assert_eq!((answer.code, &*answer.stdout), (Some(4), ""), "{answer:?}");
    let said: Vec<&str> = answer.stderr.lines().skip(2).collect();
    let [error, hint] = said[..] else { panic!("{answer:?}") };
    assert!(error.starts_with("api-key-helper: error: the sign-in was declined"), "{error}");
    assert!(hint.starts_with("api-key-helper: hint: "), "{hint}");
    assert!(hint.contains("`api-key-helper login --source sso`"), "{hint}");
    // No new login starts without the user.
    assert_eq!(provider.events().last().unwrap().error.as_deref(), Some("access_denied"));
    user.get().run().assert_error(3, &["there is no sign-in", COMMAND]);
}

#[test]
fn device_code_expired_exits_3() {
    let provider = OidcProvider::with(&Settings { device_code: 2, ..Settings::default() });
    let user = User::of(&provider);
    let login = user.login();
    login.code();
    let answer = login.finish();
    assert_eq!((answer.code, &*answer.stdout), (Some(3), ""), "{answer:?}");
    let said: Vec<&str> = answer.stderr.lines().skip(2).collect();
    let error = "api-key-helper: error: the code expired before the sign-in";
    assert_eq!(said, [error, &format!("api-key-helper: hint: {COMMAND}")]);
    let codes = provider.events().iter().filter(|event| event.path == "/device/auth").count();
    assert_eq!(codes, 1);
}

#[test]
fn failed_login_keeps_the_previous_refresh_token() {
    let provider = OidcProvider::new();
    let user = User::signed_in(&provider, "");
    let key = user.key();
    let before = user.files();
    let login = user.login();
    provider.deny(&login.code());
    assert_eq!(login.finish().code, Some(4));
    assert_eq!(user.files(), before);
    assert_eq!(user.key(), key);
    user.state().age("sso", Duration::from_secs(3_600));
    assert_ne!(user.key(), key);
}

#[test]
fn device_login_slow_down_lengthens_the_poll_interval() {
    let provider = OidcProvider::new();
    let user = User::of(&provider);
    provider.slow_down();
    let login = user.login();
    let code = login.code();
    let polls = || -> Vec<Event> {
        provider.events().into_iter().filter(|event| event.path == "/token").collect()
    };
    until("it is slowed down", || (polls().len() == 1).then_some(()));
    provider.approve(&code);
    assert_eq!(login.finish().code, Some(0));
    let polls = polls();
    let [slowed, granted] = &polls[..] else { panic!("{polls:?}") };
    assert_eq!((slowed.error.as_deref(), granted.status), (Some("slow_down"), 200));
    // One second, and five more.
    assert!(granted.at - slowed.at > 5_950, "{polls:?}");
    user.key();
}

#[test]
fn device_login_survives_a_connection_lost_while_polling() {
    let provider = OidcProvider::new();
    let mut proxy = Proxy::to(&provider);
    let user = User::with(&provider, &proxy.endpoints());
    let login = user.login();
    let code = login.code();
    until("there was a poll", || (provider.asked("device_code") == 1).then_some(()));
    proxy.stop();
    provider.approve(&code);
    // The second poll fails, and the wait for the third is twice as long.
    integration_tests::wait::sleep(Duration::from_millis(1_500));
    assert!(login.process().is_running());
    proxy.start();
    let answer = login.finish();
    assert_eq!((answer.code, answer.stderr.lines().count()), (Some(0), 5), "{answer:?}");
    assert_eq!(provider.granted("device_code"), 1);
    assert!(provider.is_active(&user.key()));
}

#[test]
fn device_code_is_redeemed_once_when_the_answer_is_lost() {
    let provider = OidcProvider::new();
    let proxy = Proxy::to(&provider);
    let user = User::with(&provider, &proxy.endpoints());
    let login = user.login();
    let code = login.code();
    proxy.lose_a_grant();
    provider.approve(&code);
    let answer = login.finish();
    assert_eq!(answer.code, Some(3), "{answer:?}");
    let why = "an answer got lost that may have been the sign-in";
    assert!(answer.stderr.contains(why) && answer.stderr.contains(COMMAND), "{answer:?}");
    assert_eq!((provider.granted("device_code"), provider.revocations()), (1, 0));
    user.sign_in(&provider);
    user.key();
}

/// Returns a home with two sources that need a login, each in its profile, and one without.
fn several(provider: &OidcProvider) -> User {
    let user = User { home: Home::new() };
    let script = user.home.script("plain", "echo plain-key");
    let oidc =
        format!("backend = \"oidc\"\nissuer = \"{}\"\nclient_id = \"helper\"", provider.issuer());
    user.home.configure(&format!(
        "default_profile = \"first\"\n\
         [profile.first]\nsources = [\"plain\", \"one\"]\n\
         [profile.second]\nsources = [\"two\"]\n\
         [profile.neither]\nsources = [\"plain\"]\n\
         [source.one]\n{oidc}\n[source.two]\n{oidc}\n\
         [source.plain]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        script.display()
    ));
    user
}

#[test]
fn login_takes_the_named_source_or_the_first_with_a_login() {
    let provider = OidcProvider::new();
    let user = several(&provider);
    for (arguments, source) in [
        (&["login"][..], "one"),
        (&["login", "--profile", "second"], "two"),
        (&["login", "--source", "two"], "two"),
        (&["--profile", "neither", "login", "--source", "one"], "one"),
    ] {
        let login = Login::start(&user.home.call(arguments.iter().copied()));
        provider.approve(&login.code());
        let answer = login.finish();
        assert_eq!(answer.code, Some(0), "{answer:?}");
        let said = format!("\nSigned in to `{source}` as ada.\n");
        assert!(answer.stderr.contains(&said), "{answer:?}");
    }
    let key = user.home.call(["--profile", "second"]).run();
    assert!(provider.is_active(&key.stdout), "{key:?}");
    assert_eq!((key.code, provider.granted("device_code")), (Some(0), 4));
}

#[test]
fn login_and_logout_refuse_a_source_without_a_login() {
    let provider = OidcProvider::new();
    let user = several(&provider);
    for (arguments, words) in [
        (&["--source", "tow"][..], &["`tow`", "`two`"][..]),
        (&["--profile", "neither"], &["profile `neither` has no source that people sign in to"]),
        (&["--profile", "nobody"], &["`nobody`"]),
    ] {
        for command in ["login", "logout"] {
            let call = user.home.call([command]).args(arguments.iter().copied());
            call.run().assert_error(2, words);
        }
    }
    let call = user.home.call(["login", "--source", "plain"]);
    call.run().assert_error(
        2,
        &["people do not sign in to source `plain`", "`script`", "`api-key-helper status`"],
    );
    assert!(provider.events().is_empty());
}
