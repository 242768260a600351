//! Credentials and secrets are parsed by one rule, whatever their source.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;

use integration_tests::files;
use integration_tests::servers::Stub;
use integration_tests::servers::stub::Reply;
use serde_json::{Value, json};

use crate::user::User;

/// Returns a Secrets Manager that returns `text` for each request.
fn secrets_manager(text: &str) -> Stub {
    let answer = json!({
        "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s-AbCdEf",
        "Name": "s",
        "SecretString": text,
    });
    Stub::start(move |_| Reply::json(200, &answer))
}

fn user(server: &Stub) -> User {
    User::with_profile(server.address(), "retries = 0", "secret_id = \"s\"\ntimeout = \"5s\"")
}

/// Returns the same with keys in the environment.
fn with_keys(server: &Stub) -> User {
    user(server).env("AWS_ACCESS_KEY_ID", "AKIAMADEUP").env("AWS_SECRET_ACCESS_KEY", "made-up")
}

/// Returns the same with a program that prints credentials for the selected profile.
fn with_process(server: &Stub, body: &str, config: &str) -> User {
    let user = user(server);
    let program = user.home.script("credentials", body);
    let command = format!("credential_process = \"{}\"\n", program.display());
    user.file(".aws/config", &config.replace("PROCESS", &command))
}

#[test]
fn aws_key_variables_with_line_ends_or_byte_order_mark_are_trimmed() {
    let server = secrets_manager("tok-1");
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIAMADEUP\n"),
        ("AWS_ACCESS_KEY_ID", "\u{feff}AKIAMADEUP\r\n"),
        ("AWS_SECRET_ACCESS_KEY", " made-up\n"),
        ("AWS_SESSION_TOKEN", "made-up-token\r\n"),
        ("AWS_SESSION_TOKEN", "\n"),
        ("AWS_REGION", "us-east-1\n"),
    ] {
        let user = with_keys(&server).env(name, value);
        user.run().assert_key("tok-1");
        let asked = server.requests().pop().unwrap();
        let signed = asked.header("authorization").unwrap();
        assert!(signed.contains("Credential=AKIAMADEUP/"), "{name}={value:?}: {signed}");
        assert!(signed.contains("/us-east-1/"), "{name}={value:?}: {signed}");
        let token = asked.header("x-amz-security-token");
        assert_eq!(token, value.contains("token").then_some("made-up-token"), "{value:?}");
    }
}

#[test]
fn invalid_aws_key_variable_is_named() {
    let server = secrets_manager("tok-1");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        for (value, why) in [
            ("hunter\u{1b}2", "has a control character at position 7"),
            ("hunter\r2", "has a control character at position 7"),
            ("hunter\n2", "has more than one line: the first ends at position 7"),
            ("hunter 2", "has a space at position 7"),
            ("hünter2", "has a non-ASCII character at position 2"),
        ] {
            let answer = with_keys(&server).env(name, value).run();
            answer.assert_error(3, &[&*format!("the variable `{name}`"), why]);
            assert!(!answer.stderr.contains("nter"), "{answer:?}");
        }
    }
    for (name, value) in
        [("AWS_ACCESS_KEY_ID", &b"AKIA\xff"[..]), ("AWS_SECRET_ACCESS_KEY", b"made\xe9up")]
    {
        let answer = with_keys(&server).call().env(name, OsStr::from_bytes(value)).run();
        answer.assert_error(3, &[&*format!("the variable `{name}` is not text: byte 5")]);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn invalid_aws_profile_key_is_refused_even_below_a_role() {
    let server = secrets_manager("tok-1");
    let keys = "aws_access_key_id = AKIA\u{7f}\naws_secret_access_key = made-up\n";
    let role = "[profile work]\nrole_arn = arn:aws:iam::123456789012:role/r\n\
                source_profile = default\n";
    for profile in ["default", "work"] {
        let user = user(&server).env("AWS_PROFILE", profile).file(".aws/config", role);
        let user = user.file(".aws/credentials", &format!("[default]\n{keys}"));
        let place = "`aws_access_key_id` of profile `default` has a control character";
        user.run().assert_error(3, &[place, "at position 5"]);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn credential_process_answer_without_version_or_with_line_ends_is_accepted() {
    let server = secrets_manager("tok-1");
    for answer in [
        r#"{"AccessKeyId":"AKIAMADEUP","SecretAccessKey":"s"}"#,
        r#"{"Version":1,"AccessKeyId":"AKIAMADEUP\\n","SecretAccessKey":"s"}"#,
        r#"\357\273\277{"Version":1,"AccessKeyId":"AKIAMADEUP","SecretAccessKey":"s"}\r\n"#,
    ] {
        let user = with_process(&server, &format!("printf '{answer}'"), "[default]\nPROCESS");
        user.run().assert_key("tok-1");
    }
}

#[test]
fn invalid_credential_process_field_is_named_even_below_a_role() {
    let server = secrets_manager("tok-1");
    let role = "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n\
                [profile base]\nPROCESS";
    for (answer, why) in [
        (
            r#"{"AccessKeyId":"AKIA\\u001b","SecretAccessKey":"s"}"#,
            "has a `AccessKeyId` that has a",
        ),
        (r#"{"AccessKeyId":"AKIA"}"#, "lacks `SecretAccessKey`"),
        (
            r#"{"AccessKeyId":"AKIA","SecretAccessKey":"s","Expiration":"tomorrow"}"#,
            "has an `Expiration` that is not a time",
        ),
    ] {
        let user = with_process(&server, &format!("printf '{answer}'"), role);
        let place = "the output of `credential_process` of profile `base`";
        user.run().assert_error(3, &[place, why]);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn failed_credential_process_error_has_its_last_line_and_exit_code() {
    let server = secrets_manager("tok-1");
    let body = "echo trying >&2; echo 'vpn is down' >&2; exit 3";
    let user = with_process(&server, body, "[default]\nPROCESS");
    let words =
        ["the `credential_process` of profile `default` failed (exit status: 3): vpn is down"];
    user.run().assert_error(1, &words);

    let user = with_process(&server, "exec sleep 60", "[default]\nPROCESS");
    let answer = user.call().args(["get", "--deadline", "1s"]).run();
    answer.assert_error(1, &["the `credential_process` of profile `default` did not end in time"]);
}

#[test]
fn credential_process_that_another_user_can_change_is_not_run() {
    let server = secrets_manager("tok-1");
    let answer = "echo '{\"Version\":1,\"AccessKeyId\":\"AKIAMADEUP\",\"SecretAccessKey\":\"s\"}'";
    let user = with_process(&server, answer, "[default]\nPROCESS");
    let program = user.home.path().join("credentials");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o777)).unwrap();
    user.run().assert_error(2, &["is writable by others", "chmod o-w"]);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(user.home.path(), fs::Permissions::from_mode(0o777)).unwrap();
    user.run().assert_error(2, &["is writable by others", "chmod o-w"]);
    fs::set_permissions(user.home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!((user.home.runs("credentials"), server.requests().len()), (0, 0));
    user.run().assert_key("tok-1");
}

const SHARED: &str = "[default]\naws_access_key_id = AKIAMADEUP\naws_secret_access_key = s\n";

fn write_credentials(user: &User, content: &[u8]) {
    let path = user.home.write(".aws/credentials", "");
    fs::write(path, content).unwrap();
}

#[test]
fn aws_credentials_file_with_byte_order_mark_or_latin1_comment_is_read() {
    let server = secrets_manager("tok-1");
    let latin1 = |text: &str| -> Vec<u8> {
        text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
    };
    for content in [
        format!("\u{feff}{SHARED}").into_bytes(),
        format!("\u{feff}{}", SHARED.replace('\n', "\r\n")).into_bytes(),
        latin1(&format!("# Schlüssel für das Büro\n{SHARED}")),
        latin1(&SHARED.replace("AKIAMADEUP", "AKIAMADEUP ; Büro")),
    ] {
        let user = user(&server);
        write_credentials(&user, &content);
        user.run().assert_key("tok-1");
    }
}

#[test]
fn aws_credentials_file_in_utf16_is_named() {
    let server = secrets_manager("tok-1");
    let utf16 = |bytes| files::utf16(&format!("\u{feff}{SHARED}"), bytes);
    for (content, why) in [
        (utf16(u16::to_le_bytes), "/.aws/credentials` is UTF-16 instead of UTF-8"),
        (utf16(u16::to_be_bytes), "/.aws/credentials` is UTF-16 instead of UTF-8"),
        (b"[default]\nname = B\xfcro\n".to_vec(), "/.aws/credentials` is not text: line 2 is not"),
        (b"[default]\n\nhunter2\n".to_vec(), "/.aws/credentials on line 3"),
    ] {
        let user = user(&server);
        write_credentials(&user, &content);
        let answer = user.run();
        answer.assert_error(2, &[why]);
        assert!(!answer.stderr.contains("hunter2"), "{answer:?}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn aws_credentials_fifo_without_a_writer_is_named_after_timeout() {
    let server = secrets_manager("tok-1");
    let role = "arn:aws:iam::123456789012:role/r";
    let calls = [
        (".aws/config", ("AWS_PROFILE", "default"), None),
        (".aws/credentials", ("AWS_PROFILE", "default"), None),
        ("token", ("AWS_ROLE_ARN", role), Some("AWS_WEB_IDENTITY_TOKEN_FILE")),
        (
            "token",
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.address()),
            Some("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
        ),
    ];
    // All wait at the same time.
    let running = calls.map(|(file, (name, value), variable)| {
        let user = user(&server).env(name, value);
        let fifo = user.home.write(file, "");
        fs::remove_file(&fifo).unwrap();
        files::make_fifo(&fifo);
        let fifo = fifo.display().to_string();
        let user = match variable {
            Some(variable) => user.env(variable, &fifo),
            None => user,
        };
        let call = user.call().args(["get", "--deadline", "3s"]).start();
        (user, fifo, call)
    });
    for (_user, fifo, call) in running {
        let why = format!("`{fifo}` cannot be read: it is a FIFO without a writer");
        call.finish().assert_error(2, &[&*why]);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn web_identity_token_file_with_a_byte_order_mark_is_sent_without_it() {
    let server = Stub::start(|_| Reply::new(403, &[], "<Error><Code>AccessDenied</Code></Error>"));
    let user = user(&server).env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
    let file = user.home.write("token", "\u{feff}made.up.jwt\r\n");
    let user = user.env("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap());
    assert_eq!(user.run().code, Some(4));
    let body = server.requests()[0].body().to_owned();
    assert!(format!("{body}&").contains("WebIdentityToken=made.up.jwt&"), "{body}");
}

#[test]
fn background_refresh_finds_aws_files_at_relative_paths() {
    let keys = "[default]\naws_access_key_id = AKIAMADEUP\naws_secret_access_key = made-up\n";
    for (name, text, sent) in [
        ("AWS_CONFIG_FILE", keys, "Credential=AKIAMADEUP/"),
        ("AWS_SHARED_CREDENTIALS_FILE", keys, "Credential=AKIAMADEUP/"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "made.up.jwt", "WebIdentityToken=made.up.jwt"),
    ] {
        let server =
            Stub::start(|_| Reply::new(403, &[], "<Error><Code>AccessDenied</Code></Error>"));
        let user = user(&server).file("here/file", text).env(name, "file");
        let user = user.env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
        let call = user.call().arg("refresh").folder(&user.home.path().join("here"));
        assert_eq!(call.run().code, Some(4), "{name}");
        let asked = &server.requests()[0];
        let signed = asked.header("authorization").unwrap_or_default();
        assert!(signed.contains(sent) || asked.body().contains(sent), "{name}: {signed}");
    }
}

/// Returns a container that gives `credentials` to a caller with its token, and a Secrets Manager.
fn container(credentials: &Value) -> Stub {
    let credentials = credentials.clone();
    let secret =
        json!({ "ARN": "arn:aws:secretsmanager:us-east-1:1:secret:s-x", "SecretString": "tok-1" });
    Stub::start(move |request| match &*request.line {
        "GET /c" if request.header("authorization") == Some("made-up") => {
            Reply::json(200, &credentials)
        }
        "GET /c" => Reply::new(401, &[], ""),
        _ => Reply::json(200, &secret),
    })
}

#[test]
fn container_token_with_a_line_end_is_sent_without_it() {
    let server = container(&json!({
        "AccessKeyId": "AKIAMADEUP\n",
        "SecretAccessKey": "s",
        "Token": "t\r\n",
        "Expiration": "2040-01-31T12:00:00Z",
    }));
    let uri = format!("{}/c", server.address());
    let of_container = || user(&server).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri);
    let user = of_container().env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "made-up\n");
    user.run().assert_key("tok-1");
    let signed = server.requests().pop().unwrap();
    assert!(signed.header("authorization").unwrap().contains("Credential=AKIAMADEUP/"));
    assert_eq!(signed.header("x-amz-security-token"), Some("t"));

    let user = of_container();
    let file = user.home.write("token", "\u{feff}made-up\r\n");
    let user = user.env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.to_str().unwrap());
    user.run().assert_key("tok-1");

    let before = server.requests().len();
    let user = of_container().env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "made\u{7f}up");
    let place = "the variable `AWS_CONTAINER_AUTHORIZATION_TOKEN` has a control character";
    user.run().assert_error(3, &[place]);
    assert_eq!(server.requests().len(), before);
}

#[test]
fn ecs_container_answer_that_is_invalid_is_named_by_its_field() {
    for (change, code, why) in [
        (json!({ "Expiration": "2040-01-31T12:00:00" }), 1, "`Expiration`"),
        (
            json!({ "SecretAccessKey": "hunter2\u{1b}" }),
            3,
            "the secret access key from this container",
        ),
        (json!({ "SecretAccessKey": null }), 1, "`SecretAccessKey`"),
    ] {
        let mut credentials = json!({
            "AccessKeyId": "AKIAMADEUP",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": "2040-01-31T12:00:00Z",
        });
        for (name, value) in change.as_object().unwrap() {
            credentials[name] = value.clone();
        }
        let server = container(&credentials);
        let user = user(&server)
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/c", server.address()))
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "made-up");
        let answer = user.run();
        answer.assert_error(code, &[why]);
        assert!(!answer.stderr.contains("hunter2"), "{answer:?}");
    }
}

#[test]
fn aws_secret_that_is_no_key_is_explained() {
    for (text, why) in [
        ("\u{feff}{\"api_key\":\"tok-1\"}", "`s` is a JSON object"),
        ("\"tok-1\"", "`s` is not a key: it is in quotes"),
        ("null\n", "`s` is not a key: it is `null`"),
    ] {
        let answer = with_keys(&secrets_manager(text)).run();
        answer.assert_error(2, &[why]);
        assert!(!answer.stderr.contains("tok-1"), "{answer:?}");
    }
    with_keys(&secrets_manager("\u{feff}tok-1\r\n")).run().assert_key("tok-1");
}
