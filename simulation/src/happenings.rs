//! The events of the world: calls, faults, clock changes, changed settings.

use std::time::Duration;

use api_key_helper_values::ErrorKind;

use crate::disk_weather::DiskWeather;
use crate::issuer::{Kind, Lie, Weather};
use crate::profile::{ENVIRONMENTS, Profile, Settings, Slot};
use crate::universe::{Job, Universe};

impl Universe {
    /// Returns a time without events.
    pub(crate) fn lull(&mut self) -> Duration {
        const MILLIS: [u64; 12] =
            [0, 0, 5, 50, 50, 500, 500, 3_000, 20_000, 120_000, 900_000, 4_000_000];
        let longest = self.dice.pick(&MILLIS);
        self.dice.up_to(Duration::from_millis(longest))
    }

    /// Lets one event happen.
    pub(crate) fn happens(&mut self) {
        match self.dice.below(20) {
            0..=9 => self.somebody_calls(),
            10..=13 => self.issuer_changes(),
            14..=15 => self.disk_changes(),
            16..=17 => self.clock_is_set(),
            18 => self.settings_change(),
            _ => self.something_is_lost(),
        }
    }

    /// Ends all faults.
    pub(crate) fn calms_down(&mut self) {
        self.tell("world", format_args!("everything is fine"));
        self.disk_weather = DiskWeather::Fine;
        self.locks = crate::scenario::Locks::Reliable;
        self.issuers.iter_mut().for_each(|issuer| issuer.weather = Weather::Fine);
        if !self.clock.is_right() {
            self.clock.set(Duration::ZERO, Duration::ZERO);
        }
    }

    fn somebody_calls(&mut self) {
        let environment = self.dice.pick(&[ENVIRONMENTS[0], ENVIRONMENTS[0], ENVIRONMENTS[1]]);
        let count = 1 + self.dice.index(self.scenario.crowd.min(6));
        for _ in 0..count {
            let job = match self.dice.below(20) {
                0..=12 => Job::Front,
                13..=14 => Job::Another,
                15 => Job::Behind,
                16..=17 => Job::Refresh,
                18 => self.slot_of_a_login().map_or(Job::Front, Job::Login),
                _ => self.slot_of_a_login().map_or(Job::Front, Job::Logout),
            };
            // A logout is rarer than a login.
            let job = match job {
                Job::Logout(slot) if !self.dice.one_in(3) => Job::Login(slot),
                job => job,
            };
            self.starting.push((job, environment));
        }
    }

    fn slot_of_a_login(&mut self) -> Option<Slot> {
        let slots: Vec<Slot> = self
            .profile
            .all()
            .map(|settings| settings.slot)
            .filter(|slot| matches!(self.issuers[slot.issuer].kind, Kind::Rotating { .. }))
            .collect();
        (!slots.is_empty()).then(|| self.dice.pick(&slots))
    }

    fn issuer_changes(&mut self) {
        if !self.scenario.issuers_fail {
            return;
        }
        let index = self.dice.index(self.issuers.len());
        if self.dice.one_in(20) {
            self.tell("world", format_args!("issuer {index} revokes its logins"));
            self.issuers[index].revoke();
            return;
        }
        let kind = self.dice.pick(&[
            ErrorKind::Transient,
            ErrorKind::Transient,
            ErrorKind::Transient,
            ErrorKind::Denied,
            ErrorKind::NotFound,
            ErrorKind::NeedsLogin,
            ErrorKind::Misconfigured,
        ]);
        let retry_after = self.dice.pick(&[None, None, Some(1), Some(7), Some(100), Some(86_400)]);
        let slowness = self.dice.up_to(Duration::from_secs(12));
        let lie = self.dice.pick(&[Lie::NoEnd, Lie::PastEnd, Lie::PastRefresh, Lie::SameKey]);
        let weather = match self.dice.below(14) {
            0..=3 => Weather::Fails(kind, retry_after.map(Duration::from_secs)),
            4 => Weather::Hangs,
            5 => Weather::Slow(slowness),
            6 => Weather::LosesAnswers,
            7 => Weather::BreaksOff,
            8 => Weather::Lies(lie),
            _ => Weather::Fine,
        };
        self.tell("world", format_args!("issuer {index}: {weather:?}"));
        self.issuers[index].weather = weather;
    }

    fn disk_changes(&mut self) {
        if !self.scenario.disk_fails {
            return;
        }
        self.disk_weather = match self.dice.below(12) {
            0..=1 => DiskWeather::Slow,
            2 => DiskWeather::Full,
            3 => DiskWeather::ReadOnly,
            4 => DiskWeather::Closed,
            5 => DiskWeather::Flaky(3),
            6..=7 => DiskWeather::Flaky(20),
            _ => DiskWeather::Fine,
        };
        let weather = self.disk_weather;
        self.tell("world", format_args!("the disk: {weather:?}"));
    }

    fn clock_is_set(&mut self) {
        if !self.scenario.clock_is_set {
            return;
        }
        const SECONDS: [u64; 5] = [2, 40, 1_000, 200_000, 31_536_000];
        let seconds = self.dice.pick(&SECONDS);
        let distance = self.dice.up_to(Duration::from_secs(seconds));
        match self.dice.below(4) {
            0 => self.clock.set(distance, Duration::ZERO),
            1 => self.clock.set(Duration::ZERO, distance),
            2 => self.clock.set(Duration::ZERO, Duration::ZERO),
            _ => self.clock.sleep(distance),
        }
        let wall = self.clock.wall();
        self.tell("world", format_args!("the clock says {wall:?}"));
    }

    fn settings_change(&mut self) {
        if self.scenario.settings_change {
            let number = self.steps;
            self.profile = Profile::draw(number, &self.issuers, &mut self.dice);
            let profile = self.profile.clone();
            self.tell("world", format_args!("{profile:?}"));
        }
    }

    /// The disk damages an entry, or the folder is removed.
    fn something_is_lost(&mut self) {
        if !self.scenario.disk_fails || !self.dice.one_in(4) {
            return;
        }
        let profile = self.profile.clone();
        if self.dice.one_in(2) {
            let all: Vec<&Settings> = profile.all().collect();
            let settings = self.dice.pick(&all);
            self.tell("world", format_args!("{} is spoilt", settings.entry_file));
            self.disk.rot(&settings.entry_file, &mut self.dice);
            self.ledger.rotten.insert(settings.slot);
            self.forgets(settings.slot);
        } else {
            self.tell("world", format_args!("the folder is removed"));
            self.disk.vanish();
            self.ledger.are_locks_lost = true;
            self.forgets_all();
        }
    }
}
