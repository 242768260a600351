//! The callers that are watched for refused keys.

use std::path::Path;
use std::time::Duration;

use integration_tests::call::Call;
use integration_tests::home::{Home, KEYS};

use crate::user::{STORED, User, assert_rejected};

const SECOND: Duration = Duration::from_secs(1);

/// Commands of an agent, and programs that do not belong to the client.
#[test]
fn calls_of_other_programs_are_no_rejection_and_leave_no_record() {
    let user = User::new("", KEYS);
    let child = |call: Call| call.env("CLAUDECODE", "1").env("CLAUDE_CODE_CHILD_SESSION", "1");
    let calls = [
        user.helper(),
        child(user.helper().env("CLAUDE_CODE_ENTRYPOINT", "cli")),
        child(user.helper()),
    ];
    for call in calls {
        for _ in 0..100 {
            call.run().assert_key("key-1");
        }
    }
    assert_eq!(user.runs(), 1);
    assert!(!user.records().exists());
    assert_eq!(user.home.state().files(".answers"), [""; 0]);
}

/// Its environment is that of the outer client's agent, except for the socket.
#[test]
fn nested_client_gets_a_key_that_lasts_for_its_hold() {
    // A key lives for two minutes. The client would use it for five, and the agent uses it at once.
    let script =
        "echo \"{\\\"key\\\": \\\"key-$run\\\", \\\"expires_at\\\": $(( $(date +%s) + 120 ))}\"";
    for (socket, expected) in [("/tmp/50.sock", "key-2"), ("/tmp/40.sock", "key-1")] {
        let home = Home::with_script(script);
        home.helper().run().assert_key("key-1");
        home.state().age("main", 78 * SECOND);
        let call = home
            .helper()
            .env("CLAUDE_CODE_ENTRYPOINT", "sdk-cli")
            .env("CLAUDECODE", "1")
            .env("CLAUDE_CODE_CHILD_SESSION", "1")
            .env("CLAUDE_PID", "40")
            .env("CLAUDE_CODE_MESSAGING_SOCKET", socket);
        call.run().assert_key(expected);
    }
}

/// The process that starts the helper is not the client if it is a shell, or if the client
/// identifies itself.
#[test]
fn client_process_is_recognized_through_a_shell_or_by_its_socket() {
    let user = User::new("", STORED);
    let nameless = |client: &integration_tests::fake_client::FakeClient| {
        client.call().clone().env("CLAUDE_CODE_MESSAGING_SOCKET", "")
    };
    let in_a_shell = ["/bin/sh", "-c", "\"$0\"; exit $?"];
    let in_python =
        ["python3", "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1]))"];

    let client = user.client_with_key();
    client.age(&user.records(), 2 * SECOND);
    client.ask_by(&nameless(&client).under(in_a_shell)).assert_key("old-key");
    client.age(&user.records(), 2 * SECOND);
    assert_rejected(&client.ask_by(&client.call().clone().under(in_python)));
    // Otherwise it is another client each time.
    client.age(&user.records(), 2 * SECOND);
    client.ask_by(&nameless(&client).under(in_python)).assert_key("old-key");
    assert_eq!(user.runs(), 2);
}

#[test]
fn early_retries_of_different_profiles_and_servers_count_apart() {
    let user = User::new("", STORED);
    user.home.configure(&format!(
        "default_profile = \"main\"\n[profile.main]\nsources = [\"main\"]\n\
         [profile.other]\nsources = [\"main\"]\n\
         [source.main]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        user.home.path().join("main").display()
    ));
    let client = user.client_with_key();
    let other_profile = client.call().clone().args(["--profile", "other"]);
    let server = client.call().clone().env("CLAUDE_CODE_MCP_SERVER_NAME", "files");
    let other_server = client.call().clone().env("CLAUDE_CODE_MCP_SERVER_NAME", "mail");
    for call in [other_profile, server, other_server] {
        client.age(&user.records(), 2 * SECOND);
        client.ask_by(&call).assert_key("old-key");
    }
    assert_eq!(user.runs(), 1);
    client.ask().assert_key("old-key");
    assert_eq!(user.runs(), 2);
}

#[test]
fn hold_of_ten_seconds_makes_no_early_retry() {
    for (variable, profile) in [("10000", ""), ("0", "ttl = \"1h\""), ("300000", "hold = \"10s\"")]
    {
        let user = User::new(profile, STORED);
        let client = user.client();
        let call = client.call().clone().env("CLAUDE_CODE_API_KEY_HELPER_TTL_MS", variable);
        client.ask_by(&call);
        let runs = user.runs();
        for _ in 0..3 {
            client.ask_by(&call);
        }
        assert!(!user.records().exists(), "{variable} {profile}");
        assert!(runs == 1 || variable == "0", "{runs}");
    }
}

/// A profile's `hold` for all callers does not determine when this client asks again.
#[test]
fn early_retry_is_judged_by_the_clients_own_hold() {
    let user = User::new("hold = \"30m\"\nttl = \"10h\"", STORED);
    let client = user.client_with_key();
    user.pass_time(301 * SECOND, &[&client]);
    client.ask().assert_key("old-key");
    assert_eq!(user.runs(), 1);
}

#[test]
fn early_retry_within_a_minute_of_jwt_exp_is_no_rejection() {
    for (seconds, runs) in [(50, 1), (3_600, 2)] {
        let jwt = "payload=$(printf '{\"exp\":%d}' $(($(date +%s) + SECONDS_LEFT)) | base64 -w 0)\n\
                   echo \"e30.$(printf %s \"$payload\" | tr -d = | tr +/ -_).c2ln\"";
        let user = User::new("", &jwt.replace("SECONDS_LEFT", &seconds.to_string()));
        let client = user.client();
        let key = client.ask().stdout;
        assert!(key.starts_with("e30."), "{key}");
        let _ = user.refuse(&client);
        assert_eq!(user.runs(), runs, "{seconds}");
    }
}

#[test]
fn on_rejection_ignore_records_nothing() {
    let user = User::new("on_rejection = \"ignore\"", STORED);
    let client = user.client_with_key();
    for _ in 0..5 {
        client.ask().assert_key("old-key");
    }
    assert_eq!(user.runs(), 1);
    assert!(!user.records().exists());
    assert_eq!(user.home.state().files(".answers"), [""; 0]);
}

/// Only `get` counts as a request for a key.
#[test]
fn refresh_status_and_log_are_no_early_retries() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    let before = client.records(&user.records());
    for command in ["refresh", "status", "log"] {
        client.age(&user.records(), Duration::ZERO);
        let answer = client.ask_by(&client.call().clone().arg(command));
        assert_eq!(answer.code, Some(0), "{answer:?}");
    }
    assert_eq!(client.records(&user.records()), before);
    assert!(Path::new(&user.records()).is_dir());
}
