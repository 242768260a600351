use super::*;

const ME: &str = "S-1-5-21-1-2-3-1001";
const OTHER: &str = "S-1-5-21-1-2-3-1002";
const SYSTEM: &str = "S-1-5-18";
const ADMINS: &str = "S-1-5-32-544";
const USERS: &str = "S-1-5-32-545";
const EVERYONE: &str = "S-1-1-0";
const AUTHENTICATED: &str = "S-1-5-11";

/// `FILE_ALL_ACCESS`, "Modify" and "Read and execute" of `icacls`.
const FULL: u32 = 0x001F_01FF;
const MODIFY: u32 = 0x0013_01BF;
const READ_EXECUTE: u32 = 0x0012_00A9;

fn sid(text: &str) -> Sid {
    let mut numbers = text.strip_prefix("S-1-").unwrap().split('-');
    let authority: u64 = numbers.next().unwrap().parse().unwrap();
    let parts: Vec<u32> = numbers.map(|part| part.parse().unwrap()).collect();
    let mut bytes = vec![1, u8::try_from(parts.len()).unwrap()];
    bytes.extend(&authority.to_be_bytes()[2..]);
    bytes.extend(parts.iter().flat_map(|part| part.to_le_bytes()));
    Sid::read(&bytes).unwrap()
}

/// A descriptor with entries of this type, flags, SID and mask.
fn descriptor(owner: &str, entries: &[(u8, u8, &str, u32)]) -> Vec<u8> {
    let owner = sid(owner).0;
    let mut list = Vec::new();
    for (kind, flags, who, mask) in entries {
        let who = sid(who).0;
        let length = u16::try_from(8 + who.len()).unwrap();
        list.extend([*kind, *flags]);
        list.extend(length.to_le_bytes());
        list.extend(mask.to_le_bytes());
        list.extend(who);
    }
    let mut bytes = vec![1, 0];
    bytes.extend((0x8000 | DACL_PRESENT).to_le_bytes());
    let offsets = [20, 0, 0, 20 + owner.len()];
    bytes.extend(offsets.iter().flat_map(|at| u32::try_from(*at).unwrap().to_le_bytes()));
    bytes.extend(owner);
    bytes.extend([2, 0]);
    bytes.extend(u16::try_from(8 + list.len()).unwrap().to_le_bytes());
    bytes.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(list);
    bytes
}

fn access(owner: &str, grants: &[(&str, u32)]) -> Access {
    let entries: Vec<_> = grants.iter().map(|(who, mask)| (ALLOWED, 0, *who, *mask)).collect();
    Access::read(&descriptor(owner, &entries)).unwrap()
}

fn judged(part: Part, access: &Access) -> String {
    let path = Path::new(r"C:\k\gen.cmd");
    let error = judge(path, part, access, &sid(ME), &|sid: &Sid| sid.to_string());
    error.map_or_else(String::new, |error| {
        format!("{error}; {}", error.hint().map(ToString::to_string).unwrap_or_default())
    })
}

const FILE: Part = Part::End(Kind::File);

#[test]
fn acl_sid_is_shown_as_icacls_shows_it() {
    for text in [ME, SYSTEM, ADMINS, EVERYONE, "S-1-5-80-956008885-3418522649-1831038044"] {
        assert_eq!(sid(text).to_string(), text);
    }
}

#[test]
fn acl_of_caller_and_administrators_is_trusted() {
    let domain_admins = "S-1-5-21-9-8-7-512";
    for owner in [ME, SYSTEM, ADMINS] {
        let access = access(
            owner,
            &[
                (ME, FULL),
                (SYSTEM, FULL),
                (ADMINS, FULL),
                (domain_admins, FULL),
                (USERS, READ_EXECUTE),
                ("S-1-3-4", FULL),
            ],
        );
        for part in [FILE, Part::End(Kind::Folder), Part::Holder, Part::Way, Part::Root] {
            assert_eq!(judged(part, &access), "", "{owner} {part:?}");
        }
    }
}

#[test]
fn acl_that_lets_others_write_is_refused_with_the_icacls_command() {
    let file = |who: &str, mask: u32| judged(FILE, &access(ME, &[(ME, FULL), (who, mask)]));
    assert_eq!(
        file(EVERYONE, FULL),
        r"`C:\k\gen.cmd` can be changed by S-1-1-0; run `icacls C:\k\gen.cmd /inheritance:d /remove:g *S-1-1-0`"
    );
    for mask in [MODIFY, WRITE, APPEND, DELETE, WRITE_LIST, WRITE_OWNER, GENERIC_ALL, GENERIC_WRITE]
    {
        assert!(file(USERS, mask).contains("can be changed by S-1-5-32-545"), "{mask:x}");
    }
    for mask in [READ_EXECUTE, GENERIC_READ, 0x0100, 0x0010] {
        assert_eq!(file(OTHER, mask), "", "{mask:x}");
    }
}

#[test]
fn acl_of_another_owner_is_refused() {
    let said = judged(FILE, &access(OTHER, &[(ME, FULL)]));
    assert!(said.contains("belongs to S-1-5-21-1-2-3-1002, and must belong to you"), "{said}");
    assert!(said.contains(r"icacls C:\k\gen.cmd /setowner *S-1-5-21-1-2-3-1001"), "{said}");
}

#[test]
fn acl_of_a_parent_folder_may_add_but_not_delete() {
    // `C:\` and `C:\ProgramData` as Windows creates them.
    let root = access(SYSTEM, &[(ADMINS, FULL), (USERS, READ_EXECUTE), (AUTHENTICATED, APPEND)]);
    let data = access(SYSTEM, &[(ADMINS, FULL), (USERS, READ_EXECUTE | WRITE | APPEND | 0x0110)]);
    // A second disk as Windows formats it.
    let second = access(ADMINS, &[(ADMINS, FULL), (AUTHENTICATED, MODIFY)]);
    for access in [&root, &data] {
        assert_eq!(judged(Part::Way, access), "");
        assert!(judged(Part::Holder, access).contains("the folder"), "{access:?}");
    }
    assert_eq!(judged(Part::Root, &second), "");
    assert!(judged(Part::Way, &second).contains("can be changed by S-1-5-11"));
    for mask in [DELETE_CHILD, WRITE_LIST, WRITE_OWNER] {
        assert_ne!(judged(Part::Root, &access(SYSTEM, &[(USERS, mask)])), "", "{mask:x}");
    }
    assert_ne!(judged(Part::Way, &access(OTHER, &[])), "");
}

#[test]
fn acl_inherit_only_entry_has_no_effect() {
    let entries = |flags: u8, kind: u8| {
        Access::read(&descriptor(ME, &[(kind, flags, EVERYONE, FULL)])).unwrap()
    };
    assert_eq!(judged(FILE, &entries(INHERIT_ONLY | 3, ALLOWED)), "");
    assert_ne!(judged(FILE, &entries(3, ALLOWED)), "");
    assert_ne!(judged(FILE, &entries(0, ALLOWED_CALLBACK)), "");
    // An entry that denies allows nothing.
    assert_eq!(judged(FILE, &entries(0, 0x01)), "");
}

#[test]
fn missing_acl_is_refused() {
    let mut bytes = descriptor(ME, &[]);
    assert_eq!(judged(FILE, &Access::read(&bytes).unwrap()), "");
    bytes[16..20].fill(0);
    assert!(judged(FILE, &Access::read(&bytes).unwrap()).contains("has no access list"));
    bytes = descriptor(ME, &[]);
    bytes[2] = 0;
    assert!(judged(FILE, &Access::read(&bytes).unwrap()).contains("has no access list"));
}

#[test]
fn acl_of_a_private_file_lets_no_other_user_read() {
    let private = |grants: &[(&str, u32)]| {
        let access = access(ME, grants);
        let path = Path::new(r"C:\s");
        judge_privacy(path, true, &access, &sid(ME), &|sid: &Sid| sid.to_string())
    };
    assert_eq!(private(&[(ME, FULL), (SYSTEM, FULL), (ADMINS, FULL)]), None);
    let error = private(&[(ME, FULL), (USERS, READ_EXECUTE)]).unwrap();
    assert!(error.message().contains("can be read or changed by S-1-5-32-545"), "{error}");
}

#[test]
fn acl_security_descriptor_that_is_truncated_is_invalid() {
    let bytes = descriptor(ME, &[(ALLOWED, 0, USERS, FULL), (ALLOWED, 0, ADMINS, FULL)]);
    for length in 0..bytes.len() {
        assert_eq!(Access::read(&bytes[..length]), None, "{length}");
    }
    assert!(Access::read(&bytes).is_some());
}

#[test]
fn windows_verbatim_path_prefix_is_dropped_where_safe() {
    let without = |path: &str| without_verbatim_prefix(path);
    assert_eq!(without(r"\\?\C:\a b\c").as_deref(), Some(r"C:\a b\c"));
    assert_eq!(without(r"\\?\UNC\server\share\c").as_deref(), Some(r"\\server\share\c"));
    for path in [
        r"C:\a",
        r"\\?\Volume{1-2}\a",
        r"\\?\C:\a.\b",
        r"\\?\C:\nul.txt",
        r"\\?\C:\com1",
        r"\\?\C:",
    ] {
        assert_eq!(without(path), None, "{path}");
    }
    assert_eq!(without(&format!(r"\\?\C:\{}", "a".repeat(260))), None);
}
