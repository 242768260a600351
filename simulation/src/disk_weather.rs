//! How the disk feels.

use std::io;
use std::time::Duration;

use crate::chance::Dice;

/// What the disk does with what it is asked for.
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
    /// EIO, once in so many steps.
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
    /// How long a step takes.
    pub(crate) fn delay(self, dice: &mut Dice) -> Duration {
        let longest = if self == Self::Slow { dice.pick(&[5, 300, 3_000]) } else { 2 };
        dice.up_to(Duration::from_millis(longest))
    }

    /// Why a step is refused.
    pub(crate) fn refusal(self, step: Step, dice: &mut Dice) -> Option<io::ErrorKind> {
        let is_read = step == Step::Read;
        match self {
            // A file that has its room is written all the same.
            Self::Full if step == Step::Draft => Some(io::ErrorKind::StorageFull),
            Self::ReadOnly if !is_read => Some(io::ErrorKind::ReadOnlyFilesystem),
            Self::Closed => Some(io::ErrorKind::PermissionDenied),
            Self::Flaky(rate) if dice.one_in(rate) => Some(io::ErrorKind::Other),
            _ => None,
        }
    }
}
