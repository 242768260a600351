//! A user of Claude Code whose keys are in Vault.

use std::thread;

use integration_tests::binaries::Binaries;
use integration_tests::client::{Claude, ClientSlot, MessagesApi, Refusal, leave_network};
use integration_tests::files;
use integration_tests::home::Home;
use integration_tests::process::Process;
use integration_tests::secret_forms::SecretForms;
use integration_tests::servers::OpenBao;
use integration_tests::wait::until;
use serde_json::json;

/// The first key in Vault.
pub(crate) const FIRST: &str = "sk-canary-f1rst-0f-th3-k3ys-1n-th3-v4ult";
/// The key that replaces it.
pub(crate) const SECOND: &str = "sk-canary-s3c0nd-0n3-4ft3r-th3-r0t4t10n";

/// All servers and files of a test, in a network of its own.
pub(crate) struct World {
    pub(crate) api: MessagesApi,
    pub(crate) vault: OpenBao,
    pub(crate) home: Home,
    _slot: ClientSlot,
}

impl World {
    /// Makes a world in which Vault holds [`FIRST`], and the API accepts every key.
    pub(crate) fn new() -> Self {
        Self::refusing_with(Refusal::Unauthorized)
    }

    /// Makes a world whose API will refuse keys like this.
    pub(crate) fn refusing_with(refusal: Refusal) -> Self {
        let slot = ClientSlot::take();
        // In the other network, nothing can be installed.
        let _ = (Claude::program(), OpenBao::program(), Binaries::built());
        leave_network();
        let world = Self {
            api: MessagesApi::refusing_with(refusal),
            vault: OpenBao::dev(),
            home: Home::new(),
            _slot: slot,
        };
        world.rotate(FIRST);
        world.vault.policy("reader", &[(READ, "read")]);
        let token = world.vault.token(&json!({ "policies": ["reader"], "ttl": "1h" }));
        world.home.write(".vault-token", token);
        world.configure("", world.vault.address());
        world
    }

    /// Configures these settings of the profile, and Vault at that address.
    pub(crate) fn configure(&self, profile: &str, address: &str) {
        self.home.configure(&format!(
            "[profile.work]\nsources = [\"vault\"]\n{profile}\n\n\
             [source.vault]\nbackend = \"vault\"\naddress = \"{address}\"\npath = \"anthropic\"\n"
        ));
    }

    /// Returns the user's client.
    pub(crate) fn claude(&self) -> Claude {
        Claude::of(&self.home, &self.api)
    }

    /// Writes another key into Vault.
    pub(crate) fn rotate(&self, key: &str) {
        self.vault.write(READ, &json!({ "data": { "api_key": key } }));
    }

    /// Makes Vault refuse access to the key.
    pub(crate) fn deny(&self) {
        self.vault.policy("reader", &[(READ, "deny")]);
    }

    /// Returns the number of reads of the key.
    pub(crate) fn reads(&self) -> usize {
        self.vault.reads(READ)
    }

    /// Asserts the keys that the API received, with its statuses.
    #[track_caller]
    pub(crate) fn assert_answered(&self, expected: &[(&str, u16)]) {
        let answered = self.api.answered();
        let answered: Vec<_> = answered.iter().map(|(key, status)| (&**key, *status)).collect();
        assert_eq!(answered, expected);
    }
}

impl Drop for World {
    /// Asserts that no file has a plain key: the helper's entries are encrypted, and the client has
    /// none.
    fn drop(&mut self) {
        if !thread::panicking() {
            let client = Claude::program().canonicalize().unwrap();
            until("no client writes any more", || {
                Process::all_of(&client, "HOME", self.home.path()).is_empty().then_some(())
            });
            for (file, content) in files::below(self.home.path()) {
                for key in [FIRST, SECOND] {
                    SecretForms::of(key).assert_not_in(&file.to_string_lossy(), &content);
                }
            }
        }
    }
}

/// The path of the key.
pub(crate) const READ: &str = "secret/data/anthropic";
