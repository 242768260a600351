//! The environment variables that take part in an answer.

use std::collections::HashMap;
use std::fmt;

use api_key_helper_core::Error;
use api_key_helper_core::config::SourceTable;
use aws_types::os_shim_internal::Env;

/// All that the SDK sees of the environment, so that nothing undeclared has a part in a key.
#[derive(Clone, Default)]
pub(crate) struct Environment(HashMap<String, String>);

/// What the source itself says, for then a variable says nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) endpoint: bool,
    pub(crate) profile: bool,
    pub(crate) region: bool,
    pub(crate) web_identity: bool,
}

impl Environment {
    /// Reads, and so declares, what can change the answer.
    ///
    /// # Errors
    /// Misconfigured, where a variable says what the system's file locks.
    pub(crate) fn read(table: &SourceTable, said: Said) -> Result<Self, Error> {
        let mut found = HashMap::new();
        let fillers: [(&str, &[&str], bool); 3] = [
            ("endpoint", &ENDPOINTS, said.endpoint),
            ("region", &REGION, said.region),
            ("aws_profile", &PROFILE, said.profile),
        ];
        for (key, names, is_said) in fillers {
            for name in names.iter().filter(|_| !is_said) {
                found.extend(table.filling(key, name)?.map(|value| ((*name).to_owned(), value)));
            }
        }
        let groups: [(&[&str], bool); 3] = [
            (&ALWAYS, true),
            // A profile that the file names comes before keys in the environment.
            (&KEYS, !said.profile && !said.web_identity),
            (&SURROUNDINGS, !said.web_identity),
        ];
        let names = groups.into_iter().filter(|(_, counts)| *counts).flat_map(|(names, _)| names);
        found.extend(names.filter_map(|name| Some(((*name).to_owned(), table.variable(name)?))));
        Ok(Self(found))
    }

    /// The value of a variable that is set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// For the SDK.
    pub(crate) fn env(&self) -> Env {
        Env::from(self.0.clone())
    }

    /// For the SDK, which is not to ask the machine's metadata service.
    pub(crate) fn env_without_imds(&self) -> Env {
        let mut variables = self.0.clone();
        variables.insert(IMDS_DISABLED.to_owned(), "true".to_owned());
        Env::from(variables)
    }
}

/// Names only, for some values are secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

pub(crate) const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
pub(crate) const CA_BUNDLE: &str = "AWS_CA_BUNDLE";
pub(crate) const CONTAINER_FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
pub(crate) const CONTAINER_RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
pub(crate) const IMDS_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";
pub(crate) const IMDS_ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
pub(crate) const IMDS_MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
pub(crate) const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

const ALWAYS: [&str; 12] = [
    CA_BUNDLE,
    "AWS_CONFIG_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    // Where the shared files are.
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "USERPROFILE",
];
/// The first is for other services too, and so [always](ALWAYS) read.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"];
const REGION: [&str; 2] = ["AWS_DEFAULT_REGION", "AWS_REGION"];
const PROFILE: [&str; 1] = ["AWS_PROFILE"];
const KEYS: [&str; 3] = [ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
const SURROUNDINGS: [&str; 12] = [
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    CONTAINER_FULL,
    CONTAINER_RELATIVE,
    IMDS_DISABLED,
    IMDS_ENDPOINT,
    IMDS_MODE,
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    TOKEN_FILE,
];
