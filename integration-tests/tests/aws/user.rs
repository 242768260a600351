//! A user with an AWS source.

use std::time::Duration;

use integration_tests::call::{Answer, Call};
use integration_tests::home::Home;
use integration_tests::servers::moto::AccessKey;
use integration_tests::state::State;
use integration_tests::syscalls::dumpable;

use crate::account::account;

/// A home with a profile `main` and a source `aws`, with the environment of its user.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) home: Home,
    call: Call,
}

impl User {
    /// Returns a user of the server at `address`. `source` are lines of the source's table. There
    /// is no metadata service, and there are no credentials.
    pub(crate) fn of(address: &str, source: &str) -> Self {
        Self::with_profile(address, "", source)
    }

    /// Returns the same, with lines of the profile's table.
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

    /// Returns a user of the [`account`]'s server, with the keys of `who`.
    pub(crate) fn at_account(who: &AccessKey, source: &str) -> Self {
        Self::of(account().moto.address(), source).signing_as(who)
    }

    /// Sets long-lived keys in the environment.
    pub(crate) fn signing_as(self, who: &AccessKey) -> Self {
        self.env("AWS_ACCESS_KEY_ID", &who.id).env("AWS_SECRET_ACCESS_KEY", &who.secret)
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.call = self.call.env(name, value);
        self
    }

    /// Removes a variable.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.call = self.call.without_env(name);
        self
    }

    /// Lets tests look into the user's helpers.
    pub(crate) fn dumpable(mut self) -> Self {
        self.call = dumpable(self.call);
        self
    }

    /// Adds a file below the home.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        self.home.write(name, text);
        self
    }

    /// Returns a call of the helper without arguments, as Claude Code makes it.
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

    /// Returns the state folder.
    pub(crate) fn state(&self) -> State {
        self.home.state()
    }

    /// Makes the key older than its TTL and any time in which it may still be printed.
    #[track_caller]
    pub(crate) fn outlive_ttl(&self) {
        self.state().age("aws", Duration::from_secs(2 * 60 * 60));
    }
}

/// Returns a section of the shared credentials file.
pub(crate) fn shared(name: &str, AccessKey { id, secret }: &AccessKey) -> String {
    format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n")
}
