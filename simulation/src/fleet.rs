//! A fleet: many helpers, one server, a morning.
//!
//! Each helper has its own disk and its own caller, and runs the real rule of the front
//! ([`look`](api_key_helper_cache::look)) and the real engine; only people, the network and the server are made up.
//! `docs/internals/fleet.md` says what is assumed of these, and shows what comes of it.

mod chart;
mod disk;
mod figures;
mod machine;
mod morning;
mod page;
mod person;
mod record;
mod run;
mod source;
mod tally;
mod vault;

pub use chart::chart;
pub use figures::Figures;
pub use morning::{Keys, Morning};
pub use page::{table, with_table};
pub use record::{Record, Unreadable};
pub use run::run;
pub use tally::Minute;
