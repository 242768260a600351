//! A fleet: many helpers, one server, one morning.
//!
//! Each helper has its own disk and its own caller, and runs the real rule of the front
//! ([`look`](api_key_helper_cache::look)) and the real engine. Only users, network and server are
//! simulated. `docs/fleet.md` has the assumptions and the results.

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
