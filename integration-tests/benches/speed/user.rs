//! The user of the measured key.

use std::path::{Path, PathBuf};

use integration_tests::call::Call;
use integration_tests::home::Home;

/// A key of the usual length.
pub(crate) const KEY: &str = "sk-made-up-0123456789abcdef0123456789abcdef0123456789abcdef";

/// Returns a home with a script that prints [`KEY`].
pub(crate) fn with_script() -> Home {
    Home::with_script(&format!("echo {KEY}"))
}

/// Returns a home with a long history: 50 sources, and a log that is about to be rotated.
pub(crate) fn with_much(front: &Path) -> Home {
    let home = Home::new();
    let script = home.script("main", &format!("echo {KEY}"));
    let names: Vec<String> = (1..50).map(|number| format!("vault-{number}")).collect();
    let mut text = format!(
        "default_profile = \"main\"\n\n[profile.main]\nsources = [\"main\", \"{}\"]\n\n\
         [source.main]\nbackend = \"script\"\ncommand = [\"{}\"]\n",
        names.join("\", \""),
        script.display()
    );
    for name in names {
        text += &format!(
            "\n[source.{name}]\nbackend = \"vault\"\naddress = \"https://{name}.example.com:8200\"\n\
             mount = \"secret\"\npath = \"anthropic\"\nfield = \"api_key\"\n\
             auth = {{ method = \"approle\", role_id = \"7f4c\", secret_id = {{ file = \"/run/{name}\" }} }}\n"
        );
    }
    home.configure(&text);
    home.call_of(front).run().assert_key(KEY);
    let line =
        "{\"note\":\"a line of the log that is as long as most of them are, more or less\"}\n";
    home.write(".local/state/api-key-helper/refresh.log", line.repeat((1 << 20) / line.len()));
    home
}

/// Returns the file that the floors read.
pub(crate) fn floor_file(home: &Home) -> PathBuf {
    home.write("floor", format!("9999999999 {KEY}"))
}

/// Returns a call of a front, after which the next one is a hit.
pub(crate) fn hit(home: &Home, front: &Path) -> Call {
    let call = home.call_of(front);
    call.run().assert_key(KEY);
    call
}
