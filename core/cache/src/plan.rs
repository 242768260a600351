//! A profile compiled for the front, which parses no configuration.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::claude_code::{CLIENT_TTL_VARIABLE, is_claude_code};
use crate::{EntryId, Fingerprint, Policy, SealSetting};

/// How our own variables begin.
const OWN_VARIABLES: &str = "API_KEY_HELPER_";

/// A profile as the front needs it. It holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Which profile of which configuration it is: [`PlanInputs::fingerprint`]. A plan under
    /// another's name is none.
    pub inputs: Fingerprint,
    /// When a key may be printed.
    pub policy: Policy,
    /// How long callers go on using a key.
    pub hold: Hold,
    /// Whether Claude Code is watched for keys that the API refuses.
    pub watches_rejection: bool,
    /// Where the sealing key is.
    pub seal: SealSetting,
    /// The profile's sources, in order of preference.
    pub sources: Vec<SourcePlan>,
}

/// A source with its settings, for whatever environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePlan {
    /// The source and the hash of its settings. It is the identity of an entry where no variable
    /// selects one.
    pub id: EntryId,
    /// The environment variables that say whose key it is, such as a server or an account: each of
    /// their values has an entry of its own.
    pub selectors: Vec<String>,
    /// The other environment variables that its backend reads, such as a credential.
    pub variables: Vec<String>,
}

impl SourcePlan {
    /// The source in the environment that `variable` reads.
    #[must_use]
    pub fn within(self, variable: &dyn Fn(&str) -> Option<OsString>) -> PlannedSource {
        PlannedSource { id: self.id.selected(&self.selectors, variable), variables: self.variables }
    }
}

/// A source in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSource {
    /// Which entry is the source's.
    pub id: EntryId,
    /// The environment variables of which a cached key is only good while they have the same
    /// values.
    pub variables: Vec<String>,
}

/// How long a caller goes on using a key after it was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The profile's own setting, for every caller.
    pub fixed: Option<Duration>,
    /// Claude Code's.
    pub claude_code: Duration,
}

impl Hold {
    /// The hold of the caller in whose environment `variable` reads.
    #[must_use]
    pub fn of_caller(&self, variable: impl Fn(&str) -> Option<OsString>) -> Duration {
        let of_others = || if is_claude_code(variable) { self.claude_code } else { Duration::ZERO };
        self.fixed.unwrap_or_else(of_others)
    }

    /// How long after an answer Claude Code asks again at the earliest, unless its key is refused.
    /// The profile's setting is not the client's: it can only be more careful.
    #[must_use]
    pub fn of_claude_code(&self) -> Duration {
        self.fixed.map_or(self.claude_code, |fixed| fixed.min(self.claude_code))
    }
}

/// All that decides what a profile means: whoever has the same inputs has the same plan.
#[derive(Clone, Copy, Debug)]
pub struct PlanInputs<'a> {
    /// The profile that was asked for; `None` for the default one.
    pub profile: Option<&'a OsStr>,
    /// Paths and bytes of the configuration files, the system's and the user's.
    pub files: [Option<(&'a Path, &'a [u8])>; 2],
    /// The variables that [`decides`] names.
    pub variables: &'a BTreeMap<OsString, OsString>,
}

/// Whether an environment variable can change what a configuration means.
#[must_use]
pub fn decides(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(OWN_VARIABLES.as_bytes()) || name == CLIENT_TTL_VARIABLE.as_bytes()
}

impl PlanInputs<'_> {
    /// Which plan it is.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut parts: Vec<&[u8]> = vec![env!("CARGO_PKG_VERSION").as_bytes()];
        // An absent part differs from an empty one by a marker in front of each present one.
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
    /// The name of the file of the plan that has these `inputs`.
    #[must_use]
    pub fn file(inputs: &Fingerprint) -> String {
        format!("{}.plan", inputs.short(16))
    }

    /// The content of the plan's file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // Only a sink that is full can fail, and a vector never is.
        postcard::to_extend(self, vec![VERSION]).unwrap_or_default()
    }

    /// Reads the content of the plan's file; `None` where it is damaged, and the worker writes
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
            // What its agent runs.
            (&[CLIENT, CHILD, OUTER, OUTERS_SOCKET], false),
            (&[CLIENT, CHILD, OUTER], false),
            (&[CLIENT, CHILD, OUTERS_SOCKET], false),
            (&[CLIENT, CHILD, OUTER, NAMELESS_SOCKET], false),
            (&[CLIENT, CHILD, ("CLAUDE_PID", ""), INNERS_SOCKET], false),
            // The helper of a client that its agent runs; that of an older one, which sets less.
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
