//! Keys that must be fetched, compared with `curl` for the same requests.

use std::fs;
use std::path::Path;
use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::home::Home;
use integration_tests::install;
use integration_tests::servers::admin::text;
use integration_tests::servers::moto::REGION;
use integration_tests::servers::oidc_provider::{CLIENT, Settings};
use integration_tests::servers::{Moto, OidcProvider, OpenBao};
use integration_tests::wait::until;
use serde_json::{Value, json};

use crate::Rounds;
use crate::contestant::Contestant;
use crate::programs::{self, Programs};
use crate::race::{Times, race};
use crate::table::{Table, millis, ratio};
use crate::user::{self, KEY};

/// Longer than any key is printed without a refresh.
const STALE: Duration = Duration::from_secs(4 * 3_600);

pub(crate) fn print(programs: &Programs, rounds: &Rounds) {
    if !install::is_there("curl") {
        println!("without keys that have to be fetched: there is no `curl` beside them");
        return;
    }
    let front = &programs.released;
    let title = "A key whose time is over: front and worker start, ask, save the answer and print it. \
                 `curl` sends the same request and saves nothing; the script runs by itself.";
    let columns = ["source", "median, ms", "p99, ms", "`curl`: median, ms", "median × `curl`"];
    let mut table = Table::new(title, &columns);
    let mut add = |name: &str, exchange: &Exchange| {
        let [own, curl] = &exchange.race(front, rounds.cold)[..] else { panic!("two times") };
        let (median, base) = (own.median(), curl.median());
        let figures = [millis(median), millis(own.p99()), millis(base), ratio(median, base)];
        table.row([name.to_owned()].into_iter().chain(figures));
    };
    add("script", &script());
    let bao = OpenBao::dev();
    add("Vault over HTTP", &vault(&bao, None));
    let bao = OpenBao::dev_tls();
    add("Vault over TLS", &vault(&bao, Some(&bao.ca_file())));
    add("AWS Secrets Manager over HTTP", &aws(&Moto::start()));
    let provider = OidcProvider::with(&Settings { rotate: false, ..Settings::default() });
    add("OIDC refresh over HTTP", &oidc(&provider, front));
    println!("{table}");
}

/// A source with a key, and the command that gets that key without the helper.
struct Exchange {
    source: &'static str,
    home: Home,
    variables: Vec<(&'static str, String)>,
    other: Call,
}

impl Exchange {
    fn race(&self, front: &Path, rounds: usize) -> Vec<Times> {
        let variables = self.variables.iter();
        let call = self.home.call_of(front);
        let call = variables.fold(call, |call, (name, value)| call.env(*name, value));
        assert_eq!(call.run().code, Some(0), "{:?}", call.run());
        let age = || self.home.state().age(self.source, STALE);
        let mut contestants = [
            Contestant::new(self.source, call).before(age),
            Contestant::new("what is beside it", self.other.clone()),
        ];
        race(&mut contestants, rounds)
    }
}

fn script() -> Exchange {
    let home = user::with_script();
    let other = home.call_of(&home.path().join("main"));
    Exchange { source: "main", home, variables: Vec::new(), other }
}

fn vault(bao: &OpenBao, ca_file: Option<&Path>) -> Exchange {
    const PATH: &str = "secret/data/anthropic";

    bao.write(PATH, &json!({ "data": { "api_key": KEY } }));
    bao.policy("reader", &[(PATH, "read")]);
    let token = bao.token(&json!({ "policies": ["reader"], "ttl": "1h" }));
    let home = Home::new();
    let address = bao.address();
    let mut source = format!("address = \"{address}\"\npath = \"anthropic\"\n");
    let header = format!("X-Vault-Token: {token}");
    let mut other = curl(&home).args(["--header", &header, &format!("{address}/v1/{PATH}")]);
    if let Some(file) = ca_file {
        source += &format!("ca_file = \"{}\"\n", file.display());
        other = other.arg("--cacert").arg(file);
    }
    configure(&home, "vault", &source);
    Exchange { source: "vault", home, variables: vec![("VAULT_TOKEN", token)], other }
}

fn aws(moto: &Moto) -> Exchange {
    const ID: &str = "AKIAMADEUP";
    const SECRET: &str = "made-up-secret-access-key";

    moto.secret("anthropic", &json!({ "SecretString": KEY }));
    let home = Home::new();
    configure(&home, "aws", "secret_id = \"anthropic\"\n");
    let other = curl(&home)
        .args(["--aws-sigv4", &format!("aws:amz:{REGION}:secretsmanager")])
        .args(["--user", &format!("{ID}:{SECRET}")])
        .args(["--header", "X-Amz-Target: secretsmanager.GetSecretValue"])
        .args(["--header", "Content-Type: application/x-amz-json-1.1"])
        .args(["--data", r#"{"SecretId":"anthropic"}"#, moto.address()]);
    let variables = [
        ("AWS_ACCESS_KEY_ID", ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL", moto.address()),
    ];
    let variables = variables.map(|(name, value)| (name, value.to_owned())).to_vec();
    Exchange { source: "aws", home, variables, other }
}

fn oidc(provider: &OidcProvider, front: &Path) -> Exchange {
    let home = Home::new();
    let issuer = provider.issuer();
    configure(&home, "oidc", &format!("issuer = \"{issuer}\"\nclient_id = \"{CLIENT}\"\n"));
    sign_in(provider, &home, front);
    // The call writes the plan, from which the state is read.
    assert_eq!(home.call_of(front).run().code, Some(0));
    let renewal = home.state().entry("oidc").renewal.expect("a renewal");
    let renewal: Value = serde_json::from_str(renewal.expose()).expect("JSON");
    let token = text(&renewal, "/standing/alive/refresh_token");
    let form = format!("grant_type=refresh_token&client_id={CLIENT}&refresh_token={token}");
    let other = curl(&home).args(["--data", &form, &format!("{issuer}/token")]);
    Exchange { source: "oidc", home, variables: Vec::new(), other }
}

/// Logs in without a terminal: the output goes into a file.
fn sign_in(provider: &OidcProvider, home: &Home, front: &Path) {
    let shown = home.write("shown", "");
    let shell = ["sh", "-c", "exec \"$@\" 2>\"$0\"", shown.to_str().expect("a path in UTF-8")];
    let login = home.call_of(front).arg("login").under(shell).start();
    let code = until("the user code is shown", || {
        let text = fs::read_to_string(&shown).expect("what is shown");
        let (_, rest) = text.split_once("api-key-helper: code: ")?;
        rest.split_once('\n').map(|(code, _)| code.to_owned())
    });
    provider.approve(&code);
    let answer = login.finish();
    assert_eq!(answer.code, Some(0), "{answer:?}");
}

/// Writes a configuration with one profile, whose source has the name of its backend.
pub(crate) fn configure(home: &Home, backend: &str, source: &str) {
    home.configure(&format!(
        "[profile.main]\nsources = [\"{backend}\"]\n\n\
         [source.{backend}]\nbackend = \"{backend}\"\n{source}"
    ));
}

fn curl(home: &Home) -> Call {
    home.call_of(&programs::found("curl")).args(["--silent", "--fail", "--noproxy", "*"])
}
