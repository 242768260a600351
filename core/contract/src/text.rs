//! Text from outside: the form that its use requires, and how it may be shown.

pub use api_key_helper_values::text::{
    Form, TextError, check, decode, placeholder, present, secret, token, trim, unmarked,
};
pub use api_key_helper_values::{hex, plain};

pub use crate::expiry::rfc3339;
