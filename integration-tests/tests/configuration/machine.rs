//! A machine with a system-wide configuration.

use std::path::Path;

use integration_tests::call::Call;
use integration_tests::home::{Home, SYSTEM_CONFIG};
use integration_tests::mounts::Mounts;
use serde_json::Value;

/// A user of a machine with a system-wide configuration.
pub(crate) struct Machine {
    pub(crate) home: Home,
    mounts: Mounts,
}

impl Machine {
    pub(crate) fn new(system: impl FnOnce(&Home) -> String) -> Self {
        let home = Home::new();
        let file = home.write("system.toml", system(&home));
        // A separate `/etc`: only root could make a folder in the machine's.
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
