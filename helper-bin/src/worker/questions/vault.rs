//! HashiCorp Vault or OpenBao.

use super::{Choice, Kind, Question};

pub(crate) const QUESTIONS: &[Question] = &[
    Question::text("address", "Address of the server").known_by(&["BAO_ADDR", "VAULT_ADDR"]),
    Question::text("mount", "Mount of the secrets engine").offering("secret"),
    Question::text("path", "Path of the secret, without the mount"),
    Question::text("field", "Field of the secret that holds the key")
        .offering("api_key")
        .optional(),
    Question {
        kind: Kind::OneOf { tag: "method", choices: METHODS },
        ..Question::text("auth", "How do you log in?").offering("token")
    },
];

const METHODS: &[Choice] = &[
    Choice { name: "token", says: "VAULT_TOKEN, or what `vault login` left", then: &[] },
    Choice {
        name: "approle",
        says: "a role-id and a secret-id",
        then: &[
            Question::text("role_id", "Role-id"),
            Question::input("secret_id", "Secret-id").known_by(&["VAULT_SECRET_ID"]),
        ],
    },
    Choice {
        name: "jwt",
        says: "a token of another issuer, such as a CI job's",
        then: &[Question::text("role", "Role").optional(), Question::input("jwt", "Token")],
    },
    Choice {
        name: "kubernetes",
        says: "the service account of the pod",
        then: &[Question::text("role", "Role")],
    },
    Choice { name: "ldap", says: "a name and a password", then: BY_PASSWORD },
    Choice { name: "userpass", says: "a name and a password", then: BY_PASSWORD },
];

const BY_PASSWORD: &[Question] = &[
    Question::text("username", "User name").known_by(&["USER"]),
    Question::input("password", "Password"),
];
