//! Sends a call to the first address that answers.

use std::time::{Duration, SystemTime};

use api_key_helper_backend::{Attempt, Error, Secret, redact};
use api_key_helper_http::{self as http, Failure};
use reqwest::header::{HOST, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode};
use url::Url;
use vaultrs::api::sys::requests::ReadHealthRequest;

use crate::address::{self, Address};
use crate::answer::{Answer, Verdict, WORDS};
use crate::call::Call;
use crate::connection::Connection;

/// The connections of one attempt.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    connection: &'a Connection,
    attempt: &'a dyn Attempt,
    /// One for each address that was asked.
    clients: Vec<Option<http::Client>>,
    /// The address that answered last is asked first.
    current: usize,
    /// Secrets that were sent in this attempt. No message may show them.
    hidden: Vec<Secret>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(connection: &'a Connection, attempt: &'a dyn Attempt) -> Self {
        let clients = connection.addresses.iter().map(|_| None).collect();
        Self { connection, attempt, clients, current: 0, hidden: Vec::new() }
    }

    /// The answer of the first address that gives one, in all the time that is left.
    pub(crate) async fn call(
        &mut self,
        call: &Call,
        token: Option<&Secret>,
    ) -> Result<(Verdict, Answer), Error> {
        self.call_within(self.attempt.time_left(), call, token).await
    }

    /// The same in less time. An address that cannot be reached, is sealed, fails, or does not
    /// speak as vault does is passed over; each has an equal share of the time.
    pub(crate) async fn call_within(
        &mut self,
        time: Duration,
        call: &Call,
        token: Option<&Secret>,
    ) -> Result<(Verdict, Answer), Error> {
        let answer = self.first_answer(time, call, token).await;
        // A server may name a redirect after what it was sent.
        answer.map_err(|error| redact::in_error(error, &self.hidden))
    }

    async fn first_answer(
        &mut self,
        time: Duration,
        call: &Call,
        token: Option<&Secret>,
    ) -> Result<(Verdict, Answer), Error> {
        let end = self.attempt.time_left().saturating_sub(time);
        let count = self.connection.addresses.len();
        let mut first = None;
        for step in 0..count {
            let index = (self.current + step) % count;
            let share = share(self.left(end), count - step);
            let failure = match self.ask(index, call, token, share).await {
                Ok(answer) => match answer.verdict_on(call) {
                    Ok(verdict) => {
                        self.current = index;
                        return Ok((verdict, answer));
                    }
                    Err(error) if answer.is_rate_limit() => return Err(error),
                    Err(error) => Failure { error, sent: !answer.is_untouched() },
                },
                Err(failure) => failure,
            };
            if call.once && failure.sent {
                return Err(failure.error);
            }
            first.get_or_insert(failure.error);
        }
        Err(first.unwrap_or_else(|| Error::misconfigured("there is no `address`")))
    }

    /// The time by the clock of the first address that answers anything: the question needs no
    /// token, and a server that is sealed or not the leader has a clock too.
    pub(crate) async fn server_time(&mut self) -> Result<Option<SystemTime>, Error> {
        let call = Call::to(&ReadHealthRequest::default())?;
        let count = self.connection.addresses.len();
        let mut first = None;
        for index in 0..count {
            let left = self.attempt.time_left();
            let end = left.saturating_sub(share(left, count - index));
            let url = self.connection.addresses[index].join(&call.target);
            match self.send(index, &url, &call, None, end).await {
                Ok(response) => return Ok(http::server_time(&response)),
                Err(failure) => first.get_or_insert(failure.error),
            };
        }
        first.map_or(Ok(None), Err)
    }

    /// Returns the secrets that were sent so far. No message may show them.
    pub(crate) fn sent(&self) -> &[Secret] {
        &self.hidden
    }

    /// The time until no more than `end` is left of the attempt's.
    fn left(&self, end: Duration) -> Duration {
        self.attempt.time_left().saturating_sub(end)
    }

    async fn ask(
        &mut self,
        index: usize,
        call: &Call,
        token: Option<&Secret>,
        share: Duration,
    ) -> Result<Answer, Failure> {
        self.hidden.extend(call.hidden.iter().chain(token).cloned());
        let address = &self.connection.addresses[index];
        let end = self.attempt.time_left().saturating_sub(share);
        let url = address.join(&call.target);
        let mut response = self.send(index, &url, call, token, end).await?;
        if response.status().is_redirection() {
            let (index, url) =
                self.follow(index, &url, &response, call).map_err(Failure::unsent)?;
            response = self.send(index, &url, call, token, end).await?;
            if response.status().is_redirection() {
                return Err(Failure::unsent(misdirected(address, "a second time")));
            }
        }
        let status = response.status().as_u16();
        let retry_after = http::retry_after(&response, self.attempt.now());
        let body = http::body(response, address, share, &WORDS).await?;
        let (from, hidden) = (address.to_string(), self.hidden.clone());
        Ok(Answer { status, body, retry_after, from, hidden })
    }

    async fn send(
        &mut self,
        index: usize,
        url: &Url,
        call: &Call,
        token: Option<&Secret>,
        end: Duration,
    ) -> Result<Response, Failure> {
        let address = &self.connection.addresses[index];
        let client = match &self.clients[index] {
            Some(client) => client.clone(),
            None => {
                let client = tokio::time::timeout(self.left(end), self.open(address)).await;
                let client =
                    client.unwrap_or_else(|_| Err(unreachable(address, "no time is left")));
                self.clients[index].insert(client.map_err(Failure::unsent)?).clone()
            }
        };
        let left = self.left(end);
        let mut request = match &self.connection.tls.server_name {
            None => client.request(call.method.clone(), url.clone()),
            Some(name) => {
                let mut named = url.clone();
                // The name was checked when the settings were read.
                let _ = named.set_host(Some(name));
                client.request(call.method.clone(), named).header(HOST, address::authority(url))
            }
        };
        request = request
            // An agent with `require_request_header` refuses requests without it.
            .header("X-Vault-Request", "true")
            .body(call.body.to_vec());
        if let Some(namespace) = &self.connection.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if let Some(token) = token {
            request = request.header("X-Vault-Token", header(token).map_err(Failure::unsent)?);
        }
        client.send(request, address, left, &WORDS).await
    }

    /// The one redirect that is followed is the one by which a standby points to the leader: it
    /// repeats the request as it is (307 and 308 do for every method, the others for reading).
    fn follow(
        &self,
        index: usize,
        url: &Url,
        response: &Response,
        call: &Call,
    ) -> Result<(usize, Url), Error> {
        let addresses = &self.connection.addresses;
        let repeats = call.method == Method::GET
            || matches!(
                response.status(),
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            );
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let Some(location) = location.filter(|_| repeats) else {
            return Err(misdirected(&addresses[index], "without saying where to"));
        };
        let to = address::redirect(url, location, addresses)
            .map_err(|place| misdirected(&addresses[index], &format!("to `{place}`")))?;
        let listed = addresses.iter().position(|address| address.is_place_of(&to));
        Ok((listed.unwrap_or(index), to))
    }

    async fn open(&self, address: &Address) -> Result<http::Client, Error> {
        let Connection { tls, proxies, .. } = &self.connection;
        let way = proxies.way_to(address.as_ref().url())?;
        let mut builder = http::client(address.as_ref().url(), &way)?;
        if address.as_ref().is_https() {
            builder = tls.apply(builder, self.attempt)?;
            if let Some(variable) = &tls.unverified {
                self.attempt.warn(format!(
                    "the certificate of `{address}` is not verified, because `{variable}` is set: \
                     anyone on the way can read the token and the key"
                ));
            }
        }
        if let Some(name) = &tls.server_name {
            if let Some(proxy) = way.proxy() {
                let message = format!("`tls_server_name` does not work through {proxy}");
                let hint = proxy.bypass_hint(address.bare_host());
                return Err(Error::misconfigured(message).with_hint(hint));
            }
            // The name asked for by SNI and looked for in the certificate is the one in the URL. So
            // that name stands there, and is resolved to where the address is (port 0: the URL's);
            // a proxy would resolve it by itself.
            let found: Vec<_> = tokio::net::lookup_host((address.bare_host(), 0))
                .await
                .map_err(|error| unreachable(address, &error.to_string()))?
                .collect();
            builder = builder.resolve_to_addrs(name, &found).http1_only();
        }
        http::build(
            builder,
            &way,
            "see `ca_file`, `ca_dir`, `client_cert` and `client_key` of the source",
        )
    }
}

fn unreachable(address: &Address, why: &str) -> Error {
    http::unreachable(&format!("`{address}`"), why, &WORDS)
}

/// Each address that is left gets the same share of the time.
fn share(left: Duration, addresses: usize) -> Duration {
    http::time(left) / u32::try_from(addresses).unwrap_or(u32::MAX).max(1)
}

fn header(token: &Secret) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(token.expose()).map_err(|_| {
        Error::misconfigured("the vault token holds characters that no token has")
            .with_hint("see `auth` of the source: the token stands alone where it is read from")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn misdirected(from: &Address, how: &str) -> Error {
    Error::misconfigured(format!("`{from}` redirects {how}, where the token does not follow"))
        .with_hint("if that is the same vault, add its address to the list in `address`")
}
