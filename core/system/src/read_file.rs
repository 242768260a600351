//! Reads files that users name, with limits for size and time.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::read_error::ReadError;
use crate::short_lived::close;
use crate::trust::Trail;

/// Reads a plain file of up to `limit` bytes.
///
/// # Errors
/// Refused if another user could have written it. Io with the system's error, or if it is no plain
/// file or is larger.
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    Trail::new().read(path, limit)
}

impl Trail {
    /// Reads a plain file, as [`read_file`] does.
    ///
    /// # Errors
    /// As [`read_file`].
    pub fn read(&mut self, path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
        let (mut file, metadata) = self.open(path)?;
        if !metadata.is_file() {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file");
            return Err(error.into());
        }
        if metadata.len() > limit {
            return Err(too_large(limit).into());
        }
        let mut content = vec![0; usize::try_from(metadata.len()).unwrap_or_default()];
        // A file that shrank since then is an error. Bytes added since then are not read.
        file.read_exact(&mut content)?;
        close(file);
        Ok(content)
    }
}

/// Reads a file of any kind with up to `limit` bytes. A FIFO is read until its writer closes it,
/// for at most `time`.
///
/// This blocks, so asynchronous callers need a thread of their own.
///
/// # Errors
/// Refused if another user could have written it. Io with the system's error, or if the file is
/// larger, or if a FIFO does not end in time.
pub fn read_input(
    path: &Path,
    limit: u64,
    time: Duration,
) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let (mut file, metadata) = Trail::new().open(path)?;
    let mut wait = Wait::new(time);
    // Reserved at once: a growing buffer would leave copies of a secret behind.
    let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let expected = metadata.is_file().then_some(metadata.len());
    let expected = expected.and_then(|length| usize::try_from(length).ok());
    let mut content = Zeroizing::new(vec![0; expected.map_or(room, |length| room.min(length + 1))]);
    let mut length = 0;
    loop {
        wait.until_readable(&file)?;
        match file.read(&mut content[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Another reader took the data.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        if length == content.len() {
            if length >= room {
                return Err(too_large(limit).into());
            }
            // The file has grown since its length was read.
            let mut larger = Zeroizing::new(vec![0; room]);
            larger[..length].copy_from_slice(&content);
            content = larger;
        }
    }
    content.truncate(length);
    Ok(content)
}

fn too_large(limit: u64) -> io::Error {
    let error = format!("it is larger than {} MiB", limit >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, error)
}

/// Waits for a FIFO. Without a writer, it would read as one that has ended.
#[cfg(unix)]
struct Wait {
    ends_at: std::time::Instant,
}

#[cfg(unix)]
impl Wait {
    #[expect(
        clippy::disallowed_methods,
        reason = "it is the system that waits, and no test's clock"
    )]
    fn now() -> std::time::Instant {
        std::time::Instant::now()
    }

    fn new(time: Duration) -> Self {
        // Any longer time is cut to more than a day.
        Self { ends_at: Self::now() + time.min(Duration::from_secs(1 << 17)) }
    }

    fn until_readable(&mut self, file: &File) -> io::Result<()> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        loop {
            let left = self.ends_at.saturating_duration_since(Self::now());
            let left = Timespec::try_from(left).map_err(io::Error::other)?;
            match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&left)) {
                Ok(0) => return Err(Self::timed_out(file)),
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A FIFO without a writer reads as one that has ended.
    fn timed_out(mut file: &File) -> io::Error {
        let why = match file.read(&mut [0]) {
            Ok(0) => "it is a FIFO without a writer",
            _ => "it is a FIFO whose writer did not end in time",
        };
        io::Error::new(io::ErrorKind::TimedOut, why)
    }
}

#[cfg(not(unix))]
struct Wait;

#[cfg(not(unix))]
impl Wait {
    const fn new(_: Duration) -> Self {
        Self
    }

    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "there are no FIFOs")]
    const fn until_readable(&mut self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn failure(path: &Path) -> io::Error {
        io_error(read_file(path, 1 << 20))
    }

    fn io_error(read: Result<impl std::fmt::Debug, ReadError>) -> io::Error {
        match read {
            Err(ReadError::Io(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn named_file_is_read_up_to_the_size_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, vec![b'a'; 1 << 20]).unwrap();
        assert_eq!(read_file(&file, 1 << 20).unwrap().len(), 1 << 20);
        fs::write(&file, vec![b'a'; (1 << 20) + 1]).unwrap();
        assert_eq!(failure(&file).to_string(), "it is larger than 1 MiB");
        fs::write(&file, "").unwrap();
        assert_eq!(read_file(&file, 1).unwrap(), b"");
    }

    #[test]
    fn named_folder_or_missing_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(failure(folder.path()).to_string(), "it is not a plain file");
        assert_eq!(failure(&folder.path().join("absent")).kind(), io::ErrorKind::NotFound);
    }

    const LIMIT: u64 = 1 << 20;
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn secret_input_file_is_read_up_to_the_size_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        for (length, is_read) in [(0, true), (1, true), (1 << 20, true), ((1 << 20) + 1, false)] {
            fs::write(&file, vec![b'a'; length]).unwrap();
            let read = read_input(&file, LIMIT, LONG);
            assert_eq!(read.as_ref().ok().map(|content| content.len()), is_read.then_some(length));
        }
        let absent = io_error(read_input(&folder.path().join("absent"), LIMIT, LONG));
        assert_eq!(absent.kind(), io::ErrorKind::NotFound);
        assert!(read_input(folder.path(), LIMIT, LONG).is_err());
    }

    #[cfg(unix)]
    fn fifo(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("fifo");
        // macOS has no `mknodat`.
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    #[cfg(unix)]
    #[test]
    fn fifo_with_a_writer_is_read_to_its_end() {
        use std::io::Write as _;
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        let writer = std::thread::spawn({
            let path = path.clone();
            move || {
                let mut file = File::options().write(true).open(path).unwrap();
                file.write_all(b"one ").unwrap();
                file.write_all(&vec![b'a'; 1 << 17]).unwrap();
            }
        });
        assert_eq!(read_input(&path, LIMIT, LONG).unwrap().len(), 4 + (1 << 17));
        writer.join().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn fifo_without_a_writer_is_named_after_timeout() {
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        let error = io_error(read_input(&path, LIMIT, Duration::from_millis(10)));
        assert_eq!(error.to_string(), "it is a FIFO without a writer");
        // A second reader lets the writer open the FIFO without waiting.
        let _reader = crate::open::open_without_waiting(&path).unwrap();
        let _writer = File::options().write(true).open(&path).unwrap();
        let error = io_error(read_input(&path, LIMIT, Duration::from_millis(10)));
        assert_eq!(error.to_string(), "it is a FIFO whose writer did not end in time");
    }
}
