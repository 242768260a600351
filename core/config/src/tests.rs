use std::path::Path;
use std::time::Duration;

use api_key_helper_cache::{CLIENT_TTL_VARIABLE, Policy};
use api_key_helper_values::{Error, ErrorKind, Hint};
use serde::Deserialize;

use super::*;

const USER: &str = "/home/u/config.toml";
const SYSTEM: &str = "/etc/api-key-helper/config.toml";

fn file(path: &str, text: &str) -> Option<ConfigFile> {
    Some(ConfigFile { path: path.into(), bytes: text.into(), is_draft: false })
}

fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parse(system: &str, user: &str, pairs: &[(&str, &str)]) -> Result<Configuration, Error> {
    Configuration::parse(file(SYSTEM, system), file(USER, user), variables(pairs))
}

fn user(text: &str) -> Configuration {
    Configuration::parse(None, file(USER, text), Variables::new()).unwrap()
}

fn refused(text: &str) -> String {
    words(&parse("", text, &[]).unwrap_err())
}

fn words(error: &Error) -> String {
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    format!("{error}; {}", error.hint().map_or("no hint", Hint::text))
}

/// A configuration with the source `a` and the profile `work`, which uses it.
const BASE: &str = "[source.a]\nbackend = 'script'\n[profile.work]\nsources = ['a']\n";

fn with(settings: &str) -> String {
    format!("{BASE}{settings}")
}

#[test]
fn profile_defaults_match_the_manual() {
    let profile = user(BASE).profile("work").unwrap();
    assert_eq!(profile.policy, Policy::default());
    assert_eq!(profile.deadline, Duration::from_secs(30));
    assert_eq!(profile.on_rejection, OnRejection::Refetch);
    assert_eq!(profile.hold.fixed, None);
    assert_eq!(profile.hold.claude_code, Duration::from_secs(300));
    let [source] = &profile.sources[..] else { panic!("{profile:?}") };
    assert_eq!((source.timeout, source.retries), (Duration::from_secs(10), 3));
    assert_eq!(source.lifetime, None);
}

#[test]
fn profile_settings_are_all_read() {
    let profile = user(&with(
        "ttl = '2h'\nhold = '1m'\ntimeout = '3s'\nretries = 0\ndeadline = '9s'\n\
         refresh_window = '1s'\nstale_while_revalidate = '2s'\nstale_if_error = '3s'\n\
         ttl_jitter = '25%'\non_rejection = 'ignore'\n",
    ))
    .profile("work")
    .unwrap();
    let seconds = Duration::from_secs;
    assert_eq!(
        profile.policy,
        Policy {
            ttl: seconds(7_200),
            ttl_jitter: 0.25,
            refresh_window: seconds(1),
            stale_while_revalidate: seconds(2),
            stale_if_error: seconds(3),
        }
    );
    assert_eq!(profile.hold.fixed, Some(seconds(60)));
    assert_eq!(profile.deadline, seconds(9));
    assert_eq!(profile.on_rejection, OnRejection::Ignore);
    assert_eq!((profile.sources[0].timeout, profile.sources[0].retries), (seconds(3), 0));
}

#[test]
fn timeout_and_retries_precedence_is_variable_source_profile() {
    let text = "[source.a]\nbackend = 'script'\ntimeout = '2s'\nretries = 2\nlifetime = '8h'\n\
                [profile.work]\nsources = ['a']\ntimeout = '4s'\nretries = 4\n";
    let get = |pairs: &[(&str, &str)]| {
        let profile = parse("", text, pairs).unwrap().profile("work").unwrap();
        (profile.sources[0].timeout.as_millis(), profile.sources[0].retries)
    };
    assert_eq!(get(&[]), (2_000, 2));
    let both = [("API_KEY_HELPER_TIMEOUT_MS", "500"), ("API_KEY_HELPER_RETRY_COUNT", "0")];
    assert_eq!(get(&both), (500, 0));
    assert_eq!(get(&[("API_KEY_HELPER_TIMEOUT_MS", "")]), (2_000, 2));
}

#[test]
fn client_ttl_variable_sets_unset_ttl_and_hold() {
    let get = |text: &str| {
        let profile = parse("", text, &[(CLIENT_TTL_VARIABLE, "60000")]).unwrap();
        let profile = profile.profile("work").unwrap();
        (profile.policy.ttl.as_secs(), profile.hold.claude_code.as_secs())
    };
    assert_eq!(get(BASE), (60, 60));
    assert_eq!(get(&with("ttl = '2h'\n")), (7_200, 60));
}

#[test]
fn timeout_retry_and_ttl_variables_must_be_numbers() {
    for (name, to) in [
        (CLIENT_TTL_VARIABLE, "milliseconds, such as `CLAUDE_CODE_API_KEY_HELPER_TTL_MS=300000`"),
        ("API_KEY_HELPER_TIMEOUT_MS", "milliseconds, such as `API_KEY_HELPER_TIMEOUT_MS=10000`"),
        ("API_KEY_HELPER_RETRY_COUNT", "attempts, such as `API_KEY_HELPER_RETRY_COUNT=3`"),
    ] {
        for value in ["1h", "-1", "1.5", " 5"] {
            let error = parse("", BASE, &[(name, value)]).unwrap().profile("work").unwrap_err();
            assert_eq!(
                words(&error),
                format!(
                    "the variable `{name}` is `{value}`, not a whole number; \
                     set it to a number of {to}"
                )
            );
        }
    }
}

#[test]
fn user_configuration_overrides_the_systems_key_by_key() {
    let system = with("ttl = '2h'\ndeadline = '9s'\n");
    let configuration = parse(
        &system,
        "default_profile = 'mine'\n[profile.work]\nttl = '3h'\n[profile.mine]\nsources = ['b']\n\
         [source.b]\nbackend = 'script'\n",
        &[],
    )
    .unwrap();
    assert_eq!(configuration.default_profile().unwrap(), "mine");
    assert_eq!(configuration.profiles(), ["mine", "work"]);
    assert_eq!(configuration.sources(), ["a", "b"]);
    let profile = configuration.profile("work").unwrap();
    assert_eq!(profile.policy.ttl.as_secs(), 3 * 3_600);
    assert_eq!(profile.deadline.as_secs(), 9);
}

#[test]
fn user_configuration_value_replaces_the_whole_table_value() {
    #[derive(Debug, Deserialize)]
    struct Script {
        env: toml::Table,
    }

    let system = "[source.a]\nbackend = 'script'\nenv = { A = '1', B = '2' }\n";
    let user = "[source.a]\nenv = { C = '3' }\n[profile.work]\nsources = ['a']\n";
    let profile = parse(system, user, &[]).unwrap().profile("work").unwrap();
    let script: Script = profile.sources[0].table.parse().unwrap();
    assert_eq!(script.env.keys().collect::<Vec<_>>(), ["C"]);
}

#[test]
fn relative_path_is_relative_to_its_configuration_file() {
    let system = "[source.a]\nbackend = 'script'\ncommand = ['x']\n";
    let user = "[source.a]\ncwd = 'y'\n[profile.work]\nsources = ['a']\n";
    let profile = parse(system, user, &[]).unwrap().profile("work").unwrap();
    let table = &profile.sources[0].table;
    assert_eq!(table.path("command", Path::new("x")), Path::new("/etc/api-key-helper/x"));
    assert_eq!(table.path("cwd", Path::new("y")), Path::new("/home/u/y"));
    assert_eq!(table.path("cwd", Path::new("/abs")), Path::new("/abs"));
}

#[test]
fn locked_settings_refuse_the_users_configuration() {
    let system = format!(
        "default_profile = 'work'\n\
         locked = ['profile.work.ttl', 'source.a', 'default_profile', 'profile.work.timeout']\n\
         {BASE}"
    );
    for text in ["[profile.work]\nttl = '3h'\n", "[source.a]\nretries = 1\n"] {
        let words = words(&parse(&system, text, &[]).unwrap_err());
        assert!(words.contains("/home/u/config.toml:2:1"), "{words}");
        assert!(words.contains("locked by `/etc/api-key-helper/config.toml:2:1`"), "{words}");
    }
    let words_of = |error: &Error| words(error);
    let error = parse(&system, "default_profile = 'x'\n", &[]).unwrap_err();
    assert!(words_of(&error).contains("sets `default_profile`"), "{error}");

    let configuration = parse(&system, "[profile.work]\ndeadline = '5s'\n", &[]).unwrap();
    assert!(configuration.profile("work").is_ok());
    let error = configuration.check_unlocked(&["default_profile"], "`--profile`").unwrap_err();
    assert!(words_of(&error).contains("`--profile` sets `default_profile`"), "{error}");
    assert!(configuration.check_unlocked(&["profile", "work", "deadline"], "x").is_ok());

    let pairs = [("API_KEY_HELPER_TIMEOUT_MS", "5")];
    let error = parse(&system, "", &pairs).unwrap().profile("work").unwrap_err();
    assert!(words_of(&error).contains("the variable `API_KEY_HELPER_TIMEOUT_MS`"), "{error}");
}

#[test]
fn locked_in_the_users_configuration_is_refused() {
    assert!(refused("locked = ['source.a']\n").contains(":1:1: `locked` has no effect here"));
}

#[test]
fn configuration_error_names_line_and_nearest_key() {
    assert_eq!(
        refused("[profile.work]\nsources = ['a']\ntll = '1h'\n[source.a]\nbackend = 'script'\n"),
        "/home/u/config.toml:3:1: `profile.work.tll`: unknown key; did you mean `ttl`?"
    );
    assert!(refused("defaultprofile = 'a'\n").contains("did you mean `default_profile`?"));
    assert!(refused("zzz = 'a'\n").contains("known keys are `default_profile`, `locked`"));
    let type_error = refused(&with("retries = 'many'\n"));
    assert!(
        type_error.contains(":5:1: `profile.work.retries`: expected a whole number"),
        "{type_error}"
    );
    assert!(!type_error.contains("many"), "it may be a secret: {type_error}");
    assert!(refused(&with("ttl = '1 hourr'\n")).contains(":5:1: `profile.work.ttl`: `1 hourr`"));
    assert!(refused(&with("ttl_jitter = 2\n")).contains("from 0% to 100%"));
    assert!(refused(&with("retries = -1\n")).contains("`profile.work.retries`"));
    assert!(refused("profile = 1\n").contains(":1:1: `profile`"));
    assert!(refused("[source.a]\n").contains("a source needs a `backend`"));
    assert!(refused("[source.A]\nbackend = 'script'\n").contains("is not a valid name"));
    assert!(refused("source.a = 1\n").contains("write `[source.a]`"));
    assert!(refused("[profile.work]\n").contains("at least one source"));
    assert!(refused("[profile.work]\nsources = []\n").contains(":2:1: `profile.work.sources`"));
    assert!(refused("[profile.work]\nsources = ['b']\n").contains("there is no source `b`"));
    let twice = BASE.replace("['a']", "['a', 'a']");
    assert!(refused(&twice).contains("source `a` is named twice"));
}

#[test]
fn profile_and_source_names_are_valid_file_names() {
    let long = "a".repeat(64);
    for name in ["a", "0", "a-b_c", &long] {
        user(
            &BASE
                .replace("[source.a]", &format!("[source.a]\nbackend = 'x'\n[source.{name}0]"))
                .replace("backend = 'x'\n", "backend = 'script'\n")
                .replace(&format!("{long}0"), &long),
        );
    }
    let longer = "a".repeat(65);
    for name in ["'..'", "'a/b'", "''", "-a", "_a", "'ä'", &longer] {
        let text = format!("[source.{name}]\nbackend = 'script'\n");
        assert!(refused(&text).contains("is not a valid name"), "{name}");
    }
}

#[test]
fn default_profile_is_the_only_one_or_must_be_set() {
    assert_eq!(user(BASE).default_profile().unwrap(), "work");
    let two = with("[profile.home]\nsources = ['a']\n");
    let error = user(&two).default_profile().unwrap_err();
    assert!(words(&error).contains("add `default_profile = \"home\"`"), "{error}");
    let error = user("").default_profile().unwrap_err();
    assert!(words(&error).contains("add `[profile.default]`"), "{error}");
    let error = user(BASE).profile("wrok").unwrap_err();
    assert!(words(&error).contains("known profiles are `work`"), "{error}");
}

#[test]
fn fingerprint_changes_with_source_settings_that_select_the_key() {
    let fingerprint = |path: &str, table: &str| {
        let text = format!("[source.a]\nbackend = 'script'\n{table}[profile.p]\nsources = ['a']\n");
        let configuration = Configuration::parse(None, file(path, &text), Variables::new());
        configuration.unwrap().profile("p").unwrap().sources[0].id.fingerprint
    };
    let base = fingerprint(USER, "command = ['/a']\n");
    let same =
        "# a comment\ncommand   = [ \"/a\" ]\ntimeout = '1s'\nretries = 9\nlifetime = '1h'\n";
    assert_eq!(fingerprint(USER, same), base);
    assert_eq!(fingerprint("/home/u/other.toml", "command = ['/a']\n"), base);
    assert_ne!(fingerprint(USER, "command = ['/b']\n"), base);
    assert_ne!(fingerprint(USER, "command = ['/a', 'x']\n"), base);
    assert_ne!(fingerprint(USER, "command = ['/a']\nenv = { A = '1' }\n"), base);
    // In another folder, the same relative path is another program.
    assert_ne!(fingerprint("/home/v/config.toml", "command = ['/a']\n"), base);
}

#[test]
fn config_draft_error_names_the_key_without_a_line() {
    let text = format!("{BASE}[profile.home]\nsources = ['a']\nttl = true\n");
    let error = |is_draft| {
        let file = ConfigFile { is_draft, ..file(USER, &text).unwrap() };
        Configuration::parse(None, Some(file), Variables::new()).unwrap_err().to_string()
    };
    let wrong = "`profile.home.ttl`: expected ";
    assert!(error(true).starts_with(wrong), "{}", error(true));
    assert_eq!(error(false), format!("{USER}:7:1: {}", error(true)));
}
