//! Somebody whose source is AWS.

use std::time::Duration;

use integration_tests::call::{Answer, Call};
use integration_tests::home::Home;
use integration_tests::servers::moto::AccessKey;
use integration_tests::state::State;
use integration_tests::syscalls::dumpable;

use crate::account::account;

/// A home with a profile `main` and a source `aws`, and the environment that its user calls from.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) home: Home,
    call: Call,
}

impl User {
    /// One who asks the server at `address`. `source` are lines of the source's table. There is no
    /// metadata service, and there are no credentials.
    pub(crate) fn of(address: &str, source: &str) -> Self {
        Self::with_profile(address, "", source)
    }

    /// The same with lines of the profile's table.
    pub(crate) fn with_profile(address: &str, profile: &str, source: &str) -> Self {
        let home = Home::new();
        home.configure(&format!(
            "[profile.main]\nsources = [\"aws\"]\n{profile}\n\n\
             [source.aws]\nbackend = \"aws\"\n{source}\n"
        ));
        let call = home
            .helper()
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", address)
            .env("AWS_REGION", "us-east-1");
        Self { home, call }
    }

    /// One who asks the [`account`]'s server with the keys of `who`.
    pub(crate) fn at_account(who: &AccessKey, source: &str) -> Self {
        Self::of(account().moto.address(), source).signing_as(who)
    }

    /// With long-lived keys in the environment.
    pub(crate) fn signing_as(self, who: &AccessKey) -> Self {
        self.env("AWS_ACCESS_KEY_ID", &who.id).env("AWS_SECRET_ACCESS_KEY", &who.secret)
    }

    /// With a variable in the environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.call = self.call.env(name, value);
        self
    }

    /// Without a variable.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.call = self.call.without_env(name);
        self
    }

    /// One whose helpers tests see into.
    pub(crate) fn dumpable(mut self) -> Self {
        self.call = dumpable(self.call);
        self
    }

    /// With a file below the home.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        self.home.write(name, text);
        self
    }

    /// A call of the helper without arguments, as Claude Code makes it.
    pub(crate) fn call(&self) -> Call {
        self.call.clone()
    }

    /// Makes that call.
    #[track_caller]
    pub(crate) fn run(&self) -> Answer {
        self.call.run()
    }

    /// Makes it twice: a miss and a hit print the same key.
    #[track_caller]
    pub(crate) fn assert_gets(&self, key: &str) {
        self.run().assert_key(key);
        let log = self.state().log();
        self.run().assert_key(key);
        assert_eq!(self.state().log(), log, "the second call was no hit");
    }

    /// What the helper keeps.
    pub(crate) fn state(&self) -> State {
        self.home.state()
    }

    /// Lets the key's ttl pass, and all in which it is printed before a new one is there.
    #[track_caller]
    pub(crate) fn outlive_ttl(&self) {
        self.state().age("aws", Duration::from_secs(2 * 60 * 60));
    }
}

/// A section of the shared credentials file.
pub(crate) fn shared(name: &str, AccessKey { id, secret }: &AccessKey) -> String {
    format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}
