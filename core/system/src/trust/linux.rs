//! Facts about access lists, groups and user namespaces on Linux.

use std::fs;
use std::io;
use std::path::Path;

use rustix::io::Errno;

use super::judge::ROOT;

/// Returns whether `path`, which is no link, has an access list. Its mode's group bits are then the
/// most that any user on the list has (acl(5), "CORRESPONDENCE BETWEEN ACL ENTRIES AND FILE
/// PERMISSION BITS"). Without `w` in them, no user on the list can write.
pub(super) fn has_acl(path: &Path) -> bool {
    let mut none = [0_u8; 0];
    let length = rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut none);
    !matches!(length, Err(Errno::NODATA | Errno::OPNOTSUPP))
}

/// Returns whether `/etc/passwd` and `/etc/group` prove that `group` has no members other than
/// `caller` and root.
///
/// They prove nothing if there is another directory of users, or if a user namespace maps the ids.
pub(super) fn has_no_other_member(group: u32, caller: u32) -> bool {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let is_member = rustix::process::getegid().as_raw() == group
        || rustix::process::getgroups()
            .is_ok_and(|groups| groups.iter().any(|found| found.as_raw() == group));
    let accounts = Accounts { passwd: &read("/etc/passwd"), group: &read("/etc/group") };
    maps_all(&read("/proc/self/gid_map"))
        && users_come_from_files(fs::read_to_string("/etc/nsswitch.conf"))
        && USER_RECORDS.iter().all(|path| is_absent(Path::new(path)))
        && accounts.prove_private(group, caller, is_member)
}

/// Returns whether `user` has no mapping in this user namespace. The system shows the same id for
/// all such users (user_namespaces(7), "Unmapped user and group IDs").
pub(super) fn is_unmapped(user: u32) -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let mut ranges = map.lines().filter_map(range).peekable();
    ranges.peek().is_some()
        && !ranges.any(|[inside, _, count]| (inside..inside + count).contains(&user.into()))
}

/// Folders in which systemd has users that are not in `/etc/passwd` (nss-systemd(8)).
const USER_RECORDS: [&str; 5] = [
    "/etc/userdb",
    "/run/host/userdb",
    "/run/systemd/userdb/io.systemd.Home",
    "/run/userdb",
    "/usr/lib/userdb",
];

/// Parses a line of an id map: the first id inside, the first id outside, and the count.
fn range(line: &str) -> Option<[u64; 3]> {
    let numbers: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
    numbers.try_into().ok()
}

/// Returns whether the map is that of the initial user namespace, in which every id maps to itself.
fn maps_all(map: &str) -> bool {
    map.lines().map(range).eq([Some([0, 0, u64::from(u32::MAX)])])
}

/// Returns whether the path does not exist. A path that cannot be reached may exist.
fn is_absent(path: &Path) -> bool {
    matches!(path.try_exists(), Ok(false))
}

/// Returns whether users and groups come only from files, by the content of `/etc/nsswitch.conf`. A
/// missing file means that they do. An unreadable one may name a directory.
fn users_come_from_files(switch: io::Result<String>) -> bool {
    match switch {
        Ok(switch) => names_files_only(&switch),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Returns whether `/etc/nsswitch.conf` names only files for users and groups. `systemd` is
/// accepted too: it adds users with groups of their own, or user records.
fn names_files_only(switch: &str) -> bool {
    let lines = switch.lines().filter_map(|line| line.split('#').next()?.split_once(':'));
    lines
        .filter(|(database, _)| ["passwd", "group", "initgroups"].contains(&database.trim()))
        .flat_map(|(_, services)| services.split_whitespace())
        .all(|service| {
            let is_action = service.starts_with('[') && service.ends_with(']');
            is_action || service == "files" || service == "systemd"
        })
}

/// The contents of `/etc/passwd` and `/etc/group`.
#[derive(Clone, Copy, Debug)]
struct Accounts<'a> {
    passwd: &'a str,
    group: &'a str,
}

impl Accounts<'_> {
    /// Returns whether `group` has no members other than `caller` and root. `is_member` says
    /// whether this process is in it. If the files do not list this membership, they are
    /// incomplete.
    fn prove_private(&self, group: u32, caller: u32, is_member: bool) -> bool {
        let users = || self.passwd.lines().filter_map(user);
        let is_ours = |user: u32| user == caller || user == ROOT;
        let names = |name: &str, is_meant: &dyn Fn(u32) -> bool| {
            users().any(|(user, id, _)| user == name && is_meant(id))
        };
        let lists: Vec<&str> = self.group.lines().filter_map(|line| members(line, group)).collect();
        let listed =
            || lists.iter().flat_map(|list| list.split(',')).filter(|name| !name.is_empty());
        let is_known = users().any(|(_, id, _)| id == caller);
        let is_known_member = users().any(|(_, id, primary)| id == caller && primary == group)
            || listed().any(|name| names(name, &|id| id == caller));
        is_known
            && !lists.is_empty()
            && (is_known_member || !is_member)
            && users().all(|(_, id, primary)| primary != group || is_ours(id))
            && listed().all(|name| names(name, &is_ours))
    }
}

/// Parses a user's name, id and primary group (passwd(5)).
fn user(line: &str) -> Option<(&str, u32, u32)> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, id, group, ..] = fields[..] else { return None };
    Some((name, id.parse().ok()?, group.parse().ok()?))
}

/// The members in a line, if it is about `group` (group(5)).
fn members(line: &str, group: u32) -> Option<&str> {
    let fields: Vec<&str> = line.split(':').collect();
    let [_, _, id, members] = fields[..] else { return None };
    (id.parse() == Ok(group)).then_some(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          me:x:1000:1000::/home/me:/bin/sh\n\
                          you:x:1001:100::/home/you:/bin/sh\n";

    fn is_private(group: &str, id: u32, is_member: bool) -> bool {
        Accounts { passwd: PASSWD, group }.prove_private(id, 1000, is_member)
    }

    #[test]
    fn permission_group_of_the_caller_alone_is_private() {
        assert!(is_private("me:x:1000:\n", 1000, true));
        assert!(is_private("me:x:1000:me,root\n", 1000, true));
        // `/usr/local` on Debian has such a group, without members.
        assert!(is_private("staff:x:50:\n", 50, false));
        assert!(is_private("team:x:60:me\n", 60, true));
    }

    #[test]
    fn permission_group_with_another_member_is_not_private() {
        // By the list, by another user's primary group, or by a second line with the same id.
        assert!(!is_private("team:x:60:me,you\n", 60, true));
        assert!(!is_private("users:x:100:\n", 100, false));
        assert!(!is_private("me:x:1000:\nalias:x:1000:you\n", 1000, true));
        assert!(!is_private("team:x:60:me,gone\n", 60, true));
    }

    #[test]
    fn permission_group_that_is_not_fully_known_is_not_private() {
        // No line for the group; a membership that the files do not list; no line for the caller.
        assert!(!is_private("", 1000, true));
        assert!(!is_private("staff:x:50:\n", 50, true));
        let group = "nobody:x:7:\n";
        assert!(!Accounts { passwd: PASSWD, group }.prove_private(7, 12_345, true));
        assert!(!Accounts { passwd: PASSWD, group }.prove_private(7, 12_345, false));
        assert!(!is_private("damaged:1000:\n", 1000, true));
    }

    #[test]
    fn nsswitch_with_ldap_or_sss_proves_no_private_group() {
        for local in [
            "",
            "passwd: files systemd\ngroup: files [SUCCESS=merge] systemd\nhosts: files dns\n",
            "# passwd: ldap\npasswd: files # ldap\n",
        ] {
            assert!(names_files_only(local), "{local}");
        }
        for remote in [
            "passwd: sss files\n",
            "group: files ldap\n",
            "passwd: compat\n",
            "passwd: files\n initgroups:files winbind\n",
        ] {
            assert!(!names_files_only(remote), "{remote}");
        }
    }

    #[test]
    fn nsswitch_conf_that_is_unreadable_proves_no_private_group_id() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nsswitch.conf");
        let is_proof = |path: &Path| users_come_from_files(fs::read_to_string(path));
        assert!(is_proof(&file));
        fs::write(&file, "passwd: files\n").unwrap();
        assert!(is_proof(&file));
        fs::write(&file, b"# B\xfcro\npasswd: ldap\n").unwrap();
        assert!(!is_proof(&file));
        // Neither a folder nor a path below a file.
        assert!(!is_proof(folder.path()));
        assert!(!is_proof(&file.join("below")));
    }

    #[test]
    fn systemd_userdb_that_is_unreadable_counts_as_present() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_absent(&folder.path().join("userdb")));
        assert!(!is_absent(folder.path()));
        let link = folder.path().join("loop");
        std::os::unix::fs::symlink(&link, &link).unwrap();
        assert!(!is_absent(&link));
    }

    #[test]
    fn user_namespace_with_a_partial_uid_map_is_noticed() {
        assert!(maps_all("         0          0 4294967295\n"));
        for map in ["", "0 1000 1\n", "0 0 65536\n", "0 1000 1\n1 100000 65536\n"] {
            assert!(!maps_all(map), "{map}");
        }
    }
}
