//! Reports a panic in a library, for example when the event loop cannot get a system resource.

use std::panic::{Location, set_hook};

use api_key_helper_values::Error;

use crate::report::Reporter;

/// Turns a panic into an error that names its location. The panic's message may contain a secret,
/// and is not shown.
pub(crate) fn report() {
    set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), shown);
        let error = Error::transient(format!("this program cannot go on at `{place}`")).with_hint(
            "ask again; if it stays so, look at what the machine is short of, or report the bug",
        );
        let code = Reporter.failed_with(&error);
        #[expect(clippy::disallowed_methods, reason = "what has panicked must not go on")]
        std::process::exit(code.into());
    }));
}

fn shown(location: &Location<'_>) -> String {
    let file = location.file().replace('\\', "/");
    format!("{}:{}", without_machine(&file), location.line())
}

/// Removes the folders of the build machine from a path. Cargo unpacks registry crates and Git
/// checkouts into folders of its own.
fn without_machine(file: &str) -> &str {
    let below = |folder| file.split_once(folder)?.1.split_once('/');
    let found = below("/registry/src/").or_else(|| below("/git/checkouts/"));
    found.map_or(file, |(_, file)| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crash_location_names_no_folder_of_the_build_machine() {
        for (file, shown) in [
            ("cli/src/lib.rs", "cli/src/lib.rs"),
            ("/home/ann/.cargo/registry/src/index-1f/tokio-1.4/src/lib.rs", "tokio-1.4/src/lib.rs"),
            (
                "C:/Users/ann/.cargo/git/checkouts/helper-5d/dfc3f25/cli/src/lib.rs",
                "dfc3f25/cli/src/lib.rs",
            ),
        ] {
            assert_eq!(without_machine(file), shown);
        }
    }
}
