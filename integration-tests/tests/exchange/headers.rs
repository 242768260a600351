//! The command of the documentation sends both headers, as Claude Code does.

use std::fs;
use std::path::Path;

use integration_tests::binaries::Binaries;
use integration_tests::call::Call;
use integration_tests::home::search_path_from;
use integration_tests::install;
use integration_tests::servers::{Reply, Stub, TokenEndpoint};

use crate::user::User;

#[test]
fn exchange_page_command_tries_the_key_in_both_http_headers() {
    let _ = install::debian("curl", &["curl"]);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/backends/exchange.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, block) = page.split_once("<!-- both headers -->\n```sh\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let api = Stub::start(|_| Reply::new(200, &[], "{}"));
    let script = block.replace("https://api.anthropic.com", api.address());
    assert!(script.contains(api.address()), "{script}");

    let endpoint = TokenEndpoint::new();
    let user = User::of(&endpoint, "");
    let key = user.key();
    let path = search_path_from(Binaries::built().front.parent().unwrap());
    let call = Call::new(Path::new("/bin/sh"), user.home.path()).args(["-euc", &script]);
    let answer = call.env("PATH", path).env("HOME", user.home.path()).run();
    assert_eq!(answer.assert_printed(), "200\n");
    let asked = &api.requests()[0];
    assert_eq!(asked.line, "GET /v1/models");
    assert_eq!(asked.header("x-api-key"), Some(&*key));
    assert_eq!(asked.header("authorization"), Some(&*format!("Bearer {key}")));
}
