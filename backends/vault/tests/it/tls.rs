//! Who the server is.

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::{OpenBao, openbao::ROOT};

use crate::common::{KEY, Source, with_key};

fn source(bao: &OpenBao, toml: &str, variables: &[(&str, &str)]) -> Source {
    let variables: Vec<_> = variables.iter().copied().chain([("VAULT_TOKEN", ROOT)]).collect();
    let toml = format!("address = '{}'\npath = 'anthropic'\n{toml}", bao.address());
    Source::with_variables(&toml, &variables)
}

#[test]
fn vault_ca_file_trusts_its_certificate_authority() {
    let bao = with_key(OpenBao::dev_tls());
    let ca = bao.ca_file().display().to_string();

    let error = source(&bao, "", &[]).error(ErrorKind::Misconfigured);
    let message = format!("the certificate of `{}` is from an unknown authority", bao.address());
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().to_string().contains("`ca_file`"), "{error:?}");

    assert_eq!(source(&bao, &format!("ca_file = '{ca}'"), &[]).key(), KEY);
    assert_eq!(source(&bao, "", &[("VAULT_CACERT", &ca)]).key(), KEY);
    assert_eq!(source(&bao, "", &[("VAULT_SKIP_VERIFY", "true")]).key(), KEY);

    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(&ca, folder.path().join("ca.pem")).unwrap();
    std::fs::write(folder.path().join("README"), "not a certificate").unwrap();
    let path = folder.path().display().to_string();
    assert_eq!(source(&bao, &format!("ca_dir = '{path}'"), &[]).key(), KEY);
    assert_eq!(source(&bao, "", &[("VAULT_CAPATH", &path)]).key(), KEY);

    for name in ["README", "missing.pem"] {
        let file = folder.path().join(name).display().to_string();
        let toml = format!("ca_file = '{file}'");
        let error = source(&bao, &toml, &[]).error(ErrorKind::Misconfigured);
        assert!(error.message().contains(&file), "{error}");
    }
}

#[test]
fn tls_server_name_must_match_the_certificate() {
    let bao = with_key(OpenBao::dev_tls());
    let ca = format!("ca_file = '{}'", bao.ca_file().display());
    let named = |name: &str| source(&bao, &format!("{ca}\ntls_server_name = '{name}'"), &[]);
    assert_eq!(named("localhost").key(), KEY);
    let error = named("vault.example.com").error(ErrorKind::Misconfigured);
    let message = format!("the certificate of `{}` is for another host name", bao.address());
    assert_eq!(error.message(), message);
    assert!(error.hint().unwrap().to_string().contains("`tls_server_name`"), "{error:?}");
}

#[test]
fn plain_http_to_a_vault_tls_port_is_misconfigured() {
    let bao = OpenBao::dev_tls();
    let toml = format!("address = '{}'\npath = 'a'", bao.address().replace("https", "http"));
    // Its answer is a 400 in words of its own.
    Source::with_variables(&toml, &[("VAULT_TOKEN", ROOT)]).error(ErrorKind::Misconfigured);
}
