//! Claude Code with its other helpers besides that of its own key.

use std::fs;

use integration_tests::binaries::Binaries;
use integration_tests::client::{Claude, ClientSlot, MessagesApi, Refusal, leave_network};

use crate::user::User;

/// An API that accepts every key, in a network without anything else.
pub(crate) struct World {
    pub(crate) api: MessagesApi,
    _slot: ClientSlot,
}

impl World {
    pub(crate) fn new() -> Self {
        let slot = ClientSlot::take();
        // In the other network, nothing can be installed.
        let _ = (Claude::program(), Binaries::built());
        leave_network();
        Self { api: MessagesApi::refusing_with(Refusal::Unauthorized), _slot: slot }
    }

    /// Returns the client of a user who has followed a page. Its own key comes from another source.
    pub(crate) fn claude(&self, user: &User) -> Claude {
        let own = user.home.script("own", "echo own-key").display().to_string();
        let page = fs::read_to_string(user.home.config_file()).unwrap();
        user.home.configure(&format!(
            "default_profile = \"claude-code\"\n{page}\n[profile.claude-code]\nsources = [\"own\"]\n\n\
             [source.own]\nbackend = \"script\"\ncommand = [\"{own}\"]\n"
        ));
        Claude::of(&user.home, &self.api)
    }
}
