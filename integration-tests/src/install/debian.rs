//! Programs of Debian's packages, without root.
//!
//! A program that the machine lacks is downloaded by `apt-get` with a state of its own, unpacked
//! below the target folder and run from there. Root does the same: nothing is installed on the
//! machine.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use super::{give_up, once, run, servers};
use crate::executables;
use crate::home::search_path;

/// Returns the path of `program`, which these `packages` bring where the machine lacks it.
///
/// Such a program sees the files of its packages in their usual places, over the machine's `/usr`
/// and `/etc`: it runs in a mount namespace, and so in a user namespace.
///
/// # Panics
/// When the packages cannot be downloaded.
#[must_use]
pub fn debian(program: &str, packages: &[&str]) -> PathBuf {
    installed_or_unpacked(program, packages, include_str!("in_view.sh"))
}

/// The same for a program that runs the helper below itself, as `strace` does. In a user namespace
/// root's files belong to no user that it maps, and the helper trusts none of them. Such a program
/// finds the libraries of its packages, and no other files.
///
/// # Panics
/// As [`debian`].
#[must_use]
pub fn debian_wrapper(program: &str, packages: &[&str]) -> PathBuf {
    installed_or_unpacked(program, packages, include_str!("by_loader.sh"))
}

/// Returns whether the machine has `program`.
#[must_use]
pub fn is_there(program: &str) -> bool {
    installed(program).is_some()
}

/// The folder of the programs that were unpacked. It stands at the end of each test's search path.
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
    // Not by an absolute path: a target folder may be moved.
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
