//! AWS Secrets Manager.

use api_key_helper_backend::Question;

/// What `init` asks.
pub(crate) const QUESTIONS: &[Question] = &[
    Question::text("secret_id", "Name or ARN of the secret"),
    Question::text("field", "Field of a JSON secret that holds the key")
        .offering("api_key")
        .optional(),
    Question::text("region", "Region").known_by(&["AWS_REGION", "AWS_DEFAULT_REGION"]).optional(),
    Question::text("aws_profile", "Profile of the AWS configuration")
        .known_by(&["AWS_PROFILE"])
        .optional(),
];
