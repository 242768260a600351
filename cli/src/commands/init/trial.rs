//! Tests a configuration before it is written.

use api_key_helper_cache::Demand;
use api_key_helper_config::ConfigFile;
use api_key_helper_core::Outcome;
use api_key_helper_system::Places;
use api_key_helper_values::{Error, Moment};

use super::conversation::Conversation;
use crate::cli::{Call, Command, Get};
use crate::commands::login;
use crate::commands::status::gather;
use crate::environment::Environment;
use crate::readable::relative;
use crate::report::Reporter;
use crate::session::configured::{Configured, Files, accept_no};
use crate::session::{Session, now};

/// The context of a test: this machine, with the system's file.
pub(super) struct Trial<'a> {
    call: Call,
    environment: &'a Environment,
    places: &'a Places,
    files: Files,
}

impl<'a> Trial<'a> {
    /// Reads the system's file.
    pub(super) fn new(
        call: &Call,
        environment: &'a Environment,
        places: &'a Places,
    ) -> Result<Self, Error> {
        let call = Call {
            profile: None,
            config: call.config.clone(),
            command: Command::Get(Get::default()),
            format: None,
            asked_at: None,
            backends: call.backends,
        };
        Ok(Self { call, environment, places, files: Files::read(places)? })
    }

    /// A call of the default profile.
    pub(super) const fn call(&self) -> &Call {
        &self.call
    }

    /// Checks that `text` is a valid configuration, without any request.
    pub(super) fn check(&self, text: &str) -> Result<(), Error> {
        Configured::parse(&self.call, self.environment, self.with(text))
            .and_then(|configured| accept_no(&configured.mistakes))
    }

    /// Fetches a key with the configuration `text`, and reports it. The inner error is the
    /// source's.
    pub(super) async fn fetch(
        &self,
        text: &str,
        talk: &mut Conversation,
        reporter: &Reporter,
    ) -> Result<Result<(), Error>, Error> {
        let environment = self.environment.clone();
        let files = self.with(text);
        let session =
            Session::with_files(&self.call, environment, self.places.clone(), files).await;
        let session = match session.and_then(Session::complete) {
            Ok(session) => session,
            Err(error) => return Ok(Err(error)),
        };
        reporter.warn(&session.warnings);
        reporter.warn(&session.cautions);
        talk.say("\n");
        let first = &session.sources[0];
        if first.backend.has_login() {
            if !talk.agrees("Sign in now?").await? {
                talk.say("Later: `api-key-helper login`\n");
                return Ok(Ok(()));
            }
            return Ok(login::sign_in(&session, first, true).await);
        }
        let name = &first.planned.id.source;
        talk.say(&format!("Asking `{name}` for a key ...\n"));
        let asked_at = now(&session.clock);
        let Outcome { answer, warnings } =
            session.get(Demand::FetchedSince(asked_at), session.profile.deadline).await;
        let found = gather(&session, now(&session.clock))?;
        let found = &found.sources[0];
        Ok(match (answer, &found.failure) {
            // A key from the cache proves nothing.
            (Ok(_), Some(failure)) => Err(failure.error()),
            (Ok(answer), None) => {
                reporter.warn(&warnings);
                let length = answer.key.expose().len();
                let end = ending(found.expires_at, asked_at);
                talk.say(&format!("It works: a key of {length} characters, which {end}.\n"));
                Ok(())
            }
            (Err(error), _) => Err(error),
        })
    }

    fn with(&self, text: &str) -> Files {
        let file = ConfigFile {
            path: self.places.user_config.clone(),
            bytes: text.into(),
            is_draft: true,
        };
        Files { user: Some(file), ..self.files.clone() }
    }
}

fn ending(end: Option<Moment>, now: Moment) -> String {
    end.map_or_else(
        || "does not say when it ends".to_owned(),
        |end| format!("ends {}", relative(end, now)),
    )
}
