//! Anthropic's Workload Identity Federation
//! (`<https://platform.claude.com/docs/en/manage-claude/wif-reference>`).

use api_key_helper_core::config::SourceTable;
use api_key_helper_core::{Error, Secret, SecretInput};
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::config::Written;
use crate::grant::JWT_BEARER;

/// Whose key is wanted.
#[derive(Debug)]
pub(crate) struct Federation {
    pub(crate) rule: String,
    organization: String,
    pub(crate) service_account: String,
    workspace: Option<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    grant_type: &'a str,
    assertion: &'a str,
    federation_rule_id: &'a str,
    organization_id: &'a str,
    service_account_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<&'a str>,
}

impl Federation {
    /// What the table says, and the SDKs' variables where it says nothing.
    pub(crate) fn read(table: &SourceTable, written: Written) -> Result<Self, Error> {
        let id = |key: &str, written: Option<String>, variable: &str| {
            written.or_else(|| table.variable(variable)).ok_or_else(|| {
                table
                    .error(key, format!("there is no `{key}`"))
                    .with_hint(format!("set it, or the variable `{variable}`"))
            })
        };
        Ok(Self {
            rule: id(
                "federation_rule_id",
                written.federation_rule_id,
                "ANTHROPIC_FEDERATION_RULE_ID",
            )?,
            organization: id(
                "organization_id",
                written.organization_id,
                "ANTHROPIC_ORGANIZATION_ID",
            )?,
            service_account: id(
                "service_account_id",
                written.service_account_id,
                "ANTHROPIC_SERVICE_ACCOUNT_ID",
            )?,
            workspace: written.workspace_id,
        })
    }

    /// `request` with `assertion` in its body, which is JSON.
    pub(crate) fn body_of(&self, request: RequestBuilder, assertion: &Secret) -> RequestBuilder {
        let body = Body {
            grant_type: JWT_BEARER,
            assertion: assertion.expose(),
            federation_rule_id: &self.rule,
            organization_id: &self.organization,
            service_account_id: &self.service_account,
            workspace_id: self.workspace.as_deref(),
        };
        // Texts alone: nothing of it can fail.
        let body = Zeroizing::new(serde_json::to_vec(&body).unwrap_or_default());
        request.header(CONTENT_TYPE, "application/json").body(body.to_vec())
    }
}

/// Where the SDKs' variables say that the token is. A file goes before a value, for it rotates.
pub(crate) fn token(table: &SourceTable) -> Option<SecretInput> {
    if let Some(file) = table.variable("ANTHROPIC_IDENTITY_TOKEN_FILE") {
        return Some(SecretInput::File(file.into()));
    }
    let variable = "ANTHROPIC_IDENTITY_TOKEN";
    table.variable(variable)?;
    Some(table.input("token", SecretInput::Env(variable.to_owned())))
}

/// Where the API has it.
pub(crate) const ENDPOINT: &str = "https://api.anthropic.com/v1/oauth/token";
