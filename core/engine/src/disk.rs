//! The real disk under the engine.
//!
//! Only the signatures are asynchronous: the files are small, and the process has nothing else to
//! do.

use std::io;

use api_key_helper_system::{FileLock, ReadError, StateFolder};
use api_key_helper_values::Moment;
use async_trait::async_trait;
use zeroize::Zeroizing;

use super::world::{Disk, Draft, Lock};

#[async_trait]
impl Disk for StateFolder {
    async fn read(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        Self::read(self, file)
    }

    async fn note_use(&self, file: &str, now: Moment) {
        Self::note_use(self, file, now);
    }

    async fn draft(&self, room: u64) -> io::Result<Box<dyn Draft>> {
        Ok(Box::new(Self::draft(self, room)?))
    }

    async fn sync_names(&self) -> io::Result<()> {
        Self::sync_names(self)
    }

    async fn remove(&self, file: &str) -> io::Result<()> {
        Self::remove(self, file)
    }

    async fn set_aside(&self, file: &str) -> io::Result<()> {
        Self::set_aside(self, file)
    }

    async fn try_lock(&self, file: &str) -> io::Result<Option<Box<dyn Lock>>> {
        let lock = Self::try_lock(self, file)?;
        Ok(lock.map(|lock| Box::new(lock) as Box<dyn Lock>))
    }
}

#[async_trait]
impl Draft for api_key_helper_system::Draft {
    async fn write(&mut self, content: &[u8]) -> io::Result<()> {
        Self::write(self, content)
    }

    async fn sync(&mut self) -> io::Result<()> {
        Self::sync(self)
    }

    async fn publish(self: Box<Self>, file: &str) -> io::Result<()> {
        Self::publish(*self, file)
    }
}

impl Lock for FileLock {}
