//! The choice of the format, and of the servers that may get the key.

use std::path::Path;

use integration_tests::home::{Home, KEYS, SYSTEM_CONFIG, configuration};
use integration_tests::mounts::Mounts;

use crate::{cargo, cargo_asks, git, git_asks, kubernetes};

#[test]
fn format_option_beats_the_profile() {
    let settings = "format = \"headers\"\nheaders = { X-Key = \"{key}\", X-Team = \"a b\" }";
    let home = Home::with_settings(settings, "", KEYS);
    for _ in 0..2 {
        let expected = "{\"X-Key\":\"key-1\",\"X-Team\":\"a b\"}\n";
        assert_eq!(home.helper().run().assert_printed(), expected);
        home.call(["--format", "raw"]).run().assert_key("key-1");
        home.call(["get", "--format=raw"]).run().assert_key("key-1");
    }
    let desktop = home.call(["--format", "claude-desktop"]).run();
    let expected = "{\"token\":\"key-1\",\"headers\":{\"X-Key\":\"key-1\",\"X-Team\":\"a b\"}}\n";
    assert_eq!(desktop.assert_printed(), expected);
}

#[test]
fn format_option_is_for_one_call() {
    let home = Home::with_script(KEYS);
    assert!(home.call(["--format", "headers"]).run().assert_printed().contains("Bearer key-1"));
    home.helper().run().assert_key("key-1");
    assert!(home.call(["--format", "headers"]).run().assert_printed().contains("Bearer key-1"));
}

#[test]
fn invalid_format_settings_name_their_line() {
    for (settings, words) in [
        ("format = \"jsn\"", ["config.toml:3:1", "`jsn` is not a valid value"]),
        ("headers = { \"A B\" = \"{key}\" }", ["config.toml:3:1", "`X-Api-Key`"]),
        ("headers = { A = \"{key}\\r\\nB: b\" }", ["config.toml:3:1", "printable ASCII"]),
        ("env = \"A-B\"", ["config.toml:3:1", "must not begin with a digit"]),
        ("send_to = [\"git.example.com\"]", ["`git.example.com`", "https://git.example.com"]),
        (
            "send_to = [\"https://a.example\", \"https://bücher.example\"]",
            ["`https://bücher.example`", "`xn--` name"],
        ),
        ("send_to = [\"https://*.example.com\"]", ["`https://*.example.com`", "wildcard"]),
        ("send_to = [\"https://me@git.example.com\"]", ["`@git.example.com`", "no user"]),
        (
            "send_to = [\"sparse+https://a.example/i\"]",
            ["`sparse+https://a.example/i`", "`https://a.example`"],
        ),
        (
            "send_to = [\"https://git.example.com/me\"]",
            ["config.toml:3:1", "write only the server"],
        ),
    ] {
        Home::with_settings(settings, "", KEYS).helper().run().assert_error(2, &words);
    }
    let home = Home::with_script(KEYS);
    home.call(["--format", "jsn"]).run().assert_error(2, &["`jsn`", "did you mean `json`?"]);
    home.call(["--format", "json", "status"]).run().assert_error(2, &["is for `get`"]);
    let none = Home::with_settings("headers = { A = \"a\" }", "", KEYS);
    none.call(["--format", "headers"]).run().assert_error(2, &["`headers`", "`{key}`"]);
    home.call(["--format", "credential-process"]).run().assert_error(2, &["`main`", "AWS keys"]);
}

#[test]
fn locked_format_and_send_to_cannot_be_overridden() {
    let home = Home::new();
    let locked = "locked = [\"profile.main.format\", \"profile.main.send_to\"]\n".to_owned();
    let settings = "format = \"json\"\nsend_to = [\"https://a.example\"]";
    let system = locked + &configuration(settings, "", &home.script("main", KEYS));
    let file = home.write("system.toml", system);
    let mounts = Mounts::new()
        .empty(Path::new("/etc"), "1m")
        .command("chmod 755 /etc")
        .copy(&file, Path::new(SYSTEM_CONFIG));
    let call = |arguments: &[&str]| mounts.seen_by(home.call(arguments.iter().copied()));
    for arguments in [&[][..], &["--format", "json"]] {
        assert!(call(arguments).run().assert_printed().contains("\"key\":\"key-1\""));
    }
    call(&["--format", "raw"]).run().assert_error(2, &["`--format`", "locked by"]);
    home.configure("[profile.main]\nsend_to = [\"https://evil.example\"]");
    call(&[]).run().assert_error(2, &["profile.main.send_to", "locked by"]);
}

#[test]
fn send_to_refuses_other_servers_for_git_and_cargo() {
    let home = Home::with_settings(crate::SERVERS, "", KEYS);
    for host in
        ["evil.example", "a.example.evil.example", "a.example:8443", "a.example@evil.example"]
    {
        let answer = git(&home, "get", &git_asks(host)).run();
        assert_eq!(answer.assert_printed(), "", "{host}");
        let answer = cargo(&home, &cargo_asks("get", host)).run();
        let expected = "{\"v\":[1]}\n{\"Err\":{\"kind\":\"url-not-supported\"}}\n";
        if !host.contains('@') {
            assert_eq!(answer.assert_printed(), expected, "{host}");
        }
        assert!(!answer.stdout.contains("key-1"), "{host}");
    }
    let plain = "protocol=http\nhost=a.example\n\n";
    assert_eq!(git(&home, "get", plain).run().assert_printed(), "");

    let headers =
        |url: &str| home.call(["--format", "headers"]).env("CLAUDE_CODE_MCP_SERVER_URL", url).run();
    assert!(headers("https://a.example/mcp").assert_printed().contains("key-1"));
    headers("https://evil.example/a.example").assert_error(2, &["https://evil.example", "send_to"]);
    headers("https://evil\u{ff0e}example").assert_error(2, &["cannot tell which server"]);
    let cluster = |url: &str| format!(",\"cluster\":{{\"server\":\"{url}\"}}");
    let answer = kubernetes(&home, "v1", &cluster("https://b.example:443")).run();
    assert!(answer.assert_printed().contains("key-1"));
    let answer = kubernetes(&home, "v1", &cluster("https://evil.example")).run();
    answer.assert_error(2, &["https://evil.example", "send_to"]);
    let answer = kubernetes(&home, "v1", &cluster("nowhere")).run();
    answer.assert_error(2, &["cannot tell which server"]);
    let nowhere = git(&home, "get", "protocol=cert\npath=/a/key.pem\n\n").run();
    assert_eq!(nowhere.assert_printed(), "");
}

#[test]
fn git_and_cargo_formats_need_send_to() {
    let home = Home::with_script(KEYS);
    let line = "set `send_to = [\"https://git.example\"]` in `[profile.main]`";
    let answer = git(&home, "get", &git_asks("git.example")).run();
    answer.assert_error(2, &["`main`", "`https://git.example`", line]);
    let answer = cargo(&home, &cargo_asks("get", "git.example")).run();
    assert!(answer.assert_printed().contains("https://git.example"), "{answer:?}");
    assert_eq!(home.runs("main"), 0);
    assert!(home.call(["--format", "headers"]).run().assert_printed().contains("key-1"));
}
