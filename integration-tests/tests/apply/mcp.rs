//! `apply --client mcp` writes the line that prints a server's headers, and nothing else.

use std::fs;
use std::path::Path;

use integration_tests::binaries::Binaries;
use integration_tests::call::Call;
use integration_tests::files;
use integration_tests::home::Home;
use serde_json::{Value, json};

use crate::{read, user};

const SERVER: &str = "{\"type\": \"http\", \"url\": \"https://mcp.example.com\"}";

fn mcp(home: &Home, arguments: &[&str]) -> Call {
    let words = ["apply", "--client", "mcp", "--server", "docs"];
    home.call(words.iter().chain(arguments).copied())
}

/// Returns the line that Claude Code runs for this user.
fn line() -> String {
    let front = Binaries::built().front.canonicalize().unwrap();
    format!("exec '{}' --format headers", front.display())
}

#[test]
fn apply_mcp_writes_headers_helper_beside_the_url() {
    let home = user();
    let text = format!("{{\"numStartups\": 5, \"mcpServers\": {{\"docs\": {SERVER}}}}}\n");
    let file = home.write(".claude.json", &text);
    let answer = mcp(&home, &[]).run();
    assert_eq!(
        answer.assert_printed(),
        format!(
            "Wrote {0}\nWhat it was before is in {0}.before-api-key-helper-docs\n\
             Setting applied successfully. Configuration changes:\nheadersHelper: {1}\n\
             Headers: at each connection, and when the server refuses them\n",
            file.display(),
            line()
        )
    );
    let server = json!({"type": "http", "url": "https://mcp.example.com", "headersHelper": line()});
    assert_eq!(read(&file), json!({"numStartups": 5, "mcpServers": {"docs": server}}));
    // Claude Code runs it like this.
    let shell = home.call_of(Path::new("/bin/sh")).args(["-c", &line()]).run();
    assert_eq!(shell.assert_printed(), "{\"Authorization\":\"Bearer key-1\"}\n");
    assert!(mcp(&home, &[]).run().assert_printed().starts_with("Nothing changes: "));

    let undone = mcp(&home, &["--undo"]).run();
    assert!(undone.assert_printed().ends_with("is what it was before.\n"), "{undone:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert!(!file.with_file_name(".claude.json.before-api-key-helper-docs").exists());
}

#[test]
fn apply_mcp_undo_keeps_later_changes() {
    let home = user();
    let text = format!("{{\n  \"numStartups\": 5,\n  \"mcpServers\": {{\"docs\": {SERVER}}}\n}}\n");
    let file = home.write(".claude.json", &text);
    let _ = mcp(&home, &[]).run().assert_printed();
    let now = fs::read_to_string(&file).unwrap().replace(": 5,", ": 6,");
    fs::write(&file, now).unwrap();
    let undone = mcp(&home, &["--undo"]).run();
    let said = "Setting undone: `headersHelper` is what it was before. ";
    assert!(undone.assert_printed().starts_with(said), "{undone:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text.replace(": 5,", ": 6,"));
}

#[test]
fn apply_mcp_each_scope_has_its_servers() {
    let home = user();
    let work = home.path().join("work");
    let folder = work.display().to_string();
    let project =
        home.write("work/.mcp.json", format!("{{\"mcpServers\": {{\"docs\": {SERVER}}}}}"));
    let server: Value = serde_json::from_str(SERVER).unwrap();
    let local = json!({"projects": {folder.clone(): {"mcpServers": {"docs": server}}}});
    let local_file = home.write(".claude.json", local.to_string());
    let apply = |scope| mcp(&home, &["--scope", scope]).folder(&work).run();

    let answer = apply("project");
    assert_eq!(answer.code, Some(0));
    assert!(answer.stderr.contains("commonly committed"), "{answer:?}");
    assert_eq!(read(&project)["mcpServers"]["docs"]["headersHelper"], line());

    let _ = apply("local").assert_printed();
    let servers = &read(&local_file)["projects"][&folder]["mcpServers"];
    assert_eq!(servers["docs"]["headersHelper"], line());

    apply("user").assert_error(2, &["there is no server `docs`", "`claude mcp add "]);
}

#[test]
fn apply_mcp_without_force_keeps_another_headers_helper() {
    let home = user();
    let server =
        "{\"url\": \"https://m\", \"headersHelper\": \"echo sk-canary-5\", \"b\": \"sk-canary-5\"}";
    let text = format!("{{\"mcpServers\": {{\"docs\": {server}}}}}");
    let file = home.write(".claude.json", &text);
    let stays = mcp(&home, &[]).run();
    stays.assert_error(2, &["`headersHelper` is another program's", "`--force`"]);
    let dry = mcp(&home, &["--force", "--dry-run"]).run();
    let name = "mcpServers.docs.headersHelper";
    let expected = format!("-{name}: (not shown)\n+{name}: {}\nNothing was written.\n", line());
    assert!(dry.assert_printed().ends_with(&expected), "{dry:?}");
    assert!(!dry.stdout.contains("canary") && !stays.stderr.contains("canary"));
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    let _ = mcp(&home, &["--force"]).run().assert_printed();
    let _ = mcp(&home, &["--undo"]).run().assert_printed();
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn apply_mcp_refuses_a_server_without_url() {
    let home = user();
    let text = "{\"mcpServers\": {\"docs\": {\"command\": \"npx\"}}}";
    let file = home.write(".claude.json", text);
    mcp(&home, &[]).run().assert_error(2, &["line 1, column 25: this server has no `url`"]);
    let nameless = home.call(["apply", "--client", "mcp"]).run();
    nameless.assert_error(2, &["needs the name of a server", "`--server NAME`"]);
    let found = files::below(home.path());
    assert!(found.contains(&(file, text.into())));
    assert!(!found.iter().any(|(path, _)| path.display().to_string().contains("before-api")));
}
