//! The environment variables that take part in an answer.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use api_key_helper_backend::{Error, SourceTable};
use api_key_helper_http as http;
use aws_types::os_shim_internal::Env;

/// All that the SDK sees of the environment, so that nothing undeclared has a part in a key.
#[derive(Clone, Default)]
pub(crate) struct Environment(HashMap<String, String>);

/// The settings that the source has itself: the variables for them do not count then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overrides {
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
    pub(crate) fn read(table: &SourceTable, overrides: Overrides) -> Result<Self, Error> {
        let mut found = HashMap::new();
        let fillers: [(&str, &[&str], bool); 3] = [
            ("endpoint", &ENDPOINTS, overrides.endpoint),
            ("region", &REGION, overrides.region),
            ("aws_profile", &PROFILE, overrides.profile),
        ];
        for (key, names, is_set) in fillers {
            for name in names.iter().filter(|_| !is_set) {
                found.extend(table.selecting(key, name)?.map(|value| ((*name).to_owned(), value)));
            }
        }
        let names = ACCOUNTS.iter().chain((!overrides.web_identity).then_some(&ROLE));
        found.extend(names.filter_map(|name| Some(((*name).to_owned(), table.selector(name)?))));
        let groups: [(&[&str], bool); 3] = [
            (&ALWAYS, true),
            // A profile that the file names comes before keys in the environment.
            (&KEYS, !overrides.profile && !overrides.web_identity),
            (&SURROUNDINGS, !overrides.web_identity),
        ];
        let names = groups.into_iter().filter(|(_, counts)| *counts).flat_map(|(names, _)| names);
        found.extend(names.filter_map(|name| Some(((*name).to_owned(), table.variable(name)?))));
        for name in PATHS {
            if let Some(path) = found.get_mut(name) {
                let absolute = SourceTable::path_of_variable(path).into_os_string();
                // The SDK takes texts alone.
                *path = absolute.into_string().unwrap_or_else(|_| std::mem::take(path));
            }
        }
        for name in ADDRESSES {
            if let Some(Err(why)) = found.get(name).map(|value| http::url(value)) {
                return Err(Error::misconfigured(format!("the variable `{name}`: {why}"))
                    .with_hint(format!("set `{name}` to an address such as `https://HOST`")));
            }
        }
        // The SDK takes any for the home folder.
        found.retain(|name, value| name != "HOME" || Path::new(value).is_absolute());
        Ok(Self(found))
    }

    /// The value of a variable that is set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The same environment, in which the token of a container is `token`.
    pub(crate) fn with_container_token(mut self, token: &str) -> Self {
        self.0.remove(CONTAINER_TOKEN_FILE);
        self.0.insert(CONTAINER_TOKEN.to_owned(), token.to_owned());
        self
    }

    /// `path`, in which `~` stands for the home folder. `None` where that is not known.
    pub(crate) fn expanded(&self, path: &str) -> Option<PathBuf> {
        match Path::new(path).strip_prefix("~") {
            Ok(below) => Some(self.home()?.join(below)),
            Err(_) => Some(PathBuf::from(path)),
        }
    }

    /// The home folder as AWS's own programs find it. A relative one would be below whichever
    /// folder the caller stands in, such as a checkout.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        let drive = || Some(format!("{}{}", self.get("HOMEDRIVE")?, self.get("HOMEPATH")?));
        let of_windows = || self.get("USERPROFILE").map(str::to_owned).or_else(drive);
        let home = self.get("HOME").map(str::to_owned);
        let home = home.or_else(|| if cfg!(windows) { of_windows() } else { None });
        home.map(PathBuf::from).filter(|home| home.is_absolute())
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
pub(crate) const CONFIG_FILE: &str = "AWS_CONFIG_FILE";
pub(crate) const CONTAINER_FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
pub(crate) const CONTAINER_RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
pub(crate) const CONTAINER_TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
pub(crate) const CONTAINER_TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
pub(crate) const CREDENTIALS_FILE: &str = "AWS_SHARED_CREDENTIALS_FILE";
pub(crate) const IMDS_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";
pub(crate) const IMDS_ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
pub(crate) const IMDS_MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
pub(crate) const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
pub(crate) const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
pub(crate) const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

/// The files whose profiles are accounts.
const ACCOUNTS: [&str; 2] = [CONFIG_FILE, CREDENTIALS_FILE];
const ROLE: &str = "AWS_ROLE_ARN";
const ALWAYS: [&str; 10] = [
    CA_BUNDLE,
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    // Where the shared files are.
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "USERPROFILE",
];
/// Those that are addresses.
const ADDRESSES: [&str; 7] = [
    CONTAINER_FULL,
    IMDS_ENDPOINT,
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_STS",
];
/// Those that are paths. A home folder is not among them: no file is looked for below the caller's
/// folder unasked.
const PATHS: [&str; 5] =
    [CA_BUNDLE, CONFIG_FILE, CONTAINER_TOKEN_FILE, CREDENTIALS_FILE, TOKEN_FILE];
/// The first is for other services too, and so [always](ALWAYS) read.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"];
const REGION: [&str; 2] = ["AWS_DEFAULT_REGION", "AWS_REGION"];
const PROFILE: [&str; 1] = ["AWS_PROFILE"];
const KEYS: [&str; 3] = [ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN];
const SURROUNDINGS: [&str; 11] = [
    CONTAINER_TOKEN,
    CONTAINER_TOKEN_FILE,
    CONTAINER_FULL,
    CONTAINER_RELATIVE,
    IMDS_DISABLED,
    IMDS_ENDPOINT,
    IMDS_MODE,
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ROLE_SESSION_NAME",
    TOKEN_FILE,
];

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn aws_config_tilde_is_an_absolute_home_folder_or_nothing() {
        let expanded = |home: Option<&str>, path| {
            let variables = home.map(|home| ("HOME".to_owned(), home.to_owned()));
            Environment(variables.into_iter().collect()).expanded(path)
        };
        assert_eq!(expanded(Some("/h"), "~/.aws/config"), Some("/h/.aws/config".into()));
        for home in [None, Some("h"), Some("")] {
            assert_eq!(expanded(home, "~/.aws/config"), None, "{home:?}");
            assert_eq!(expanded(home, "/a/~"), Some("/a/~".into()), "{home:?}");
        }
    }
}
