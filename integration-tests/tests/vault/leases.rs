//! Keys with a lease.

use std::time::Duration;

use integration_tests::fake_client::FakeClient;
use integration_tests::servers::{OpenBao, openbao::ROOT};
use integration_tests::wait::until;

use crate::server::{Asked, lend};
use crate::user::User;

const READ: &str = "gateway/creds/developer";
const RENEW: &str = "sys/leases/renew";
const LOOKUP: &str = crate::server::LOOKUP;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn vault_lease_is_renewed_and_its_key_stays_the_same() {
    let bao = OpenBao::dev();
    let _rabbit = lend(&bao, "gateway", "developer", "1h", "24h");
    let address = bao.address();
    let user = User::new(&format!(
        "address = \"{address}\"\nengine = \"read\"\npath = \"{READ}\"\nfield = \"password\""
    ))
    .with_variable("VAULT_TOKEN", ROOT);
    let asked = Asked::from_now(&bao);
    let key = user.get().stdout;
    user.get().assert_key(&key);
    asked.assert(&[READ, LOOKUP]);
    let ends = || user.home.state().entry("vault").validity.expires_at.unwrap();

    // A key with an expiry is replaced before that; here, its lease expires.
    user.age(52 * MINUTE);
    user.age_renewal(52 * MINUTE);
    let end = ends();
    user.get().assert_key(&key);
    until("the lease is renewed", || (ends() > end.plus(50 * MINUTE)).then_some(()));
    asked.assert(&[RENEW, LOOKUP]);
    user.get().assert_key(&key);

    // The lease was revoked: another key, and never the old one.
    bao.request("PUT", &format!("sys/leases/revoke-force/{READ}"), None);
    asked.forget();
    user.age(61 * MINUTE);
    let other = user.get().stdout;
    assert_ne!(other, key);
    asked.assert(&[RENEW, READ, LOOKUP]);

    // A longer lease of this key does not help a caller who wants another key.
    asked.forget();
    let third = user.refresh().stdout;
    assert_ne!(third, other);
    user.get().assert_key(&third);
    asked.assert(&[READ, LOOKUP]);

    // The same holds for a client whose key the API refuses.
    asked.forget();
    let client = FakeClient::start(user.helper());
    client.ask().assert_key(&third);
    client.age(user.home.state().path(), Duration::from_secs(2));
    let fourth = user.searched(client.ask()).stdout;
    assert_ne!(fourth, third);
    user.get().assert_key(&fourth);
    asked.assert(&[READ, LOOKUP]);

    // An expired key is not printed, even if the server is down.
    bao.kill();
    user.age(61 * MINUTE);
    user.age_renewal(61 * MINUTE);
    user.get().assert_error(1, &["cannot reach vault at"]);
}
