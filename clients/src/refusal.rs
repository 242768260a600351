//! Reasons why a settings file cannot be changed.

use std::path::PathBuf;
use std::{fmt, io};

use crate::json::Malformed;

/// The reason why a settings file cannot be changed.
#[derive(Debug)]
pub enum Refusal {
    /// The system reports an error.
    Io(io::Error),
    /// The client would reject the file or its backup, or does not use a helper there.
    Malformed(Malformed),
    /// A link is in the place of the backup. It is not followed: its author may want another file
    /// changed or copied.
    Link(PathBuf),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Malformed> for Refusal {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::Link(link) => write!(f, "{link:?} is a link"),
        }
    }
}

impl std::error::Error for Refusal {}
