//! A machine whose administrator has configured it.

use std::path::Path;

use integration_tests::call::Call;
use integration_tests::home::{Home, SYSTEM_CONFIG};
use integration_tests::mounts::Mounts;
use serde_json::Value;

/// A user whose machine has a configuration for all of them.
pub(crate) struct Machine {
    pub(crate) home: Home,
    mounts: Mounts,
}

impl Machine {
    pub(crate) fn new(system: impl FnOnce(&Home) -> String) -> Self {
        let home = Home::new();
        let file = home.write("system.toml", system(&home));
        // A whole `/etc` of its own: nobody but root could make a folder in the machine's.
        let mounts = Mounts::new()
            .empty(Path::new("/etc"), "1m")
            .command("chmod 755 /etc")
            .copy(&file, Path::new(SYSTEM_CONFIG));
        Self { home, mounts }
    }

    pub(crate) fn call(&self, arguments: &[&str]) -> Call {
        self.mounts.seen_by(self.home.call(arguments.iter().copied()))
    }

    pub(crate) fn ttl(&self, call: &Call) -> Value {
        let status: Value = serde_json::from_str(call.run().assert_printed()).unwrap();
        status["ttl_seconds"].clone()
    }
}
