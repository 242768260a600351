//! stdout, past the standard library's buffer: what that could not write it writes again when the
//! process ends, so that an error was followed by the very key. Nor does it wipe what it held.

use std::io;

/// Writes `text` to stdout.
///
/// # Errors
/// When not all of it could be written; nothing is written later.
#[cfg(unix)]
pub fn print(text: &str) -> io::Result<()> {
    use rustix::io::{Errno, write};
    use rustix::stdio::stdout;

    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match write(stdout(), rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Writes `text` to stdout.
///
/// # Errors
/// When not all of it could be written; nothing is written later.
#[cfg(windows)]
pub fn print(text: &str) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::windows::io::AsHandle as _;

    // A handle of its own has no buffer. A console, too, takes a key's characters as they are.
    let stdout = io::stdout().as_handle().try_clone_to_owned()?;
    std::fs::File::from(stdout).write_all(text.as_bytes())
}
