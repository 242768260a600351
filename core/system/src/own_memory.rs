//! What is in this process's memory is nobody else's.

/// From here on no other process of this user reads this process's memory or traces it, and a crash
/// leaves no core image of it. What this process starts is the user's again.
///
/// It is one system call, for a hit pays for it. The kernel also gives the files of `/proc/PID` to
/// root; this process itself still reads all of its own (proc(5), prctl(2) "PR_SET_DUMPABLE").
#[cfg(target_os = "linux")]
pub fn close_memory() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    // It fails only for a behaviour that the kernel does not know.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Elsewhere no core image is left. macOS could refuse debuggers (`PT_DENY_ATTACH`), and already
/// refuses them for programs that are signed with the hardened runtime.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn close_memory() {
    let _ = BEFORE.set(lower_core_images());
}

/// The limit of core images, as the caller has it.
#[cfg(all(unix, not(target_os = "linux")))]
static BEFORE: std::sync::OnceLock<rustix::process::Rlimit> = std::sync::OnceLock::new();

/// Gives the program that takes this one's place what [`close_memory`] has taken: the worker hands
/// it on to what `exec` runs.
#[cfg(unix)]
pub fn restore_core_images() {
    #[cfg(not(target_os = "linux"))]
    if let Some(before) = BEFORE.get() {
        raise_core_images(*before);
    }
}

/// Windows writes images only where its administrator asks for them.
#[cfg(not(unix))]
pub fn close_memory() {}

/// From here on neither this process nor what it starts leaves a core image, whatever limit it was
/// started with: a script that fetches a key has it in its memory too.
///
/// The limit is one byte: less than any image has, and the one that also keeps Linux from handing
/// the image to a program such as systemd-coredump (core(5), "Piping core dumps to a program"; a
/// limit of zero does not).
#[cfg(unix)]
pub fn forbid_core_images() {
    lower_core_images();
}

/// Returns the limit as it was before.
#[cfg(unix)]
fn lower_core_images() -> rustix::process::Rlimit {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let before = getrlimit(Resource::Core);
    let current = Some(before.maximum.unwrap_or(1).min(1));
    // A limit can always be lowered; where it could not, crashes would be as they are elsewhere.
    let _ = setrlimit(Resource::Core, Rlimit { current, ..before });
    before
}

#[cfg(all(unix, any(test, not(target_os = "linux"))))]
fn raise_core_images(before: rustix::process::Rlimit) {
    // The hard limit was left alone, up to which each process may go.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, before);
}

/// There is no such limit.
#[cfg(not(unix))]
pub fn forbid_core_images() {}

/// From here on what this process and its children write is this user's alone, unless they ask for
/// less: some libraries choose a file's mode only after they have written a secret into it.
#[cfg(unix)]
pub fn keep_files_private() {
    use rustix::fs::Mode;

    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Elsewhere a new file has the rights that its folder hands down.
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
