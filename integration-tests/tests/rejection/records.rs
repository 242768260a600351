//! The records of answers to clients.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use api_key_helper_cache::rejection::Record;
use api_key_helper_values::Moment;
use integration_tests::binaries::Binaries;
use integration_tests::fake_client::FakeClient;
use integration_tests::home::SYSTEM_CONFIG;
use integration_tests::mounts::{Mounts, give_away};
use integration_tests::secret_forms::SecretForms;
use integration_tests::strace::{STARTS, named, trace};

use crate::user::{REFUSED, STORED, User, assert_rejected};

fn file_of(client: &FakeClient, user: &User) -> PathBuf {
    client.records_file(&user.records()).expect("records")
}

#[test]
fn damaged_rejection_record_keeps_its_whole_lines() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    let file = file_of(&client, &user);
    let whole = fs::read(&file).unwrap();
    let contents = [
        Vec::new(),
        b"garbage".to_vec(),
        vec![0xff; 100],
        whole[..whole.len() / 2].to_vec(),
        vec![0; 1 << 20],
    ];
    for content in contents {
        fs::write(&file, &content).unwrap();
        client.ask().assert_key("old-key");
        let bytes = fs::read(&file).unwrap();
        assert!(bytes.len() < 8_192, "{}", bytes.len());
    }
    assert_eq!(user.runs(), 1);

    // A torn record hides neither earlier nor later ones.
    let torn = [&whole[..], &whole[..20]].concat();
    fs::write(&file, torn).unwrap();
    client.ask().assert_key("old-key");
    assert_eq!(client.records(&user.records()).len(), 2);
    user.refuse(&client).assert_key("old-key");
    assert_eq!(user.runs(), 2);
}

/// In each case, the earlier record is ignored, and the file in its place stays.
#[test]
fn rejection_record_of_another_user_or_type_is_left_alone() {
    let spoil: [fn(&Path) -> Mounts; 5] = [
        give_away,
        |file| {
            fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
            Mounts::new()
        },
        |file| {
            let target = file.with_file_name("target");
            fs::rename(file, &target).unwrap();
            symlink(target, file).unwrap();
            Mounts::new()
        },
        |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
            Mounts::new()
        },
        |file| {
            fs::remove_file(file).unwrap();
            Mounts::new().command(&format!("[ -p '{0}' ] || mkfifo -m 600 '{0}'", file.display()))
        },
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let user = User::new("", STORED);
        let client = user.client_with_key();
        client.age(&user.records(), REFUSED);
        let mounts = spoil(&file_of(&client, &user));
        for _ in 0..2 {
            client.ask_by(&mounts.seen_by(client.call().clone())).assert_key("old-key");
        }
        assert_eq!(user.runs(), 1, "{number}");
    }
}

/// The session's folder is missing, or belongs to another user: the state folder has the records.
#[test]
fn rejection_records_without_xdg_runtime_dir_go_to_the_state_folder() {
    let nothing: fn(&User) -> Mounts = |user| {
        fs::remove_dir(user.session()).unwrap();
        Mounts::new()
    };
    let spoil: [fn(&User) -> Mounts; 6] = [
        nothing,
        |user| {
            fs::remove_dir(user.session()).unwrap();
            fs::write(user.session(), "no folder").unwrap();
            Mounts::new()
        },
        |user| give_away(&user.session()),
        |user| {
            fs::create_dir(user.records()).unwrap();
            give_away(&user.records())
        },
        |user| {
            fs::set_permissions(user.session(), Permissions::from_mode(0o755)).unwrap();
            Mounts::new()
        },
        |user| Mounts::new().empty(&user.session(), "1m").read_only(&user.session()),
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let user = User::new("", STORED);
        let client = user.client();
        let mounts = spoil(&user);
        let call = mounts.seen_by(client.call().clone());
        let state = user.home.state();
        client.ask_by(&call).assert_key("old-key");
        for _ in 0..2 {
            client.age(state.path(), REFUSED);
            let answer = client.ask_by(&call);
            if answer.code == Some(0) {
                answer.assert_key("old-key");
            } else {
                assert_rejected(&answer);
            }
        }
        assert_eq!((user.runs(), client.records(state.path()).len()), (2, 3), "{number}");
        assert_eq!(client.records(&user.records()).len(), 0, "{number}");
    }
    let user = User::new("", STORED);
    let client = FakeClient::start(user.helper().without_env("XDG_RUNTIME_DIR"));
    client.ask().assert_key("old-key");
    assert_eq!(client.records(user.home.state().path()).len(), 1);
}

#[test]
fn rejection_records_on_a_read_only_disk_are_off() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    client.age(&user.records(), REFUSED);
    let (state, kept) = (user.home.state(), user.home.path().join("kept"));
    fs::rename(state.path(), &kept).unwrap();
    fs::create_dir(state.path()).unwrap();
    let mounts = Mounts::new()
        .empty(state.path(), "1m")
        .command(&format!("cp -p '{}'/* '{}'", kept.display(), state.path().display()))
        .read_only(state.path())
        .empty(&user.session(), "1m")
        .read_only(&user.session());
    for _ in 0..2 {
        client.ask_by(&mounts.seen_by(client.call().clone())).assert_key("old-key");
    }
    assert_eq!(user.runs(), 1);
}

#[test]
fn rejection_records_are_bounded_and_of_mode_0600() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    let file = file_of(&client, &user);
    let record = client.records(&user.records())[0];
    let old = Record {
        asked_at: record.asked_at.minus(Duration::from_secs(3_600)),
        answered_at: record.answered_at.minus(Duration::from_secs(3_600)),
        ..record
    };
    let many: Vec<u8> =
        [[old; 50].as_slice(), &[record]].concat().iter().flat_map(Record::encode).collect();
    assert!(many.len() > 4_096);
    fs::write(&file, many).unwrap();
    client.ask().assert_key("old-key");
    let records = client.records(&user.records());
    assert_eq!(records.len(), 16);
    assert_eq!(records[14], record);
    client.ask().assert_key("old-key");
    assert_eq!(client.records(&user.records()).len(), 17);

    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(&user.records()), mode(&file_of(&client, &user))], [0o700, 0o600]);
    assert_eq!(fs::read_dir(user.records()).unwrap().count(), 1);
}

#[test]
fn rejection_records_of_ended_clients_are_swept() {
    let user = User::new("", STORED);
    let client = user.client_with_key();
    let state = user.home.state();
    let gone = "1234-5678.v1.answers";
    let two_days_ago = fs::metadata(file_of(&client, &user)).unwrap().modified().unwrap()
        - Duration::from_secs(2 * 24 * 60 * 60);
    for folder in [state.path(), &user.records()] {
        fs::write(folder.join(gone), "").unwrap();
        let file = fs::File::options().append(true).open(folder.join(gone)).unwrap();
        file.set_modified(two_days_ago).unwrap();
    }
    assert!(two_days_ago > UNIX_EPOCH);
    // A new plan triggers the cleanup of the folders.
    client
        .ask_by(&client.call().clone().env("API_KEY_HELPER_RETRY_COUNT", "1"))
        .assert_key("old-key");
    for folder in [state.path(), &user.records()] {
        assert!(!folder.join(gone).exists(), "{}", folder.display());
    }
    assert!(file_of(&client, &user).exists());
}

/// The worker uses the time of the front, which started the call.
#[test]
fn rejection_record_takes_the_fronts_start_time() {
    let user = User::new("", STORED);
    let client = user.client();
    let version = concat!("--front-version=", env!("CARGO_PKG_VERSION"));
    let call = client.call().clone().program(&Binaries::built().worker);
    client.ask_by(&call.args([version, "--asked-at=1234", "get"])).assert_key("old-key");
    let record = client.records(&user.records())[0];
    assert_eq!(record.asked_at, Moment::from_unix_millis(1_234));
    assert!(record.answered_at > record.asked_at);
}

#[test]
fn rejection_record_holds_nothing_of_the_key() {
    const KEY: &str = "sk-canary-15t1c3xp14l1d0c10u5-5up3rc4l1fr4g1l";
    let user = User::new("", STORED);
    user.rotate(KEY);
    let client = user.client();
    client.ask().assert_key(KEY);
    user.refuse(&client).assert_key(KEY);
    assert_rejected(&user.refuse(&client));
    assert_eq!(client.records(&user.records()).len(), 3);
    let bytes = fs::read(file_of(&client, &user)).unwrap();
    SecretForms::of(KEY).assert_not_in("the records", &bytes);
}

/// A hit by the client is still one process. It looks up its parent, and opens one more file.
#[test]
fn cache_hit_of_a_client_opens_one_more_file() {
    // With so short a hold no call counts as an early retry, however long `strace` takes.
    let user = User::new("hold = \"10500ms\"", STORED);
    let client = user.client_with_key();
    let socket = format!("/tmp/{}.sock", std::process::id());
    let call = user
        .helper()
        .env("CLAUDE_CODE_ENTRYPOINT", "cli")
        .env("CLAUDE_CODE_MESSAGING_SOCKET", socket);
    call.run().assert_key("old-key");
    let own = fs::read_dir(user.records()).unwrap().map(|file| file.unwrap().path());
    let own = own.filter(|file| *file != file_of(&client, &user)).collect::<Vec<_>>();
    let [own] = &own[..] else { panic!("{own:?}") };
    let [plan] = &user.home.state().files(".plan")[..] else { panic!("not one plan") };

    let (answer, calls) = trace(call, user.home.path());

    answer.assert_key("old-key");
    assert_eq!(named(&calls, &["execve", "execveat"]).len(), 1, "{calls:?}");
    assert_eq!(named(&calls, &STARTS), [&calls[0]; 0]);
    let changes = ["flock", "mkdir", "rename", "unlink", "fsync", "ftruncate", "fallocate"];
    assert_eq!(named(&calls, &changes), [&calls[0]; 0]);
    let opened = named(&calls, &["open", "openat", "openat2", "creat"]);
    let paths: Vec<&Path> = opened.iter().filter_map(|call| call.path()).map(Path::new).collect();
    let begin = paths.iter().position(|path| *path == Path::new(SYSTEM_CONFIG)).unwrap();
    let stat = |process: &str| Path::new("/proc").join(process).join("stat");
    let us = stat(&std::process::id().to_string());
    let strace = paths[begin + 5].parent().unwrap().file_name().unwrap().to_str().unwrap();
    let strace = stat(strace);
    let expected = [
        Path::new(SYSTEM_CONFIG),
        &user.home.config_file(),
        &user.home.state().path().join(plan),
        &user.home.state().key_file().path(),
        &user.home.state().entry_file("main"),
        // `strace` is between us and the helper.
        &strace,
        &us,
        own,
    ];
    assert_eq!(paths[begin..], expected);
    // The key, and its record.
    assert_eq!(named(&calls, &["write"]).len(), 2, "{calls:?}");
}
