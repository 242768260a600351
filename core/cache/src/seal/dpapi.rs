//! The key file's content on Windows. DPAPI protects it, so that only this user on this machine can
//! read it, or a copy of it.

use std::io;

use zeroize::Zeroizing;

/// At least the number of bytes that DPAPI adds.
pub(super) const ADDED: usize = 1024;

/// Decrypts the file's content.
#[expect(clippy::needless_pass_by_value, reason = "elsewhere it is what comes back")]
pub(super) fn open(protected: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<Vec<u8>>> {
    crate::windows::unprotect(&protected)
}

/// Encrypts the content to write.
#[expect(clippy::needless_pass_by_value, reason = "elsewhere it is what comes back")]
pub(super) fn close(content: Zeroizing<Vec<u8>>) -> io::Result<Zeroizing<Vec<u8>>> {
    crate::windows::protect(&content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dpapi_protected_content_roundtrips() {
        let content = Zeroizing::new(b"sealing keys".to_vec());
        let protected = close(content.clone()).unwrap();
        assert!(!protected.windows(7).any(|part| part == b"sealing"));
        assert!(protected.len() <= content.len() + ADDED);
        assert_eq!(open(protected.clone()).unwrap(), content);
        let mut other = protected;
        let last = other.len() - 1;
        other[last] ^= 1;
        assert!(open(other).is_err());
        assert!(open(Zeroizing::new(b"something else".to_vec())).is_err());
    }
}
