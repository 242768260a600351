//! What a run of the worker leaves for the front, and what it clears away.

use std::ffi::OsStr;

use api_key_helper_core::config::FormatName;
use api_key_helper_core::engine::replace;
use api_key_helper_core::{Plan, PlanInputs, StateFolder};

use super::{Session, now};
use crate::cli::Call as CommandLine;
use crate::configured::Files;
use crate::environment::Environment;

impl Session {
    /// Compiles the profile for the front, which knows no format but the plain one.
    pub(crate) async fn write_plan(&self) {
        if !self.has_state || self.profile.format.name != FormatName::Raw {
            return;
        }
        let plan = Plan {
            policy: self.profile.policy,
            hold: self.profile.hold,
            watches_rejection: self.watches_rejection(),
            seal: self.homes.setting(),
            sources: self.sources.iter().map(|source| source.planned.clone()).collect(),
        };
        // Reading first leaves a plan that stands alone: writing costs two waits for the disk.
        let stands = self.folder.read(&self.plan_file).is_ok_and(|found| {
            found.and_then(|bytes| Plan::decode(&bytes)).is_some_and(|found| found == plan)
        });
        if stands {
            return;
        }
        // Without it the next call only takes longer. Where nothing can be written, that is said of
        // the key.
        let _ = replace(&self.folder, &self.plan_file, &plan.encode()).await;
        self.sweep();
    }

    /// Removes what nobody has used for a long time.
    pub(crate) fn sweep(&self) {
        let stems: Vec<String> =
            self.all_sources().iter().map(|source| source.planned.id.stem()).collect();
        let keep = |file: &str| stems.iter().any(|stem| file.starts_with(stem));
        // Old files are no reason to fail, or to say anything.
        let _ = self.folder.sweep(now(&self.clock), keep);
        if let Some(runtime) = &self.places.runtime {
            let _ = StateFolder::new(runtime.clone()).sweep(now(&self.clock), keep);
        }
    }
}

/// The name of the plan's file: of what decides the call's answer.
pub(super) fn file(call: &CommandLine, environment: &Environment, files: &Files) -> String {
    let inputs = PlanInputs {
        profile: call.profile.as_deref().map(OsStr::new),
        files: [&files.system, &files.user]
            .map(|file| file.as_ref().map(|file| (file.path.as_path(), file.bytes.as_slice()))),
        variables: &environment.deciding(),
    };
    inputs.file()
}
