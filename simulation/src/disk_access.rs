//! The virtual disk as the engine sees it: each step takes time, may fail, and is recorded.

use std::io;

use api_key_helper_core::{Disk, Draft, Lock};
use api_key_helper_system::ReadError;
use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::disk::{File, Held};
use crate::disk_weather::Step;
use crate::process::Process;
use crate::scenario::Locks;

impl Process {
    /// Waits for the disk; returns the error of a failed step.
    async fn step(&self, step: Step, file: &str) -> io::Result<()> {
        let delay = {
            let mut universe = self.see();
            let weather = universe.disk_weather;
            weather.delay(&mut universe.dice)
        };
        let began = self.see().clock.uptime;
        self.wait(delay).await;
        let mut universe = self.see();
        let universe = &mut *universe;
        let took = universe.clock.uptime - began;
        let refusal = universe.disk_weather.refusal(step, &mut universe.dice);
        if let Some(status) = universe.processes.get_mut(&self.pid) {
            status.disk_time += took;
            status.late_steps += usize::from(status.ends_at.is_some_and(|end| began > end));
            if step == Step::Lock {
                status.ends_at.get_or_insert(began.saturating_add(status.deadline));
            }
            status.disk_time_since_look += took;
            status.refusals += u32::from(refusal.is_some());
        }
        // A process that gets no lock may continue without one.
        universe.ledger.are_locks_lost |= refusal.is_some() && step == Step::Lock;
        let who = self.pid.to_string();
        match refusal {
            None => {
                universe.tell(&who, format_args!("{step:?} {file}"));
                Ok(())
            }
            Some(kind) => {
                universe.tell(&who, format_args!("{step:?} {file}: {kind}"));
                Err(kind.into())
            }
        }
    }

    /// Returns whether a step that failed took effect nevertheless.
    fn is_taken_all_the_same(&self) -> bool {
        self.see().dice.one_in(2)
    }
}

#[async_trait]
impl Disk for Process {
    async fn read(&self, file: &str) -> Result<Option<Zeroizing<Vec<u8>>>, ReadError> {
        self.step(Step::Read, file).await?;
        Ok(self.see().disk.read(file).map(|bytes| Zeroizing::new(bytes.to_vec())))
    }

    async fn draft(&self, _: u64) -> io::Result<Box<dyn Draft>> {
        self.step(Step::Draft, "").await?;
        let file = self.see().disk.make();
        Ok(Box::new(VirtualDraft { process: self.clone(), file }))
    }

    async fn sync_names(&self) -> io::Result<()> {
        self.step(Step::SyncNames, "").await?;
        self.see().disk.sync_names();
        Ok(())
    }

    async fn remove(&self, file: &str) -> io::Result<()> {
        self.step(Step::Remove, file).await?;
        self.see().remove(self.pid, file);
        Ok(())
    }

    async fn set_aside(&self, file: &str) -> io::Result<()> {
        self.step(Step::SetAside, file).await?;
        let mut universe = self.see();
        let aside = format!("{file}.{}.unreadable", universe.steps);
        universe.disk.rename(file, &aside);
        Ok(())
    }

    async fn try_lock(&self, file: &str) -> io::Result<Option<Box<dyn Lock>>> {
        self.step(Step::Lock, file).await?;
        let mut universe = self.see();
        let held = match universe.locks {
            Locks::Reliable => universe.disk.lock(file),
            Locks::Unavailable => return Err(io::ErrorKind::Unsupported.into()),
            Locks::Lying => return Ok(Some(Box::new(NoLock))),
        };
        let lock =
            held.map(|held| VirtualLock { process: self.clone(), file: file.to_owned(), held });
        Ok(lock.map(|lock| Box::new(lock) as Box<dyn Lock>))
    }
}

struct VirtualDraft {
    process: Process,
    file: File,
}

#[async_trait]
impl Draft for VirtualDraft {
    async fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.process.step(Step::Write, "").await?;
        self.process.see().disk.write(self.file, content);
        Ok(())
    }

    async fn sync(&mut self) -> io::Result<()> {
        self.process.step(Step::Sync, "").await?;
        self.process.see().disk.sync(self.file);
        Ok(())
    }

    async fn publish(self: Box<Self>, file: &str) -> io::Result<()> {
        let outcome = self.process.step(Step::Publish, file).await;
        if outcome.is_ok() || self.process.is_taken_all_the_same() {
            self.process.see().publish(self.process.pid, file, self.file);
        }
        outcome
    }
}

/// A lock that is released when it is dropped, and so when its process ends.
struct VirtualLock {
    process: Process,
    file: String,
    held: Held,
}

impl Lock for VirtualLock {}

impl Drop for VirtualLock {
    fn drop(&mut self) {
        self.process.see().disk.unlock(&self.file, self.held);
    }
}

struct NoLock;

impl Lock for NoLock {}
