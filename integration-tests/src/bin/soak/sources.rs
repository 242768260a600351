//! The sources, their faults, and the keys that they have issued.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use integration_tests::call::Call;
use integration_tests::home::Home;
use integration_tests::install;
use integration_tests::servers::admin::text;
use integration_tests::servers::faulty_network::Condition;
use integration_tests::servers::oidc_provider::Settings;
use integration_tests::servers::token_endpoint::{self, FEDERATION};
use integration_tests::servers::{FaultyNetwork, Moto, OidcProvider, OpenBao, TokenEndpoint};
use integration_tests::sign_in::sign_in;
use serde_json::json;

use crate::callers::clock;
use crate::ledger::{Ledger, Printed};

/// One source of each backend, with a profile of the same name.
pub(crate) struct Sources {
    pub(crate) home: Home,
    bao: OpenBao,
    moto: Moto,
    provider: OidcProvider,
    endpoint: TokenEndpoint,
    networks: BTreeMap<&'static str, FaultyNetwork>,
    ledgers: BTreeMap<&'static str, Ledger>,
    /// The moment at which each token was first printed, which limits its age.
    tokens: Mutex<BTreeMap<String, Instant>>,
}

/// The names of the sources.
pub(crate) const NAMES: [&str; 5] = ["script", "vault", "aws", "oidc", "exchange"];
/// The sources that make a new key for each request.
const MAKERS: [&str; 2] = ["oidc", "exchange"];

/// The longest time for which a replaced key is printed: `ttl`, `stale_if_error`, and the time of a
/// call.
const KEPT: Duration = Duration::from_secs(2 + 10 + 10);
/// The lifetime of a key of the script, of the provider and of the token endpoint.
const LIFE: Duration = Duration::from_secs(8);

const POLICY: &str = "ttl = \"2s\"\nstale_while_revalidate = \"1s\"\nstale_if_error = \"10s\"\n\
                      deadline = \"5s\"\ntimeout = \"3s\"\nretries = 2";

/// It fails in three of sixteen runs: by an exit code, by a signal, by a timeout.
const SCRIPT: &str = "[ ! -e \"$HOME/down\" ] || exit 75\ncase $((run % 16)) in 3) exit 75;; 7) kill -KILL $$;; 11) sleep 4;; esac\n\
                      cat \"$HOME/script.json\"";

impl Sources {
    /// Starts all sources, each with its first key.
    pub(crate) fn start() -> Self {
        let home = Home::new();
        let (bao, moto) = (OpenBao::dev(), Moto::start());
        let life = u32::try_from(LIFE.as_secs()).expect("a lifetime");
        let provider = OidcProvider::with(&Settings { access_token: life, ..Settings::default() });
        let settings = token_endpoint::Settings { life, ..Default::default() };
        let endpoint = TokenEndpoint::with(&settings);
        let networks = BTreeMap::from([
            ("vault", FaultyNetwork::before(bao.address(), 1, true)),
            ("aws", FaultyNetwork::before(moto.address(), 2, true)),
            // A lost response may have rotated the refresh token, which requires a login.
            ("oidc", FaultyNetwork::before(provider.issuer(), 3, false)),
            // A lost response costs one subject token, and the issuer has others.
            ("exchange", FaultyNetwork::before(endpoint.address(), 4, true)),
        ]);
        let (role, secret_id) = approle(&bao);
        moto.secret("soak", &json!({ "SecretString": "sk-soak-aws-before" }));
        let _ = install::debian("curl", &["curl"]);
        home.make_dumpable();
        let script = home.script("main", SCRIPT);
        let issuer = home.script("issuer", &endpoint.mint());
        let secret_id = home.write("secret-id", secret_id);
        let sources = [
            format!("command = [\"{}\"]", script.display()),
            format!(
                "address = \"{}\"\npath = \"soak\"\nauth = {{ method = \"approle\", \
                 role_id = \"{role}\", secret_id = {{ file = \"{}\" }} }}",
                networks["vault"].address(),
                secret_id.display()
            ),
            "secret_id = \"soak\"".to_owned(),
            format!(
                "issuer = \"{}\"\nclient_id = \"helper\"\ntoken_endpoint = \"{}/token\"",
                provider.issuer(),
                networks["oidc"].address()
            ),
            format!(
                "token_endpoint = \"{}/v1/oauth/token\"\ntoken = {{ source = \"issuer\" }}\n\
                 {FEDERATION}\n[source.issuer]\nbackend = \"script\"\ncommand = [\"{}\"]",
                networks["exchange"].address(),
                issuer.display()
            ),
        ];
        let tables = NAMES.iter().zip(&sources).map(|(name, source)| {
            format!(
                "[profile.{name}]\nsources = [\"{name}\"]\n{POLICY}\n\n\
                 [source.{name}]\nbackend = \"{name}\"\n{source}\n\n"
            )
        });
        let head = "default_profile = \"script\"\n\n".to_owned();
        home.configure(&tables.fold(head, |text, table| text + &table));
        let ledgers = NAMES.map(|name| (name, Ledger::default())).into();
        let tokens = Mutex::default();
        let sources = Self { home, bao, moto, provider, endpoint, networks, ledgers, tokens };
        sign_in(&sources.call("oidc", &["login"]), &sources.provider);
        sources.rotate(0);
        sources.set(Condition::Faulty);
        sources
    }

    /// Sets the weather on the connections to all sources.
    pub(crate) fn set(&self, condition: Condition) {
        self.networks.values().for_each(|network| network.set(condition));
        let down = self.home.path().join("down");
        match condition {
            Condition::Down => drop(self.home.write("down", "")),
            // The file may not exist.
            _ => drop(fs::remove_file(down)),
        }
    }

    /// Returns a call that requests the key of a profile.
    pub(crate) fn call(&self, profile: &str, arguments: &[&str]) -> Call {
        let call = self.home.call(["--profile", profile]).args(arguments.iter().copied());
        call.env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", self.networks["aws"].address())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAMADEUP")
            .env("AWS_SECRET_ACCESS_KEY", "made-up-secret-access-key")
    }

    /// Gives each source that stores a key the key of that number.
    pub(crate) fn rotate(&self, number: usize) {
        let key = |source: &str| format!("sk-soak-{source}-{number}");
        let ends = clock() + LIFE;
        self.ledgers["script"].issue(&key("script"), Some(ends), || {
            let seconds = ends.duration_since(SystemTime::UNIX_EPOCH).expect("a time").as_secs();
            let document = json!({ "key": key("script"), "expires_at": seconds });
            let draft = self.home.write("script.draft", document.to_string());
            fs::rename(draft, self.home.path().join("script.json")).expect("a key's file");
        });
        self.ledgers["vault"].issue(&key("vault"), None, || {
            self.bao.write("secret/data/soak", &json!({ "data": { "api_key": key("vault") } }));
        });
        self.ledgers["aws"].issue(&key("aws"), None, || {
            let version = json!({ "SecretId": "soak", "SecretString": key("aws") });
            self.moto.secrets_manager("PutSecretValue", &version);
        });
    }

    /// Checks that a key was allowed to be printed.
    ///
    /// # Errors
    /// The violation.
    pub(crate) fn check(&self, profile: &'static str, printed: Printed<'_>) -> Result<(), String> {
        if !MAKERS.contains(&profile) {
            return self.ledgers[profile].check(printed, KEPT);
        }
        let first = {
            let mut tokens = self.tokens.lock().expect("the tokens");
            *tokens.entry(printed.key.to_owned()).or_insert(printed.ended)
        };
        let age = printed.called.saturating_duration_since(first);
        if age > LIFE {
            return Err(format!("a token past its end: it was printed {age:?} ago already"));
        }
        Ok(())
    }

    /// Returns the number of keys that a source has issued.
    pub(crate) fn issued(&self, profile: &str) -> usize {
        match profile {
            "oidc" => self.provider.granted("refresh_token") + 1,
            "exchange" => self.endpoint.statuses().iter().filter(|status| **status == 200).count(),
            _ => self.ledgers[profile].len(),
        }
    }

    /// Returns the number of requests to a source that were disturbed.
    pub(crate) fn disturbed(&self, profile: &str) -> usize {
        self.networks.get(profile).map_or(0, FaultyNetwork::disturbed)
    }

    /// Returns the tokens that were used twice; the servers reject a second use.
    pub(crate) fn spent_twice(&self) -> Vec<String> {
        let is_refused = |status: &&u64| **status == 401;
        let refusals = self.endpoint.statuses().iter().filter(is_refused).count();
        [("a refresh token", self.provider.revocations()), ("a token of the issuer", refusals)]
            .into_iter()
            .filter(|(_, times)| *times > 0)
            .map(|(what, times)| format!("{what} was spent twice, {times} times"))
            .collect()
    }
}

/// Returns an `AppRole` that may read the key: its role-id and a secret-id. Its tokens can be
/// renewed many times.
fn approle(bao: &OpenBao) -> (String, String) {
    bao.policy("reader", &[("secret/data/soak", "read")]);
    bao.enable_auth("approle", "approle");
    let settings = json!({ "token_ttl": "20s", "token_max_ttl": "2m", "token_policies": "reader" });
    bao.write("auth/approle/role/ci", &settings);
    let role = text(&bao.read("auth/approle/role/ci/role-id"), "/data/role_id");
    let secret_id = bao.write("auth/approle/role/ci/secret-id", &json!({}));
    (role, text(&secret_id, "/data/secret_id"))
}
