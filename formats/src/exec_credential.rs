//! The `exec-credential` format: a plugin of Kubernetes clients (`client.authentication.k8s.io`).

use api_key_helper_backend::text::rfc3339;
use api_key_helper_values::Error;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Destination, IssuedKey, Variable, json};

/// The variable in which the client describes its request.
const INFO: &str = "KUBERNETES_EXEC_INFO";
/// All versions that a client can request. Their differences do not matter here.
pub(crate) const VERSIONS: [&str; 2] =
    ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

/// A client's request.
#[derive(Debug, PartialEq, Eq)]
pub struct ExecInfo {
    version: &'static str,
    /// The server of the cluster, present if the kubeconfig sets `provideClusterInfo`.
    pub(crate) destination: Destination,
}

impl ExecInfo {
    pub(super) fn read(variable: Variable<'_>) -> Result<Self, Error> {
        let Some(text) = variable(INFO).filter(|text| !text.is_empty()) else {
            return Ok(Self { version: VERSIONS[0], destination: Destination::Unsaid });
        };
        Self::parse(text.as_encoded_bytes())
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self, Error> {
        let written: RawExecInfo = serde_json::from_slice(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Error::misconfigured(format!(
                "the variable `{INFO}` is not an ExecCredential: see line {line}, column {column}"
            ))
            .with_hint("let a Kubernetes client start this program, or unset the variable")
        })?;
        let version = VERSIONS.into_iter().find(|version| *version == written.api_version);
        let version = version.ok_or_else(|| {
            Error::misconfigured(
                "the Kubernetes client requests an unsupported version of ExecCredential",
            )
            .with_hint(format!("set `apiVersion: {}` in the `exec` of the kubeconfig", VERSIONS[0]))
        })?;
        let cluster = written.spec.cluster;
        let destination =
            cluster.map_or(Destination::Unsaid, |cluster| Destination::of(&cluster.server));
        Ok(Self { version, destination })
    }

    /// Returns the key as a token. The client asks again at `expirationTimestamp`, without a margin
    /// of its own.
    pub(super) fn answer(&self, given: &IssuedKey<'_>) -> Zeroizing<String> {
        json::line(&Answer {
            api_version: self.version,
            kind: "ExecCredential",
            status: Status {
                expiration_timestamp: rfc3339(given.ask_again_at),
                token: given.key.expose(),
            },
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawExecInfo {
    api_version: String,
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
struct Spec {
    cluster: Option<Cluster>,
}

#[derive(Deserialize)]
struct Cluster {
    server: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    api_version: &'static str,
    kind: &'static str,
    status: Status<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    expiration_timestamp: String,
    token: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::given;

    #[test]
    fn exec_credential_answers_in_the_requested_api_version() {
        for version in VERSIONS {
            let info =
                format!(r#"{{"apiVersion":"{version}","kind":"ExecCredential","spec":{{}}}}"#);
            let written = ExecInfo::parse(info.as_bytes()).unwrap().answer(&given("k1", None));
            let expected = format!(
                "{{\"apiVersion\":\"{version}\",\"kind\":\"ExecCredential\",\"status\":\
                 {{\"expirationTimestamp\":\"2033-05-18T03:23:20Z\",\"token\":\"k1\"}}}}\n"
            );
            assert_eq!(*written, expected);
        }
    }

    #[test]
    fn exec_credential_reads_the_clusters_server() {
        let info = br#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
            "spec":{"interactive":false,"cluster":{"server":"https://k8s.example:6443/x"}}}"#;
        let destination = ExecInfo::parse(info).unwrap().destination;
        assert_eq!(destination, Destination::of("https://k8s.example:6443"));
    }

    #[test]
    fn exec_credential_of_an_unsupported_version_gives_a_hint() {
        let old = br#"{"apiVersion":"client.authentication.k8s.io/v1alpha1","spec":{}}"#;
        let error = ExecInfo::parse(old).unwrap_err();
        assert!(error.hint().unwrap().to_string().contains("k8s.io/v1`"), "{error:?}");
        for text in [&b"{"[..], b"null", b"{}", b"\xff"] {
            assert!(ExecInfo::parse(text).unwrap_err().message().contains(INFO));
        }
    }
}
