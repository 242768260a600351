//! Real servers, on loopback, for as long as a test holds them.

pub mod admin;
mod browser;
pub mod git;
pub mod guarded;
mod http;
mod human;
pub mod mcp;
pub mod microburst;
pub mod moto;
pub mod oidc_provider;
pub mod openbao;
mod process;
pub mod registry;
pub mod relay;
pub mod secret_service;
mod served;
mod steered;
pub mod storm;
pub mod stub;
pub mod token_endpoint;

pub use admin::Admin;
pub use guarded::Guarded;
pub use microburst::Microburst;
pub use moto::Moto;
pub use oidc_provider::OidcProvider;
pub use openbao::OpenBao;
pub use relay::Relay;
pub use secret_service::SecretService;
pub use storm::Storm;
pub use stub::{Reply, Stub};
pub use token_endpoint::TokenEndpoint;
