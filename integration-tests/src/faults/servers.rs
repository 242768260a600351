//! Scenarios with servers: Vault (OpenBao), AWS (moto), and a token endpoint.

use std::fs;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;

use super::outcome::DEADLINE;
use super::{Fixture, Scenario, Snapshot};
use crate::call::Call;
use crate::home::Home;
use crate::install;
use crate::servers::admin::text;
use crate::servers::token_endpoint::FEDERATION;
use crate::servers::{Moto, OpenBao, TokenEndpoint};

/// All scenarios.
pub const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "vault: login and read", fixture: || ServerFixture::boxed(vault(), None) },
    Scenario {
        name: "vault: read with a kept token",
        fixture: || ServerFixture::boxed(vault(), Some(LATER)),
    },
    Scenario { name: "aws: read", fixture: || ServerFixture::boxed(aws(), None) },
    Scenario { name: "exchange: trade", fixture: || ServerFixture::boxed(exchange(), None) },
];

/// Longer than a profile's `ttl` and `stale_while_revalidate`.
const LATER: Duration = Duration::from_secs(2 * 60 * 60);

/// The only key of the servers that store one.
const KEY: &str = "sk-made-up-5b1c77f09e2d4a36";

/// A user of a server, with the variables of the AWS SDK.
struct ServerFixture {
    home: Home,
    beginning: Snapshot,
    is_key: fn(&str) -> bool,
    variables: Vec<(&'static str, String)>,
    secrets: Vec<String>,
}

/// The access of a source to a server.
struct Access {
    /// The table of the source.
    source: String,
    /// The file in that table, with its content.
    file: Option<(&'static str, String)>,
    /// Returns whether a text is a key of the server, and not expired.
    is_key: fn(&str) -> bool,
    variables: Vec<(&'static str, String)>,
}

impl ServerFixture {
    /// Makes a stage with a key of that age, or without any key.
    fn boxed(access: Access, age: Option<Duration>) -> Box<dyn Fixture> {
        let home = Home::new();
        let Access { mut source, file, is_key, variables } = access;
        let mut secrets = vec![KEY.to_owned()];
        if let Some((name, content)) = file {
            let file = home.write(name, &content);
            source = source.replace("FILE", &file.display().to_string());
            secrets.push(content);
        }
        home.configure(&format!(
            "[profile.main]\nsources = [\"main\"]\nretries = 0\n{DEADLINE}\n\n\
             [source.main]\n{source}\n"
        ));
        let beginning = Snapshot::of(home.path());
        let mut fixture = Self { home, beginning, is_key, variables, secrets };
        fixture.check_key();
        match age {
            Some(age) => fixture.home.state().age("main", age),
            None => fs::remove_dir_all(fixture.home.path().join(".local")).expect("its files"),
        }
        fixture.beginning = Snapshot::of(fixture.home.path());
        Box::new(fixture)
    }

    #[track_caller]
    fn check_key(&self) {
        let key = self.call().run().key();
        assert!(self.is_key(&key), "no key of the server: {key}");
    }
}

impl Fixture for ServerFixture {
    fn set(&self) {
        self.beginning.restore();
    }

    fn call(&self) -> Call {
        let helper = self.home.helper();
        self.variables.iter().fold(helper, |call, (name, value)| call.env(name, value))
    }

    fn home(&self) -> &Home {
        &self.home
    }

    fn prints(&self) -> bool {
        true
    }

    fn is_key(&self, text: &str) -> bool {
        (self.is_key)(text)
    }

    fn secrets(&self) -> Vec<String> {
        self.secrets.clone()
    }

    fn check_next(&self) {
        self.home.state().end_pauses();
        self.check_key();
        let fetched = self.home.state().log().len();
        self.check_key();
        assert_eq!(self.home.state().log().len(), fetched, "the key that was fetched was not kept");
    }
}

/// Access by an `AppRole`, which logs in for each new token.
fn vault() -> Access {
    static SERVER: OnceLock<(OpenBao, String)> = OnceLock::new();
    let (bao, role) = SERVER.get_or_init(|| {
        let bao = OpenBao::dev();
        bao.write("secret/data/main", &json!({ "data": { "api_key": KEY } }));
        bao.policy("reader", &[("secret/data/main", "read")]);
        bao.enable_auth("approle", "approle");
        let settings = json!({ "token_ttl": "1h", "token_policies": "reader" });
        bao.write("auth/approle/role/ci", &settings);
        let role = text(&bao.read("auth/approle/role/ci/role-id"), "/data/role_id");
        (bao, role)
    });
    let answer = bao.write("auth/approle/role/ci/secret-id", &json!({}));
    let source = format!(
        "backend = \"vault\"\naddress = \"{}\"\npath = \"main\"\n\
         auth = {{ method = \"approle\", role_id = \"{role}\", secret_id = {{ file = \"FILE\" }} }}",
        bao.address()
    );
    let file = Some(("secret-id", text(&answer, "/data/secret_id")));
    Access { source, file, is_key: |text| text == KEY, variables: Vec::new() }
}

/// Access by long-lived keys in the environment.
fn aws() -> Access {
    static SERVER: OnceLock<Moto> = OnceLock::new();
    let moto = SERVER.get_or_init(|| {
        let moto = Moto::start();
        moto.secret("main", &json!({ "SecretString": KEY }));
        moto
    });
    let variables = [
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL", moto.address()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAMADEUP"),
        ("AWS_SECRET_ACCESS_KEY", "made-up-secret-access-key"),
    ];
    let variables = variables.map(|(name, value)| (name, value.to_owned())).to_vec();
    let source = "backend = \"aws\"\nsecret_id = \"main\"".to_owned();
    Access { source, file: None, is_key: |text| text == KEY, variables }
}

/// Access with a new subject token for each attempt: the endpoint accepts each once.
fn exchange() -> Access {
    let _ = install::debian("curl", &["curl"]);
    let source = format!(
        "backend = \"exchange\"\ntoken_endpoint = \"{}\"\n{FEDERATION}\
         token = {{ command = [\"/bin/sh\", \"FILE\"] }}",
        endpoint().federation()
    );
    let file = Some(("mint", endpoint().mint()));
    Access { source, file, is_key: |text| endpoint().is_active(text), variables: Vec::new() }
}

fn endpoint() -> &'static TokenEndpoint {
    static SERVER: OnceLock<TokenEndpoint> = OnceLock::new();
    SERVER.get_or_init(TokenEndpoint::new)
}
