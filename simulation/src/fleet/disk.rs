//! The disk of a machine. It never fails: in a fleet, only the server does.

use std::io;

use api_key_helper_core::{Disk, Draft, Lock};
use api_key_helper_system::ReadError;
use async_trait::async_trait;
use zeroize::Zeroizing;

use super::machine::Machine;

#[async_trait]
impl Disk for Machine {
    async fn read(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        let Some(slot) = self.slot(file) else { return Ok(None) };
        Ok(self.see().desks[self.index].files[slot].clone().map(Zeroizing::new))
    }

    async fn draft(&self, _: u64) -> io::Result<Box<dyn Draft>> {
        Ok(Box::new(PendingFile { machine: self.clone(), content: Vec::new() }))
    }

    async fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }

    async fn remove(&self, file: &str) -> io::Result<()> {
        self.put(file, None);
        Ok(())
    }

    async fn set_aside(&self, file: &str) -> io::Result<()> {
        self.put(file, None);
        Ok(())
    }

    /// No other process uses this machine.
    async fn try_lock(&self, _: &str) -> io::Result<Option<Box<dyn Lock>>> {
        Ok(Some(Box::new(OwnLock)))
    }
}

struct OwnLock;

impl Lock for OwnLock {}

struct PendingFile {
    machine: Machine,
    content: Vec<u8>,
}

#[async_trait]
impl Draft for PendingFile {
    async fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.content = content.to_vec();
        Ok(())
    }

    async fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn publish(self: Box<Self>, file: &str) -> io::Result<()> {
        self.machine.put(file, Some(self.content));
        Ok(())
    }
}

impl Machine {
    /// Returns the index of a file.
    pub(super) fn slot(&self, file: &str) -> Option<usize> {
        self.settings.files.iter().position(|name| name == file)
    }

    fn put(&self, file: &str, content: Option<Vec<u8>>) {
        if let Some(slot) = self.slot(file) {
            self.see().desks[self.index].files[slot] = content;
        }
    }
}
