//! The manual pages, as `man` shows them.

use std::fs;
use std::path::Path;

use integration_tests::call::Call;
use integration_tests::home::Home;
use integration_tests::install;

#[test]
fn manual_pages_render_without_a_warning() {
    let home = Home::new();
    let folder = home.path().join("man");
    fs::create_dir(&folder).unwrap();
    home.call(["man", "--to"]).arg(&folder).run().assert_printed();
    let mut pages: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|page| page.unwrap().path()).collect();
    pages.sort();
    for page in &pages {
        let text = shown(&home, page);
        let name = page.file_stem().unwrap().to_string_lossy();
        assert!(text.starts_with(&format!("{name}(1)")), "{text}");
        assert!(text.contains("SYNOPSIS") && text.contains("--config"), "{text}");
    }
    let commands = commands(&home);
    assert_eq!(pages.len(), commands.len() + 1, "one of each command, and the first one");
    for command in commands {
        assert!(folder.join(format!("api-key-helper-{command}.1")).is_file(), "{command}");
        let printed = home.call(["man", &command]).run().assert_printed().replace("\\-", "-");
        assert!(printed.contains(&format!("api-key-helper {command}")), "{printed}");
    }
}

#[test]
fn manual_page_has_exit_status_files_and_environment() {
    let home = Home::new();
    let page = home.write("page.1", home.call(["man"]).run().assert_printed());
    let text = shown(&home, &page);
    for heading in
        ["NAME", "OPTIONS", "SUBCOMMANDS", "EXIT STATUS", "FILES", "ENVIRONMENT", "SEE ALSO"]
    {
        assert!(text.contains(&format!("\n{heading}\n")), "{heading}: {text}");
    }
    home.call(["man", "nonsense"]).run().assert_error(2, &["no command `nonsense`", "--help"]);
    let nowhere = home.path().join("nowhere");
    home.call(["man", "--to"]).arg(nowhere).run().assert_error(2, &["cannot write into"]);
}

/// Returns the rendered page. Warnings of the typesetter are failures.
fn shown(home: &Home, page: &Path) -> String {
    let man: Call = home.call_of(&install::debian("man", &["man-db"]));
    let man = man.args(["--warnings", "--local-file"]).arg(page);
    let man = man.env("LANG", "C.UTF-8").env("MANWIDTH", "80").env("MAN_KEEP_FORMATTING", "");
    man.run().assert_printed().to_owned()
}

/// Returns the commands in `--help`.
fn commands(home: &Home) -> Vec<String> {
    let help = home.call(["--help"]).run();
    let (_, list) = help.assert_printed().split_once("Commands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}
