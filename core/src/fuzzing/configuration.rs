//! Configuration files.

use super::parts;
use crate::config::{ConfigFile, Configuration, Variables};
use crate::{
    CLIENT_TTL_VARIABLE, Error, ErrorKind, Plan, PlannedSource, SHOWN_LENGTH, SealSetting,
};

/// Two files and a variable are a configuration whose profiles have plans that come back as they
/// were, or an error that can be shown.
pub fn configuration(bytes: &[u8]) {
    let [ttl, system, user] = parts(bytes);
    let file = |path: &str, bytes: &[u8]| ConfigFile { path: path.into(), bytes: bytes.to_vec() };
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
                    policy: profile.policy,
                    hold: profile.hold,
                    watches_rejection: true,
                    seal: SealSetting::default(),
                    sources: sources
                        .map(|source| PlannedSource { id: source.id.clone(), variables: vec![] })
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
