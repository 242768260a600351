//! What clients were told of late, for whoever looks at the state.

use std::fs;

use super::RECORDS_SUFFIX;
use super::judge::MEMORY;
use super::record::{Outcome, Record};
use crate::{KeyId, Moment, Places, StateFolder};

/// Until when some client is told that the API refuses this key. What cannot be read tells nothing.
#[must_use]
pub fn refused_until(places: &Places, key: KeyId, now: Moment) -> Option<Moment> {
    let records = places.records().flat_map(|folder| {
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        let folder = StateFolder::new(folder.to_owned());
        names
            .filter(|name| name.ends_with(RECORDS_SUFFIX))
            .filter_map(move |name| folder.read(&name).ok().flatten())
            .flat_map(|bytes| Record::decode_all(&bytes).0)
    });
    records
        .filter(|record| record.outcome == Outcome::Refused && record.key == key)
        .map(|record| record.answered_at.plus(MEMORY))
        .filter(|until| *until > now)
        .max()
}
