//! A secret that is rotated while its key is fetched all the time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use integration_tests::servers::Moto;
use integration_tests::servers::moto::{allow, text};
use integration_tests::wait::{now, until};
use serde_json::{Value, json};

use crate::user::User;

/// One call of the helper.
struct Ask {
    began: Instant,
    ended: Instant,
    key: String,
}

/// The rotation to the key of one number.
struct Rotation {
    began: Instant,
    ended: Instant,
}

const ROTATIONS: usize = 3;

#[test]
fn rotated_secret_gives_awscurrent_and_never_awspending() {
    let moto = Moto::start();
    let may = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"];
    let reader = moto.user("reader", &may.map(allow));
    moto.secret("rotated", &json!({ "SecretString": "sk-0" }));
    moto.check(true);
    // A user who refreshes at each call, one with a cache, and one who also checks for the next
    // rotation.
    let ttls = [0, 300, 0].map(Duration::from_millis);
    let users: Vec<User> = ["", "", "rotation_aware = true"]
        .iter()
        .zip(ttls)
        .map(|(line, ttl)| {
            let profile =
                format!("ttl = \"{}ms\"\nstale_while_revalidate = \"0s\"", ttl.as_millis());
            let source = format!("secret_id = \"rotated\"\n{line}");
            User::with_profile(moto.address(), &profile, &source).signing_as(&reader)
        })
        .collect();
    let counts: Vec<AtomicUsize> = users.iter().map(|_| AtomicUsize::new(0)).collect();
    let is_over = AtomicBool::new(false);

    let (asks, rotations) = thread::scope(|scope| {
        let is_over = &is_over;
        let asking: Vec<_> = users
            .iter()
            .zip(&counts)
            .map(|(user, count)| scope.spawn(move || ask(user, count, is_over)))
            .collect();
        let everybody_asks = || {
            let before: Vec<usize> = counts.iter().map(|n| n.load(Ordering::SeqCst)).collect();
            until("everybody has asked a few times, or failed", || {
                let mut counts = counts.iter().zip(&before);
                let have = counts.all(|(count, before)| count.load(Ordering::SeqCst) > before + 5);
                (have || asking.iter().any(thread::ScopedJoinHandle::is_finished)).then_some(())
            });
        };
        everybody_asks();
        let rotations: Vec<Rotation> =
            (1..=ROTATIONS).map(|number| rotate(&moto, number, everybody_asks)).collect();
        is_over.store(true, Ordering::SeqCst);
        let asks: Vec<Vec<Ask>> = asking.into_iter().map(|asking| asking.join().unwrap()).collect();
        (asks, rotations)
    });

    for (asks, ttl) in asks.iter().zip(ttls) {
        for Ask { began, ended, key } in asks {
            // A cached key is at most as old as the TTL.
            let oldest = rotations.iter().filter(|rotation| rotation.ended + ttl < *began).count();
            let newest = rotations.iter().filter(|rotation| rotation.began < *ended).count();
            let number: usize = key.strip_prefix("sk-").unwrap().parse().unwrap();
            assert!(
                (oldest..=newest).contains(&number),
                "{key} where sk-{oldest} to sk-{newest} were current, with a ttl of {ttl:?}"
            );
        }
        assert_eq!(asks.last().unwrap().key, format!("sk-{ROTATIONS}"));
    }
    for user in &users {
        let log = user.state().log();
        assert!(log.iter().all(|line| line["outcome"] == "refreshed"), "{log:?}");
    }
    // The cache was used.
    assert!(users[1].state().log().len() < asks[1].len() / 2, "{} calls", asks[1].len());
}

/// Calls until the test is over, and once more when every cached key is too old.
fn ask(user: &User, count: &AtomicUsize, is_over: &AtomicBool) -> Vec<Ask> {
    let mut asks = Vec::new();
    let mut last = false;
    loop {
        let began = now();
        let answer = user.run();
        assert_eq!((answer.code, &*answer.stderr), (Some(0), ""), "{answer:?}");
        asks.push(Ask { began, ended: now(), key: answer.stdout });
        count.fetch_add(1, Ordering::SeqCst);
        if last {
            return asks;
        }
        if is_over.load(Ordering::SeqCst) {
            user.outlive_ttl();
            last = true;
        }
    }
}

/// Does the work of a rotation function: makes a pending version, tests it, and makes it the
/// current one. `meanwhile` runs between the steps.
fn rotate(moto: &Moto, number: usize, meanwhile: impl Fn()) -> Rotation {
    let administer = |operation: &str, body: &Value| {
        moto.check(false);
        let answer = moto.secrets_manager(operation, body);
        moto.check(true);
        answer
    };
    let current = json!({ "SecretId": "rotated", "VersionStage": "AWSCURRENT" });
    let current = text(&administer("GetSecretValue", &current), "VersionId");
    let pending = json!({
        "SecretId": "rotated",
        "SecretString": format!("sk-{number}"),
        "VersionStages": ["AWSPENDING"],
    });
    let pending = text(&administer("PutSecretValue", &pending), "VersionId");
    meanwhile();
    let finished = json!({
        "SecretId": "rotated",
        "VersionStage": "AWSCURRENT",
        "RemoveFromVersionId": current,
        "MoveToVersionId": pending,
    });
    let began = now();
    administer("UpdateSecretVersionStage", &finished);
    let ended = now();
    meanwhile();
    Rotation { began, ended }
}
