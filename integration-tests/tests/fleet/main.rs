//! Many machines start at the same time, each with its own home, against a cluster with a quota.
//!
//! `simulation/` runs a hundred thousand; these are as many as a small machine can start, and all
//! real.

#![cfg(target_os = "linux")]
// A failed assumption is a failed test, so the helpers may panic.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::Duration;

use integration_tests::breakpoint::Breakpoint;
use integration_tests::call::{Call, Running};
use integration_tests::home::Home;
use integration_tests::servers::admin::text;
use integration_tests::servers::{Admin, OpenBao};
use integration_tests::wait::{now, since, until};
use serde_json::json;

const HELPERS: usize = 500;
/// The requests that a node answers in an interval: each helper needs two, a login and a read.
const RATE: u32 = 600;
const INTERVAL: &str = "10s";
/// The default of `deadline`.
const DEADLINE: Duration = Duration::from_secs(30);

const KEY: &str = "sk-canary-f1v3-hundr3d-4t-n1ne";
const READ: &str = "secret/data/anthropic";

#[test]
fn five_hundred_cold_processes_get_a_key_from_vault_with_a_429_quota() {
    let cluster = OpenBao::raft(3);
    let leader = cluster.leader().unwrap();
    let role_id = set_up(leader);
    let mut addresses = cluster.addresses();
    addresses.sort_by_key(|address| *address != leader.address());
    let homes: Vec<Home> = (0..HELPERS).map(|_| home(&addresses, &role_id)).collect();
    let place = Home::new();
    let breakpoint = place.breakpoint();
    let calls: Vec<Running> =
        homes.iter().map(|home| behind(&breakpoint, home.helper()).start()).collect();
    until("all of them stand at the breakpoint", || {
        calls.iter().all(|call| call.process().waits_with_threads(1)).then_some(())
    });

    breakpoint.reached().resume();
    let started = now();
    for call in calls {
        call.finish().assert_key(KEY);
    }
    let took = since(started);

    assert!(took < DEADLINE, "{took:?}");
    let logs = homes.iter().map(|home| home.state().log());
    let attempts: Vec<u64> =
        logs.map(|log| log[0]["attempts"].as_u64().expect("a number")).collect();
    let put_off = attempts.iter().filter(|attempts| **attempts > 1).count();
    println!("{HELPERS} helpers had their key after {took:.1?}; {put_off} of them were put off");
    assert!(put_off > HELPERS / 10, "the quota is none: {put_off} were put off");
}

/// Creates a key, a role that may read it, and a quota of each node. Returns the ID of the role.
fn set_up(admin: &Admin) -> String {
    admin.enable_engine("secret", "kv", &json!({ "version": "2" }));
    admin.write(READ, &json!({ "data": { "api_key": KEY } }));
    admin.policy("reader", &[(READ, "read")]);
    admin.enable_auth("approle", "approle");
    let role = json!({ "token_policies": "reader", "token_ttl": "1h",
                       "bind_secret_id": false, "token_bound_cidrs": "127.0.0.1/32" });
    admin.write("auth/approle/role/fleet", &role);
    let role_id = text(&admin.read("auth/approle/role/fleet/role-id"), "/data/role_id");
    admin.write("sys/quotas/config", &json!({ "enable_rate_limit_response_headers": true }));
    let quota = json!({ "rate": RATE, "interval": INTERVAL });
    admin.write("sys/quotas/rate-limit/fleet", &quota);
    role_id
}

/// Returns the home of a machine. All ask the leader first, as through a load balancer.
fn home(addresses: &[&str], role_id: &str) -> Home {
    let home = Home::new();
    home.configure(&format!(
        "[profile.work]\nsources = [\"vault\"]\n\n\
         [source.vault]\nbackend = \"vault\"\naddress = {addresses:?}\npath = \"anthropic\"\n\
         auth = {{ method = \"approle\", role_id = \"{role_id}\" }}\n"
    ));
    home
}

/// Returns a call that starts when the breakpoint is resumed.
fn behind(breakpoint: &Breakpoint, call: Call) -> Call {
    let line = format!("{}; exec \"$@\"", breakpoint.command());
    call.under(["sh", "-c", &line, "sh"])
}
