//! Protects this process's memory from other processes.

/// Prevents other processes of this user from reading or tracing this process, and disables its
/// core dumps. Child processes are not affected.
///
/// It is a single system call, because every hit pays for it. The kernel gives the files of
/// `/proc/PID` to root; this process can still read its own (proc(5), prctl(2) "PR_SET_DUMPABLE").
#[cfg(target_os = "linux")]
pub fn close_memory() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    // Fails only for a behaviour that the kernel does not know.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Disables core dumps. macOS could also refuse debuggers (`PT_DENY_ATTACH`), and already does so
/// for programs signed with the hardened runtime.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn close_memory() {
    let _ = BEFORE.set(lower_core_images());
}

/// The caller's limit for core dumps.
#[cfg(all(unix, not(target_os = "linux")))]
static BEFORE: std::sync::OnceLock<rustix::process::Rlimit> = std::sync::OnceLock::new();

/// Restores the limit that [`close_memory`] changed. The worker passes it on to the program that
/// `exec` runs.
#[cfg(unix)]
pub fn restore_core_images() {
    #[cfg(not(target_os = "linux"))]
    if let Some(before) = BEFORE.get() {
        raise_core_images(*before);
    }
}

/// Does nothing: Windows writes dumps only if its administrator enables them.
#[cfg(not(unix))]
pub fn close_memory() {}

/// Prevents core dumps of this process and its children, because a script that fetches a key has it
/// in its memory too.
///
/// The limit is one byte. That is below any dump, and it also keeps Linux from piping the dump to a
/// program such as systemd-coredump (core(5), "Piping core dumps to a program"). A limit of zero
/// would not.
#[cfg(unix)]
pub fn forbid_core_images() {
    lower_core_images();
}

/// Sets the limit, and returns the previous one.
#[cfg(unix)]
fn lower_core_images() -> rustix::process::Rlimit {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let before = getrlimit(Resource::Core);
    let current = Some(before.maximum.unwrap_or(1).min(1));
    // A limit can always be lowered. A failure would leave core dumps as they are for other
    // programs.
    let _ = setrlimit(Resource::Core, Rlimit { current, ..before });
    before
}

#[cfg(all(unix, any(test, not(target_os = "linux"))))]
fn raise_core_images(before: rustix::process::Rlimit) {
    // The soft limit may be raised up to the hard limit, which was not changed.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, before);
}

/// Does nothing: Windows has no such limit.
#[cfg(not(unix))]
pub fn forbid_core_images() {}

/// Restricts new files of this process and its children to this user, unless they ask for wider
/// permissions. Some libraries set a file's mode only after writing a secret into it.
#[cfg(unix)]
pub fn keep_files_private() {
    use rustix::fs::Mode;

    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Does nothing: on Windows a new file inherits its folder's permissions.
#[cfg(not(unix))]
pub fn keep_files_private() {}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Resource, getrlimit};

    use super::*;

    #[test]
    fn rlimit_core_is_restored_as_it_was() {
        let before = getrlimit(Resource::Core);
        assert_eq!(lower_core_images(), before);
        assert!(getrlimit(Resource::Core).current.is_some_and(|limit| limit <= 1));
        raise_core_images(before);
        assert_eq!(getrlimit(Resource::Core), before);
    }
}
