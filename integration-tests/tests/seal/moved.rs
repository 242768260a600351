//! Moves from one key store to another.

use std::fs;

use integration_tests::home::{Home, KEYS};
use integration_tests::servers::SecretService;

use crate::seen::home_in_use;

/// Sets the key store in the configuration of `home`.
fn configure(home: &Home, seal: &str) {
    let text = fs::read_to_string(home.config_file()).unwrap();
    let table = text.find("[profile").expect("a profile");
    home.configure(&format!("seal = \"{seal}\"\n{}", &text[table..]));
}

#[test]
fn entries_follow_the_seal_setting_between_file_and_secret_service() {
    let service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    let call = service.heard_by(home.helper());
    let mut seen = Vec::new();
    for (seal, is_restarted) in
        [("file", false), ("secret-service", false), ("file", true), ("auto", true)]
    {
        configure(&home, seal);
        if is_restarted {
            home.restart_machine();
        }
        call.run().assert_key("key-1");
        let labels = home.state().labels();
        assert_eq!(labels.len(), 1, "{seal}: {labels:?}");
        seen.extend(labels);
    }
    assert_eq!(home.runs("main"), 1);
    assert_ne!(seen[0], seen[1]);
    assert_eq!(seen[..2], seen[2..]);
    assert_eq!(home_in_use(&call).0, "secret-service");
}
