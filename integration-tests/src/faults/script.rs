//! Scenarios of front and worker with a script source.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::outcome::{DEADLINE, judge_leftovers};
use super::{Fault, Fixture, Scenario, Snapshot};
use crate::call::Call;
use crate::home::Home;
use crate::syscalls::dumpable;

/// All scenarios.
pub const SCENARIOS: [Scenario; 6] = [HIT, CHANGE, COLD, DUE, REFRESH, STALE];

/// The key is fresh: the front prints it.
pub const HIT: Scenario =
    Scenario { name: "hit", fixture: || ScriptFixture::boxed(&[], Duration::ZERO, |_| (), |_| ()) };

/// The key is fresh, and there is no plan: the front becomes the worker, which prints the key.
pub const CHANGE: Scenario = Scenario {
    name: "change to the worker",
    fixture: || ScriptFixture::boxed(&[], Duration::ZERO, ScriptFixture::forget_plans, |_| ()),
};

/// Only the configuration exists.
pub const COLD: Scenario = Scenario {
    name: "cold fetch",
    fixture: || ScriptFixture::boxed(&[], Duration::ZERO, ScriptFixture::forget_all, |_| ()),
};

/// The key is due: the front prints it, and starts a background worker.
pub const DUE: Scenario =
    Scenario { name: "due", fixture: || ScriptFixture::boxed(&[], SOON, |_| (), |_| ()) };

/// The background worker.
pub const REFRESH: Scenario = Scenario {
    name: "refresh",
    fixture: || ScriptFixture::boxed(&["refresh"], SOON, |_| (), |_| ()),
};

/// The key is stale, and its source is down.
pub const STALE: Scenario = Scenario {
    name: "stale, source down",
    fixture: || {
        ScriptFixture::boxed(
            &[],
            LATER,
            ScriptFixture::take_source_down,
            ScriptFixture::check_outage,
        )
    },
};

/// Longer than the `ttl` of a profile, but not by more than `stale_while_revalidate`.
const SOON: Duration = Duration::from_secs(62 * 60);
/// Longer than both.
const LATER: Duration = Duration::from_secs(2 * 60 * 60);

/// The beginning of all keys.
const MARK: &str = "sk-made-up-7d1f0c62b3a948e5";

/// A user with a script source, which is down while the file `down` is in the home folder.
struct ScriptFixture {
    home: Home,
    beginning: Snapshot,
    arguments: &'static [&'static str],
    /// Checks what holds in the starting conditions.
    check_before: fn(&Self),
    /// The total number of script runs without a fault.
    needed: usize,
}

impl ScriptFixture {
    fn boxed(
        arguments: &'static [&'static str],
        age: Duration,
        prepare: fn(&Home),
        check_before: fn(&Self),
    ) -> Box<dyn Fixture> {
        let body = format!(
            "[ ! -e \"$HOME/down\" ] || {{ echo 'no route to host' >&2; exit 75; }}\n\
             echo {MARK}-$run"
        );
        let home = Home::with_settings(&format!("retries = 0\n{DEADLINE}"), "", &body);
        home.helper().run().assert_key(&key(1));
        home.state().age("main", age);
        prepare(&home);
        let beginning = Snapshot::of(home.path());
        let mut fixture = Self { home, beginning, arguments, check_before, needed: usize::MAX - 1 };
        fixture.set();
        let answer = dumpable(fixture.call()).run();
        assert_eq!(answer.code, Some(0), "{answer:?}");
        judge_leftovers(&fixture, Fault::NONE, "", &answer);
        fixture.check_next();
        fixture.needed = fixture.home.runs("main");
        Box::new(fixture)
    }

    fn forget_plans(home: &Home) {
        for plan in home.state().files(".plan") {
            fs::remove_file(home.state().path().join(plan)).expect("a plan's file");
        }
    }

    fn forget_all(home: &Home) {
        fs::remove_dir_all(home.path().join(".local")).expect("the helper's files");
        fs::remove_file(home.path().join("main.runs")).expect("the runs of the script");
    }

    fn take_source_down(home: &Home) {
        let _ = home.write("down", "");
    }

    /// Checks that the old key is printed while the source is down.
    fn check_outage(&self) {
        let answer = self.home.helper().run();
        answer.assert_warned(&key(1), &["no route to host"]);
        fs::remove_file(self.down()).expect("the file that takes the source down");
        self.home.state().end_pauses();
    }

    fn down(&self) -> PathBuf {
        self.home.path().join("down")
    }
}

impl Fixture for ScriptFixture {
    fn set(&self) {
        self.beginning.restore();
    }

    fn call(&self) -> Call {
        self.home.call(self.arguments.iter().copied())
    }

    fn home(&self) -> &Home {
        &self.home
    }

    fn prints(&self) -> bool {
        self.arguments.is_empty()
    }

    fn is_key(&self, text: &str) -> bool {
        (1..=self.home.runs("main")).any(|run| text == key(run))
    }

    fn secrets(&self) -> Vec<String> {
        vec![MARK.to_owned()]
    }

    fn check_next(&self) {
        // A failure by a fault is saved like any other; its cooldown is not under test.
        self.home.state().end_pauses();
        (self.check_before)(self);
        // The next refresh, if one is due, and the next key must succeed.
        let refreshed = self.home.call(["refresh"]).run();
        assert_eq!((refreshed.code, &*refreshed.stderr), (Some(0), ""), "{refreshed:?}");
        let runs = self.home.runs("main");
        let key = self.home.helper().run().key();
        assert!(self.is_key(&key), "{key} after {runs} runs");
        assert_eq!(self.home.runs("main"), runs, "the key that was fetched was not kept");
        assert!(runs <= self.needed + 1, "{runs} runs where {} would do", self.needed);
    }
}

fn key(run: usize) -> String {
    format!("{MARK}-{run}")
}
