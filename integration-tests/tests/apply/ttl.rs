//! The TTL that `apply` writes.

use integration_tests::home::{Home, KEYS};

use crate::{read, settings_file};

const TTL: &str = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS";

fn ttl(home: &Home) -> String {
    read(&settings_file(home))["env"][TTL].as_str().unwrap().to_owned()
}

#[test]
fn apply_ttl_is_the_profiles_unless_lifetime_is_too_short() {
    for (profile, source, millis, words) in [
        ("ttl = \"90s\"", "lifetime = \"1h\"", "90000", "every 90 seconds"),
        ("hold = \"2m\"", "lifetime = \"1h\"", "120000", "every 2 minutes"),
        ("", "lifetime = \"15m\"", "420000", "every 7 minutes"),
        ("ttl = \"2h\"", "lifetime = \"48h\"", "7200000", "every 120 minutes"),
        ("ttl = \"0s\"", "lifetime = \"1h\"", "0", "before every request"),
    ] {
        let home = Home::with_settings(profile, source, KEYS);
        let answer = home.call(["apply"]).run();
        let end = format!("{TTL}: {millis}\nKey refresh: automatic {words}\n");
        assert!(answer.assert_printed().ends_with(&end), "{answer:?}");
        assert_eq!(ttl(&home), millis);
    }
}

#[test]
fn apply_ttl_uses_the_lifetime_of_a_cached_key() {
    let body = "end=$(date -u -d '+14 min' +%Y-%m-%dT%H:%M:%SZ)\n\
                echo \"{\\\"key\\\": \\\"key-$run\\\", \\\"expires_at\\\": \\\"$end\\\"}\"";
    let home = Home::with_settings("", "lifetime = \"48h\"", body);
    let _ = home.call(["apply"]).run().assert_printed();
    assert_eq!(ttl(&home), "3600000");
    // The expiry is in whole seconds and the start is not, so the lifetime varies slightly.
    for run in 1..=2 {
        home.call(["get", "--refresh"]).run().assert_key(&format!("key-{run}"));
        let _ = home.call(["apply"]).run().assert_printed();
        assert_eq!(ttl(&home), "360000");
    }
}

#[test]
fn apply_warns_when_the_lifetime_is_unknown() {
    let home = Home::with_script(KEYS);
    let answer = home.call(["apply"]).run();
    assert!(answer.stderr.contains("is not known before one is fetched"), "{answer:?}");
    assert_eq!((answer.code, &*ttl(&home)), (Some(0), "3600000"));
    home.helper().run().assert_key("key-1");
    let _ = home.call(["apply"]).run().assert_printed();

    let home = Home::with_settings("", "lifetime = \"40s\"", KEYS);
    let answer = home.call(["apply"]).run();
    assert!(answer.stderr.contains("keys live for 40 s only"), "{answer:?}");
    assert_eq!(ttl(&home), "1000");
}

#[test]
fn apply_ignores_the_ttl_that_it_applied_before() {
    let home = Home::with_settings("", "lifetime = \"15m\"", KEYS);
    let _ = home.call(["apply"]).run().assert_printed();
    for value in ["420000", "5000", "1h"] {
        let call = home.call(["apply"]).env(TTL, value).env("CLAUDE_CODE_ENTRYPOINT", "cli");
        let answer = call.run();
        assert!(answer.assert_printed().starts_with("Nothing changes"), "{answer:?}");
    }
}
