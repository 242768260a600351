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
/// refuses them for programs that are signed with the hardened runtime. Not tried.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn close_memory() {
    forbid_core_images();
}

/// Windows writes images only where its administrator asks for them. Not tried.
#[cfg(not(unix))]
pub fn close_memory() {}

/// From here on neither this process nor what it starts leaves a core image, whatever limit it was
/// started with: a script that fetches a key has it in its memory too.
///
/// The limit is one byte: less than any image has, and the one that also keeps Linux from handing the
/// image to a program such as systemd-coredump (core(5), "Piping core dumps to a program"; a limit of
/// zero does not).
#[cfg(unix)]
pub fn forbid_core_images() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let allowed = getrlimit(Resource::Core);
    let current = Some(allowed.maximum.unwrap_or(1).min(1));
    // A limit can always be lowered; where it could not, crashes would be as they are elsewhere.
    let _ = setrlimit(Resource::Core, Rlimit { current, ..allowed });
}

/// There is no such limit. Not tried.
#[cfg(not(unix))]
pub fn forbid_core_images() {}

/// From here on what this process and its children write is this user's alone, unless they ask for
/// less: some libraries choose a file's mode only after they have written a secret into it.
#[cfg(unix)]
pub fn keep_files_private() {
    use rustix::fs::Mode;

    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Elsewhere a new file has the rights that its folder hands down. Not tried.
#[cfg(not(unix))]
pub fn keep_files_private() {}
