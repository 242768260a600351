//! `init`: a commented configuration to start from.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use api_key_helper_core::{Error, trust};

use crate::backends;
use crate::cli::{Call, Init};
use crate::environment::Environment;
use crate::report::print;
use crate::session::places;

/// Writes the configuration, never over another one.
///
/// # Errors
/// Misconfigured.
pub(crate) fn run(call: &Call, init: &Init, environment: &Environment) -> Result<(), Error> {
    let path = places(call, environment)?.user_config;
    let template = backends::template(&init.backend)
        .ok_or_else(|| Error::misconfigured(format!("there is no backend `{}`", init.backend)))?;
    let shown = trust::quote(&path);
    write(&path, &template).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::misconfigured(format!("`{shown}` is there already, and stays as it is"))
                .with_hint("edit it, or name another one with `--config`")
        }
        _ => Error::misconfigured(format!("cannot write `{shown}`: {error}"))
            .with_hint("name another place with `--config`"),
    })?;
    print(&format!(
        "Wrote {shown}\nEdit it, then try `api-key-helper` and `api-key-helper status`.\n"
    ))
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}
