//! Programs of Debian packages, without root.
//!
//! If the machine lacks a program, `apt-get` downloads it with a state of its own; it is unpacked
//! below the target folder, and runs from there. This is the same for root: nothing is installed on
//! the machine.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use super::{give_up, once, run, servers};
use crate::executables;
use crate::home::search_path;

/// Returns the path of `program`, from these `packages` if the machine lacks it.
///
/// Such a program sees the files of its packages in their usual places, on top of the machine's
/// `/usr` and `/etc`: it runs in a mount namespace, and so in a user namespace.
///
/// # Panics
/// The packages cannot be downloaded.
#[must_use]
pub fn debian(program: &str, packages: &[&str]) -> PathBuf {
    installed_or_unpacked(program, packages, include_str!("in_view.sh"))
}

/// Returns the path of a program that starts the helper, as `strace` does. In a user namespace,
/// root's files belong to no mapped user, and the helper would not trust them. Such a program finds
/// the libraries of its packages, and no other files.
///
/// # Panics
/// See [`debian`].
#[must_use]
pub fn debian_wrapper(program: &str, packages: &[&str]) -> PathBuf {
    installed_or_unpacked(program, packages, include_str!("by_loader.sh"))
}

/// Returns whether the machine has `program`.
#[must_use]
pub fn is_there(program: &str) -> bool {
    installed(program).is_some()
}

/// Returns the folder of the unpacked programs, which is at the end of each test's search path.
#[must_use]
pub(crate) fn programs() -> PathBuf {
    servers().join("bin")
}

fn installed_or_unpacked(program: &str, packages: &[&str], script: &str) -> PathBuf {
    if let Some(path) = installed(program) {
        return path;
    }
    let name = format!("debian+{}", packages.join("+"));
    once(&name, |folder| {
        fs::create_dir_all(folder).unwrap_or_else(|error| give_up(folder, &error));
        let mut unpack = Command::new("sh");
        unpack.args(["-euc", include_str!("unpack.sh"), "sh"]).arg(folder).args(packages);
        run(unpack);
    });
    let path = programs().join(program);
    // A relative path, because a target folder may be moved.
    let begin = format!("#!/bin/sh\nset -eu\nfolder=${{0%/*}}/../{name}\nprogram={program}\n");
    let wrapper = begin + script;
    if fs::read_to_string(&path).ok().as_ref() != Some(&wrapper) {
        executables::write(&path, wrapper);
    }
    path
}

fn installed(program: &str) -> Option<PathBuf> {
    let folders = search_path();
    let folders = env::split_paths(&folders).filter(|folder| *folder != programs());
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}
