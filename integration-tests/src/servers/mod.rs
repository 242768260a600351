//! Real servers, on loopback, for as long as a test holds them.

pub mod admin;
mod browser;
pub mod oidc_provider;
pub mod openbao;
mod process;

pub use admin::Admin;
pub use oidc_provider::OidcProvider;
pub use openbao::OpenBao;
