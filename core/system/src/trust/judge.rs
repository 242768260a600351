//! The trust rule for Unix, as a function of owners and modes.

use std::path::Path;

use super::facts::{Facts, Kind};
use super::quote;
use api_key_helper_values::Error;

pub(super) const ROOT: u32 = 0;
const STICKY: u32 = 0o1000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;

/// Facts about users and groups on this machine.
pub(super) trait Machine {
    /// The caller's effective user id.
    fn caller(&self) -> u32;

    /// Returns whether no other user gets a right through the group that owns `path`.
    fn is_private(&self, path: &Path, group: u32) -> bool;

    /// Returns whether `user` has no mapping in this user namespace. An outer root is shown like
    /// that.
    fn is_unmapped(&self, user: u32) -> bool;
}

/// Returns how another user can change the file at `path`.
///
/// An owner can always write, so another user must not own it.
pub(super) fn judge(path: &Path, facts: Facts, machine: &impl Machine) -> Option<Error> {
    let Facts { user, mode, kind, .. } = facts;
    // The rights of a link do not matter: its folder decides.
    if matches!(kind, Kind::Link | Kind::Other) {
        return None;
    }
    let is_folder = kind == Kind::Folder;
    if !is_owned(user, machine) {
        return Some(owner_objection(path, facts, machine.caller()));
    }
    let group_writes = mode & GROUP_WRITES != 0 && !machine.is_private(path, facts.group);
    let others_write = mode & OTHERS_WRITE != 0;
    let whose = match (group_writes, others_write) {
        (false, false) => return None,
        (true, false) => "g-w",
        (false, true) => "o-w",
        (true, true) => "go-w",
    };
    let (what, place) = (what(is_folder), quote(path));
    let message = format!("{what}`{place}` is writable by others: its mode is {mode:04o}");
    // Such a folder is shared on purpose, like `/tmp`, so the hint does not change it.
    let hint = if is_folder && mode & STICKY != 0 {
        "move it to a folder that only you can write".to_owned()
    } else {
        let caller = machine.caller();
        let sudo = if caller == ROOT || caller == user { "" } else { "sudo " };
        format!("run `{sudo}chmod {whose} {place}`")
    };
    Some(Error::misconfigured(message).with_hint(hint))
}

/// Returns how another user can replace `entry` in `folder`.
///
/// In a sticky folder, like `/tmp`, others can neither rename nor remove an entry of the caller or
/// of root. But another user may have created a hard link there, to a file of the caller. So a file
/// is refused unless it is open and has only this name.
pub(super) fn judge_folder(
    (folder, mut facts): (&Path, Facts),
    (entry, held): (&Path, Facts),
    machine: &impl Machine,
) -> Option<Error> {
    let is_way = matches!(held.kind, Kind::Folder | Kind::Link);
    if facts.mode & STICKY != 0 && (is_way || held.is_pinned) {
        if !is_owned(held.user, machine) {
            return Some(owner_objection(entry, held, machine.caller()));
        }
        facts.mode &= !(GROUP_WRITES | OTHERS_WRITE);
    }
    if is_way {
        // In a container or sandbox without root, `/` and `/home` belong to a user without a
        // mapping.
        if machine.is_unmapped(facts.user) {
            facts.user = ROOT;
        }
    }
    judge(folder, facts, machine)
}

fn is_owned(user: u32, machine: &impl Machine) -> bool {
    user == ROOT || user == machine.caller()
}

fn owner_objection(path: &Path, facts: Facts, caller: u32) -> Error {
    let (what, place) = (what(facts.kind == Kind::Folder), quote(path));
    let (sudo, wanted) = match caller {
        ROOT => ("", "root".to_owned()),
        user => ("sudo ", format!("uid {user} or root")),
    };
    let Facts { user, mode, .. } = facts;
    let message = format!(
        "{what}`{place}` (mode {mode:04o}) belongs to uid {user}, and must belong to {wanted}"
    );
    let hint = format!("if you trust it, run `{sudo}chown {caller} {place}`");
    Error::misconfigured(message).with_hint(hint)
}

const fn what(is_folder: bool) -> &'static str {
    if is_folder { "the folder " } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which the caller has a private group, 100.
    struct Known {
        caller: u32,
        unmapped: u32,
    }

    impl Machine for Known {
        fn caller(&self) -> u32 {
            self.caller
        }

        fn is_private(&self, _: &Path, group: u32) -> bool {
            group == 100
        }

        fn is_unmapped(&self, user: u32) -> bool {
            user == self.unmapped
        }
    }

    const ME: Known = Known { caller: 1000, unmapped: u32::MAX };

    fn facts((user, group, mode): (u32, u32, u32), kind: Kind) -> Facts {
        Facts { user, group, mode, kind, is_pinned: false }
    }

    fn words(error: Option<Error>) -> String {
        error.map_or_else(String::new, |error| {
            format!("{error}; {}", error.hint().map(ToString::to_string).unwrap_or_default())
        })
    }

    fn judged(machine: &Known, numbers: (u32, u32, u32), kind: Kind) -> String {
        words(judge(Path::new("/k/gen.sh"), facts(numbers, kind), machine))
    }

    fn folder_judged(
        machine: &Known,
        folder: (u32, u32, u32),
        (user, kind): (u32, Kind),
    ) -> String {
        let held = (Path::new("/k/gen"), facts((user, 100, 0o755), kind));
        words(judge_folder((Path::new("/k"), facts(folder, Kind::Folder)), held, machine))
    }

    #[test]
    fn permission_check_trusts_a_file_of_caller_or_root() {
        for numbers in [(1000, 7, 0o755), (0, 0, 0o755), (1000, 100, 0o775), (0, 100, 0o775)] {
            for kind in [Kind::File, Kind::Folder] {
                assert_eq!(judged(&ME, numbers, kind), "", "{numbers:?}");
            }
        }
        // Everybody may use `/dev/null`, and a link's mode has no effect.
        for kind in [Kind::Link, Kind::Other] {
            assert_eq!(judged(&ME, (0, 0, 0o666), kind), "");
        }
    }

    #[test]
    fn permission_of_others_to_write_is_refused_with_the_chmod_command() {
        let file = |numbers| judged(&ME, numbers, Kind::File);
        assert_eq!(
            file((1000, 100, 0o777)),
            "`/k/gen.sh` is writable by others: its mode is 0777; run `chmod o-w /k/gen.sh`"
        );
        assert!(file((1000, 7, 0o4777)).ends_with("mode is 4777; run `chmod go-w /k/gen.sh`"));
        assert!(file((1000, 7, 0o775)).ends_with("run `chmod g-w /k/gen.sh`"));
        assert!(file((0, 0, 0o775)).ends_with("run `sudo chmod g-w /k/gen.sh`"));
        assert_eq!(
            file((1001, 100, 0o755)),
            "`/k/gen.sh` (mode 0755) belongs to uid 1001, and must belong to uid 1000 or root; \
             if you trust it, run `sudo chown 1000 /k/gen.sh`"
        );
        let root = Known { caller: ROOT, ..ME };
        assert_eq!(
            judged(&root, (1001, 0, 0o700), Kind::Folder),
            "the folder `/k/gen.sh` (mode 0700) belongs to uid 1001, and must belong to root; \
             if you trust it, run `chown 0 /k/gen.sh`"
        );
    }

    #[test]
    fn folder_writable_by_others_is_refused_for_its_content() {
        for kind in [Kind::File, Kind::Folder, Kind::Link] {
            for (folder, whose) in [((1000, 100, 0o777), "o-w"), ((1000, 7, 0o2775), "g-w")] {
                let said = folder_judged(&ME, folder, (1000, kind));
                assert!(said.starts_with("the folder `/k` is writable by others"), "{said}");
                assert!(said.ends_with(&format!("run `chmod {whose} /k`")), "{said}");
            }
            let said = folder_judged(&ME, (999, 999, 0o755), (1000, kind));
            assert!(said.starts_with("the folder `/k` (mode 0755) belongs to uid 999"), "{said}");
            assert_eq!(folder_judged(&ME, (0, 0, 0o755), (1000, kind)), "");
        }
    }

    #[test]
    fn sticky_folder_protects_folders_and_links_of_caller_and_root() {
        for kind in [Kind::Folder, Kind::Link] {
            for user in [0, 1000] {
                assert_eq!(folder_judged(&ME, (0, 0, 0o1777), (user, kind)), "");
            }
            let said = folder_judged(&ME, (0, 0, 0o1777), (1001, kind));
            assert!(said.contains("`/k/gen` (mode 0755) belongs to uid 1001"), "{said}");
        }
        let said = folder_judged(&ME, (0, 0, 0o1777), (1000, Kind::File));
        assert!(said.ends_with("move it to a folder that only you can write"), "{said}");
        // The sticky bit does not restrict the folder's owner.
        let said = folder_judged(&ME, (999, 0, 0o1777), (1000, Kind::Folder));
        assert!(said.contains("belongs to uid 999"), "{said}");
    }

    #[test]
    fn user_namespace_unmapped_owner_counts_as_root_above_the_nearest_folder() {
        let inside = Known { unmapped: 65_534, ..ME };
        let nobodys = (65_534, 65_534, 0o755);
        assert_eq!(folder_judged(&inside, nobodys, (1000, Kind::Folder)), "");
        assert!(folder_judged(&inside, nobodys, (1000, Kind::File)).contains("belongs to uid"));
        assert!(judged(&inside, nobodys, Kind::File).contains("belongs to uid 65534"));
        let open = (65_534, 65_534, 0o777);
        assert!(folder_judged(&inside, open, (1000, Kind::Folder)).contains("writable by others"));
        let shared = (65_534, 65_534, 0o1777);
        assert_eq!(folder_judged(&inside, shared, (1000, Kind::Folder)), "");
        assert!(folder_judged(&inside, shared, (65_534, Kind::Folder)).contains("belongs to uid"));
        assert!(folder_judged(&ME, nobodys, (1000, Kind::Folder)).contains("belongs to uid 65534"));
    }
}
