//! The fuzz targets of this crate: each takes any bytes, and panics where a promise does not hold.
//! `fuzz/` runs them; a unit test replays the kept inputs.

use api_key_helper_cache::{CLIENT_TTL_VARIABLE, Plan, SealSetting, SourcePlan};
use api_key_helper_values::{Error, ErrorKind, Fingerprint, SHOWN_LENGTH};

use crate::{ConfigFile, Configuration, Variables};

/// Two files and a variable give a configuration whose plans survive encoding, or an error that can
/// be shown.
pub fn configuration(bytes: &[u8]) {
    let [ttl, system, user] = parts(bytes);
    let file = |path: &str, bytes: &[u8]| ConfigFile {
        path: path.into(),
        bytes: bytes.to_vec(),
        is_draft: false,
    };
    let ttl = String::from_utf8_lossy(ttl).into_owned();
    let variables = Variables::from([(CLIENT_TTL_VARIABLE.to_owned(), ttl)]);
    let system = (!system.is_empty()).then(|| file("/etc/api-key-helper/config.toml", system));
    let user = Some(file("/home/user/config.toml", user));
    let configuration = match Configuration::parse(system, user, variables) {
        Ok(configuration) => configuration,
        Err(error) => return shown(&error),
    };
    if let Err(error) = configuration.default_profile() {
        shown(&error);
    }
    for name in configuration.profiles() {
        match configuration.profile(&name) {
            Ok(profile) => {
                assert!((0.0..=1.0).contains(&profile.policy.ttl_jitter));
                let sources = profile.sources.iter();
                let plan = Plan {
                    inputs: Fingerprint::of([name.as_bytes()]),
                    policy: profile.policy,
                    hold: profile.hold,
                    watches_rejection: true,
                    seal: SealSetting::default(),
                    sources: sources
                        .map(|source| SourcePlan {
                            id: source.id.clone(),
                            selectors: vec![],
                            variables: vec![],
                        })
                        .collect(),
                };
                assert_eq!(Plan::decode(&plan.encode()), Some(plan));
            }
            Err(error) => shown(&error),
        }
    }
    for name in configuration.sources() {
        assert!(name.len() <= 64 && !name.contains(['/', '.']), "a name of a file: {name}");
        if let Err(error) = configuration.source_alone(&name) {
            shown(&error);
        }
    }
}

fn shown(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    assert!(error.report().chars().count() <= SHOWN_LENGTH, "{error}");
}

/// Splits `bytes` into `COUNT` parts. The byte before each part is its length; the last part is the
/// rest.
fn parts<const COUNT: usize>(mut bytes: &[u8]) -> [&[u8]; COUNT] {
    let mut parts = [&[][..]; COUNT];
    for part in &mut parts[..COUNT - 1] {
        let Some((&length, rest)) = bytes.split_first() else { return parts };
        (*part, bytes) = rest.split_at(rest.len().min(length.into()));
    }
    parts[COUNT - 1] = bytes;
    parts
}

/// The targets.
pub const TARGETS: &[Trial] = &[("configuration", configuration)];

/// The name of a target in `fuzz/`, and its function.
type Trial = (&'static str, fn(&[u8]));

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn fuzz_inputs_of_configuration_still_pass() {
        fuzz_replay::replay(TARGETS);
    }
}
