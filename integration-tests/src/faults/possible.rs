//! Which error a system call can have.

use super::Fault;
use crate::strace::SystemCall;

/// The faults that can hit `call` on some machine. SIGKILL can come at any time; the errors are those of
/// its page in the Linux manual that are among [`Fault::ALL`]. `EIO` counts wherever a file system is asked, as
/// one on a network or in user space has it for everything.
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
        // Room for watches is limited by the user.
        "epoll_ctl" if call.rest.contains("ADD") => &["ENOSPC"],
        // A firewall; somebody else's keyring.
        "connect" | "add_key" | "keyctl" => &["EACCES"],
        // A session that is there already, and a group in another session.
        "setsid" | "setpgid" => &["EACCES"],
        _ => &[],
    };
    std::iter::once(Fault::Kill).chain(errors.iter().copied().map(Fault::Error)).collect()
}

/// Every fault, whether or not the call can have it. Left out are errors of calls
///
/// - that have none (`exit_group`, `rt_sigreturn`, `umask`, and those that only say who the process is and
///   what it may);
/// - by which the C library and the kernel manage memory and threads of the process (`mmap`, `futex` and so on):
///   without memory a program ends, which is what SIGKILL shows;
/// - `close`: whatever it says, Linux has closed the descriptor (`close(2)`), and under `strace` it
///   would stay open;
/// - on the pair of sockets by which a child tells the standard library that it could not become its
///   program: it has a reader and a writer in the machine's memory, and nothing else.
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
