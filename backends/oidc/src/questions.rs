//! A sign-in with an identity provider.

use api_key_helper_backend::{Question, QuestionKind};

/// What `init` asks.
pub(crate) const QUESTIONS: &[Question] = &[
    Question::text("issuer", "Issuer: the address of your identity provider"),
    Question::text("flow", "How you sign in there").offering("device").of_kind(QuestionKind::Word(
        &[
            ("device", "by a code, which a browser anywhere takes"),
            ("browser", "in a browser on this machine"),
        ],
    )),
    Question::text("client_id", "Client that is registered there for this program")
        .offering("api-key-helper"),
    Question::text("scopes", "Scopes")
        .offering("openid offline_access")
        .of_kind(QuestionKind::Words),
];
