//! The measured programs.

use std::path::{Path, PathBuf};

use integration_tests::binaries::{FRONT, WORKER};
use integration_tests::home::search_path;
use integration_tests::install;
use tempfile::TempDir;

use crate::c::{self, compile};

/// The paths of the programs.
pub(crate) struct Programs {
    /// The released front, with a worker beside it.
    pub(crate) released: PathBuf,
    /// The front from plain `cargo build --release`.
    pub(crate) plain: PathBuf,
    /// The same front and the floor, linked with musl, if `.ci/platforms shell packaging/dist` has
    /// built them.
    pub(crate) musl: Option<Musl>,
    /// The floor, if static programs can be compiled.
    pub(crate) static_floor: Option<PathBuf>,
    /// The floor with the usual linkage.
    pub(crate) dynamic_floor: PathBuf,
    /// The program that measures memory, if static programs can be compiled.
    pub(crate) memory: Option<PathBuf>,
    /// The folder for the benchmark's own files.
    pub(crate) folder: TempDir,
}

impl Programs {
    /// # Panics
    /// When they were not built, or there is no C compiler.
    pub(crate) fn find() -> Self {
        let target = install::target();
        let folder = tempfile::tempdir().expect("a folder");
        let program = |name: &str| folder.path().join(name);
        Self {
            released: pair(&target.join("dist")),
            plain: pair(&target.join("release")),
            musl: Musl::find(&target, &program("musl-floor")),
            static_floor: compile(c::FLOOR, &["-static"], &program("static-floor")),
            dynamic_floor: compile(c::FLOOR, &[], &program("dynamic-floor"))
                .expect("a C compiler, `cc`"),
            memory: compile(c::MEMORY, &["-static"], &program("memory")),
            folder,
        }
    }
}

/// Programs that are linked with musl.
pub(crate) struct Musl {
    pub(crate) front: PathBuf,
    pub(crate) floor: PathBuf,
}

impl Musl {
    fn find(target: &Path, floor: &Path) -> Option<Self> {
        let folder = target.join("platforms/target/dist-x86_64-unknown-linux-musl");
        if !folder.exists() {
            return None;
        }
        let floor = c::compile_for_musl(c::FLOOR, floor).expect("a C compiler for musl");
        Some(Self { front: pair(&folder), floor })
    }
}

/// Returns the path of a program, because a search at each start would be measured as well.
pub(crate) fn found(name: &str) -> PathBuf {
    let path = search_path();
    let mut files = std::env::split_paths(&path).map(|folder| folder.join(name));
    files.find(|file| file.is_file()).unwrap_or_else(|| panic!("no `{name}` on the search path"))
}

fn pair(folder: &Path) -> PathBuf {
    for program in [FRONT, WORKER] {
        assert!(
            folder.join(program).exists(),
            "no `{program}` in `{}`: run `packaging/dist`",
            folder.display()
        );
    }
    folder.join(FRONT)
}
