//! The operating system's services, with protection against its risks: files that another user
//! could have written, disks that lose unsynced data, memory that other processes could read.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]

pub mod advice;
#[cfg(any(windows, test))]
mod command_line;
mod disk;
mod folder;
mod open;
mod own_memory;
mod own_program;
mod places;
mod read_error;
mod read_file;
mod short_lived;
mod shorthand;
mod stdout;
pub mod trust;
#[cfg(windows)]
pub mod windows;

pub use disk::{DRAFT_SUFFIX, Draft, FileLock, UNREADABLE_SUFFIX};
pub use folder::{StateFolder, is_own, is_own_folder, make_private_folder};
pub use open::private;
#[cfg(unix)]
pub use own_memory::restore_core_images;
pub use own_memory::{close_memory, forbid_core_images, keep_files_private};
pub use own_program::own_program;
pub use places::{CONFIG_VARIABLE, HOME_VARIABLE, Places};
pub use read_error::ReadError;
pub use read_file::{read_file, read_input};
pub use short_lived::expect_short_life;
pub use shorthand::shell_shorthand;
pub use stdout::print;
