//! The AWS CLI and boto3, against a server that checks signatures and session tokens.

use integration_tests::call::{Answer, Call};
use integration_tests::servers::Moto;
use integration_tests::servers::moto::{ACCOUNT, AccessKey, REGION, allow, trust};
use integration_tests::wait::until;

use crate::python::python;
use crate::user::{DOWN, User, assert_tells_why};

#[test]
fn aws_cli_signs_with_the_session_credentials() {
    let moto = Moto::start();
    let AccessKey { id, secret } = moto.user("ada", &[allow("sts:AssumeRole")]);
    let role = moto.role("reader", &trust("ada", None), &[allow("sts:GetCallerIdentity")]);
    moto.check(true);
    // AWS prints it over several lines.
    let source = format!(
        "AWS_ACCESS_KEY_ID='{id}' AWS_SECRET_ACCESS_KEY='{secret}' AWS_DEFAULT_REGION={REGION} \
         exec python3 -m awscli sts assume-role --role-arn '{role}' --role-session-name session"
    );
    let user = User::following("aws", &source, &[]);
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/reader/session\n");
    for _ in 0..2 {
        assert_eq!(whoami(&user, &moto).assert_printed(), session);
    }
    assert_eq!(user.fetches(), 1);
}

#[test]
fn boto3_refreshes_credentials_before_they_expire() {
    let moto = Moto::start();
    let [first, second] = ["first", "second"].map(|name| user_of(&moto, name));
    moto.check(true);
    let user = User::following("aws", &ending([&first, &second]), &[]);
    let mut running = boto3(&user, &moto, "show(); open('shown', 'w'); input(); show()").start();
    let shown = user.home.path().join("shown");
    until("the first keys were used", || shown.exists().then_some(()));
    let refreshed = user.home.call(["get", "--refresh"]).run();
    assert_eq!(refreshed.code, Some(0), "{refreshed:?}");
    running.feed(b"\n");
    let answer = running.finish();
    assert_eq!(answer.assert_printed(), format!("{}{}", arn("first"), arn("second")));
}

#[test]
fn aws_cli_and_boto3_show_the_error_without_credentials() {
    let moto = Moto::start();
    let user = User::following("aws", DOWN, &[]);
    assert_tells_why(&whoami(&user, &moto));
    assert_tells_why(&boto3(&user, &moto, "show()").run());
}

#[test]
fn aws_cli_shows_that_the_key_is_no_credentials_document() {
    let moto = Moto::start();
    let user = User::following("aws", "echo '{\"AccessKey\": \"made-up\"}'", &[]);
    let answer = whoami(&user, &moto);
    assert!(
        answer.stderr.contains("the key of source `company` is not a set of AWS keys"),
        "{answer:?}"
    );
    assert!(!answer.stderr.contains("made-up"), "{answer:?}");
}

fn user_of(moto: &Moto, name: &str) -> AccessKey {
    moto.user(name, &[allow("sts:GetCallerIdentity")])
}

/// Returns a script that prints several sets of keys in turn, which expire soon.
fn ending(sets: [&AccessKey; 2]) -> String {
    let [first, second] = sets.map(|AccessKey { id, secret }| {
        format!("\"AccessKeyId\":\"{id}\",\"SecretAccessKey\":\"{secret}\"")
    });
    format!(
        "[ $run = 1 ] && keys='{first}' || keys='{second}'\n\
         printf '{{%s,\"Expiration\":\"%s\"}}' \"$keys\" $(date -u -d '+5 minutes' +%FT%TZ)"
    )
}

fn whoami(user: &User, moto: &Moto) -> Answer {
    let query = ["sts", "get-caller-identity", "--query", "Arn", "--output", "text"];
    call(user, moto).args(["-m", "awscli", "--profile", "company"]).args(query).run()
}

/// Returns a program of the user that does `steps`. `show` prints the identity that the server
/// sees.
fn boto3(user: &User, moto: &Moto, steps: &str) -> Call {
    call(user, moto).arg("-c").arg(format!("{PROGRAM}\n{steps}"))
}

fn call(user: &User, moto: &Moto) -> Call {
    python(user, &["awscli==1.46.3", "boto3==1.44.5"])
        .env("AWS_ENDPOINT_URL", moto.address())
        .env("AWS_EC2_METADATA_DISABLED", "true")
}

const PROGRAM: &str = r#"
import boto3

client = boto3.Session(profile_name="company").client("sts")

def show():
    print(client.get_caller_identity()["Arn"], flush=True)
"#;

fn arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}\n")
}
