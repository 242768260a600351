//! Identities that a place gives to what runs there.

use serde::Deserialize;

/// An identity of the place where we run: a short-lived JWT, which the place replaces by itself.
/// Here it is only named; whoever resolves secret inputs knows how each is had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ambient {
    /// The token in the file that `AWS_WEB_IDENTITY_TOKEN_FILE` names
    /// (`<https://docs.aws.amazon.com/sdkref/latest/guide/access-assume-role-web.html>`).
    AwsWebIdentity,
    /// A job's token, which GitHub Actions makes anew whenever it is asked
    /// (`<https://docs.github.com/actions/reference/security/oidc>`).
    GithubActions {
        /// Whom it is for. Without one it is for the owner of the repository, by GitHub's own rule.
        audience: Option<String>,
    },
    /// The token of a pod's service account, in the file where Kubernetes projects it by default.
    Kubernetes,
}

/// The names that a configuration has for them.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Ambient"))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Name {
    AwsWebIdentity,
    GithubActions,
    Kubernetes,
}

impl Ambient {
    /// The one of that name, with the `audience` that stands beside it.
    pub(crate) fn named(name: Name, audience: Option<String>) -> Result<Self, &'static str> {
        match (name, audience) {
            (Name::GithubActions, audience) => Ok(Self::GithubActions { audience }),
            (_, Some(_)) => Err("only `ambient = \"github-actions\"` takes an `audience`"),
            (Name::AwsWebIdentity, None) => Ok(Self::AwsWebIdentity),
            (Name::Kubernetes, None) => Ok(Self::Kubernetes),
        }
    }

    /// The environment variables that say which identity it is. What rotates is not among them
    /// (`ACTIONS_ID_TOKEN_REQUEST_TOKEN`): it would make each cached key a miss.
    #[must_use]
    pub const fn variables(&self) -> &'static [&'static str] {
        match self {
            Self::AwsWebIdentity => &["AWS_WEB_IDENTITY_TOKEN_FILE"],
            Self::GithubActions { .. } => &["ACTIONS_ID_TOKEN_REQUEST_URL"],
            Self::Kubernetes => &[],
        }
    }
}
