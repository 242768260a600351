//! A sign-in with an identity provider.

use super::{Kind, Question};

pub(crate) const QUESTIONS: &[Question] = &[
    Question::text("issuer", "Issuer: the address of your identity provider"),
    Question {
        kind: Kind::Word(&[
            ("device", "by a code, which a browser anywhere takes"),
            ("browser", "in a browser on this machine"),
        ]),
        ..Question::text("flow", "How you sign in there").offering("device")
    },
    Question::text("client_id", "Client that is registered there for this program")
        .offering("api-key-helper"),
    Question {
        kind: Kind::Words,
        ..Question::text("scopes", "Scopes").offering("openid offline_access")
    },
];
