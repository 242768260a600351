//! HashiCorp Vault or OpenBao.

use api_key_helper_backend::{Choice, Question, QuestionKind};

/// What `init` asks.
pub(crate) const QUESTIONS: &[Question] = &[
    Question::text("address", "Address of the server").known_by(&["BAO_ADDR", "VAULT_ADDR"]),
    Question::text("mount", "Mount of the secrets engine").offering("secret"),
    Question::text("path", "Path of the secret, without the mount"),
    Question::text("field", "Field of the secret that holds the key")
        .offering("api_key")
        .optional(),
    Question::text("auth", "How do you log in?")
        .offering("token")
        .of_kind(QuestionKind::OneOf { tag: "method", choices: METHODS }),
];

const METHODS: &[Choice] = &[
    Choice::new("token", "VAULT_TOKEN, or what `vault login` left", &[]),
    Choice::new(
        "approle",
        "a role-id and a secret-id",
        &[
            Question::text("role_id", "Role-id"),
            Question::input("secret_id", "Secret-id").known_by(&["VAULT_SECRET_ID"]),
        ],
    ),
    Choice::new(
        "jwt",
        "a token of another issuer, such as a CI job's",
        &[Question::text("role", "Role").optional(), Question::input("jwt", "Token")],
    ),
    Choice::new("kubernetes", "the service account of the pod", &[Question::text("role", "Role")]),
    Choice::new("ldap", "a name and a password", BY_PASSWORD),
    Choice::new("userpass", "a name and a password", BY_PASSWORD),
];

const BY_PASSWORD: &[Question] = &[
    Question::text("username", "User name").known_by(&["USER"]),
    Question::input("password", "Password"),
];
