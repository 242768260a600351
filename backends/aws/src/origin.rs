//! Where AWS credentials come from, as far as a person can do something about it.

use std::fmt;

use aws_config::profile::{Profile, ProfileSet};

use crate::environment::{
    ACCESS_KEY_ID, CONTAINER_FULL, CONTAINER_RELATIVE, Environment, TOKEN_FILE,
};
use crate::role::{Role, SESSION_NAME};

/// The first place of the SDK's chain that has something to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Container,
    Environment,
    /// The machine itself; or nothing at all.
    Machine,
    /// The same, where `AWS_PROFILE` names a profile that is not there.
    NoProfile {
        name: String,
    },
    Profile {
        name: String,
        means: Means,
    },
    TokenFile,
    /// The source's own `web_identity`.
    WebIdentity,
}

/// How a profile of the shared files has credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// `credential_source`: those of the machine, the container or the environment.
    Elsewhere,
    Keys,
    Login,
    Process,
    Sso,
    TokenFile,
}

impl Origin {
    /// As the SDK's chain will find it.
    pub(crate) fn find(environment: &Environment, profiles: &ProfileSet, has_web: bool) -> Self {
        let has = |name| environment.get(name).is_some();
        if has_web {
            Self::WebIdentity
        } else if has(ACCESS_KEY_ID) {
            Self::Environment
        } else if let Some((name, means)) = means(profiles) {
            Self::Profile { name, means }
        } else if has(TOKEN_FILE) {
            Self::TokenFile
        } else if has(CONTAINER_FULL) || has(CONTAINER_RELATIVE) {
            Self::Container
        } else {
            let name = profiles.selected_profile();
            let is_there = name == "default" || profiles.get_profile(name).is_some();
            if is_there { Self::Machine } else { Self::NoProfile { name: name.to_owned() } }
        }
    }

    /// Whether a profile may say that the machine has them.
    pub(crate) fn names_machine(&self) -> bool {
        matches!(self, Self::Profile { means: Means::Elsewhere, .. })
    }

    /// What to do when the credentials have ended, or are not there.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::Container => "look at what `AWS_CONTAINER_CREDENTIALS_FULL_URI` or \
                `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` names"
                .to_owned(),
            Self::Environment => "put new ones into `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` \
                and `AWS_SESSION_TOKEN`"
                .to_owned(),
            Self::Machine => {
                "run `aws configure sso` and name its profile in `aws_profile`, or give \
                this machine a role"
                    .to_owned()
            }
            Self::NoProfile { .. } => {
                "see the profiles that there are: `aws configure list-profiles`".to_owned()
            }
            Self::Profile { name, means } => match means {
                Means::Elsewhere => {
                    format!("look at `credential_source` of profile `{name}` in the shared files")
                }
                Means::Keys => format!("run `aws configure --profile {name}`"),
                Means::Login => format!(
                    "use a profile with `credential_process = aws configure export-credentials \
                     --profile {name}`"
                ),
                Means::Process => format!("run `aws sts get-caller-identity --profile {name}`"),
                Means::Sso => format!("run `aws sso login --profile {name}`"),
                Means::TokenFile => {
                    format!(
                        "renew the file that `web_identity_token_file` of profile `{name}` names"
                    )
                }
            },
            Self::TokenFile => format!("renew the file that `{TOKEN_FILE}` names"),
            Self::WebIdentity => "renew what `web_identity.token` of the source names".to_owned(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container => f.write_str("this container"),
            Self::Environment => f.write_str("the environment"),
            Self::Machine => f.write_str("this machine"),
            Self::NoProfile { name } => write!(f, "profile `{name}`, which is not there"),
            Self::Profile { name, .. } => write!(f, "profile `{name}`"),
            Self::TokenFile => write!(f, "`{TOKEN_FILE}`"),
            Self::WebIdentity => f.write_str("`web_identity`"),
        }
    }
}

/// The profile that credentials begin with, where roles are followed to who assumes them.
fn means(profiles: &ProfileSet) -> Option<(String, Means)> {
    let Chain { base, ends_at_keys, .. } = Chain::find(profiles)?;
    let has = |key: &str| base.get(key).is_some();
    let means = match () {
        () if ends_at_keys => Means::Keys,
        () if has("credential_source") => Means::Elsewhere,
        () if has("web_identity_token_file") => Means::TokenFile,
        () if has("sso_session") || has("sso_start_url") => Means::Sso,
        () if has("login_session") => Means::Login,
        () if has("credential_process") => Means::Process,
        () if has("aws_access_key_id") => Means::Keys,
        () => return None,
    };
    Some((base.name().to_owned(), means))
}

/// The roles that the selected profile assumes, each by the one after it.
pub(crate) fn roles(profiles: &ProfileSet) -> Vec<Role> {
    let role = |profile: &Profile| {
        let said = |key: &str| profile.get(key).map(str::to_owned);
        Some(Role {
            arn: said("role_arn")?,
            duration: None,
            external_id: said("external_id"),
            session_name: said("role_session_name").unwrap_or_else(|| SESSION_NAME.to_owned()),
        })
    };
    Chain::find(profiles).into_iter().flat_map(|chain| chain.roles).filter_map(role).collect()
}

/// The profiles from the selected one to the one that has credentials.
struct Chain<'a> {
    /// Those that assume a role.
    roles: Vec<&'a Profile>,
    base: &'a Profile,
    ends_at_keys: bool,
}

impl<'a> Chain<'a> {
    /// Follows `source_profile` as far as the SDK does (`resolve_chain` in aws-config's
    /// `profile/credentials/repr.rs`). `None` where it leads nowhere, or around.
    fn find(profiles: &'a ProfileSet) -> Option<Self> {
        let mut roles: Vec<&Profile> = Vec::new();
        let mut name = profiles.selected_profile();
        loop {
            let base = profiles.get_profile(name)?;
            if roles.iter().any(|earlier| earlier.name() == name) {
                return None;
            }
            // Behind the first profile, keys come before a role.
            if !roles.is_empty() && has_keys(base) {
                return Some(Self { roles, base, ends_at_keys: true });
            }
            let is_role = assumes_role(base);
            roles.extend(is_role.then_some(base));
            match base.get("source_profile").filter(|_| is_role) {
                // It has the credentials itself.
                Some(next) if next != name => name = next,
                _ => return Some(Self { roles, base, ends_at_keys: false }),
            }
        }
    }
}

fn has_keys(profile: &Profile) -> bool {
    ["aws_access_key_id", "aws_secret_access_key"].iter().all(|key| profile.get(key).is_some())
}

/// Returns whether `role_arn` is a role that credentials from elsewhere assume. Beside a token file
/// it is the token's own.
fn assumes_role(profile: &Profile) -> bool {
    profile.get("role_arn").is_some() && profile.get("web_identity_token_file").is_none()
}

#[cfg(test)]
mod tests {
    use aws_config::profile;
    use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};

    use super::*;
    use crate::files;

    async fn profiles(config: &str) -> ProfileSet {
        let kind = EnvConfigFileKind::Config;
        let files = EnvConfigFiles::builder().with_contents(kind, config).build();
        let (fs, env) = (files::only([]), Environment::default().env());
        profile::load(&fs, &env, &files, Some("top".into())).await.unwrap()
    }

    async fn found(config: &str) -> (Origin, Vec<String>) {
        let top = "[profile top]\nrole_arn = top-role\nsource_profile = base\n[profile base]\n";
        let profiles = profiles(&format!("{top}{config}")).await;
        let origin = Origin::find(&Environment::default(), &profiles, false);
        (origin, roles(&profiles).into_iter().map(|role| role.arn).collect())
    }

    fn profile(name: &str, means: Means) -> Origin {
        Origin::Profile { name: name.to_owned(), means }
    }

    #[tokio::test]
    async fn aws_source_profile_chain_ends_where_the_sdk_ends_it() {
        let next = "role_arn = base-role\nsource_profile = last\n";
        let last = "[profile last]\ncredential_process = x\n";
        let keys = "aws_access_key_id = A\naws_secret_access_key = s\n";
        for (base, origin, expected) in [
            (
                format!("{next}{last}"),
                profile("last", Means::Process),
                &["top-role", "base-role"][..],
            ),
            (format!("{next}{keys}{last}"), profile("base", Means::Keys), &["top-role"]),
            (
                format!("{keys}credential_process = x\n"),
                profile("base", Means::Keys),
                &["top-role"],
            ),
            (
                format!("{next}aws_access_key_id = A\n{last}"),
                profile("last", Means::Process),
                &["top-role", "base-role"],
            ),
            (
                format!("{next}web_identity_token_file = /t\n{last}"),
                profile("base", Means::TokenFile),
                &["top-role"],
            ),
        ] {
            let (found, roles) = found(&base).await;
            assert_eq!(found, origin, "{base}");
            assert_eq!(roles, expected, "{base}");
        }
    }

    #[tokio::test]
    async fn aws_profile_with_keys_and_role_follows_source_profile() {
        let config = "[profile top]\nrole_arn = r\nsource_profile = base\naws_access_key_id = A\n\
                      aws_secret_access_key = s\n[profile base]\ncredential_process = x\n";
        let profiles = profiles(config).await;
        let origin = Origin::find(&Environment::default(), &profiles, false);
        assert_eq!(origin, profile("base", Means::Process));
    }
}
