//! A user of Claude Code whose keys are in a vault.

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

/// The key that is in the vault in the beginning.
pub(crate) const FIRST: &str = "sk-canary-f1rst-0f-th3-k3ys-1n-th3-v4ult";
/// The one that is put there later.
pub(crate) const SECOND: &str = "sk-canary-s3c0nd-0n3-4ft3r-th3-r0t4t10n";

/// All that a test needs, in a network of its own.
pub(crate) struct World {
    pub(crate) api: MessagesApi,
    pub(crate) vault: OpenBao,
    pub(crate) home: Home,
    _slot: ClientSlot,
}

impl World {
    /// The vault holds [`FIRST`], and the API takes every key.
    pub(crate) fn new() -> Self {
        Self::refusing_with(Refusal::Unauthorized)
    }

    /// The same, where keys will be refused so.
    pub(crate) fn refusing_with(refusal: Refusal) -> Self {
        let slot = ClientSlot::take();
        // What is missing cannot be installed any more in the other network.
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

    /// With these settings of the profile, and the vault at that address.
    pub(crate) fn configure(&self, profile: &str, address: &str) {
        self.home.configure(&format!(
            "[profile.work]\nsources = [\"vault\"]\n{profile}\n\n\
             [source.vault]\nbackend = \"vault\"\naddress = \"{address}\"\npath = \"anthropic\"\n"
        ));
    }

    /// The user's client.
    pub(crate) fn claude(&self) -> Claude {
        Claude::of(&self.home, &self.api)
    }

    /// Puts another key into the vault.
    pub(crate) fn rotate(&self, key: &str) {
        self.vault.write(READ, &json!({ "data": { "api_key": key } }));
    }

    /// The vault refuses to give the key away.
    pub(crate) fn deny(&self) {
        self.vault.policy("reader", &[(READ, "deny")]);
    }

    /// How often the vault was asked for the key.
    pub(crate) fn reads(&self) -> usize {
        self.vault.reads(READ)
    }

    /// These keys came to the API, and got these answers.
    #[track_caller]
    pub(crate) fn assert_answered(&self, expected: &[(&str, u16)]) {
        let answered = self.api.answered();
        let answered: Vec<_> = answered.iter().map(|(key, status)| (&**key, *status)).collect();
        assert_eq!(answered, expected);
    }
}

impl Drop for World {
    /// Nobody has kept a key as it is: the helper's entries are sealed, and the client has none.
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

/// Where the key is.
pub(crate) const READ: &str = "secret/data/anthropic";
