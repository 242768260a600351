//! Each block of the documentation is proved: by a test of its own, or by the rule for its
//! language.

use std::fs;

use crate::page::{Block, blocks, root};
use crate::{configurations, data, shell};

/// The proof of a block.
enum Proof {
    /// This rule holds for the block.
    Rule(fn(&Block)),
    /// The test of that name, in a file below `integration-tests/tests/`, reads the page and runs
    /// the block.
    Test(&'static str, &'static str),
    /// The tests in that folder below `integration-tests/tests/` run the page's blocks.
    Tests(&'static str),
    /// The same of the page's sections.
    Sections(&'static str),
}

use Proof::{Rule, Sections, Test, Tests};

/// Blocks with a proof of their own: the page, the language, the number of blocks, the proof. The
/// number detects new blocks.
const OF_PAGES: &[(&str, &str, usize, Proof)] = &[
    ("CONTRIBUTING.md", "sh", 1, Rule(shell::is_of_this_workspace)),
    ("README.md", "sh", 2, Rule(shell::is_of_this_workspace)),
    (
        "docs/commands/apply.md",
        "console",
        3,
        Test("docs/apply.rs", "documentation_transcripts_of_apply_for_other_clients_hold"),
    ),
    ("docs/backends/exchange.md", "sh", 2, Rule(shell::is_a_script)),
    ("docs/backends/oidc.md", "sh", 1, Rule(shell::is_a_script)),
    (
        "docs/backends/vault.md",
        "hcl",
        1,
        Test("vault/documentation.rs", "vault_page_configurations_all_print_a_key"),
    ),
    (
        "docs/claude-code.md",
        "console",
        3,
        Test("docs/apply.rs", "documentation_transcripts_of_apply_for_claude_code_hold"),
    ),
    (
        "docs/deployment.md",
        "sh",
        1,
        Test("package/examples.rs", "deployment_page_doctor_line_gathers_errors"),
    ),
    ("docs/commands/doctor.md", "console", 1, Rule(data::is_a_report_of_doctor)),
    (
        "docs/commands/exec.md",
        "console",
        3,
        Test("docs/exec.rs", "documentation_transcripts_of_exec_hold"),
    ),
    ("docs/internals/fleet.md", "sh", 1, Rule(shell::is_of_this_workspace)),
    ("docs/internals/performance.md", "sh", 4, Rule(shell::is_of_this_workspace)),
    ("docs/platforms.md", "sh", 1, Rule(shell::is_of_this_workspace)),
    (
        "docs/quick-start.md",
        "console",
        5,
        Test("package/quick_start.rs", "quick_start_steps_work_on_a_clean_debian"),
    ),
    ("docs/internals/reliability.md", "sh", 1, Rule(shell::is_of_this_workspace)),
];

/// Pages, and folders of pages, whose tests use every block, in any language.
const OF_FOLDERS: &[(&str, Proof)] =
    &[("docs/clients.md", Sections("consumers")), ("docs/recipes/", Tests("recipes"))];

/// The rule for all other blocks of a language.
const OF_LANGUAGES: &[(&str, Proof)] = &[
    ("console", Rule(shell::runs)),
    ("json", Rule(data::is_json)),
    ("sh", Rule(shell::runs)),
    ("toml", Rule(configurations::is_one)),
    ("yaml", Rule(data::is_yaml)),
];

/// The language of diagrams and screens, which no user types and no program reads.
const SHOWN: &str = "text";

#[test]
fn documentation_code_blocks_are_all_proved() {
    let blocks = blocks();
    for (page, language, count, proof) in OF_PAGES {
        let is_meant = |block: &&Block| block.page == *page && block.language == *language;
        let found = blocks.iter().filter(is_meant).count();
        assert_eq!(found, *count, "blocks of `{language}` in {page}: say what proves a new one");
        if let Test(file, name) = proof {
            assert_is_there(file, name, page);
        }
    }
    let mut failed = Vec::new();
    for block in blocks.iter().filter(|block| block.language != SHOWN) {
        let Some(proof) = proof(block) else {
            panic!("{block} is claimed by no test: see OF_PAGES and OF_LANGUAGES in {}", file!());
        };
        match proof {
            Rule(rule) if std::panic::catch_unwind(|| rule(block)).is_err() => {
                failed.push(block.to_string());
            }
            Tests(folder) => {
                let name = block.page.rsplit('/').next().expect("the page's name");
                assert_is_read(folder, &[name, name.trim_end_matches(".md")]);
            }
            Sections(folder) => assert_is_read(folder, &[&block.section]),
            Rule(_) | Test(..) => {}
        }
    }
    assert!(failed.is_empty(), "these do not hold: {failed:#?}");
}

fn proof(block: &Block) -> Option<&'static Proof> {
    let of_page = OF_PAGES
        .iter()
        .find(|(page, language, ..)| *page == block.page && *language == block.language);
    let of_folder = OF_FOLDERS.iter().find(|(folder, _)| block.page.starts_with(folder));
    let of_language = OF_LANGUAGES.iter().find(|(language, _)| *language == block.language);
    let proof = of_page.map(|(.., proof)| proof).or(of_folder.map(|(_, proof)| proof));
    proof.or(of_language.map(|(_, proof)| proof))
}

/// Asserts that the test of a claim exists.
#[track_caller]
fn assert_is_there(file: &str, name: &str, page: &str) {
    let path = root().join("integration-tests/tests").join(file);
    let text = fs::read_to_string(&path).expect("the test's file");
    assert!(text.contains(&format!("fn {name}()")), "{file} has no test `{name}`");
    let page = page.rsplit('/').next().expect("the page's name");
    assert!(text.contains(page), "{file} does not read {page}");
}

/// Asserts that a test uses one of these names.
#[track_caller]
fn assert_is_read(folder: &str, names: &[&str]) {
    let tests = fs::read_dir(root().join("integration-tests/tests").join(folder));
    let mut tests = tests.expect("the folder of tests").map(|file| file.expect("a test").path());
    let is_read = tests.any(|test| {
        let text = fs::read_to_string(test).expect("the test's file");
        names.iter().any(|name| text.contains(&format!("\"{name}\"")))
    });
    assert!(is_read, "no test in {folder} reads {names:?}");
}
