//! Why a settings file cannot be changed.

use std::path::PathBuf;
use std::{fmt, io};

use crate::json::Malformed;

/// Why a settings file cannot be changed.
#[derive(Debug)]
pub enum Refusal {
    /// The system does not let us.
    Io(io::Error),
    /// The client would refuse the file as it is, or the one kept beside it, or has no use for a
    /// helper in it.
    Malformed(Malformed),
    /// There is a link where the backup has its place. It is not followed: its maker may want
    /// another file changed or copied.
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
