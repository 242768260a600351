//! Why a program that may be run did not start.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use api_key_helper_core::Error;
use api_key_helper_core::trust::quote;

use crate::executable::Executable;

/// The longest first line that a system reads (Linux: `BINPRM_BUF_SIZE`).
const FIRST_LINE: u64 = 256;

/// The error about `file`, which `executable` names and which did not start in `folder`.
pub(crate) fn not_started(
    executable: &Executable,
    file: &Path,
    folder: &Path,
    error: &io::Error,
) -> Error {
    let name = quote(file);
    // The system says the same of a folder that is not there as of an interpreter.
    if let Err(error) = fs::metadata(folder.join(".")) {
        let folder = quote(folder);
        return executable
            .error(&format!("`{name}` cannot run in `{folder}`: {}", reason(&error)))
            .with_hint("write the absolute path of a folder in `cwd`");
    }
    match error.kind() {
        io::ErrorKind::NotFound => no_interpreter(executable, file),
        io::ErrorKind::PermissionDenied => {
            executable.error(&format!("`{name}` may not be executed: permission denied")).with_hint(
                format!("run `ls -l {name}`, and see that its file system is not mounted `noexec`"),
            )
        }
        io::ErrorKind::ArgumentListTooLong => executable
            .error(&format!("`{name}` is given more arguments and variables than fit"))
            .with_hint("shorten them, or move them to a file that the program reads"),
        _ if is_unknown_format(error) => executable
            .error(&format!(
                "`{name}` is neither a program of this machine nor has a first line `#!`"
            ))
            .with_hint(format!("write `#!/bin/sh` as the first line of `{name}`")),
        // The system is short of something, or the file is just being written.
        _ => Error::transient(format!("`{name}` did not start: {error}"))
            .with_hint(format!("run `{name}` by hand to see why")),
    }
}

/// The system says that a file which is there is not: it means the one named in its first line.
fn no_interpreter(executable: &Executable, file: &Path) -> Error {
    let name = quote(file);
    let mut start = Vec::new();
    let _ = File::open(file).and_then(|file| file.take(FIRST_LINE).read_to_end(&mut start));
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(line) = line.strip_prefix(b"#!") else {
        return executable
            .error(&format!("`{name}` needs a loader that is not there"))
            .with_hint(format!("run `file {name}` to see for which machine it was made"));
    };
    if line.ends_with(b"\r") {
        return executable
            .error(&format!("`{name}` has line ends of Windows, also in its first line `#!`"))
            .with_hint(format!(r"run `sed -i 's/\r$//' {name}`"));
    }
    let interpreter = String::from_utf8_lossy(line);
    let interpreter = interpreter.split_whitespace().next().unwrap_or_default();
    executable
        .error(&format!("`{name}` wants to be run by `{interpreter}`, which is not there"))
        .with_hint(format!("correct the first line of `{name}`, or install the interpreter"))
}

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there",
        io::ErrorKind::NotADirectory => "it is not a folder",
        io::ErrorKind::PermissionDenied => "permission denied",
        _ => "it cannot be entered",
    }
}

#[cfg(unix)]
fn is_unknown_format(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

/// `ERROR_BAD_EXE_FORMAT`.
#[cfg(windows)]
fn is_unknown_format(error: &io::Error) -> bool {
    error.raw_os_error() == Some(193)
}

#[cfg(not(any(unix, windows)))]
fn is_unknown_format(_: &io::Error) -> bool {
    false
}
