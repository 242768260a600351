//! The JSON schema accepts what the program accepts, and rejects what it rejects.

use std::path::Path;

use integration_tests::call::{Answer, Call};
use integration_tests::home::{Home, search_path};
use integration_tests::install;
use serde_json::json;

use crate::page::{blocks, root};

#[test]
fn json_schema_accepts_every_documented_configuration() {
    let configurations: Vec<_> =
        blocks().into_iter().filter(|block| block.language == "toml").collect();
    assert!(configurations.len() > 30, "{}", configurations.len());
    let texts: Vec<&str> = configurations.iter().map(|block| &*block.text).collect();
    for (block, complaint) in configurations.iter().zip(complaints(&texts)) {
        assert_eq!(complaint, "", "{block}");
    }
}

#[test]
fn json_schema_refuses_invalid_configurations() {
    for (text, complaint) in WRONG.iter().zip(complaints(WRONG)) {
        let home = Home::new();
        home.configure(text);
        let answer = home.call(["status"]).run();
        assert_eq!(answer.code, Some(2), "{text}: {answer:?}");
        assert_ne!(complaint, "", "the schema takes {text}");
    }
}

/// Returns the schema's errors for each of these texts; empty for a valid one.
fn complaints(texts: &[&str]) -> Vec<String> {
    let packages = install::pypi(&["jsonschema==4.25.1"]);
    let input = json!({ "schema": root().join("docs/config.schema.json"), "texts": texts });
    let call = Call::new(Path::new("/usr/bin/env"), &packages).args(["python3", "-c", VALIDATE]);
    let call = call.env("PATH", search_path()).env("PYTHONPATH", &packages);
    let Answer { code, stdout, stderr, .. } = call.input(input.to_string().as_bytes()).run();
    assert_eq!(code, Some(0), "{stderr}");
    serde_json::from_str(&stdout).expect("a list of complaints")
}

const VALIDATE: &str = r#"
import json, sys, tomllib
from jsonschema import Draft7Validator
asked = json.load(sys.stdin)
schema = json.load(open(asked["schema"]))
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema)
say = lambda text: "; ".join(error.message for error in validator.iter_errors(tomllib.loads(text)))
json.dump([say(text) for text in asked["texts"]], sys.stdout)
"#;

const WRONG: &[&str] = &[
    // Unknown names.
    "defualt_profile = 'a'\n[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    "[profile.a]\nsources = ['a']\ntll = '1h'\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    "[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'script'\ncomand = ['/a']\n",
    "[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'scripts'\n",
    "[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'aws'\nsecret_id = 'a'\npath = 'a'\n",
    // Missing values.
    "[profile.a]\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    "[profile.a]\nsources = []\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    "[profile.a]\nsources = ['a']\n[source.a]\ncommand = ['/a']\n",
    "[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'script'\n",
    "[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'vault'\naddress = 'https://v'\n",
    // Invalid names.
    "[profile.A]\nsources = ['a']\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    // Wrong types, or invalid values.
    "[profile.a]\nsources = ['a']\nttl = 90\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    "[profile.a]\nsources = ['a']\nttl = '5 parsecs'\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    "[profile.a]\nsources = ['a']\nretries = -1\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    "[profile.a]\nsources = ['a']\nformat = 'xml'\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    "[profile.a]\nsources = 'a'\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    "[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'script'\ncommand = '/a'\n",
    "seal = 'none'\n[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'script'\ncommand = ['/a']\n",
    // Mutually exclusive keys.
    "[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'script'\ncommand = ['/a']\nshell_command = 'a'\n",
    "[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'script'\ncommand = ['/a']\nstdin = { env = 'A', file = 'b' }\n",
    "[profile.a]\nsources = ['a']\n[source.a]\nbackend = 'vault'\naddress = 'https://v'\npath = 'a'\nauth = { method = 'ldap' }\n",
];
