//! Where AWS credentials come from, as far as a person can do something about it.

use std::fmt;

use aws_config::profile::ProfileSet;

use crate::environment::{
    ACCESS_KEY_ID, CONTAINER_FULL, CONTAINER_RELATIVE, Environment, TOKEN_FILE,
};

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
    let mut name = profiles.selected_profile().to_owned();
    // As many as there are, for they may lead around.
    for _ in profiles.profiles() {
        let profile = profiles.get_profile(&name)?;
        let has = |key: &str| profile.get(key).is_some();
        let keys = has("aws_access_key_id");
        match profile.get("source_profile") {
            Some(next) if has("role_arn") && !(next == name && keys) => name = next.to_owned(),
            _ => {
                let means = match () {
                    () if has("credential_source") => Means::Elsewhere,
                    () if has("web_identity_token_file") => Means::TokenFile,
                    () if has("sso_session") || has("sso_start_url") => Means::Sso,
                    () if has("login_session") => Means::Login,
                    () if has("credential_process") => Means::Process,
                    () if keys => Means::Keys,
                    () => return None,
                };
                return Some((name, means));
            }
        }
    }
    None
}
