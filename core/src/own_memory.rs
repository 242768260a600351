//! A crash leaves no copy of a key behind.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// From here on this process, and what it starts, leaves no core image, whatever limit it was
/// started with.
///
/// The limit is one byte: less than any image has, and the one that also keeps Linux from handing the
/// image to a program such as systemd-coredump (core(5), "Piping core dumps to a program"; a limit of
/// zero does not).
pub fn forbid_core_images() {
    let allowed = getrlimit(Resource::Core);
    let current = Some(allowed.maximum.unwrap_or(1).min(1));
    // A limit can always be lowered; where it could not, crashes would be as they are elsewhere.
    let _ = setrlimit(Resource::Core, Rlimit { current, ..allowed });
}
