//! The package on a minimal system.

use integration_tests::call::Call;
use integration_tests::debian::{Debian, package};
use integration_tests::home::Home;
use integration_tests::install;

#[test]
fn debian_package_installs_a_working_program_and_removes_it() {
    let home = Home::new();
    let debian = Debian::new();
    let before = debian.files();
    let package = package(home.path());
    debian.put(&package, "/root/package.deb");
    debian.put(&home.script("keys", "echo key-of-the-package"), "/opt/keys");
    printed(&debian.root("dpkg --install package.deb && rm package.deb"));

    // Front and worker find each other, without a `PATH` for the worker.
    let init = "api-key-helper init --backend script --set 'command=[\"/opt/keys\"]'";
    printed(&debian.ann(init));
    debian.ann("api-key-helper").run().assert_key("key-of-the-package");
    let found = printed(&debian.ann("command -v api-key-helper api-key-helper-worker || true"));
    assert_eq!(found, "/usr/bin/api-key-helper\n");
    let programs = printed(&debian.ann("api-key-helper doctor --json || true"));
    assert!(programs.contains("`/usr/libexec/api-key-helper/api-key-helper-worker` is version"));
    for file in [
        "/usr/share/man/man1/api-key-helper.1.gz",
        "/usr/share/man/man1/api-key-helper-doctor.1.gz",
        "/usr/share/bash-completion/completions/api-key-helper",
        "/usr/share/zsh/vendor-completions/_api-key-helper",
        "/usr/share/fish/vendor_completions.d/api-key-helper.fish",
        "/usr/share/doc/api-key-helper/copyright",
        "/usr/share/doc/api-key-helper/changelog.gz",
        "/usr/share/doc/api-key-helper/examples/config.toml",
        "/usr/share/doc/api-key-helper/examples/managed-settings.json",
    ] {
        printed(&debian.ann(&format!("test -s '{file}'")));
    }

    printed(&debian.root("dpkg --purge api-key-helper"));
    let left: Vec<String> = debian
        .files()
        .into_iter()
        .filter(|file| !before.contains(file) && file != "/opt/keys")
        // Removing any package leaves these files of the package manager.
        .filter(|file| !file.starts_with("/var/lib/dpkg/") && !file.starts_with("/var/log/"))
        .collect();
    assert!(left.iter().any(|file| file == "/home/ann/.config/api-key-helper/config.toml"));
    assert!(left.iter().all(|file| file.starts_with("/home/ann/")), "{left:?}");
}

#[test]
fn debian_package_passes_lintian() {
    let lintian = install::debian("lintian", &["lintian"]);
    let home = Home::new();
    let package = package(home.path());
    let lintian = home.call_of(&lintian).arg("--allow-root");
    let answer = lintian.args(["--fail-on", "error,warning"]).arg(package).run();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), ""), "{answer:?}");
}

/// Returns the output of a line, which must succeed.
#[track_caller]
fn printed(call: &Call) -> String {
    let answer = call.run();
    assert_eq!(answer.code, Some(0), "{answer:?}");
    answer.stdout.clone()
}
