//! Who a provider says that it is.

use api_key_helper_backend::{Error, ErrorKind};
use integration_tests::servers::stub::Reply;
use integration_tests::servers::{OpenBao, Stub};
use serde_json::{Value, json};

use crate::common::{Source, build};

/// A provider that is nothing but metadata, at the place of that path.
fn metadata(path: &'static str, document: impl Fn(&str) -> Value + Send + Sync + 'static) -> Stub {
    Stub::start(move |request| {
        if request.line == format!("GET {path}") {
            Reply::json(200, &document(&request.address()))
        } else {
            Reply::new(404, &[], "not here")
        }
    })
}

fn login(stub: &Stub, path: &str) -> Error {
    let mut source = Source::new(&format!("issuer = '{}{path}'", stub.address()));
    let error = source.login(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    error
}

const OPENID: &str = "/.well-known/openid-configuration";

#[test]
fn discovery_of_another_issuer_is_refused() {
    let stub = metadata(OPENID, |_| json!({ "issuer": "https://evil.example.com" }));
    let error = login(&stub, "");
    assert!(error.message().ends_with("calls itself `https://evil.example.com`"), "{error}");
    // A slash makes a difference.
    let stub = metadata(OPENID, |address| json!({ "issuer": address }));
    assert!(login(&stub, "/").hint().unwrap().to_string().contains("slash"));
}

#[test]
fn discovery_in_plain_http_is_refused() {
    for key in ["issuer", "token_endpoint"] {
        let toml = format!("client_id = 'x'\n{key} = 'http://login.example.com'");
        let error = build(&toml).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.message().contains("plain http"), "{error}");
    }
    let stub = metadata(
        OPENID,
        |address| json!({ "issuer": address, "token_endpoint": "http://login.example.com/token" }),
    );
    assert!(login(&stub, "").message().contains("plain http"));
}

#[test]
fn discovery_reads_the_rfc_8414_place() {
    let stub = metadata(
        "/.well-known/oauth-authorization-server/tenant",
        |address| json!({ "issuer": format!("{address}/tenant") }),
    );
    let error = login(&stub, "/tenant");
    assert!(error.message().ends_with("names no `token_endpoint`"), "{error}");
    let asked: Vec<String> = stub.requests().into_iter().map(|request| request.line).collect();
    assert_eq!(
        asked,
        [
            "GET /tenant/.well-known/openid-configuration",
            "GET /.well-known/oauth-authorization-server/tenant"
        ]
    );
}

#[test]
fn discovery_without_device_endpoint_is_misconfigured() {
    let nothing = metadata("/nowhere", |_| json!({}));
    assert!(
        login(&nothing, "").hint().unwrap().to_string().contains("`device_authorization_endpoint`")
    );
    let stub = metadata(
        OPENID,
        |address| json!({ "issuer": address, "token_endpoint": format!("{address}/token") }),
    );
    let error = login(&stub, "");
    assert!(error.message().ends_with("names no `device_authorization_endpoint`"), "{error}");
}

#[test]
fn device_login_page_in_plain_http_is_not_shown() {
    let stub = Stub::start(|request| {
        let address = request.address();
        match request.line.as_str() {
            "POST /device" => Reply::json(
                200,
                &json!({
                    "device_code": "d", "user_code": "u", "expires_in": 60,
                    "verification_uri": "http://login.example.com/device",
                }),
            ),
            _ => Reply::json(
                200,
                &json!({
                    "issuer": address,
                    "token_endpoint": format!("{address}/token"),
                    "device_authorization_endpoint": format!("{address}/device"),
                }),
            ),
        }
    });
    let error = login(&stub, "");
    assert!(error.message().contains("sign-in page"), "{error}");
}

#[test]
fn oidc_ca_file_trusts_its_certificate_authority() {
    // It is no provider, but it has a certificate from an authority of its own.
    let bao = OpenBao::dev_tls();
    let issuer = format!("issuer = '{}'", bao.address());
    let error = Source::new(&issuer).login(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.message().ends_with("is from an unknown authority"), "{error}");
    assert!(error.hint().unwrap().to_string().contains("`ca_file`"));

    let toml = format!("{issuer}\nca_file = '{}'", bao.ca_file().display());
    let error = Source::new(&toml).login(|_| ()).unwrap_err();
    assert!(error.message().ends_with("publishes no metadata"), "{error}");

    let none = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let error = Source::new(&format!("{issuer}\nca_file = '{none}'")).login(|_| ()).unwrap_err();
    assert_eq!(error.message(), format!("`{none}` contains no certificate in PEM form"));
}
