//! The lab as the engine's world.

use std::io;
use std::time::Duration;

use api_key_helper_backend::SecretInput;
use api_key_helper_cache::Nonce;
use api_key_helper_system::ReadError;
use api_key_helper_values::{Error, Moment, Secret};
use async_trait::async_trait;
use zeroize::Zeroizing;

use super::Lab;
use crate::{Chance, Clock, Disk, Draft, Event, Inputs, Journal, Lock};

#[async_trait]
impl Clock for Lab {
    fn now(&self) -> Moment {
        Self::now(self)
    }

    fn uptime(&self) -> Duration {
        self.state().uptime
    }

    async fn sleep(&self, duration: Duration) {
        self.state().sleeps.push(duration);
        self.pass(duration);
    }
}

impl Chance for Lab {
    fn unit(&self) -> f64 {
        0.5
    }

    fn salt(&self) -> [u8; 16] {
        [7; 16]
    }

    fn nonce(&self) -> io::Result<Nonce> {
        Ok(Nonce([7; 24]))
    }
}

impl Journal for Lab {
    fn record(&self, event: &Event<'_>) {
        let outcome = match event.outcome {
            Ok((key, _)) => key.expose().to_owned(),
            Err(error) => error.kind().name().to_owned(),
        };
        self.state().log.push(format!("{} x{}: {outcome}", event.source, event.attempts));
    }
}

#[async_trait]
impl Inputs for Lab {
    async fn resolve(&self, _: &SecretInput, chain: &str, _: Duration) -> Result<Secret, Error> {
        Ok(Secret::from(chain))
    }
}

struct LabDraft {
    lab: Lab,
    content: Vec<u8>,
}

struct LabLock {
    lab: Lab,
    file: String,
}

impl Lock for LabLock {}

impl Drop for LabLock {
    fn drop(&mut self) {
        self.lab.unlock(&self.file);
    }
}

#[async_trait]
impl Disk for Lab {
    async fn read(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        if self.state().broken.iter().any(|broken| format!("read {file}").starts_with(broken)) {
            return Err(io::Error::other("the disk refuses").into());
        }
        Ok(self.state().files.get(file).cloned().map(Zeroizing::new))
    }

    async fn note_use(&self, _: &str, _: Moment) {
        self.state().noted_uses += 1;
    }

    async fn draft(&self, _: u64) -> io::Result<Box<dyn Draft>> {
        self.step("draft".to_owned())?;
        Ok(Box::new(LabDraft { lab: self.clone(), content: Vec::new() }))
    }

    async fn sync_names(&self) -> io::Result<()> {
        self.step("sync names".to_owned())
    }

    async fn remove(&self, file: &str) -> io::Result<()> {
        self.step(format!("remove {file}"))?;
        self.state().files.remove(file);
        Ok(())
    }

    async fn set_aside(&self, file: &str) -> io::Result<()> {
        self.step(format!("set aside {file}"))?;
        let content = self.state().files.remove(file).unwrap();
        self.state().files.insert(format!("{file}.unreadable"), content);
        Ok(())
    }

    async fn try_lock(&self, file: &str) -> io::Result<Option<Box<dyn Lock>>> {
        if self.state().broken.iter().any(|step| step == "lock") {
            return Err(io::Error::other("the disk knows no locks"));
        }
        let is_free = self.state().locks.insert(file.to_owned());
        let lock = LabLock { lab: self.clone(), file: file.to_owned() };
        if is_free {
            return Ok(Some(Box::new(lock)));
        }
        std::mem::forget(lock);
        Ok(None)
    }
}

#[async_trait]
impl Draft for LabDraft {
    async fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.content = content.to_vec();
        self.lab.step("write".to_owned())
    }

    async fn sync(&mut self) -> io::Result<()> {
        self.lab.step("sync".to_owned())
    }

    async fn publish(self: Box<Self>, file: &str) -> io::Result<()> {
        self.lab.step(format!("publish {file}"))?;
        self.lab.put(file, &self.content);
        Ok(())
    }
}
