//! Real servers, on loopback, for as long as a test holds them.

pub mod admin;
pub mod openbao;
mod process;

pub use admin::Admin;
pub use openbao::OpenBao;
