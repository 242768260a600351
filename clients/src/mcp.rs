//! The MCP servers of Claude Code. `headersHelper` names a shell line that prints a server's
//! headers.
//!
//! Source: <https://code.claude.com/docs/en/mcp>. The helper's environment and the moments at which
//! it runs were observed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::claude_code::{CONFIG_VARIABLE, MANAGED};
use crate::home;
use crate::json::{Malformed, Position};
use crate::scope::Scope;
use crate::slots::{Helper, Slots};
use crate::syntax::Syntax;

/// Returns the file with the servers of a scope, for a client that starts in `folder` with the
/// environment `variable`; `None` if the home folder is unknown.
#[must_use]
pub fn file(
    scope: Scope,
    folder: &Path,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Option<PathBuf> {
    match scope {
        Scope::User | Scope::Local => {
            let around = home::folder(CONFIG_VARIABLE, variable);
            let around = around.or_else(|| home::home(variable))?;
            Some(folder.join(around).join(".claude.json"))
        }
        Scope::Project => Some(folder.join(".mcp.json")),
        Scope::Managed => Some(Path::new(MANAGED).join("managed-mcp.json")),
    }
}

/// Returns the servers of a scope that the text of its file defines.
#[must_use]
pub fn servers(scope: Scope, folder: &Path, text: &str) -> Vec<String> {
    let path = around(scope, folder);
    Syntax::Json.names(text, &path.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Returns the place of a server's line in the file of a scope.
#[must_use]
pub fn slots(scope: Scope, folder: &Path, server: &str) -> Slots {
    let mut path = around(scope, folder);
    path.extend([server, HELPER].map(str::to_owned));
    let of = match scope {
        Scope::Local => format!("{}:{server}", folder.display()),
        Scope::User | Scope::Project | Scope::Managed => server.to_owned(),
    };
    Slots { syntax: Syntax::Json, paths: vec![path], helper: Helper::Line, of, check }
}

/// Returns the path of the object that holds the servers of a scope.
fn around(scope: Scope, folder: &Path) -> Vec<String> {
    let mut path = match scope {
        // One file has the servers of all folders.
        Scope::Local => vec!["projects".to_owned(), folder.to_string_lossy().into_owned()],
        Scope::User | Scope::Project | Scope::Managed => Vec::new(),
    };
    path.push("mcpServers".to_owned());
    path
}

fn check(slots: &Slots, text: &str) -> Result<(), Malformed> {
    let names: Vec<&str> = slots.paths.iter().flatten().map(String::as_str).collect();
    let Some((_, server)) = names.split_last() else { return Ok(()) };
    let Some((value, position)) = Syntax::Json.value(text, server)? else {
        let name = server.last().unwrap_or(&"");
        let reason = format!("there is no server `{name}`");
        return Err(Malformed { position: Position { line: 1, column: 1 }, reason });
    };
    if value.get("url").and_then(Value::as_str).is_none() {
        let reason = "this server has no `url`, so it takes no headers".to_owned();
        return Err(Malformed { position, reason });
    }
    Ok(())
}

/// The setting that names the line.
const HELPER: &str = "headersHelper";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HelperLine;
    use crate::home::HOME;

    fn line() -> String {
        let program = Path::new("/b/api-key-helper");
        HelperLine::with_format(program, None, None, Some("headers")).unwrap()
    }

    #[test]
    fn mcp_settings_roundtrip_through_apply_and_undo() {
        let line = line();
        let server = "{\"type\":\"http\",\"url\":\"https://m\"}";
        for (scope, before) in [
            (Scope::Project, format!("{{\"mcpServers\": {{\"docs\": {server}}}}}\n")),
            (
                Scope::User,
                format!("{{\"a\": 1,\n\"mcpServers\":{{\"docs\":{server},\"b\":{{}}}}}}"),
            ),
            (
                Scope::Local,
                format!("{{\"projects\":{{\"/w\":{{\"mcpServers\":{{\"docs\":{server}}}}}}}}}"),
            ),
        ] {
            let described = servers(scope, Path::new("/w"), &before);
            assert!(described.contains(&"docs".to_owned()), "{described:?}");
            let slots = slots(scope, Path::new("/w"), "docs");
            let now = slots.put(before.as_bytes(), &[line.as_str().into()]).unwrap();
            let found = slots.find(&now).unwrap().remove(0).unwrap();
            assert!(found.value == line && slots.is_ours(&found.value));
            assert_eq!(slots.put(&now, &[line.as_str().into()]).unwrap(), now);
            let back = slots.take_back(&now, Some(before.as_bytes())).unwrap();
            assert_eq!(back.as_deref(), Some(before.as_bytes()));
            // Claude Code writes this file often.
            let theirs = String::from_utf8(now).unwrap().replacen('{', "{\"theirs\": 1, ", 1);
            let back = slots.take_back(theirs.as_bytes(), Some(before.as_bytes())).unwrap();
            let expected = before.replacen('{', "{\"theirs\": 1, ", 1);
            assert_eq!(String::from_utf8(back.unwrap()).unwrap(), expected);
        }
    }

    #[test]
    fn mcp_server_that_is_missing_or_has_no_url_is_refused() {
        let refusal = |text: &str| {
            let slots = slots(Scope::Project, Path::new("/w"), "docs");
            slots.find(text.as_bytes()).unwrap_err().to_string()
        };
        assert_eq!(refusal("{}"), "line 1, column 1: there is no server `docs`");
        assert_eq!(
            refusal("{\"mcpServers\": {\n\"docs\": {\"command\": \"npx\"}}}"),
            "line 2, column 9: this server has no `url`, so it takes no headers"
        );
        assert!(refusal("{").contains("eof"));
    }

    #[test]
    fn mcp_scope_user_local_and_project_have_their_files() {
        let find = |name: &str| (name == HOME).then(|| OsString::from("/h"));
        let file = |scope| file(scope, Path::new("/w"), &find).unwrap();
        assert_eq!(file(Scope::User), Path::new("/h/.claude.json"));
        assert_eq!(file(Scope::Local), Path::new("/h/.claude.json"));
        assert_eq!(file(Scope::Project), Path::new("/w/.mcp.json"));
    }
}
