//! Strings that must not be shown.

use std::fmt;

use zeroize::Zeroizing;

/// A string that must not be shown: a key, a token, a password.
///
/// It is wiped from memory when dropped, is `[redacted]` in `Debug`, and implements neither
/// `Display` nor `Serialize`. [`Secret::expose`] is the only way to the content.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps `text`, which is moved and not copied.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Returns the content. The caller is responsible for its further use.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_debug_is_redacted() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "[redacted]");
        assert_eq!(format!("{:?}", Some(Secret::from("hunter2"))), "Some([redacted])");
    }
}
