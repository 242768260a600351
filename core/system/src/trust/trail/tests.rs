use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::super::{follow, objection};
use super::*;

struct Place(tempfile::TempDir);

impl Place {
    /// A folder that only its owner can write to.
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn folder(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        chmod(&path, mode);
        path
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, name).unwrap();
        chmod(&path, 0o700);
        path
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn assert_names(found: Result<impl std::fmt::Debug, ReadError>, path: &Path) {
    match found {
        Err(ReadError::Refused(error)) => {
            let words = format!("`{}` is writable by others", path.display());
            assert!(error.message().contains(&words), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn permission_group_is_looked_up_once_for_a_path() {
    let groups = Groups::default();
    let mut proofs = Vec::new();
    for group in [7, 7, 8, 7, 8] {
        let is_private = groups.is_private(group, || {
            proofs.push(group);
            group == 7
        });
        assert_eq!(is_private, group == 7);
    }
    assert_eq!(proofs, [7, 8]);
}

#[test]
fn permission_of_each_folder_of_the_path_is_checked() {
    let place = Place::new();
    let file = place.file("a/b/c/file");
    assert_eq!(follow(&file).unwrap(), file);
    for name in ["a", "a/b", "a/b/c"] {
        for mode in [0o777, 0o757] {
            let folder = place.folder(name, mode);
            assert_names(follow(&file), &folder);
            assert_names(Trail::new().open(&file), &folder);
            assert!(objection(&file).unwrap().hint().unwrap().to_string().contains("chmod"));
            chmod(&folder, 0o755);
        }
    }
    chmod(&file, 0o702);
    assert_names(follow(&file), &file);
    assert_names(Trail::new().open(&file), &file);
}

#[test]
fn permission_of_each_symlinks_folder_is_checked() {
    let place = Place::new();
    let file = place.file("real/file");
    let shared = place.folder("shared", 0o755);
    // To a link to a folder, and from there to the file.
    symlink(place.path("real"), shared.join("folder")).unwrap();
    symlink("./shared/folder/file", place.path("link")).unwrap();
    assert_eq!(follow(&place.path("link")).unwrap(), file);
    let (mut opened, _) = Trail::new().open(&place.path("link")).unwrap();
    assert_eq!(io::read_to_string(&mut opened).unwrap(), "real/file");

    chmod(&shared, 0o777);
    assert_names(follow(&place.path("link")), &shared);
    assert_names(Trail::new().open(&place.path("link")), &shared);
    assert_eq!(follow(&file).unwrap(), file);
}

#[test]
fn symlink_followed_by_a_parent_folder_leads_to_the_real_parent() {
    let place = Place::new();
    let file = place.file("real/file");
    place.folder("real/inner", 0o755);
    symlink(place.path("real/inner"), place.path("link")).unwrap();
    assert_eq!(follow(&place.path("link/../file")).unwrap(), file);
    assert_eq!(follow(&place.path("./real/./inner/../../real/file")).unwrap(), file);
    assert_eq!(follow(Path::new("/../../../")).unwrap(), Path::new("/"));
}

#[test]
fn sticky_folder_may_hold_a_folder_and_a_link_but_no_file() {
    let place = Place::new();
    let shared = place.folder("shared", 0o1777);
    let below = place.file("shared/mine/file");
    assert_eq!(follow(&below).unwrap(), below);
    // As Kubernetes mounts a secret: `token` leads to `..data/token`, and `..data` to a folder.
    symlink("mine", shared.join("..data")).unwrap();
    symlink("..data/file", shared.join("token")).unwrap();
    assert_eq!(follow(&shared.join("token")).unwrap(), below);

    assert_names(follow(&place.file("shared/file")), &shared);
}

#[test]
fn sticky_folder_file_with_a_hard_link_is_refused() {
    let place = Place::new();
    let shared = place.folder("shared", 0o1777);
    let file = place.file("shared/file");
    Trail::new().open(&file).unwrap();
    // Another user may have made this hard link to a file of ours.
    fs::hard_link(&file, shared.join("other")).unwrap();
    assert_names(Trail::new().open(&file).map(drop), &shared);
}

#[test]
fn permission_check_of_a_missing_file_is_no_refusal() {
    let place = Place::new();
    let file = place.file("file");
    symlink("circle", place.path("circle")).unwrap();
    for (name, errno) in
        [("absent/file", Errno::NOENT), ("file/below", Errno::NOTDIR), ("circle", Errno::LOOP)]
    {
        let path = file.with_file_name(name);
        for found in [follow(&path).map(drop), Trail::new().open(&path).map(drop)] {
            match found {
                Err(ReadError::Io(error)) => {
                    assert_eq!(Errno::from_io_error(&error), Some(errno), "{name}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn permission_of_a_second_path_is_checked_from_where_it_differs() {
    let place = Place::new();
    let (first, second) = (place.file("a/x/file"), place.file("a/y/z/file"));
    let mut trail = Trail::new();
    assert_eq!(trail.follow(&first).unwrap(), first);
    assert_eq!(trail.follow(&second).unwrap(), second);
    assert_eq!(trail.follow(&place.path("a")).unwrap(), place.path("a"));
    let open = place.folder("a/y", 0o777);
    assert_eq!(trail.follow(&first).unwrap(), first);
    assert_names(trail.follow(&second), &open);
}

#[test]
fn open_descriptor_path_is_read_without_a_folder_check() {
    let (reader, writer) = io::pipe().unwrap();
    io::Write::write_all(&mut &writer, b"secret").unwrap();
    drop(writer);
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    if cfg!(target_os = "linux") {
        let (opened, _) = Trail::new().open(Path::new(&path)).unwrap();
        assert_eq!(io::read_to_string(opened).unwrap(), "secret");
        assert!(follow(Path::new(&path)).is_ok());
    }
}

/// Two folders, each with a `file` that contains the folder's name, are swapped again and again.
/// One user is enough for this race.
#[test]
fn race_of_exchanged_folders_never_opens_the_wrong_file() {
    let place = Place::new();
    let shared = place.folder("shared", 0o755);
    let (keys, evil, aside) = (shared.join("keys"), shared.join("evil"), shared.join("aside"));
    place.file("shared/keys/file");
    place.file("shared/evil/file");
    chmod(&shared, 0o777);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                for (from, to) in [(&keys, &aside), (&evil, &keys), (&aside, &evil)] {
                    fs::rename(from, to).unwrap();
                }
            }
        });
        for _ in 0..1_000 {
            for found in [
                follow(&keys.join("file")).map(drop),
                Trail::new().open(&keys.join("file")).map(drop),
            ] {
                match found {
                    // Between two renames the name does not exist.
                    Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                    other => assert_names(other, &shared),
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn acl_that_lets_another_user_write_is_refused() {
    use rustix::fs::{XattrFlags, setxattr};

    let place = Place::new();
    let file = place.file("file");
    // acl(5) in the kernel's form (`linux/posix_acl_xattr.h`): version 2; owner, user 12345, group,
    // mask, others.
    let list = |named: u16| -> Vec<u8> {
        let entries: [(u16, u16, u32); 5] = [
            (0x01, 6, u32::MAX),
            (0x02, named, 12_345),
            (0x04, 4, u32::MAX),
            (0x10, named, u32::MAX),
            (0x20, 0, u32::MAX),
        ];
        let bytes = entries.iter().flat_map(|(tag, rights, id)| {
            [&tag.to_le_bytes()[..], &rights.to_le_bytes(), &id.to_le_bytes()].concat()
        });
        2_u32.to_le_bytes().into_iter().chain(bytes).collect()
    };
    for (rights, is_trusted) in [(4, true), (6, false)] {
        setxattr(&file, "system.posix_acl_access", &list(rights), XattrFlags::empty()).unwrap();
        assert_eq!(objection(&file).is_none(), is_trusted, "{rights}");
    }
    assert!(objection(&file).unwrap().hint().unwrap().to_string().starts_with("run `chmod g-w "));
    // The hint's command takes write access from everybody on the list.
    chmod(&file, 0o640);
    assert_eq!(objection(&file), None);
}
