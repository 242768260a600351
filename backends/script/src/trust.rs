//! Whether a file may be run: who could have changed it.

use std::path::Path;

/// How a path is written in a command that a person pastes into a shell.
pub(crate) fn quote(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%:,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(unix)]
pub(crate) use unix::{Caller, Facts, objection};

#[cfg(unix)]
mod unix {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use api_key_helper_core::Error;

    use super::quote;

    const ROOT: u32 = 0;
    const STICKY: u32 = 0o1000;
    const GROUP_WRITES: u32 = 0o020;
    const OTHERS_WRITE: u32 = 0o002;
    const ANYBODY_EXECUTES: u32 = 0o111;

    /// Whose trust is asked for.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Caller {
        pub(crate) user: u32,
        pub(crate) group: u32,
    }

    impl Caller {
        /// By effective ids: they are what the system asks when something is written.
        pub(crate) fn current() -> Self {
            Self {
                user: rustix::process::geteuid().as_raw(),
                group: rustix::process::getegid().as_raw(),
            }
        }
    }

    /// What says who can change a file or a folder.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Facts {
        pub(crate) user: u32,
        pub(crate) group: u32,
        pub(crate) mode: u32,
        pub(crate) is_folder: bool,
    }

    impl From<&Metadata> for Facts {
        fn from(metadata: &Metadata) -> Self {
            Self {
                user: metadata.uid(),
                group: metadata.gid(),
                mode: metadata.mode() & 0o7777,
                is_folder: metadata.is_dir(),
            }
        }
    }

    /// Why `caller` must not run the file at `path`, or one in the folder there, and the command
    /// that mends it. An owner can always write, so a stranger must not be it either.
    pub(crate) fn objection(path: &Path, facts: Facts, caller: Caller) -> Option<Error> {
        let Facts { user, group, mode, is_folder } = facts;
        let what = if is_folder { "the folder " } else { "" };
        let place = quote(path);
        let sudo = if caller.user == ROOT || caller.user == user { "" } else { "sudo " };
        if user != caller.user && user != ROOT {
            let wanted = match caller.user {
                ROOT => "root".to_owned(),
                user => format!("uid {user} or root"),
            };
            let message = format!(
                "{what}`{place}` (mode {mode:04o}) belongs to uid {user}, and must belong to {wanted}"
            );
            let hint = format!("if you trust it, run `{sudo}chown {} {place}`", caller.user);
            return Some(Error::misconfigured(message).with_hint(hint));
        }
        let group_writes = mode & GROUP_WRITES != 0 && group != caller.group;
        let others_write = mode & OTHERS_WRITE != 0;
        let whose = match (group_writes, others_write) {
            (true, true) => "go-w",
            (true, false) => "g-w",
            (false, true) => "o-w",
            (false, false) if !is_folder && mode & ANYBODY_EXECUTES == 0 => {
                let message = format!("`{place}` is not executable: its mode is {mode:04o}");
                let hint = format!("run `{sudo}chmod a+x {place}`");
                return Some(Error::misconfigured(message).with_hint(hint));
            }
            (false, false) => return None,
        };
        let message = format!("{what}`{place}` is writable by others: its mode is {mode:04o}");
        // Such a folder is shared on purpose, as `/tmp` is: it is not the one to change.
        let hint = if is_folder && mode & STICKY != 0 {
            "move the program to a folder that only you can write".to_owned()
        } else {
            format!("run `{sudo}chmod {whose} {place}`")
        };
        Some(Error::misconfigured(message).with_hint(hint))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const ME: Caller = Caller { user: 1000, group: 100 };

        fn words(caller: Caller, (user, group, mode): (u32, u32, u32), is_folder: bool) -> String {
            let facts = Facts { user, group, mode, is_folder };
            let error = objection(Path::new("/k/gen.sh"), facts, caller);
            error.map_or_else(String::new, |error| {
                format!("{error}; {}", error.hint().unwrap_or_default())
            })
        }

        #[test]
        fn what_only_the_caller_and_root_can_change_is_trusted() {
            for facts in [(1000, 100, 0o755), (0, 0, 0o755), (1000, 100, 0o775), (0, 100, 0o775)] {
                for is_folder in [false, true] {
                    assert_eq!(words(ME, facts, is_folder), "", "{facts:?}");
                }
            }
        }

        #[test]
        fn what_others_can_change_is_refused_with_the_command_that_mends_it() {
            let file = |facts| words(ME, facts, false);
            assert_eq!(
                file((1000, 100, 0o777)),
                "`/k/gen.sh` is writable by others: its mode is 0777; run `chmod o-w /k/gen.sh`"
            );
            assert!(file((1000, 7, 0o4777)).ends_with("mode is 4777; run `chmod go-w /k/gen.sh`"));
            assert!(file((1000, 7, 0o775)).ends_with("run `chmod g-w /k/gen.sh`"));
            assert!(file((0, 0, 0o775)).ends_with("run `sudo chmod g-w /k/gen.sh`"));
            assert!(file((0, 0, 0o644)).ends_with("mode is 0644; run `sudo chmod a+x /k/gen.sh`"));
            assert_eq!(
                file((1001, 100, 0o755)),
                "`/k/gen.sh` (mode 0755) belongs to uid 1001, and must belong to uid 1000 or root; \
                 if you trust it, run `sudo chown 1000 /k/gen.sh`"
            );
            let root = Caller { user: 0, group: 0 };
            assert_eq!(
                words(root, (1001, 0, 0o700), true),
                "the folder `/k/gen.sh` (mode 0700) belongs to uid 1001, and must belong to root; \
                 if you trust it, run `chown 0 /k/gen.sh`"
            );
        }

        #[test]
        fn a_shared_folder_is_not_the_one_to_change() {
            let hint = words(ME, (0, 0, 0o1777), true);
            assert!(hint.ends_with("move the program to a folder that only you can write"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_can_be_pasted() {
        assert_eq!(quote(Path::new("/opt/keys/gen.sh")), "/opt/keys/gen.sh");
        assert_eq!(quote(Path::new("/o k/it's")), r"'/o k/it'\''s'");
    }
}
