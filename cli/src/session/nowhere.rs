//! A null disk, used without a sealing key: entries that cannot be sealed are not written.

use std::io;

use api_key_helper_cache::{Nonce, Seal};
use api_key_helper_core::{Disk, Draft, Lock};
use api_key_helper_system::ReadError;
use async_trait::async_trait;
use zeroize::Zeroizing;

/// Refuses every write, and has nothing to read.
#[derive(Clone, Debug)]
pub(crate) struct Nowhere {
    pub(crate) reason: String,
}

impl Nowhere {
    fn refuse<T>(&self) -> io::Result<T> {
        Err(io::Error::other(self.reason.clone()))
    }
}

#[async_trait]
impl Disk for Nowhere {
    async fn read(&self, _: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        Ok(None)
    }

    async fn draft(&self, _: u64) -> io::Result<Box<dyn Draft>> {
        self.refuse()
    }

    async fn sync_names(&self) -> io::Result<()> {
        self.refuse()
    }

    async fn remove(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    async fn set_aside(&self, _: &str) -> io::Result<()> {
        self.refuse()
    }

    async fn try_lock(&self, _: &str) -> io::Result<Option<Box<dyn Lock>>> {
        self.refuse()
    }
}

impl Seal for Nowhere {
    fn label(&self) -> &'static str {
        "none"
    }

    fn seal(&self, _: &[u8], _: &[u8], _: Nonce) -> Vec<u8> {
        Vec::new()
    }

    fn open(&self, _: &[u8], _: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        None
    }
}
