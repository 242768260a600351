//! A token for another: Anthropic's Workload Identity Federation. The other grants have too many
//! settings to ask for, and are in the template.

use api_key_helper_backend::Question;

/// What `init` asks.
pub(crate) const QUESTIONS: &[Question] = &[
    Question::text("federation_rule_id", "Id of the federation rule (`fdrl_...`)")
        .known_by(&["ANTHROPIC_FEDERATION_RULE_ID"]),
    Question::text("organization_id", "Id of your organization")
        .known_by(&["ANTHROPIC_ORGANIZATION_ID"]),
    Question::text("service_account_id", "Id of the service account (`svac_...`)")
        .known_by(&["ANTHROPIC_SERVICE_ACCOUNT_ID"]),
    Question::input("token", "Token of your own issuer, which is traded in")
        .known_by(&["ANTHROPIC_IDENTITY_TOKEN"]),
];
