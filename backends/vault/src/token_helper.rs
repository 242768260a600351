//! The program that keeps the tokens of Vault's own command in the place of `~/.vault-token`
//! (`<https://developer.hashicorp.com/vault/docs/commands/token-helper>`).

use std::path::{Path, PathBuf};

use api_key_helper_system::read_file;

/// The files that name a token helper of Vault's own command. They are read only if a token is
/// missing.
#[derive(Debug)]
pub(crate) struct TokenHelper {
    /// The command's configuration, `~/.vault` or OpenBao's `~/.bao`.
    files: [PathBuf; 2],
}

impl TokenHelper {
    /// That of the user whose home is `home`.
    pub(crate) fn of(home: &Path) -> Self {
        Self { files: [home.join(".bao"), home.join(".vault")] }
    }

    /// The program, and the file that names it.
    pub(crate) fn find(&self) -> Option<(String, &Path)> {
        self.files.iter().find_map(|file| {
            let text = read_file(file, LONGEST).ok()?;
            Some((program(&String::from_utf8_lossy(&text))?, file.as_path()))
        })
    }
}

/// The value of `token_helper` in HCL or JSON, if it is a text that stands on the line of its name.
fn program(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.trim_start().trim_start_matches(['{', ' ']);
        let name = line.trim_start_matches('"');
        let rest = name.strip_prefix("token_helper")?.trim_start_matches('"').trim_start();
        let value = rest.strip_prefix(['=', ':'])?.trim_start().strip_prefix('"')?;
        let (program, _) = value.split_once('"')?;
        (!program.is_empty() && !program.contains('\\')).then(|| program.to_owned())
    })
}

const LONGEST: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vault_token_helper_is_read_from_hcl_and_json() {
        for text in [
            "token_helper = \"/usr/local/bin/h\"",
            "# ours\n  token_helper=\"/usr/local/bin/h\" # keychain\n",
            "\"token_helper\" = \"/usr/local/bin/h\"\r\n",
            "{\"token_helper\": \"/usr/local/bin/h\"}",
            "{\n  \"token_helper\" : \"/usr/local/bin/h\"\n}",
        ] {
            assert_eq!(program(text).as_deref(), Some("/usr/local/bin/h"), "{text}");
        }
    }

    #[test]
    fn vault_configuration_without_token_helper_names_none() {
        for text in
            ["", "# token_helper = \"/h\"", "token_helper = \"\"", "token_helper_x = \"/h\""]
        {
            assert_eq!(program(text), None, "{text}");
        }
    }
}
