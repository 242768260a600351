//! Other tools that read the same key from the same server, or from a cache.

use std::path::Path;

use integration_tests::call::Call;
use integration_tests::home::Home;
use integration_tests::install;
use integration_tests::servers::moto::REGION;
use integration_tests::servers::{Moto, OpenBao, openbao};
use serde_json::json;

use crate::Rounds;
use crate::contestant::Contestant;
use crate::programs::{self, Programs};
use crate::race::race;
use crate::table::{Table, millis};
use crate::user::{self, KEY};

pub(crate) fn print(programs: &Programs, rounds: &Rounds) {
    let home = user::with_script();
    let bao = OpenBao::dev();
    bao.write("secret/data/anthropic", &json!({ "data": { "api_key": KEY } }));
    let moto = Moto::start();
    moto.secret("anthropic", &json!({ "SecretString": KEY }));

    let mut contestants = vec![Contestant::new("a hit", user::hit(&home, &programs.released))];
    let mut add = |tools: &[&str], name: &str, call: &dyn Fn() -> Call| match tools
        .iter()
        .find(|tool| !install::is_there(tool))
    {
        Some(tool) => println!("without {name}: there is no `{tool}`"),
        None => contestants.push(Contestant::new(name, call()).assert_prints(KEY)),
    };
    add(&["curl", "jq"], "`curl` and `jq` from OpenBao", &|| curl_and_jq(&home, &bao));
    add(&[], "`bao kv get`", &|| bao_kv_get(&home, &bao));
    add(&["aws"], "`aws secretsmanager get-secret-value`", &|| aws(&home, &moto));
    add(&["secretspec"], "`secretspec get` from a file", &|| secretspec(&home));
    add(&["fnox"], "`fnox get` from a file", &|| fnox(&home));

    let times = race(&mut contestants, rounds.today);
    let title = "What people use today. Each asks a server on this machine, but for those that read a file.";
    let mut table = Table::new(title, &["program", "median, ms", "p99, ms"]);
    for (contestant, times) in contestants.iter().zip(&times) {
        table.row([contestant.name.clone(), millis(times.median()), millis(times.p99())]);
    }
    println!("{table}");
}

fn curl_and_jq(home: &Home, bao: &OpenBao) -> Call {
    let line = "curl -sf -H \"X-Vault-Token: $VAULT_TOKEN\" \"$0\" | jq -r .data.data.api_key";
    let url = format!("{}/v1/secret/data/anthropic", bao.address());
    let shell = home.call_of(Path::new("/bin/sh")).args(["-c", line, &url]);
    shell.env("VAULT_TOKEN", openbao::ROOT)
}

fn bao_kv_get(home: &Home, bao: &OpenBao) -> Call {
    let get = ["kv", "get", "-mount=secret", "-field=api_key", "anthropic"];
    let call = home.call_of(&OpenBao::program()).args(get);
    call.env("VAULT_ADDR", bao.address()).env("VAULT_TOKEN", openbao::ROOT)
}

fn aws(home: &Home, moto: &Moto) -> Call {
    let get = ["secretsmanager", "get-secret-value", "--secret-id", "anthropic"];
    let call = home.call_of(&programs::found("aws")).args(["--endpoint-url", moto.address()]);
    call.args(get)
        .args(["--query", "SecretString", "--output", "text"])
        .env("AWS_ACCESS_KEY_ID", "AKIAMADEUP")
        .env("AWS_SECRET_ACCESS_KEY", "made-up-secret-access-key")
        .env("AWS_DEFAULT_REGION", REGION)
}

fn secretspec(home: &Home) -> Call {
    home.write(
        "secretspec.toml",
        "[project]\nname = \"speed\"\nrevision = \"1.0\"\n\n\
         [profiles.default]\nANTHROPIC_API_KEY = { description = \"the key\", required = true }\n",
    );
    home.write(".env", format!("ANTHROPIC_API_KEY={KEY}\n"));
    let get = ["get", "ANTHROPIC_API_KEY", "--provider", "dotenv://.env"];
    home.call_of(&programs::found("secretspec")).args(get)
}

fn fnox(home: &Home) -> Call {
    home.write("fnox.toml", format!("[secrets.ANTHROPIC_API_KEY]\ndefault = \"{KEY}\"\n"));
    home.call_of(&programs::found("fnox")).args(["get", "ANTHROPIC_API_KEY"])
}
