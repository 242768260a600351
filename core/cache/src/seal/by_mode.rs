//! The key file's content on systems where the file's mode protects it.

use std::io;

use zeroize::Zeroizing;

/// The number of bytes that `close` adds.
pub(super) const ADDED: usize = 0;

/// Returns the keys in the file's content.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn open(content: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<Vec<u8>>> {
    Ok(content)
}

/// Returns the content to write.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn close(content: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<Vec<u8>>> {
    Ok(content)
}
