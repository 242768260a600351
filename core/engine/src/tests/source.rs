//! A scripted source.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api_key_helper_backend::{Attempt, Backend, Credential, Prompt, SecretInput};
use api_key_helper_cache::{Entry, EntryId, PlannedSource};
use api_key_helper_values::{Error, ErrorKind, Fingerprint, Key, Secret};
use async_trait::async_trait;

use super::lab::Lab;
use crate::Source;

/// A step of a scripted source.
#[derive(Debug)]
pub(super) enum Does {
    Answer(Credential),
    Fail(Error),
    Hang,
    /// Fails with the other source's key in the message.
    Quote(ErrorKind),
    /// Stores a renewal and goes on.
    Store(&'static str),
    /// Fails the attempt if there is no space.
    ReserveSpace,
    /// Repairs the disk and goes on.
    MendDisk,
    /// Another process, which ignores the lock, replaces the renewal.
    Overtake(EntryId, &'static str),
    /// Answers with the renewal that replaced the given one.
    Reread,
    /// Takes the key of another source.
    Resolve(&'static str),
    /// Takes another key than before.
    ResolveAnew(&'static str),
    /// Answers with the attempt's remaining time.
    TellTimeLeft,
    /// Answers with the kind of key that is wanted: `another` or `any`.
    TellWhatIsWanted,
    /// Takes time.
    Take(Duration),
    /// Warns the user, and goes on.
    Warn(&'static str),
}

/// A scripted source. It makes one step after the other until an attempt ends.
#[derive(Clone, Default)]
pub(super) struct Script {
    lab: Lab,
    steps: Arc<Mutex<VecDeque<Does>>>,
    /// The renewals passed to each attempt.
    asked: Arc<Mutex<Vec<Option<String>>>>,
    /// The keys of other sources that it took.
    took: Arc<Mutex<Vec<Secret>>>,
    /// Set if users sign in to it.
    has_login: bool,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(super) fn new(lab: &Lab, steps: impl IntoIterator<Item = Does>) -> Self {
        let script = Self { lab: lab.clone(), ..Self::default() };
        script.then(steps);
        script
    }

    /// Sets that users sign in to it.
    pub(super) fn with_login(self) -> Self {
        Self { has_login: true, ..self }
    }

    pub(super) fn then(&self, steps: impl IntoIterator<Item = Does>) {
        self.steps.lock().unwrap().extend(steps);
    }

    /// The renewals of the attempts since the last call.
    pub(super) fn asked(&self) -> Vec<Option<String>> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// The keys of other sources that it took since the last call.
    pub(super) fn took(&self) -> Vec<String> {
        let took = std::mem::take(&mut *self.took.lock().unwrap());
        took.iter().map(|key| key.expose().to_owned()).collect()
    }

    /// The source with this name, which uses others.
    pub(super) fn source_of(&self, name: &str, uses: &[&Source]) -> Source {
        let uses = uses.iter().map(|used| Arc::new((*used).clone())).collect();
        Source { uses, ..self.source(name) }
    }

    pub(super) fn source(&self, name: &str) -> Source {
        let id =
            EntryId { source: name.to_owned(), fingerprint: Fingerprint::of([name.as_bytes()]) };
        Source {
            planned: PlannedSource { id, variables: vec!["TOKEN".to_owned()] },
            backend_name: "script".to_owned(),
            backend: Arc::new(self.clone()),
            timeout: Duration::from_secs(10),
            retries: 3,
            lifetime: None,
            uses: Vec::new(),
        }
    }
}

#[async_trait]
impl Backend for Script {
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        let renewal = attempt.renewal().map(|renewal| renewal.expose().to_owned());
        self.asked.lock().unwrap().push(renewal);
        self.act(attempt).await
    }

    async fn login(&self, attempt: &dyn Attempt, _: &dyn Prompt) -> Result<Credential, Error> {
        self.act(attempt).await
    }

    fn has_login(&self) -> bool {
        self.has_login
    }

    async fn revoke(&self, attempt: &dyn Attempt) -> Result<(), Error> {
        let renewal = attempt.renewal().map(|renewal| renewal.expose().to_owned());
        self.asked.lock().unwrap().push(renewal);
        self.act(attempt).await.map(drop)
    }
}

impl Script {
    async fn act(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        loop {
            let step = self.steps.lock().unwrap().pop_front();
            match step.expect("the source was asked once more than expected") {
                Does::Answer(credential) => return Ok(credential),
                Does::Fail(error) => return Err(error),
                Does::Hang => pending::<()>().await,
                Does::Quote(kind) => {
                    let key = self.took.lock().unwrap().last().unwrap().clone();
                    return Err(Error::new(kind, format!("`{}` is not good", key.expose())));
                }
                Does::Resolve(name) => {
                    let key = attempt.resolve(&SecretInput::Source(name.to_owned())).await?;
                    self.took.lock().unwrap().push(key);
                }
                Does::ResolveAnew(name) => {
                    let spent = self.took.lock().unwrap().last().unwrap().clone();
                    let input = SecretInput::Source(name.to_owned());
                    let key = attempt.resolve_again(&input, &spent).await?;
                    self.took.lock().unwrap().push(key);
                }
                Does::TellTimeLeft => {
                    return Ok(credential(&attempt.time_left().as_secs().to_string()));
                }
                Does::Store(renewal) => attempt.store_renewal(&Secret::from(renewal)).await?,
                Does::ReserveSpace => attempt.reserve_space().await?,
                Does::MendDisk => self.lab.mend_disk(),
                Does::Overtake(id, renewal) => {
                    let entry = self.lab.entry(&id).unwrap();
                    let renewal = Some(Secret::from(renewal));
                    self.lab.put_entry(&id, &Entry { renewal, ..entry });
                }
                Does::Reread => {
                    let newer = attempt.newer_renewal().await?;
                    return Ok(credential(newer.as_ref().map_or("none", Secret::expose)));
                }
                Does::TellWhatIsWanted => {
                    let wanted = if attempt.wants_another_key() { "another" } else { "any" };
                    return Ok(credential(wanted));
                }
                Does::Take(time) => self.lab.pass(time),
                Does::Warn(warning) => attempt.warn(warning.to_owned()),
            }
        }
    }
}

pub(super) fn credential(key: &str) -> Credential {
    Credential::new(Key::parse(key).unwrap())
}

pub(super) fn answer(key: &str) -> Does {
    Does::Answer(credential(key))
}

/// The same transient failure `count` times.
pub(super) fn down(count: usize) -> impl Iterator<Item = Does> {
    (0..count).map(|_| Does::Fail(Error::transient("down")))
}
