//! The errors that a system call can return.

use super::Fault;
use crate::strace::SystemCall;

/// Returns the faults that can hit `call` on some machine. SIGKILL can come at any time; the errors
/// are those of its Linux manual page that are among [`Fault::ALL`]. `EIO` is included for all file
/// systems, because one on a network or in user space can return it for everything.
#[must_use]
pub fn possible(call: &SystemCall) -> Vec<Fault> {
    let writes = ["O_CREAT", "O_RDWR", "O_WRONLY"].iter().any(|flag| call.rest.contains(flag));
    let errors: &[&str] = match &*call.name {
        "openat" if writes => &["ENOSPC", "EIO", "EROFS", "EACCES", "EMFILE"],
        "openat" => &["EIO", "EACCES", "EMFILE"],
        "mkdir" | "rename" | "renameat" | "renameat2" => &["ENOSPC", "EIO", "EROFS", "EACCES"],
        "unlink" | "unlinkat" => &["EIO", "EROFS", "EACCES"],
        "write" | "fsync" | "fallocate" => &["ENOSPC", "EIO"],
        "ftruncate" | "read" | "getdents64" | "flock" | "lseek" => &["EIO"],
        "statx" | "newfstatat" | "readlink" | "chdir" => &["EIO", "EACCES"],
        "execve" => &["EIO", "EACCES", "EMFILE"],
        "socket" | "epoll_create1" | "eventfd2" | "pipe2" | "socketpair" | "pidfd_open"
        | "dup2" => &["EMFILE"],
        "fcntl" if call.rest.contains("F_DUPFD") => &["EMFILE"],
        // The number of watches is limited per user.
        "epoll_ctl" if call.rest.contains("ADD") => &["ENOSPC"],
        // A firewall; the keyring of another user.
        "connect" | "add_key" | "keyctl" => &["EACCES"],
        // An existing session, and a group in another session.
        "setsid" | "setpgid" => &["EACCES"],
        _ => &[],
    };
    std::iter::once(Fault::Kill).chain(errors.iter().copied().map(Fault::Error)).collect()
}

/// Returns every fault, even if the call cannot have it. Left out are errors of calls
///
/// - that have none (`exit_group`, `rt_sigreturn`, `umask`, and those that only return the identity
///   and the rights of the process);
/// - by which the C library and the kernel manage memory and threads (`mmap`, `futex` and so on):
///   without memory a program ends, which is what SIGKILL shows;
/// - `close`: in any case, Linux has closed the descriptor (`close(2)`), and under `strace` it
///   would stay open;
/// - on the pair of sockets by which a child reports a failed exec to the standard library: it
///   exists only in memory, and has one reader and one writer.
#[must_use]
pub fn every(call: &SystemCall) -> Vec<Fault> {
    const WITHOUT: [&str; 17] = [
        "brk",
        "close",
        "exit_group",
        "futex",
        "getegid",
        "geteuid",
        "getpid",
        "gettid",
        "mmap",
        "mprotect",
        "mremap",
        "munmap",
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "sigaltstack",
        "umask",
    ];
    let is_of_spawn = call.name == "recvfrom" && call.rest.contains(", 8, 0, NULL, NULL)");
    let reads_limit = call.name == "prlimit64" && call.rest.contains(", NULL, {");
    if is_of_spawn || reads_limit || WITHOUT.contains(&&*call.name) {
        return vec![Fault::Kill];
    }
    Fault::ALL.to_vec()
}
