//! Paths that only a shell can expand.

use std::path::Path;

/// Returns the hint for a missing file at `path`, if a part of it is a shell's shorthand.
#[must_use]
pub fn shell_shorthand(path: &Path) -> Option<String> {
    path.components().find_map(|part| {
        let part = part.as_os_str().to_str()?;
        let is_percent = part.len() > 2 && part.starts_with('%') && part.ends_with('%');
        match part {
            "~" | "$HOME" | "${HOME}" | "%USERPROFILE%" => {
                Some(format!("write the absolute path of the home folder: `{part}` is for shells"))
            }
            _ if part.starts_with(['~', '$', '`']) || is_percent => {
                Some(format!("write the absolute path: `{part}` is for shells"))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_shorthand_is_found_anywhere_in_a_path() {
        for (path, says) in [
            ("/conf/~/t", "of the home folder: `~` is for shells"),
            ("~/t", "of the home folder: `~` is for shells"),
            ("/conf/$HOME/t", "of the home folder: `$HOME` is for shells"),
            ("${HOME}/t", "of the home folder: `${HOME}` is for shells"),
            ("~ann/t", "write the absolute path: `~ann` is for shells"),
            ("/conf/$XDG_RUNTIME_DIR/t", "`$XDG_RUNTIME_DIR` is for shells"),
            ("/conf/$(pwd)/t", "`$(pwd)` is for shells"),
            ("%APPDATA%/t", "`%APPDATA%` is for shells"),
        ] {
            let hint = shell_shorthand(Path::new(path)).unwrap();
            assert!(hint.contains(says), "{path}: {hint}");
        }
        for path in ["/conf/t", "/conf/t~", "/a$b/50%", ""] {
            assert_eq!(shell_shorthand(Path::new(path)), None, "{path}");
        }
    }
}
