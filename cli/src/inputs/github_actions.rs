//! The ID token of a GitHub Actions job
//! (<https://docs.github.com/actions/reference/security/oidc>).

use std::time::Duration;

use api_key_helper_backend::Fields;
use api_key_helper_http::{
    self as http, Address, Failure, ProxyVariables, Words, is_transient_status,
};
use api_key_helper_values::{Error, Secret, text};

/// Requests an ID token for `audience`. The job's runner sets `address` and `token`.
pub(super) async fn token(
    address: &str,
    token: &Secret,
    audience: Option<&str>,
    time_left: Duration,
    proxies: &ProxyVariables,
) -> Result<Secret, Error> {
    let address = Address::parse(address).map_err(|why| {
        Error::misconfigured(format!("`ACTIONS_ID_TOKEN_REQUEST_URL`: {why}"))
            .with_hint("leave that variable to the job's runner, which sets it")
    })?;
    let mut url = address.url().clone();
    if let Some(audience) = audience {
        url.query_pairs_mut().append_pair("audience", audience);
    }
    let time = http::time(time_left);
    let way = proxies.way_to(address.url())?;
    let builder = http::client(address.url(), &way)?;
    let client = http::build(builder, &way, WORDS.authority)?;
    let request = client.get(url).bearer_auth(token.expose());
    let response = client
        .send(request, &address, time, &WORDS)
        .await
        .map_err(|Failure { error, .. }| error)?;
    let status = response.status().as_u16();
    let body = http::body(response, &address, time, &WORDS).await?;
    let said = format!("`{address}` answered {status}");
    match status {
        200 => {
            let value = Fields::parse(&body).and_then(|fields| fields.secret("value"));
            let value = value.ok_or_else(|| {
                Error::transient(format!("{said} without a usable `value`, which is the token"))
                    .with_hint(WORDS.impostor)
            })?;
            text::secret(value.expose().as_bytes())
                .map_err(|why| why.at(format_args!("`value` in the answer of `{address}`")))
        }
        status if is_transient_status(status) => Err(Error::transient(said).with_hint(WORDS.way)),
        _ => Err(Error::misconfigured(format!("{said}: this job may not ask for a token"))
            .with_hint(
                "give the job `permissions: { id-token: write }`; a token of it lasts as \
                        long as the job",
            )),
    }
}

const WORDS: Words = Words {
    server: "",
    way: "see whether GitHub Actions is up: `https://www.githubstatus.com`",
    impostor: "another server may stand in its place: see `ACTIONS_ID_TOKEN_REQUEST_URL`",
    authority: "let this machine trust that authority, as its runner must",
    host: "compare the host in `ACTIONS_ID_TOKEN_REQUEST_URL` with the certificate's",
    client: None,
};
