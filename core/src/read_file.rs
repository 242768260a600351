//! Files that people name, read without waiting and not without end.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Opens a file for reading. A FIFO is opened without waiting for whoever would write into it.
///
/// # Errors
/// What the system says.
pub fn open_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    options.open(path)
}

/// The content of a plain file that may have up to `limit` bytes.
///
/// # Errors
/// What the system says, and when it is no plain file or is larger.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = open_file(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    if metadata.len() > limit {
        let error = format!("it is larger than {} MiB", limit >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, error));
    }
    let mut content = vec![0; usize::try_from(metadata.len()).unwrap_or_default()];
    // One that was cut short meanwhile is an error; what was added to it is not looked at.
    file.read_exact(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, vec![b'a'; 1 << 20]).unwrap();
        assert_eq!(read_file(&file, 1 << 20).unwrap().len(), 1 << 20);
        fs::write(&file, vec![b'a'; (1 << 20) + 1]).unwrap();
        let error = read_file(&file, 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 1 MiB");
        fs::write(&file, "").unwrap();
        assert_eq!(read_file(&file, 1).unwrap(), b"");
    }

    #[test]
    fn only_what_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_file(folder.path(), 1).unwrap_err();
        assert_eq!(error.to_string(), "it is not a plain file");
        let absent = read_file(&folder.path().join("absent"), 1).unwrap_err();
        assert_eq!(absent.kind(), io::ErrorKind::NotFound);
    }
}
