//! A secret that is rotated while it is read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::Moto;
use integration_tests::servers::moto::{allow, text};
use serde_json::{Value, json};

use crate::common::{Source, aws};

const TOML: &str = "secret_id = 's'\nrotation_aware = true";

/// What reading so takes.
const MAY: [&str; 2] = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"];

#[test]
fn rotation_always_gives_awscurrent() {
    let moto = Moto::start();
    let reader = moto.user("reader", &MAY.map(allow));
    moto.secret("s", &json!({ "SecretString": "sk-0" }));
    let is_over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        moto.check(true);
        let asking = scope.spawn(|| {
            let mut source = Source::at(moto.address(), &reader, TOML);
            let mut seen = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let key = source.key();
                if seen.last() != Some(&key) {
                    seen.push(key);
                }
            }
            seen
        });
        for round in 1..=3 {
            rotate(&moto, round);
        }
        is_over.store(true, Ordering::Relaxed);
        asking.join().unwrap()
    });
    assert_eq!(seen, ["sk-0", "sk-1", "sk-2", "sk-3"]);
}

/// What a rotation function does: it makes a version that is pending, tries it, and makes it the
/// current one.
fn rotate(moto: &Moto, round: u32) {
    let asked = |operation: &str, body: &Value| {
        moto.check(false);
        let answer = moto.secrets_manager(operation, body);
        moto.check(true);
        thread::sleep(Duration::from_millis(200));
        answer
    };
    let current = json!({ "SecretId": "s", "VersionStage": "AWSCURRENT" });
    let current = text(&asked("GetSecretValue", &current), "VersionId");
    let pending = json!({
        "SecretId": "s",
        "SecretString": format!("sk-{round}"),
        "VersionStages": ["AWSPENDING"],
    });
    let pending = text(&asked("PutSecretValue", &pending), "VersionId");
    let finished = json!({
        "SecretId": "s",
        "VersionStage": "AWSCURRENT",
        "RemoveFromVersionId": current,
        "MoveToVersionId": pending,
    });
    asked("UpdateSecretVersionStage", &finished);
}

#[test]
fn rotation_aware_sets_refresh_at() {
    let moto = Moto::start();
    let reader = moto.user("reader", &MAY.map(allow));
    moto.secret("s", &json!({ "SecretString": "sk-0" }));
    let rotate = json!({
        "SecretId": "s",
        "RotateImmediately": false,
        "RotationRules": { "AutomaticallyAfterDays": 7 },
    });
    moto.secrets_manager("RotateSecret", &rotate);
    moto.check(true);

    let credential = Source::at(moto.address(), &reader, TOML).fetch().unwrap();
    assert_eq!(credential.key.expose(), "sk-0");
    let wait = credential.refresh_at.unwrap().duration_since(SystemTime::now()).unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    assert!(wait > 6 * day && wait <= 7 * day, "{wait:?}");
    let unaware = Source::at(moto.address(), &reader, "secret_id = 's'").fetch().unwrap();
    assert_eq!(unaware.refresh_at, None);
}

#[test]
fn rotation_aware_secret_without_rotation_has_no_refresh_at() {
    let toml = "secret_id = 'plain'\nrotation_aware = true";
    assert_eq!(Source::of(&aws().watcher, toml).fetch().unwrap().refresh_at, None);
}

#[test]
fn rotation_aware_without_describe_permission_is_denied() {
    let toml = "secret_id = 'plain'\nrotation_aware = true";
    let error = Source::of(&aws().reader, toml).error(ErrorKind::Denied);
    assert!(error.message().starts_with("aws refused to describe `plain`"), "{error}");
    let hint = error.hint().unwrap().to_string();
    assert!(hint.starts_with("ask for `secretsmanager:DescribeSecret` on `arn:"), "{hint}");
    assert!(hint.ends_with("or remove `rotation_aware`"), "{hint}");
}
