//! The commands.

pub(crate) mod apply;
pub(crate) mod cargo;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod erase;
pub(crate) mod exec;
pub(crate) mod get;
pub(crate) mod init;
pub(crate) mod log;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod man;
pub(crate) mod refresh;
pub(crate) mod seal;
pub(crate) mod status;
