//! Every way to a key: a configuration of a user, and the key on stdout.

use integration_tests::servers::Stub;
use integration_tests::servers::moto::AccessKey;
use integration_tests::servers::stub::Reply;
use serde_json::json;

use crate::account::{ANY_ROLE, EXTERNAL_ID, KEY, KEY_ABROAD, account, anybody, credulous};
use crate::user::{User, shared};

/// Asserts that `source` prints this key for a user who may read it.
#[track_caller]
fn assert_reads(source: &str, key: &str) {
    User::at_account(&account().reader, source).assert_gets(key);
}

#[test]
fn secret_is_read_as_text_field_json_pointer_or_bytes() {
    assert_reads("secret_id = \"plain\"", KEY);
    assert_reads("secret_id = \"fields\"\nfield = \"api_key\"", KEY);
    assert_reads("secret_id = \"fields\"\nfield = \"/deep/keys/1\"", "sk-deep");
    assert_reads("secret_id = \"binary\"", "sk-binary");
}

#[test]
fn secret_is_read_by_version_stage_and_version_id() {
    assert_reads("secret_id = \"staged\"", "sk-second");
    for (stage, key) in [
        ("AWSCURRENT", "sk-second"),
        ("AWSPREVIOUS", "sk-first"),
        ("AWSPENDING", "sk-pending"),
        ("own", "sk-own"),
    ] {
        assert_reads(&format!("secret_id = \"staged\"\nversion_stage = \"{stage}\""), key);
    }
    let second = &account().second;
    assert_reads(&format!("secret_id = \"staged\"\nversion_id = \"{second}\""), "sk-second");
}

#[test]
fn secret_of_another_region_is_read_by_arn_or_region() {
    // The environment says us-east-1.
    assert_reads(&format!("secret_id = \"{}\"", account().abroad), "sk-abroad");
    assert_reads("secret_id = \"plain\"\nregion = \"eu-west-1\"", KEY_ABROAD);
}

#[test]
fn rotation_aware_secret_is_read() {
    assert_reads("secret_id = \"plain\"\nrotation_aware = true", KEY);
}

#[test]
fn assume_role_with_external_id_reads_the_secret() {
    User::at_account(&account().caller, &account().as_role()).assert_gets(KEY);
}

#[test]
fn web_identity_token_by_file_variable_or_command_reads_the_secret() {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "made.up.jwt\n").unwrap();
    let path = token.path().display();
    for input in [
        format!("{{ file = \"{path}\" }}"),
        "{ env = \"CI_TOKEN\" }".to_owned(),
        format!("{{ command = [\"/bin/cat\", \"{path}\"] }}"),
    ] {
        let source = format!(
            "secret_id = \"plain\"\n\
             web_identity = {{ role_arn = \"{ANY_ROLE}\", token = {input} }}"
        );
        User::of(credulous().address(), &source).env("CI_TOKEN", "made.up.jwt").assert_gets(KEY);
    }
}

#[test]
fn aws_profile_with_credential_process_reads_the_secret() {
    let AccessKey { id, secret } = &account().reader;
    let given = json!({ "Version": 1, "AccessKeyId": id, "SecretAccessKey": secret });
    let source = "secret_id = \"plain\"\naws_profile = \"work\"";
    let user = User::of(account().moto.address(), source).file("given.json", &given.to_string());
    let script = user.home.script("credentials", "cat \"$HOME/given.json\"");
    let config = format!("[profile work]\ncredential_process = \"{}\"\n", script.display());
    let user = user.file(".aws/config", &config);

    user.assert_gets(KEY);

    assert_eq!(user.home.runs("credentials"), 1);
}

#[test]
fn aws_profile_with_keys_or_role_reads_the_secret() {
    let account = account();
    let source = "secret_id = \"plain\"\naws_profile = \"work\"";
    let user = User::of(account.moto.address(), source)
        .file(".aws/credentials", &shared("work", &account.reader));
    user.assert_gets(KEY);

    let role = format!(
        "[profile work]\nrole_arn = {}\nexternal_id = {}\nsource_profile = base\n\
         region = eu-west-1\n",
        account.role, EXTERNAL_ID,
    );
    let user = User::of(account.moto.address(), source)
        .without_env("AWS_REGION")
        .file(".aws/config", &role)
        .file(".aws/credentials", &shared("base", &account.caller));
    user.assert_gets(KEY_ABROAD);
}

#[test]
fn ecs_container_credentials_read_the_secret() {
    let container = Stub::start(|request| {
        let is_ours = request.line == "GET /v2/credentials/1"
            && request.text.to_lowercase().contains("authorization: made-up-authorization");
        if is_ours { machine_credentials() } else { Reply::new(403, &[], "") }
    });
    let uri = format!("{}/v2/credentials/1", container.address());
    let user = User::of(credulous().address(), "secret_id = \"plain\"")
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "made-up-authorization");

    user.assert_gets(KEY);
    user.outlive_ttl();
    user.assert_gets(KEY);

    assert_eq!(container.requests().len(), 1, "what it gave is kept until its end");
}

#[test]
fn ec2_instance_metadata_gives_credentials_and_region() {
    // moto's own metadata service does not report the lifetime of its token.
    let machine = Stub::start(|request| match request.line.as_str() {
        "PUT /latest/api/token" => {
            Reply::new(200, &["x-aws-ec2-metadata-token-ttl-seconds: 21600"], "made-up-token")
        }
        _ if !request.text.contains("made-up-token") => Reply::new(401, &[], ""),
        "GET /latest/meta-data/" => Reply::new(200, &[], "iam/\nplacement/\n"),
        "GET /latest/meta-data/placement/region" => Reply::new(200, &[], "eu-west-1"),
        "GET /latest/meta-data/iam/security-credentials/" => Reply::new(200, &[], "web"),
        "GET /latest/meta-data/iam/security-credentials/web" => machine_credentials(),
        _ => Reply::new(404, &[], ""),
    });
    User::of(credulous().address(), "secret_id = \"plain\"")
        .without_env("AWS_EC2_METADATA_DISABLED")
        .without_env("AWS_REGION")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.address())
        .assert_gets(KEY_ABROAD);

    // The machine is not asked if a source with precedence has credentials.
    let asked = machine.requests().len();
    User::of(credulous().address(), "secret_id = \"plain\"")
        .without_env("AWS_EC2_METADATA_DISABLED")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.address())
        .signing_as(&anybody())
        .assert_gets(KEY);
    assert_eq!(machine.requests().len(), asked);
}

/// Returns the response of ECS, EKS and EC2.
fn machine_credentials() -> Reply {
    let credentials = json!({
        "Code": "Success", "LastUpdated": "2026-01-01T00:00:00Z", "Type": "AWS-HMAC",
        "AccessKeyId": "ASIAMADEUP", "SecretAccessKey": "made-up", "Token": "made-up-session",
        "Expiration": "2040-01-01T00:00:00Z",
    });
    Reply::json(200, &credentials)
}

#[test]
fn alternating_aws_profiles_and_regions_are_fetched_once_each() {
    let server = Stub::start(|request| {
        let signed = request.header("authorization").unwrap_or_default();
        let scope: Vec<&str> =
            signed.split("Credential=").nth(1).unwrap_or_default().split('/').collect();
        let text = format!("sk-{}-{}", scope[0], scope[2]);
        Reply::json(200, &json!({ "Name": "x", "SecretString": text }))
    });
    let profile =
        |name: &str| format!("[{name}]\naws_access_key_id = {name}\naws_secret_access_key = s\n");
    let user = User::of(server.address(), "secret_id = \"x\"")
        .file(".aws/credentials", &(profile("dev") + &profile("prod")));
    let key = |profile: &str, region: &str| {
        user.call().env("AWS_PROFILE", profile).env("AWS_REGION", region).run()
    };
    for _ in 0..2 {
        for (profile, region) in
            [("dev", "us-east-1"), ("prod", "us-east-1"), ("prod", "eu-west-1")]
        {
            key(profile, region).assert_key(&format!("sk-{profile}-{region}"));
        }
    }
    assert_eq!(server.requests().len(), 3);
    // Other access keys may belong to another account, so the secret is read again.
    let keys = |id: &str| {
        let call = user.call().env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", "s");
        call.run().assert_key(&format!("sk-{id}-us-east-1"));
    };
    ["one", "two", "one"].into_iter().for_each(keys);
    assert_eq!(server.requests().len(), 6);
    assert_eq!(user.state().files(".entry").len(), 4);
}
