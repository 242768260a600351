//! A hit uses no network.

use std::path::Path;

use integration_tests::home::SYSTEM_CONFIG;
use integration_tests::servers::Relay;
use integration_tests::strace::{SystemCall, trace};

use crate::account::{KEY, account};
use crate::user::User;

#[test]
fn aws_cache_hit_opens_no_socket_and_starts_no_process() {
    let relay = Relay::to(account().moto.address());
    let user = User::of(relay.address(), &account().as_role()).signing_as(&account().caller);
    // These files are not read either.
    let user = user.file(".aws/config", "[default]\n").file(".aws/credentials", "[default]\n");
    user.run().assert_key(KEY);
    let asked = relay.requests().len();
    let [plan] = &user.state().files(".plan")[..] else { panic!("not one plan") };

    let (answer, calls) = trace(user.call(), user.home.path());

    answer.assert_key(KEY);
    assert_eq!(relay.requests().len(), asked);
    let named = |names: &[&str]| -> Vec<&SystemCall> {
        calls.iter().filter(|call| names.contains(&&*call.name)).collect()
    };
    assert_eq!(named(&["execve", "execveat"]).len(), 1);
    let processes_and_threads = named(&["clone", "clone3", "fork", "vfork"]);
    assert!(processes_and_threads.is_empty(), "{processes_and_threads:?}");
    let sockets = named(&["socket", "socketpair", "connect", "bind", "sendto", "recvfrom"]);
    assert!(sockets.is_empty(), "{sockets:?}");
    let opened = named(&["open", "openat", "openat2", "creat"]);
    let paths: Vec<&Path> = opened.iter().filter_map(|call| call.path()).map(Path::new).collect();
    let own = paths.iter().position(|path| *path == Path::new(SYSTEM_CONFIG)).unwrap();
    assert_eq!(
        paths[own..],
        [
            Path::new(SYSTEM_CONFIG),
            &user.home.config_file(),
            &user.state().path().join(plan),
            &user.state().key_file().path(),
            &user.state().entry_file("aws"),
        ]
    );
    assert!(paths[..own].iter().all(|path| !path.starts_with(user.home.path())), "{paths:?}");
}
