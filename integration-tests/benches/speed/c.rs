//! C programs that are compiled when they are needed.

use std::path::{Path, PathBuf};
use std::process::Command;

use integration_tests::executables;

/// The sources of the programs.
pub(crate) const FLOOR: &str = include_str!("c/floor.c");
pub(crate) const MEMORY: &str = include_str!("c/memory.c");

/// Compiles `source`; `None` if that fails, such as for a static program without static libraries.
pub(crate) fn compile(source: &str, options: &[&str], program: &Path) -> Option<PathBuf> {
    compile_by(Command::new("cc"), source, options, program)
}

/// Compiles `source` statically with musl, by the toolchain of `.ci/platforms`.
pub(crate) fn compile_for_musl(source: &str, program: &Path) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut compiler = Command::new(root.join(".ci/platforms"));
    compiler.args(["shell", "zig-cc-x86_64-linux-musl"]);
    compile_by(compiler, source, &["-static"], program)
}

fn compile_by(
    mut compiler: Command,
    source: &str,
    options: &[&str],
    program: &Path,
) -> Option<PathBuf> {
    let file = program.with_extension("c");
    std::fs::write(&file, source).expect("a file for the source");
    compiler.args(["-O2", "-s"]).args(options).arg("-o").arg(program).arg(&file);
    let status = executables::start(&mut compiler).and_then(|mut compiler| compiler.wait());
    status.is_ok_and(|status| status.success()).then(|| program.to_owned())
}
