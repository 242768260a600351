//! How the token is handed in.

use api_key_helper_backend::{Secret, SecretInput};
use api_key_helper_http::Form;
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::terms::Terms;
use crate::token_type::TokenType;

/// How the token is handed in.
#[derive(Debug)]
pub(crate) enum Grant {
    /// As Anthropic has it.
    Anthropic(Federation),
    /// As an assertion (RFC 7523, section 2.1).
    JwtBearer(Terms),
    /// As the subject of an exchange (RFC 8693, section 2.1).
    TokenExchange(TokenExchange),
}

/// What an exchange says beside the [`Terms`].
#[derive(Debug)]
pub(crate) struct TokenExchange {
    pub(crate) subject_type: TokenType,
    pub(crate) requested_type: Option<TokenType>,
    /// Who acts for the subject.
    pub(crate) actor: Option<(SecretInput, TokenType)>,
    pub(crate) terms: Terms,
}

/// Whose key Anthropic's Workload Identity Federation is asked for
/// (`<https://platform.claude.com/docs/en/manage-claude/wif-reference>`).
#[derive(Debug)]
pub(crate) struct Federation {
    pub(crate) rule: String,
    pub(crate) organization: String,
    pub(crate) service_account: String,
    pub(crate) workspace: Option<String>,
}

/// The secrets of one request.
pub(crate) struct Secrets {
    pub(crate) token: Secret,
    pub(crate) actor: Option<Secret>,
    /// What the client proves itself with.
    pub(crate) client: Option<Secret>,
}

impl Grant {
    /// Whether a token may be good for one request only. An assertion may (RFC 7523, section 3,
    /// point 7); the subject of an exchange is a token for many.
    pub(crate) const fn uses_up(&self) -> bool {
        !matches!(self, Self::TokenExchange(_))
    }

    /// What the request says of its client and of what it is for. Anthropic's says neither.
    pub(crate) const fn terms(&self) -> Option<&Terms> {
        match self {
            Self::Anthropic(_) => None,
            Self::JwtBearer(terms) | Self::TokenExchange(TokenExchange { terms, .. }) => {
                Some(terms)
            }
        }
    }

    /// The input with the token of the actor.
    pub(crate) const fn actor(&self) -> Option<&SecretInput> {
        match self {
            Self::TokenExchange(TokenExchange { actor: Some((input, _)), .. }) => Some(input),
            _ => None,
        }
    }

    /// `request` with everything in it, and what of it no message may show.
    pub(crate) fn body_of(
        &self,
        request: RequestBuilder,
        secrets: &Secrets,
    ) -> (RequestBuilder, Vec<Secret>) {
        let Secrets { token, actor, client } = secrets;
        match self {
            Self::Anthropic(federation) => {
                (federation.body_of(request, token), vec![token.clone()])
            }
            Self::JwtBearer(terms) => {
                let form = Form::default().with("grant_type", JWT_BEARER);
                let form = form.with_secret("assertion", token);
                terms.body_of(request, form, client.as_ref())
            }
            Self::TokenExchange(exchange) => {
                let form = exchange.form(token, actor.as_ref());
                exchange.terms.body_of(request, form, client.as_ref())
            }
        }
    }
}

impl TokenExchange {
    fn form(&self, token: &Secret, actor: Option<&Secret>) -> Form {
        let mut form = Form::default()
            .with("grant_type", TOKEN_EXCHANGE)
            .with_secret("subject_token", token)
            .with("subject_token_type", self.subject_type.as_str());
        if let Some(requested) = &self.requested_type {
            form = form.with("requested_token_type", requested.as_str());
        }
        if let (Some((_, kind)), Some(actor)) = (&self.actor, actor) {
            form = form.with_secret("actor_token", actor).with("actor_token_type", kind.as_str());
        }
        form
    }
}

#[derive(Serialize)]
struct FederationBody<'a> {
    grant_type: &'a str,
    assertion: &'a str,
    federation_rule_id: &'a str,
    organization_id: &'a str,
    service_account_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<&'a str>,
}

impl Federation {
    /// `request` with `assertion` in its body, which is JSON.
    pub(crate) fn body_of(&self, request: RequestBuilder, assertion: &Secret) -> RequestBuilder {
        let body = FederationBody {
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

/// RFC 7523, section 2.1.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// RFC 8693, section 2.1.
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The token endpoint of Anthropic's API.
pub(crate) const ANTHROPIC_ENDPOINT: &str = "https://api.anthropic.com/v1/oauth/token";
