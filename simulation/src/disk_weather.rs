//! The faults of the disk.

use std::io;
use std::time::Duration;

use crate::chance::Dice;

/// The current behaviour of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskWeather {
    Fine,
    Slow,
    /// ENOSPC.
    Full,
    /// EROFS.
    ReadOnly,
    /// EACCES.
    Closed,
    /// EIO, once in this many steps.
    Flaky(u64),
}

/// A step of the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Read,
    Draft,
    Write,
    Sync,
    Publish,
    SyncNames,
    Remove,
    SetAside,
    Lock,
}

impl DiskWeather {
    /// Returns the duration of a step.
    pub(crate) fn delay(self, dice: &mut Dice) -> Duration {
        let longest = if self == Self::Slow { dice.pick(&[5, 300, 3_000]) } else { 2 };
        dice.up_to(Duration::from_millis(longest))
    }

    /// Returns the error of a step, if it fails.
    pub(crate) fn refusal(self, step: Step, dice: &mut Dice) -> Option<io::ErrorKind> {
        let is_read = step == Step::Read;
        match self {
            // A full disk still writes to files with preallocated space.
            Self::Full if step == Step::Draft => Some(io::ErrorKind::StorageFull),
            Self::ReadOnly if !is_read => Some(io::ErrorKind::ReadOnlyFilesystem),
            Self::Closed => Some(io::ErrorKind::PermissionDenied),
            Self::Flaky(rate) if dice.one_in(rate) => Some(io::ErrorKind::Other),
            _ => None,
        }
    }
}
