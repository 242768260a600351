//! Starts the worker on Windows, which cannot replace a process.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Command;

use api_key_helper_system::windows::{self, Job, keep_streams, leave_interrupts_to_children};

/// Runs the program of `command`, and exits with its exit code. If this process is killed, so are
/// the worker and all processes that it has started.
pub(super) fn replace_process(command: &mut Command) -> io::Error {
    keep_streams();
    leave_interrupts_to_children();
    // Without a job, the worker outlives this process.
    let job = Job::of_this_process().ok();
    match command.status() {
        Ok(status) => {
            // The worker's background processes stay.
            if let Some(job) = job {
                job.release();
            }
            #[expect(clippy::disallowed_methods, reason = "stands for becoming the worker")]
            std::process::exit(status.code().unwrap_or(1))
        }
        Err(error) => error,
    }
}

/// Starts `program` so that it outlives the caller, and inherits nothing.
pub(super) fn start_apart(program: &Path, arguments: &[OsString]) -> io::Result<()> {
    windows::start_apart(program, arguments).map(drop)
}
