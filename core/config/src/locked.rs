//! Locks of the system's file.

use api_key_helper_tables::{Located, Locked, fields};
use api_key_helper_values::Error;

use crate::settings::ProfileSettings;

/// Parses `written`, the list of locks in the system's file, whose table is `root`.
///
/// Refuses a lock without effect: administrators would rely on it.
pub(super) fn read(root: &Located, written: &[String]) -> Result<Locked, Error> {
    let keys: Vec<Vec<String>> =
        written.iter().map(|key| key.split('.').map(str::to_owned).collect()).collect();
    for (key, text) in keys.iter().zip(written) {
        if !can_be_set(key) {
            return Err(root
                .error(&[Locked::KEY.to_owned()], format!("there is no setting `{text}`"))
                .with_hint(
                    "write `default_profile`, `seal`, `profile.NAME.KEY`, `source.NAME.KEY` or a \
                     table that holds them; `*` stands for any name",
                ));
        }
    }
    Ok(Locked::new(keys, root.place(&[Locked::KEY.to_owned()]).cloned()))
}

/// Only the backend knows the settings of a source.
fn can_be_set(key: &[String]) -> bool {
    match key {
        [top] => ["default_profile", "profile", "seal", "source"].contains(&top.as_str()),
        [section, _] => section == "profile" || section == "source",
        [section, _, setting, ..] => {
            section == "source"
                || section == "profile" && fields::<ProfileSettings>().contains(&setting.as_str())
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use serde::Deserialize;

    use super::*;
    use crate::{ConfigFile, Configuration, SourceTable, Variables};

    const TABLES: &str = "[source.a]\nbackend = 'vault'\nauth = { role = 'x', mount = 'm' }\n\
                          [profile.p]\nsources = ['a']\n";

    fn parse(locked: &str, user: &str, variables: &[(&str, &str)]) -> Result<Configuration, Error> {
        let file = |path: &str, text: String| {
            Some(ConfigFile { path: PathBuf::from(path), bytes: text.into(), is_draft: false })
        };
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Configuration::parse(
            file("/etc/c.toml", format!("locked = [{locked}]\n{TABLES}")),
            file("/home/u/c.toml", user.to_owned()),
            variables.collect::<Variables>(),
        )
    }

    fn table(configuration: &Configuration) -> SourceTable {
        let mut profile = configuration.profile("p").unwrap();
        Arc::into_inner(profile.sources.remove(0)).unwrap().table
    }

    #[test]
    fn locked_setting_covers_its_table_and_its_parent() {
        let role = "[source.a]\nauth = { role = 'mine' }\n";
        for (locked, user) in [
            ("'source.a.auth.role'", role),
            ("'source.a.auth'", "[source.a.auth]\nrole = 'mine'\n"),
            ("'source'", "[source.b]\nbackend = 'script'\n"),
            ("'profile'", "[profile.q]\nsources = ['a']\n"),
            ("'profile.*.ttl'", "[profile.q]\nsources = ['a']\nttl = '9h'\n"),
            ("'source.*'", "source = { a = { path = 'mine' } }\n"),
            ("'seal'", "seal = 'file'\n"),
        ] {
            let error = parse(locked, user, &[]).unwrap_err();
            assert!(error.message().contains("locked by `/etc/c.toml:1:1`"), "{locked}: {error}");
        }
        for (locked, user) in [
            ("'source.a.path'", role),
            ("'profile.*.ttl'", "[profile.p]\ndeadline = '9s'\n"),
            ("'source.a'", "[source.b]\nbackend = 'script'\n"),
        ] {
            assert!(parse(locked, user, &[]).is_ok(), "{locked}");
        }
    }

    #[test]
    fn locked_name_of_no_setting_is_refused() {
        for locked in ["''", "'ttl'", "'profle.p'", "'profile.p.tll'", "'locked'", "'seal.x'"] {
            let error = parse(locked, "", &[]).unwrap_err();
            assert!(
                error.message().starts_with("/etc/c.toml:1:1: `locked`: there is no"),
                "{error}"
            );
        }
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only the names of the fields count")]
        struct Vault {
            auth: toml::Value,
            path: Option<String>,
        }
        let read = |locked: &str| table(&parse(locked, "", &[]).unwrap()).parse::<Vault>();
        let error = read("'source.a.pth'").unwrap_err();
        assert!(error.message().ends_with("there is no setting `source.a.pth`"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.text().contains("`path`")), "{error:?}");
        for locked in ["'source.a.path'", "'source.a.timeout'", "'source.b.x'", "'source.*.pth'"] {
            assert!(read(locked).is_ok(), "{locked}");
        }
    }

    #[test]
    fn locked_source_takes_no_unset_setting_from_a_variable() {
        let address = [("VAULT_ADDR", "http://mine")];
        for locked in ["'source.a'", "'source.a.address'", "'source'", "'source.*.address'"] {
            let table = table(&parse(locked, "", &address).unwrap());
            let error = table.filling("address", "VAULT_ADDR").unwrap_err();
            let expected = "the variable `VAULT_ADDR` sets `source.a.address`, which is locked by";
            assert!(error.message().starts_with(expected), "{error}");
            assert_eq!(table.filling("address", "BAO_ADDR"), Ok(None));
            // It is recorded nevertheless: another value means another key.
            assert!(table.reads().variables.contains("VAULT_ADDR"));
        }
        let table = table(&parse("'source.a.path'", "", &address).unwrap());
        assert_eq!(table.filling("address", "VAULT_ADDR").unwrap().as_deref(), Some("http://mine"));
    }

    #[test]
    fn locked_retries_refuse_the_retry_count_variable() {
        let retries = [("API_KEY_HELPER_RETRY_COUNT", "9")];
        for locked in ["'profile.p.retries'", "'profile.*.retries'", "'source.a'", "'profile'"] {
            let configuration = parse(locked, "", &retries).unwrap();
            let error = configuration.profile("p").unwrap_err();
            assert!(error.message().contains("`API_KEY_HELPER_RETRY_COUNT` sets"), "{error}");
        }
        let configuration = parse("'profile.p.retries'", "", &retries).unwrap();
        assert!(configuration.source_alone("a").is_ok());
        let configuration = parse("'profile'", "", &retries).unwrap();
        assert!(configuration.source_alone("a").is_err());
    }

    #[test]
    fn locked_ttl_ignores_the_claude_code_ttl_variable() {
        let ttl = [(api_key_helper_cache::CLIENT_TTL_VARIABLE, "60000")];
        let ttl_with = |locked: &str| {
            let profile = parse(locked, "", &ttl).unwrap().profile("p").unwrap();
            (profile.policy.ttl.as_secs(), profile.hold.claude_code.as_secs())
        };
        assert_eq!(ttl_with("'source.a'"), (60, 60));
        assert_eq!(ttl_with("'profile.p.ttl'"), (3_600, 60));
    }
}
