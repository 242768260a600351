//! A plan: a profile compiled for the front, which parses no configuration.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::claude_code::{CLIENT_TTL_VARIABLE, is_claude_code};
use crate::{EntryId, Fingerprint, Policy, SealSetting};

/// The prefix of our own variables.
const OWN_VARIABLES: &str = "API_KEY_HELPER_";

/// A profile as the front needs it. It contains no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The fingerprint of profile and configuration, see [`PlanInputs::fingerprint`]. A plan under
    /// another name is ignored.
    pub inputs: Fingerprint,
    /// The policy for printing a key.
    pub policy: Policy,
    /// The time for which callers use a key.
    pub hold: Hold,
    /// Set if Claude Code is watched for keys that the API refuses.
    pub watches_rejection: bool,
    /// The home of the sealing key.
    pub seal: SealSetting,
    /// The profile's sources, in order of preference.
    pub sources: Vec<SourcePlan>,
}

/// A source with its settings, for any environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePlan {
    /// The source and the hash of its settings. It is an entry's identity if no variable selects
    /// one.
    pub id: EntryId,
    /// The variables that select the key's account, such as a server or a profile. Each combination
    /// of their values has its own entry.
    pub selectors: Vec<String>,
    /// Other variables that the backend reads, such as a credential.
    pub variables: Vec<String>,
}

impl SourcePlan {
    /// The source in the environment read by `variable`.
    #[must_use]
    pub fn within(self, variable: &dyn Fn(&str) -> Option<OsString>) -> PlannedSource {
        PlannedSource { id: self.id.selected(&self.selectors, variable), variables: self.variables }
    }
}

/// A source in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSource {
    /// The identity of the source's entry.
    pub id: EntryId,
    /// The variables whose values must not change while a cached key is used.
    pub variables: Vec<String>,
}

/// The time for which a caller uses a printed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The profile's own setting, for every caller.
    pub fixed: Option<Duration>,
    /// Claude Code's TTL.
    pub claude_code: Duration,
}

impl Hold {
    /// The hold of the caller whose environment `variable` reads.
    #[must_use]
    pub fn of_caller(&self, variable: impl Fn(&str) -> Option<OsString>) -> Duration {
        let of_others = || if is_claude_code(variable) { self.claude_code } else { Duration::ZERO };
        self.fixed.unwrap_or_else(of_others)
    }

    /// The earliest time after which Claude Code asks again, unless its key is refused. The
    /// profile's setting is not the client's own, so it can only shorten this.
    #[must_use]
    pub fn of_claude_code(&self) -> Duration {
        self.fixed.map_or(self.claude_code, |fixed| fixed.min(self.claude_code))
    }
}

/// Everything that decides the meaning of a profile. Equal inputs have the same plan.
#[derive(Clone, Copy, Debug)]
pub struct PlanInputs<'a> {
    /// The requested profile; `None` for the default one.
    pub profile: Option<&'a OsStr>,
    /// Paths and contents of the configuration files: the system's and the user's.
    pub files: [Option<(&'a Path, &'a [u8])>; 2],
    /// The variables that [`decides`] names.
    pub variables: &'a BTreeMap<OsString, OsString>,
}

/// Returns whether an environment variable can change the meaning of a configuration.
#[must_use]
pub fn decides(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(OWN_VARIABLES.as_bytes()) || name == CLIENT_TTL_VARIABLE.as_bytes()
}

impl PlanInputs<'_> {
    /// The fingerprint that names the plan.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut parts: Vec<&[u8]> = vec![env!("CARGO_PKG_VERSION").as_bytes()];
        // A marker in front of each present part tells an absent part from an empty one.
        match self.profile {
            Some(profile) => parts.extend([&b"+"[..], profile.as_encoded_bytes()]),
            None => parts.push(b"-"),
        }
        for file in self.files {
            match file {
                Some((path, bytes)) => {
                    parts.extend([&b"+"[..], path.as_os_str().as_encoded_bytes(), bytes]);
                }
                None => parts.push(b"-"),
            }
        }
        for (name, value) in self.variables {
            parts.extend([name.as_encoded_bytes(), value.as_encoded_bytes()]);
        }
        Fingerprint::of(parts)
    }
}

/// The version of the format, the first byte of the file.
const VERSION: u8 = 4;

impl Plan {
    /// The file name of the plan for these `inputs`.
    #[must_use]
    pub fn file(inputs: &Fingerprint) -> String {
        format!("{}.plan", inputs.short(16))
    }

    /// The content of the plan's file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Fails only for a full sink, and a vector grows.
        postcard::to_extend(self, vec![VERSION]).unwrap_or_default()
    }

    /// Decodes the content of the plan's file; `None` if it is damaged. The worker then writes
    /// another one.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&VERSION, content) = bytes.split_first()? else { return None };
        let (plan, rest) = postcard::take_from_bytes::<Self>(content).ok()?;
        rest.is_empty().then_some(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claude_code::CLIENT_TTL_DEFAULT;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn plan_changes_with_each_input() {
        let none = variables(&[]);
        let ttl = variables(&[(CLIENT_TTL_VARIABLE, "1000")]);
        let file = Some((Path::new("/c"), &b"a = 1"[..]));
        let changed = Some((Path::new("/c"), &b"a = 2"[..]));
        let moved = Some((Path::new("/d"), &b"a = 1"[..]));
        let work = OsStr::new("work");
        let inputs = [
            PlanInputs { profile: None, files: [None, file], variables: &none },
            PlanInputs { profile: None, files: [file, None], variables: &none },
            PlanInputs { profile: None, files: [None, changed], variables: &none },
            PlanInputs { profile: None, files: [None, moved], variables: &none },
            PlanInputs { profile: Some(work), files: [None, file], variables: &none },
            PlanInputs { profile: Some(OsStr::new("")), files: [None, file], variables: &none },
            PlanInputs { profile: None, files: [None, file], variables: &ttl },
        ];
        let names: std::collections::BTreeSet<String> =
            inputs.iter().map(|inputs| Plan::file(&inputs.fingerprint())).collect();
        assert_eq!(names.len(), inputs.len());
    }

    #[test]
    fn hold_applies_to_claude_codes_helper_and_not_to_its_commands() {
        const CLIENT: (&str, &str) = ("CLAUDE_CODE_ENTRYPOINT", "cli");
        const CHILD: (&str, &str) = ("CLAUDE_CODE_CHILD_SESSION", "1");
        const OUTER: (&str, &str) = ("CLAUDE_PID", "40");
        const OUTERS_SOCKET: (&str, &str) = ("CLAUDE_CODE_MESSAGING_SOCKET", "/t/40.sock");
        const INNERS_SOCKET: (&str, &str) = ("CLAUDE_CODE_MESSAGING_SOCKET", "/t/50.sock");
        const NAMELESS_SOCKET: (&str, &str) = ("CLAUDE_CODE_MESSAGING_SOCKET", "/t/claude.sock");

        let caller = |present: &'static [(&str, &str)]| {
            move |name: &str| {
                let found = present.iter().find(|(present, _)| *present == name);
                found.map(|(_, value)| OsString::from(value))
            }
        };
        let hold = Hold { fixed: None, claude_code: Duration::from_secs(300) };
        for (present, is_client) in [
            (&[][..], false),
            (&[CHILD, OUTER, INNERS_SOCKET], false),
            (&[CLIENT], true),
            (&[CLIENT, OUTERS_SOCKET], true),
            // Programs of its agent.
            (&[CLIENT, CHILD, OUTER, OUTERS_SOCKET], false),
            (&[CLIENT, CHILD, OUTER], false),
            (&[CLIENT, CHILD, OUTERS_SOCKET], false),
            (&[CLIENT, CHILD, OUTER, NAMELESS_SOCKET], false),
            (&[CLIENT, CHILD, ("CLAUDE_PID", ""), INNERS_SOCKET], false),
            // The helper of a client that its agent runs, and of an older client, which sets fewer
            // variables.
            (&[CLIENT, CHILD, OUTER, INNERS_SOCKET], true),
            (&[CLIENT, ("CLAUDECODE", "1")], true),
        ] {
            let expected = if is_client { hold.claude_code } else { Duration::ZERO };
            assert_eq!(hold.of_caller(caller(present)), expected, "{present:?}");
        }
        let fixed = Hold { fixed: Some(Duration::from_secs(5)), ..hold };
        assert_eq!(fixed.of_caller(caller(&[CLIENT])), Duration::from_secs(5));
        assert_eq!([hold, fixed].map(|hold| hold.of_claude_code().as_secs()), [300, 5]);
        let longer = Hold { fixed: Some(Duration::from_secs(3_600)), ..hold };
        assert_eq!(longer.of_claude_code(), hold.claude_code);
    }

    #[test]
    fn plan_roundtrips_through_encoding() {
        let id = EntryId { source: "a".to_owned(), fingerprint: Fingerprint::of([]) };
        let plan = Plan {
            inputs: Fingerprint::of([&b"inputs"[..]]),
            policy: Policy::default(),
            hold: Hold { fixed: None, claude_code: CLIENT_TTL_DEFAULT },
            watches_rejection: true,
            seal: SealSetting::SecretService,
            sources: vec![SourcePlan {
                id,
                selectors: vec!["A".to_owned()],
                variables: vec!["B".to_owned()],
            }],
        };
        let bytes = plan.encode();
        assert_eq!(Plan::decode(&bytes), Some(plan));
        for length in 0..bytes.len() {
            assert_eq!(Plan::decode(&bytes[..length]), None);
        }
    }
}
