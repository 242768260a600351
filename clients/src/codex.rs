//! Codex's configuration. `[model_providers.NAME.auth]` names a command that prints a bearer token.
//!
//! Sources: the reference (<https://developers.openai.com/codex/config-reference>) and the code
//! (`codex-rs/model-provider-info`, `ModelProviderInfo::validate`).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::json::{self, Malformed, Position};
use crate::refusal::Refusal;
use crate::slots::{Helper, Slots};
use crate::syntax::Syntax;
use crate::{file, home};

/// The values to put into a provider's `auth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The program that prints the key.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The time in milliseconds after which Codex kills it.
    pub timeout: u64,
    /// The time in milliseconds for which Codex uses a key.
    pub refresh_interval: u64,
}

impl Change {
    /// Returns the values in the form that [`slots`] takes.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        vec![
            self.command.as_str().into(),
            self.arguments.clone().into(),
            self.timeout.into(),
            self.refresh_interval.into(),
        ]
    }
}

/// Returns the user's file, with the environment `variable`; `None` if the home folder is unknown.
#[must_use]
pub fn file(folder: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let codex = home::folder("CODEX_HOME", variable);
    let codex = codex.or_else(|| home::home(variable).map(|home| home.join(".codex")))?;
    Some(folder.join(codex).join("config.toml"))
}

/// Returns the provider that the file at `path` selects, if it selects one.
///
/// # Errors
/// The file cannot be read, or is not TOML.
pub fn chosen_provider(path: &Path) -> Result<Option<String>, Refusal> {
    let bytes = file::read(path)?.unwrap_or_default();
    let (_, text) = json::text(&bytes)?;
    let found = Syntax::Toml.value(text, &["model_provider"])?;
    Ok(found.and_then(|(value, _)| value.as_str().map(str::to_owned)))
}

/// Returns the providers that the text of a file defines.
#[must_use]
pub fn providers(text: &str) -> Vec<String> {
    Syntax::Toml.names(text, &[PROVIDERS])
}

/// Returns the places of a provider's values.
#[must_use]
pub fn slots(provider: &str) -> Slots {
    let path = |name: &str| [PROVIDERS, provider, "auth", name].map(str::to_owned).to_vec();
    Slots {
        syntax: Syntax::Toml,
        paths: ["command", "args", "timeout_ms", "refresh_interval_ms"].map(path).to_vec(),
        helper: Helper::Program,
        of: provider.to_owned(),
        check,
    }
}

fn check(slots: &Slots, text: &str) -> Result<(), Malformed> {
    let in_provider = |name: &str| Syntax::Toml.value(text, &[PROVIDERS, &slots.of, name]);
    if Syntax::Toml.value(text, &[PROVIDERS, &slots.of])?.is_none() {
        let reason = format!("there is no table `[{PROVIDERS}.{}]`", slots.of);
        return Err(Malformed { position: Position { line: 1, column: 1 }, reason });
    }
    // Codex rejects these together with `auth`.
    for name in ["env_key", "experimental_bearer_token", "requires_openai_auth"] {
        if let Some((value, position)) = in_provider(name)?
            && value != Value::Bool(false)
        {
            let reason = format!("Codex does not allow `{name}` together with `auth`");
            return Err(Malformed { position, reason });
        }
    }
    Ok(())
}

const PROVIDERS: &str = "model_providers";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::HOME;

    const FILES: [&str; 7] = [
        "model_provider = \"x\"\n\n[model_providers.x]\nname = \"X\" # mine\nbase_url = 'u'\n",
        "[model_providers.x]\r\nname = \"X\"\r\n\r\n[profiles.a]\r\nmodel = \"o\"\r\n",
        "[model_providers]\nx = { name = \"X\" }\n",
        "[model_providers.x]\nname = \"X\"\n[model_providers.x.auth]\ncommand = \"gcloud\" # old\n\
         args = [ \"print-token\" ]\ncwd = \"/\"\n",
        "model_providers.x.name = \"X\"",
        "model_providers = {x = { name = \"X\" }, y.name = \"Y\" }\n",
        "model_providers.x = {\n  name = \"X\",\n  auth = { command = 'old' },\n}\n",
    ];

    fn change() -> Change {
        Change {
            command: "/b/api-key-helper".to_owned(),
            arguments: ["get", "--deadline", "4s"].map(str::to_owned).to_vec(),
            timeout: 5_000,
            refresh_interval: 30_000,
        }
    }

    fn put(before: &str) -> String {
        let now = slots("x").put(before.as_bytes(), &change().values()).unwrap();
        String::from_utf8(now).unwrap()
    }

    #[test]
    fn codex_provider_gets_its_command() {
        let expected = "model_provider = \"x\"\n\n[model_providers.x]\nname = \"X\" # mine\n\
                        base_url = 'u'\n\n[model_providers.x.auth]\ncommand = \"/b/api-key-helper\"\n\
                        args = [\"get\", \"--deadline\", \"4s\"]\ntimeout_ms = 5000\n\
                        refresh_interval_ms = 30000\n";
        assert_eq!(put(FILES[0]), expected);
    }

    #[test]
    fn codex_settings_roundtrip_through_apply_and_undo() {
        for before in FILES {
            let now = put(before);
            let slots = slots("x");
            let found = slots.find(now.as_bytes()).unwrap();
            let values: Vec<Value> = found.into_iter().map(|found| found.unwrap().value).collect();
            assert_eq!(values, change().values(), "{now}");
            assert!(slots.is_ours(&values[0]));
            assert_eq!(put(&now), now);
            let back = slots.take_back(now.as_bytes(), Some(before.as_bytes())).unwrap().unwrap();
            assert_eq!(String::from_utf8(back).unwrap(), before);
            // Another program's line stays, and only our values are removed.
            let line = if before.contains('\r') { "theirs = 1\r\n" } else { "theirs = 1\n" };
            let theirs = format!("{line}{now}");
            let back = slots.take_back(theirs.as_bytes(), Some(before.as_bytes())).unwrap();
            let back = String::from_utf8(back.unwrap()).unwrap();
            assert_eq!(back, format!("{line}{before}"));
        }
    }

    #[test]
    fn codex_provider_that_codex_would_refuse_is_refused() {
        let refusal = |text: &str| slots("x").find(text.as_bytes()).unwrap_err().to_string();
        for (text, expected) in [
            ("", "line 1, column 1: there is no table `[model_providers.x]`"),
            (
                "[model_providers.x]\nenv_key = \"K\"\n",
                "line 2, column 11: Codex does not allow `env_key` together with `auth`",
            ),
            (
                "[model_providers.x]\nrequires_openai_auth = true\n",
                "line 2, column 24: Codex does not allow `requires_openai_auth` together with `auth`",
            ),
        ] {
            assert_eq!(refusal(text), expected);
        }
        assert!(refusal("model_providers = ").starts_with("line 1, column"));
    }

    #[test]
    fn codex_home_and_model_provider_are_found() {
        let find = |name: &str| (name == HOME).then(|| "/h".into());
        assert_eq!(file(Path::new("/w"), &find), Some("/h/.codex/config.toml".into()));
        let find = |name: &str| (name == "CODEX_HOME").then(|| "c".into());
        assert_eq!(file(Path::new("/w"), &find), Some("/w/c/config.toml".into()));
        let folder = tempfile::tempdir().unwrap();
        let chosen = |text: &str| {
            let path = folder.path().join("config.toml");
            std::fs::write(&path, text).unwrap();
            chosen_provider(&path)
        };
        assert_eq!(chosen(FILES[0]).unwrap().as_deref(), Some("x"));
        assert_eq!(chosen("model = 1").unwrap(), None);
        assert!(chosen("model = ").is_err() && chosen_provider(folder.path()).is_err());
        assert_eq!(chosen_provider(&folder.path().join("none")).unwrap(), None);
        assert_eq!(providers(FILES[2]), ["x"]);
        assert!(providers("model_providers = [").is_empty());
    }
}
