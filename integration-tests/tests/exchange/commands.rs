//! The other commands.

use std::fs;

use integration_tests::home::Home;
use integration_tests::servers::TokenEndpoint;
use integration_tests::terminal::{Streams, Terminal};
use serde_json::Value;

use crate::user::User;

#[test]
fn doctor_checks_the_token_endpoint_and_clock_skew() {
    let endpoint = TokenEndpoint::new();
    let user = User::of(&endpoint, "");
    let answer = user.home.call(["doctor", "--json"]).run();
    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    for check in ["source-answers", "clock-skew"] {
        let findings = report["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["name"] == check);
        assert_eq!(found.unwrap()["level"], "ok", "{report}");
    }
}

#[test]
fn init_writes_an_exchange_source_that_works() {
    let endpoint = TokenEndpoint::new();
    let home = Home::new();
    let file = home.write("token", endpoint.token());
    let settings = [
        format!("token_endpoint={}", endpoint.federation()),
        "federation_rule_id=fdrl_made_up".to_owned(),
        "organization_id=00000000-0000-4000-8000-000000000000".to_owned(),
        "service_account_id=svac_made_up".to_owned(),
        format!("token={{ file = \"{}\" }}", file.display()),
    ];
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let call = home.call(["init", "--backend", "exchange"].into_iter().chain(set));
    assert_eq!(call.run().code, Some(0));
    let text = fs::read_to_string(home.config_file()).unwrap();
    assert!(text.contains("\nservice_account_id = \"svac_made_up\"\n"), "{text}");
    assert!(endpoint.is_active(&home.helper().run().key()));
}

#[test]
fn init_asks_for_exchange_ids_and_the_token_file() {
    let endpoint = TokenEndpoint::new();
    let home = Home::new();
    let file = home.write("token", endpoint.token());
    // Only Anthropic's own endpoint is asked, and no request gets there from here.
    let call = home.call(["init"]).env("HTTPS_PROXY", "http://127.0.0.1:9");
    let call = call.env("NO_COLOR", "1").env("ANTHROPIC_ORGANIZATION_ID", "made-up");
    let mut terminal = Terminal::start(&call, Streams::InAndErr);
    terminal.answer("Number or name [script]", "exchange");
    terminal.answer("Id of the federation rule (`fdrl_...`)", "fdrl_made_up");
    terminal.answer("Id of your organization [made-up]", "");
    terminal.answer("Id of the service account (`svac_...`)", "svac_made_up");
    let place = "by the name of a variable or the /path of a file";
    let question = format!("Token of your own issuer, which is traded in, {place}");
    terminal.answer(&question, &file.display().to_string());
    terminal.wait_for("Number or name [correct]");
    let shown = terminal.shown();
    assert!(shown.contains("cannot reach `https://api.anthropic.com/v1/oauth/token`"), "{shown}");
}
