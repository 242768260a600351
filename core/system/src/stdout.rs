//! Writes to stdout without the standard library's buffer. That buffer is written again at exit
//! after an error, so that a key would follow the error. It is also not zeroized.

use std::io;

/// Writes `text` to stdout.
///
/// # Errors
/// When not all of it could be written. Nothing is written later.
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
/// When not all of it could be written. Nothing is written later.
#[cfg(windows)]
pub fn print(text: &str) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::windows::io::AsHandle as _;

    // A duplicate of the handle has no buffer. A console accepts the characters of a key, too.
    let stdout = io::stdout().as_handle().try_clone_to_owned()?;
    std::fs::File::from(stdout).write_all(text.as_bytes())
}
