use std::collections::BTreeMap;
use std::path::Path;

use super::*;

fn read(toml: &str) -> Result<Settings, Error> {
    let toml = format!("client_id = 'helper'\n{toml}");
    let table = SourceTable::from_toml("sso", &toml, Path::new("/etc"), BTreeMap::new());
    Settings::read(&table.unwrap())
}

#[test]
fn oidc_settings_need_issuer_and_client_id_only() {
    let settings = read("issuer = 'https://idp.example.com'").unwrap();
    assert_eq!(settings.scopes, ["openid", "offline_access"]);
    assert_eq!(settings.key, KeyToken::AccessToken);
    assert!(settings.resources.is_empty());
}

#[test]
fn oidc_endpoints_by_hand_need_no_issuer() {
    let both = "device_authorization_endpoint = 'https://i/d'\ntoken_endpoint = 'https://i/t'";
    assert!(read(both).is_ok());
    assert!(read("token_endpoint = 'https://i/t'").is_err());
    assert!(read(&format!("{both}\njwks_uri = 'https://i/j'\nkey = 'id_token'")).is_err());
}

#[test]
fn invalid_oidc_settings_are_refused() {
    for (toml, says) in [
        ("", "no `issuer`"),
        ("issuer = 'http://idp.example.com'", "plain http"),
        ("issuer = 'https://i'\ntoken_endpoint = 'http://i/t'", "plain http"),
        ("issuer = 'https://i'\nscopes = ['openid offline_access']", "one word"),
        ("issuer = 'https://i'\nscopes = ['a']\nkey = 'id_token'", "without `openid`"),
        ("issuer = 'https://i'\nkey = 'refresh_token'", "access_token"),
        ("issuer = 'https://i'\nisuer = 'x'", "issuer"),
        ("issuer = 'https://i'\nflow = 'devcie'", "`device`"),
        ("issuer = 'https://i'\nflow = 'browser'\nredirect_uri = 'http://0.0.0.0'", "`localhost`"),
    ] {
        let error = read(toml).unwrap_err();
        assert!(error.report().contains(says), "{toml}: {}", error.report());
    }
}

#[test]
fn oidc_flow_accepts_only_its_settings() {
    let secret = "{ env = 'SECRET' }";
    let issuer = "issuer = 'https://i'";
    let machine = format!("{issuer}\nflow = 'client_credentials'\nclient_secret = {secret}");
    for good in [
        format!("{issuer}\nflow = 'device'\ndevice_authorization_endpoint = 'https://i/d'"),
        format!("{issuer}\nflow = 'browser'\nredirect_uri = 'http://localhost:8400/'"),
        format!("{issuer}\nflow = 'browser'\nauthorization_parameters = {{ prompt = 'consent' }}"),
        format!("{issuer}\nflow = 'browser'\nclient_secret = {secret}\nkey = 'id_token'"),
        "flow = 'browser'\nauthorization_endpoint = 'https://i/a'\ntoken_endpoint = 'https://i/t'"
            .to_owned(),
        machine.clone(),
        format!("{issuer}\nflow = 'client_credentials'\nclient_assertion = {{ source = 'sso' }}"),
        format!(
            "flow = 'client_credentials'\ntoken_endpoint = 'https://i/t'\nclient_secret = {secret}"
        ),
    ] {
        assert!(read(&good).is_ok(), "{good}: {}", read(&good).unwrap_err().report());
    }
    for (bad, says) in [
        (
            format!("{issuer}\nredirect_uri = 'http://localhost'"),
            "`redirect_uri` means nothing with `flow = \"device\"`",
        ),
        (
            format!("{issuer}\nauthorization_parameters = {{ prompt = 'consent' }}"),
            "it goes with `flow = \"browser\"`",
        ),
        (
            format!("{issuer}\nflow = 'browser'\nclient_assertion = {secret}"),
            "it goes with `flow = \"client_credentials\"`",
        ),
        (
            format!("{issuer}\nflow = 'browser'\ndevice_authorization_endpoint = 'https://i/d'"),
            "it goes with `flow = \"device\"`",
        ),
        (
            format!("{machine}\nrevocation_endpoint = 'https://i/r'"),
            "it goes with `flow = \"browser\"` and `flow = \"device\"`",
        ),
        (
            format!("{issuer}\nflow = 'browser'\nauthorization_parameters = {{ state = 'x' }}"),
            "`state` is not for `authorization_parameters`",
        ),
        (
            format!(
                "{issuer}\nflow = 'browser'\nauthorization_parameters = {{ client_secret = 'x' }}"
            ),
            "`client_secret` is not for `authorization_parameters`",
        ),
        (format!("{machine}\nkey = 'id_token'"), "there is no ID token"),
        (format!("{machine}\nclient_assertion = {secret}"), "beside `client_secret`"),
        (format!("{issuer}\nflow = 'client_credentials'"), "`client_secret` or `client_assertion`"),
        ("flow = 'browser'\ntoken_endpoint = 'https://i/t'".to_owned(), "`authorization_endpoint`"),
    ] {
        let error = read(&bad).unwrap_err();
        assert!(error.report().contains(says), "{bad}: {}", error.report());
        assert!(error.hint().is_some(), "{bad}");
    }
}

#[test]
fn client_credentials_default_to_no_scope() {
    let machine = "flow = 'client_credentials'\nclient_secret = { env = 'SECRET' }";
    let settings = read(&format!("issuer = 'https://i'\n{machine}")).unwrap();
    assert_eq!(settings.scopes, [""; 0]);
}
