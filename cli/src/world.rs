//! The real clock and the real random numbers.

use std::io;
use std::time::{Duration, Instant, SystemTime};

use api_key_helper_cache::{Nonce, SealingKey};
use api_key_helper_core::{Chance, Clock};
use api_key_helper_values::Moment;
use async_trait::async_trait;
use zeroize::Zeroizing;

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MachineClock {
    start: Instant,
}

impl MachineClock {
    /// Starts counting the uptime.
    #[expect(clippy::disallowed_methods, reason = "the worker's one clock")]
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }
}

#[async_trait]
impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "the worker's one clock")]
    fn now(&self) -> Moment {
        SystemTime::now().into()
    }

    #[expect(clippy::disallowed_methods, reason = "the worker's one clock")]
    fn uptime(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The system's random number generator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemChance;

impl Chance for SystemChance {
    fn unit(&self) -> f64 {
        // With the 53 bits of a double's fraction, all values from 0 to just below 1 are equally
        // likely.
        const STEPS: f64 = (1_u64 << 53) as f64;
        (getrandom::u64().unwrap_or_default() >> 11) as f64 / STEPS
    }

    fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        // Without random numbers, the mark still tells values apart, but can be guessed.
        let _ = getrandom::fill(&mut salt);
        salt
    }

    fn nonce(&self) -> io::Result<Nonce> {
        let mut nonce = Nonce([0; 24]);
        getrandom::fill(&mut nonce.0)?;
        Ok(nonce)
    }
}

impl SystemChance {
    /// Creates a new sealing key.
    pub(crate) fn sealing_key(self) -> io::Result<SealingKey> {
        let mut bytes = Zeroizing::new([0; SealingKey::LENGTH]);
        getrandom::fill(&mut *bytes)?;
        Ok(SealingKey::new(bytes))
    }
}
