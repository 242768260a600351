//! The identities of workload platforms.

use std::path::Path;
use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::mounts::Mounts;
use integration_tests::servers::token_endpoint::{AUDIENCE, FEDERATION, JOB_TOKEN};
use integration_tests::servers::{Stub, TokenEndpoint, stub::Reply};

use crate::user::{SOURCE, User};

/// Longer than the `ttl` of a profile, `stale_while_revalidate` included.
const STALE: Duration = Duration::from_secs(2 * 3_600);

fn user(endpoint: &TokenEndpoint, token: &str) -> User {
    User::with(&endpoint.federation(), token, FEDERATION)
}

#[test]
fn ambient_kubernetes_reads_the_service_account_token() {
    let endpoint = TokenEndpoint::new();
    let user = user(&endpoint, "{ ambient = \"kubernetes\" }");
    let path = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    user.get().run().assert_error(2, &[path, "`automountServiceAccountToken: false`"]);
    user.state().end_pauses();
    let in_pod = |user: &User| {
        let projected = Path::new("/run/secrets/kubernetes.io/serviceaccount/token");
        let mounts = Mounts::new().empty(Path::new("/run"), "1m");
        mounts.copy(&user.token_file(), projected).seen_by(user.get())
    };
    user.rotate(&endpoint.token());
    let first = in_pod(&user).run().key();
    // The token rotates and the key stays, until it is stale.
    user.rotate(&endpoint.token());
    in_pod(&user).run().assert_key(&first);
    user.state().age(SOURCE, STALE);
    assert_ne!(in_pod(&user).run().key(), first);
    assert_eq!(endpoint.statuses(), [200, 200]);
}

#[test]
fn ambient_aws_web_identity_reads_the_token_file_of_its_variable() {
    let endpoint = TokenEndpoint::new();
    let user = user(&endpoint, "{ ambient = \"aws-web-identity\" }");
    let variable = "AWS_WEB_IDENTITY_TOKEN_FILE";
    user.get().run().assert_error(2, &[variable, "service account"]);
    user.rotate(&endpoint.token());
    let call = user.get().env(variable, user.token_file());
    let key = call.run().key();
    user.rotate(&endpoint.token());
    call.run().assert_key(&key);
    // Another file is another workload. It may have any name.
    let other = user.home.write("Identität", endpoint.token());
    assert_ne!(user.get().env(variable, other).run().key(), key);
}

#[test]
fn background_refresh_finds_a_web_identity_token_at_a_relative_path() {
    let endpoint = TokenEndpoint::new();
    let user = user(&endpoint, "{ ambient = \"aws-web-identity\" }");
    user.home.write("identity", endpoint.token());
    let call = user.home.call(["refresh"]).folder(user.home.path());
    let answer = call.env("AWS_WEB_IDENTITY_TOKEN_FILE", "identity").run();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(endpoint.statuses(), [200]);
}

/// Returns a call in a job of GitHub Actions.
fn in_job(user: &User, url: &str, token: &str) -> Call {
    let call = user.get().env("ACTIONS_ID_TOKEN_REQUEST_URL", url);
    call.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)
}

fn job_source() -> String {
    format!("{{ ambient = \"github-actions\", audience = \"{AUDIENCE}\" }}")
}

#[test]
fn ambient_github_actions_fetches_the_jobs_token() {
    let endpoint = TokenEndpoint::new();
    let user = user(&endpoint, &job_source());
    let key = in_job(&user, &endpoint.job(), JOB_TOKEN).run().key();
    assert!(endpoint.is_active(&key));
    // The next step of the job may have another request token, and needs none.
    in_job(&user, &endpoint.job(), "made-up-and-rotated").run().assert_key(&key);
    user.state().age(SOURCE, STALE);
    let next = in_job(&user, &endpoint.job(), JOB_TOKEN).run().key();
    let paths: Vec<String> = endpoint.exchanges().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/github/token", "/v1/oauth/token"].repeat(2));
    // Another job does not get this key.
    let other = in_job(&user, &format!("{}&job=2", endpoint.job()), JOB_TOKEN).run().key();
    assert_ne!(other, next);
}

#[test]
fn ambient_github_actions_without_permission_exits_2() {
    let endpoint = TokenEndpoint::new();
    let user = user(&endpoint, &job_source());
    let permission = "`permissions: { id-token: write }`";
    user.get().run().assert_error(2, &["`ACTIONS_ID_TOKEN_REQUEST_URL` is not set", permission]);
    let wrong = in_job(&user, &endpoint.job(), "made-up-and-wrong").run();
    wrong.assert_error(2, &["/github/token` answered 403", permission]);
    assert!(!wrong.stderr.contains("made-up-and-wrong"), "{wrong:?}");
    let plain = in_job(&user, "http://pipelines.example.com/t?a=b", JOB_TOKEN).run();
    plain.assert_error(2, &["`ACTIONS_ID_TOKEN_REQUEST_URL`", "plain http"]);
}

#[test]
fn ambient_github_actions_retries_while_github_is_down() {
    let endpoint = TokenEndpoint::new();
    let user = user(&endpoint, &job_source());
    endpoint.refuse(503, "<html>Unicorn</html>");
    let _ = in_job(&user, &endpoint.job(), JOB_TOKEN).run().key();
    let page = Stub::start(|_| Reply::new(200, &[], "<html>Sign in to the network</html>"));
    let call = in_job(&user, &format!("{}/t?a=b", page.address()), JOB_TOKEN);
    call.args(["get", "--deadline", "2s"]).run().assert_error(1, &["without a usable `value`"]);
    let asked = &page.requests()[0];
    assert_eq!(asked.line, "GET /t?a=b&audience=https%3A%2F%2Ftokens.example.com");
    assert_eq!(asked.header("authorization"), Some(&*format!("Bearer {JOB_TOKEN}")));
}

#[test]
fn ambient_github_actions_default_audience_is_githubs() {
    let endpoint = TokenEndpoint::new();
    let user = user(&endpoint, "{ ambient = \"github-actions\" }");
    let answer = in_job(&user, &endpoint.job(), JOB_TOKEN).run();
    answer.assert_error(4, &["for `https://github.com/made-up`"]);
}
