//! The key file's content where its mode protects it.

use std::io;

use zeroize::Zeroizing;

/// Nothing is added.
pub(super) const ADDED: usize = 0;

/// What the file holds.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn open(content: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<Vec<u8>>> {
    Ok(content)
}

/// What is written of `content`.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn close(content: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<Vec<u8>>> {
    Ok(content)
}
