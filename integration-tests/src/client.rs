//! The real client: Claude Code, the API that it talks to, and the network that both are in.
//!
//! It runs in a home of the test's own, with an environment of the test's own, against an API on
//! loopback, and where the machine permits, nothing else can be reached.

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
