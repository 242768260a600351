//! Many processes that find no encryption key.

use integration_tests::call::Running;
use integration_tests::home::{Home, KEYS};
use integration_tests::servers::SecretService;

use crate::seen::home_in_use;

#[test]
fn ten_first_processes_make_one_key_in_the_secret_service() {
    let service = SecretService::unlocked();
    let home = Home::with_script(KEYS);
    let call = service.heard_by(home.helper());
    let runs: Vec<Running> = (0..10).map(|_| call.start()).collect();
    for run in runs {
        run.finish().assert_key("key-1");
    }
    assert_eq!(service.calls("CreateItem"), 1);
    assert_eq!(home_in_use(&call).0, "secret-service");
    assert_eq!(home.state().labels().len(), 1);
    // No process took the request of another for an answer.
    assert!(!home.state().key_file().path().exists());
}
