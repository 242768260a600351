//! A sign-in with an identity provider.

use super::{Kind, Question};

pub(crate) const QUESTIONS: &[Question] = &[
    Question::text("issuer", "Issuer: the address of your identity provider"),
    Question::text("client_id", "Client that is registered there for the device flow")
        .offering("api-key-helper"),
    Question {
        kind: Kind::Words,
        ..Question::text("scopes", "Scopes").offering("openid offline_access")
    },
];
