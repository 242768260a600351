//! Checks Claude Code's settings as they are in this folder, and runs the helper.

use std::path::PathBuf;
use std::time::Duration;

use api_key_helper_clients::claude_code::TTL_VARIABLE;
use api_key_helper_system::HOME_VARIABLE;
use api_key_helper_values::Error;

use super::client_environment::ClientEnvironment;
use super::line::Facts;
use super::programs::Programs;
use super::rehearsal;
use super::show::Sheet;
use super::sources::SourceTrial;
use super::ttl::Ttl;
use crate::environment::Environment;
use crate::session::Session;

/// The context of these checks.
pub(super) struct Client<'a> {
    pub(super) environment: &'a Environment,
    pub(super) programs: &'a Programs,
    /// Set if programs named by the folder's settings may be run.
    pub(super) trusts_folder: bool,
}

impl Client<'_> {
    /// Checks the settings, the helper's line, its TTL, and a run of it.
    pub(super) async fn examine(
        &self,
        session: Option<&Session>,
        asked: &[SourceTrial],
        sheet: &mut Sheet,
    ) -> Result<(), Error> {
        let variable = |name: &str| self.environment.variable(name);
        let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let told = ClientEnvironment::read(&folder, &variable);
        sheet.add(told.check())?;
        let Some((_, helper)) = told.helper() else { return Ok(()) };
        let home = variable(HOME_VARIABLE).and_then(|home| PathBuf::from(home).canonicalize().ok());
        let default_profile = session.and_then(|s| s.configuration.default_profile().ok());
        let facts = Facts {
            text: &helper.value,
            folder: &folder,
            home: home.as_deref(),
            programs: self.programs,
            profile: session.map(|session| session.profile.name.as_str()),
            default_profile,
        };
        let line = facts.judge();
        sheet.add(line.findings)?;
        let set = told.variable(TTL_VARIABLE);
        let ttl = Ttl {
            set: set.as_ref().map(|set| (set.value.as_str(), set.place.as_str())),
            is_ours: line.is_ours,
            life: life(asked),
        };
        sheet.add([ttl.judge()])?;
        // Claude Code also asks first whether the folder is trusted.
        match told.decided_by_folder(line.is_plain) {
            Some(file) if !self.trusts_folder => sheet.add([rehearsal::refuse(&file.path)]),
            _ => {
                sheet.wait_for("running the helper");
                let env = told.env();
                sheet.add(rehearsal::rehearse(&helper.value, &env, line.is_this_program).await)
            }
        }
    }
}

/// The shortest lifetime of the fetched keys that the profile can print.
fn life(asked: &[SourceTrial]) -> Option<Duration> {
    let given = asked.iter().filter(|asked| asked.is_of_profile);
    let given = given.filter_map(|asked| asked.answer.as_ref().ok()?.validity);
    given.filter_map(|validity| Some(validity.expires_at?.since(validity.fetched_at))).min()
}
