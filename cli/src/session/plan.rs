//! The plan for the front, and the removal of old files.

use std::ffi::OsStr;

use api_key_helper_cache::{Plan, PlanInputs, housekeeping};
use api_key_helper_core::replace;
use api_key_helper_formats::FormatName;
use api_key_helper_system::StateFolder;
use api_key_helper_values::Fingerprint;

use super::{Session, now};
use crate::cli::Call as CommandLine;
use crate::environment::Environment;
use crate::session::configured::Files;

impl Session {
    /// Awaits `asked`, a call to the engine, and compiles the profile for the front at the same
    /// time. If the state folder then has a new name in it, old files are removed: the number of
    /// environments is bounded.
    pub(crate) async fn attend<T>(&self, asked: impl Future<Output = T>) -> T {
        let asked_before = self.asked_before();
        let (outcome, is_new_plan) = tokio::join!(asked, self.write_plan());
        if is_new_plan || self.asked_before() != asked_before {
            self.sweep();
        }
        outcome
    }

    /// The number of sources asked before with these settings and in this environment. Each has its
    /// lock file.
    fn asked_before(&self) -> usize {
        let locks = self.all_sources().into_iter().map(|source| source.planned.id.lock_file());
        locks.filter(|lock| self.folder.path().join(lock).exists()).count()
    }

    /// Compiles the profile for the front, which knows only the plain format. Returns whether the
    /// plan is new.
    async fn write_plan(&self) -> bool {
        if !self.has_state || self.profile.format.name != FormatName::Raw {
            return false;
        }
        let plan = Plan {
            inputs: self.plan_inputs,
            policy: self.profile.policy,
            hold: self.profile.hold,
            watches_rejection: self.watches_rejection(),
            seal: self.homes.setting(),
            sources: self.plans.clone(),
        };
        // Read first, to leave a current plan alone: writing costs two waits for the disk.
        let file = Plan::file(&self.plan_inputs);
        let stands = self.folder.read(&file).is_ok_and(|found| {
            found.and_then(|bytes| Plan::decode(&bytes)).is_some_and(|found| found == plan)
        });
        if stands {
            return false;
        }
        // Without a plan, the next call only takes longer. A disk that cannot be written to is
        // reported for the key.
        replace(&self.folder, &file, &plan.encode()).await.is_ok()
    }

    /// Removes files that were not used for a long time.
    pub(crate) fn sweep(&self) {
        let stems: Vec<String> =
            self.all_sources().iter().map(|source| source.planned.id.stem()).collect();
        let keep = |file: &str| stems.iter().any(|stem| file.starts_with(stem));
        // A failed removal is no reason to fail or to warn.
        let _ = housekeeping::sweep(&self.folder, now(&self.clock), keep);
        if let Some(runtime) = &self.places.runtime {
            let _ = housekeeping::sweep(&StateFolder::new(runtime.clone()), now(&self.clock), keep);
        }
    }
}

/// Fingerprints everything that decides the call's answer.
pub(super) fn inputs(call: &CommandLine, environment: &Environment, files: &Files) -> Fingerprint {
    let inputs = PlanInputs {
        profile: call.profile.as_deref().map(OsStr::new),
        files: [&files.system, &files.user]
            .map(|file| file.as_ref().map(|file| (file.path.as_path(), file.bytes.as_slice()))),
        variables: &environment.deciding(),
    };
    inputs.fingerprint()
}
