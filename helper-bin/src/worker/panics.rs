//! What is said when a library gives up in the middle of its work: as the event loop does where the
//! machine refuses what cannot fail.

use std::panic::{Location, set_hook};

use api_key_helper_core::Error;

use crate::report::Reporter;

/// Lets a panic end the process as an error, and say where it was, but not what: a secret must not
/// ride along.
pub(crate) fn report() {
    set_hook(Box::new(|panic| {
        let place =
            panic.location().map_or_else(|| "an unknown place".to_owned(), Location::to_string);
        let error = Error::transient(format!("this program cannot go on at `{place}`")).with_hint(
            "ask again; if it stays so, look at what the machine is short of, or report the bug",
        );
        let code = Reporter.failed_with(&error);
        #[expect(clippy::disallowed_methods, reason = "what has panicked must not go on")]
        std::process::exit(code.into());
    }));
}
