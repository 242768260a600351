//! The kernel's keyring, and machines that forbid it.

use api_key_helper_cache::{KernelKeyring, Memory, SealingKey, SealingKeys};
use integration_tests::home::{Home, KEYS};
use integration_tests::install;
use integration_tests::servers::SecretService;
use integration_tests::strace::{named, trace};
use integration_tests::syscalls::without_keyring;

use crate::seen::home_in_use;

#[test]
fn kernel_keyring_forbidden_reads_the_key_file() {
    let home = Home::with_script(KEYS);
    let call = without_keyring(home.helper());
    call.run().assert_key("key-1");
    call.run().assert_key("key-1");
    assert_eq!(home_in_use(&call).0, "file");
    // The same entry is readable without it.
    home.helper().run().assert_key("key-1");
}

/// Each hit would have to ask the secret service.
#[test]
fn kernel_keyring_forbidden_uses_the_secret_service_only_on_request() {
    let service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    let call = without_keyring(service.heard_by(home.helper()));
    call.run().assert_key("key-1");
    let (place, reason) = home_in_use(&call);
    assert_eq!(place, "file");
    assert!(reason.contains("kernel keyring") && reason.contains("not permitted"), "{reason}");
    assert_eq!(service.calls("OpenSession"), 0);

    let text = std::fs::read_to_string(home.config_file()).unwrap();
    home.configure(&format!("seal = \"secret-service\"\n{text}"));
    call.run().assert_key("key-1");
    call.run().assert_key("key-1");
    assert_eq!(home_in_use(&call).0, "secret-service");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn cache_hit_asks_no_secret_service() {
    let service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    let call = service.heard_by(home.helper());
    call.run().assert_key("key-1");
    let asked = service.calls("OpenSession");
    assert!(asked > 0);
    // Not even the bus, which a service or a job may lack.
    let (answer, calls) = trace(home.helper(), home.path());
    answer.assert_key("key-1");
    assert_eq!(named(&calls, &["execve"]).len(), 1);
    assert_eq!(named(&calls, &["socket"]), [&calls[0]; 0]);
    assert_eq!(named(&calls, &["keyctl"]).len(), 3);
    assert_eq!(service.calls("OpenSession"), asked);
    assert!(!home.state().key_file().path().exists());
}

/// A user's keyring belongs to a user ID in a user namespace (user-keyring(7)): a container in its
/// own namespace reads its own keyring.
#[test]
fn kernel_keyring_is_not_read_from_another_user_namespace() {
    let service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    service.heard_by(home.helper()).run().assert_key("key-1");
    home.helper().run().assert_key("key-1");
    let contained = home.helper().under(["unshare", "--user", "--map-current-user"]);
    contained.run().assert_key("key-2");
    assert_eq!(home_in_use(&contained).0, "file");
    assert_eq!(home.runs("main"), 2);
}

/// In cron jobs and services, the session keyring does not link to the user keyring.
#[test]
fn kernel_keyring_is_found_from_another_session() {
    let keyctl = install::debian_wrapper("keyctl", &["keyutils"]);
    let service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    service.heard_by(home.helper()).run().assert_key("key-1");
    let answer = home.helper().under([keyctl.as_os_str(), "session".as_ref(), "-".as_ref()]).run();
    assert_eq!((answer.code, &*answer.stdout), (Some(0), "key-1"), "{answer:?}");
    assert_eq!(home.runs("main"), 1);
}

#[test]
fn kernel_keyring_with_a_foreign_sealing_key_is_ignored() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let keyring = KernelKeyring::of(home.state().key_file());
    // A valid key of another store: it opens nothing, and is not in the file.
    let foreign = SealingKeys::first(SealingKey::new([7; 32].into()));
    keyring.remember(&Memory::Keys(foreign)).unwrap();
    home.helper().run().assert_key("key-1");
    assert_eq!(home.runs("main"), 1);
}
