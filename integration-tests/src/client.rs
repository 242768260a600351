//! The real client: Claude Code, its API, and the network of both.
//!
//! It runs in a home folder and an environment of the test, against an API on loopback. Where the
//! machine permits it, nothing else is reachable.

mod api;
mod claude;
mod message;
mod network;
mod session;
mod slot;
mod terminal;

pub use api::{MessagesApi, Refusal};
pub use claude::{Claude, TTL_VARIABLE};
pub use network::leave_network;
pub use session::Session;
pub use slot::ClientSlot;
pub use terminal::Terminal;
