//! Old files of the state folder: those in use are kept.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use integration_tests::call::Call;
use integration_tests::home::{Home, KEYS, configuration};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns a home with another configuration, whose key is cached. Its files were last used 31 days
/// ago.
fn home_with_old_files() -> (Home, PathBuf) {
    let home = Home::with_script(KEYS);
    let other = home.script("other", "echo other-$run");
    let other = home.write("other.toml", configuration("ttl = \"2160h\"", "", &other));
    by(&home, &other).run().assert_key("other-1");
    for name in home.state().files("") {
        age(&home.state().path().join(name), 31 * DAY);
    }
    (home, other)
}

fn by(home: &Home, configuration: &Path) -> Call {
    home.call(["--config".as_ref(), configuration.as_os_str()])
}

fn age(file: &Path, by: Duration) {
    let then = modified(file) - by;
    let times = FileTimes::new().set_modified(then).set_accessed(then);
    File::open(file).unwrap().set_times(times).unwrap();
}

fn modified(file: &Path) -> SystemTime {
    fs::metadata(file).unwrap().modified().unwrap()
}

/// Uses the user's own configuration for the first time, which removes old files.
fn sweep(home: &Home) {
    home.helper().run().assert_key("key-1");
}

#[test]
fn cache_entry_used_by_hits_only_is_kept() {
    let (home, other) = home_with_old_files();
    by(&home, &other).run().assert_key("other-1");
    sweep(&home);
    assert_eq!(home.state().files(".entry").len(), 2);
    by(&home, &other).run().assert_key("other-1");
    assert_eq!(home.runs("other"), 1);
}

#[test]
fn cache_entry_used_by_the_worker_only_is_kept() {
    let (home, other) = home_with_old_files();
    // The front prints only the `raw` format.
    by(&home, &other).args(["get", "--format", "json"]).run().assert_printed();
    sweep(&home);
    by(&home, &other).run().assert_key("other-1");
    assert_eq!(home.runs("other"), 1);
}

#[test]
fn unused_cache_entry_is_removed() {
    let (home, other) = home_with_old_files();
    sweep(&home);
    assert_eq!(home.state().files(".entry").len(), 1);
    by(&home, &other).run().assert_key("other-2");
}

#[test]
fn cache_entries_of_a_sources_environments_are_bounded() {
    for format in ["raw", "json"] {
        let home = Home::with_settings(&format!("format = \"{format}\""), "", KEYS);
        home.helper().run().assert_printed();
        // Looks like a new environment among many older ones.
        let folder = home.state().path().to_owned();
        for name in home.state().files("").iter().filter(|name| name.starts_with("main-")) {
            fs::remove_file(folder.join(name)).unwrap();
        }
        for number in 0..70 {
            home.state()
                .replace(&folder.join(format!("main-{number:012x}-0f.v2.entry")), b"sealed");
        }
        home.helper().run().assert_printed();
        // The entry in use does not count.
        assert_eq!(home.state().files(".entry").len(), 64 + 1, "{format}");
    }
}

#[test]
fn cache_hit_notes_its_use_once_a_day() {
    let home = Home::with_script(KEYS);
    home.helper().run().assert_key("key-1");
    let entry = home.state().entry_file("main");
    let content = fs::read(&entry).unwrap();
    for (age_of_use, is_noted) in [(2 * DAY, true), (DAY / 2, false)] {
        age(&entry, age_of_use);
        let before = modified(&entry);
        home.helper().run().assert_key("key-1");
        assert_eq!(modified(&entry) != before, is_noted, "{age_of_use:?}");
    }
    assert_eq!(fs::read(&entry).unwrap(), content);
}
