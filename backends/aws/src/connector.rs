//! The SDK's way to the network: the client that the other backends have.

use std::collections::HashMap;
use std::net::Ipv6Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api_key_helper_backend::Error;
use api_key_helper_http::{self as http, Client, ProxyVariables, Unanswered, Way, is_loopback};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use reqwest::{Certificate, Method};
use tokio::time::Instant;
use url::{Host, Url};

use crate::sent_secrets::SentSecrets;

/// A client that asks what is on this machine or belongs to it directly, and the rest as the proxy
/// variables say: credentials of the machine that a proxy runs on are not ours. Its requests end
/// within `time` from now.
pub(crate) fn client(
    roots: Vec<Certificate>,
    proxies: ProxyVariables,
    time: Duration,
    sent: SentSecrets,
) -> SharedHttpClient {
    let (deadline, open) = (Instant::now() + time, Mutex::default());
    SharedHttpClient::new(Connections(Arc::new(Shared { roots, proxies, deadline, sent, open })))
}

/// The connections of an attempt.
#[derive(Clone, Debug)]
struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Beside those of the operating system.
    roots: Vec<Certificate>,
    proxies: ProxyVariables,
    deadline: Instant,
    sent: SentSecrets,
    open: Mutex<HashMap<Kind, Client>>,
}

/// The properties by which clients differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    is_https: bool,
    is_direct: bool,
    connect_timeout: Option<Duration>,
}

impl HttpClient for Connections {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            shared: Arc::clone(&self.0),
            settings: settings.clone(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    shared: Arc<Shared>,
    settings: HttpConnectorSettings,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.shared.sent.note(&request);
        let shared = Arc::clone(&self.shared);
        let settings = self.settings.clone();
        HttpConnectorFuture::new(async move { shared.answer(&request, &settings).await })
    }
}

impl Shared {
    async fn answer(
        &self,
        request: &HttpRequest,
        settings: &HttpConnectorSettings,
    ) -> Result<HttpResponse, ConnectorError> {
        let url = http::url(request.uri()).map_err(unsendable)?;
        if !is_near(&url) && url.scheme() != "https" {
            return Err(unsendable("without TLS only this machine is asked"));
        }
        let client = self.client(&url, settings.connect_timeout()).map_err(unsendable)?;
        let method = Method::from_bytes(request.method().as_bytes()).map_err(unsendable)?;
        let mut sent = client.request(method, url);
        for (name, value) in request.headers() {
            sent = sent.header(name, value);
        }
        let body = request.body().bytes().ok_or_else(|| unsendable("it has no end"))?;
        // Only now: a client that reads many certificates takes long to make. The request ends
        // before the whole operation, which cannot say on which way the time was lost, and leaves
        // too little for another attempt.
        let left = self.deadline.saturating_duration_since(Instant::now());
        let left = left - (left / 10).min(Duration::from_millis(50));
        let time = settings.read_timeout().map_or(left, |time| time.min(left));
        let response = client.ask(sent.body(body.to_vec()), time).await.map_err(unanswered)?;
        let status = response.status().as_u16().try_into().map_err(unsendable)?;
        let headers = response.headers().clone();
        let body = http::read(response).await.map_err(unanswered)?;
        // The SDK takes a byte order mark for a mistake.
        let text = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&body);
        let mut answer = HttpResponse::new(status, SdkBody::from(text));
        for (name, value) in &headers {
            // The SDK takes text alone.
            if let Ok(value) = value.to_str() {
                answer.headers_mut().append(name.as_str().to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    /// Made when it is first needed, for that may read all roots of the operating system.
    fn client(&self, url: &Url, connect_timeout: Option<Duration>) -> Result<Client, Error> {
        let is_https = url.scheme() == "https";
        let way = if is_near(url) { Way::Direct } else { self.proxies.way_to(url)? };
        let is_direct = matches!(way, Way::Direct);
        let kind = Kind { is_https, is_direct, connect_timeout };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = open.get(&kind) {
            return Ok(client.clone());
        }
        let mut builder = http::client(url, &way)?;
        if let Some(time) = connect_timeout {
            builder = builder.connect_timeout(time);
        }
        if is_https {
            builder = builder.tls_certs_merge(self.roots.iter().cloned());
        }
        let client = http::build(builder, &way, HINT)?;
        open.insert(kind, client.clone());
        Ok(client)
    }
}

fn unsendable(why: impl Into<BoxError>) -> ConnectorError {
    ConnectorError::user(why.into())
}

fn unanswered(why: Unanswered) -> ConnectorError {
    ConnectorError::io(why.into())
}

/// This machine, and the services of its host: IMDS, and the credentials of ECS and EKS.
fn is_near(url: &Url) -> bool {
    is_loopback(url)
        || match url.host() {
            Some(Host::Ipv4(address)) => address.is_link_local(),
            Some(Host::Ipv6(address)) => is_ec2_local(address),
            Some(Host::Domain(_)) | None => false,
        }
}

/// `fd00:ec2::/32`
fn is_ec2_local(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0xfd00, 0x0ec2, ..])
}

/// The hint that says where certificates are named.
pub(crate) const HINT: &str = "let `AWS_CA_BUNDLE` name a file of certificates in PEM form";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_plain_http_is_allowed_for_loopback_and_metadata_only() {
        let near = |url: &str| is_near(&Url::parse(url).unwrap());
        for url in [
            "http://127.0.0.1:5000",
            "http://localhost",
            "http://[::1]:80",
            "http://169.254.169.254/latest",
            "http://169.254.170.2/v2",
            "http://[fd00:ec2::254]",
            "http://[fd00:ec2::23]",
        ] {
            assert!(near(url), "{url}");
        }
        for url in [
            "https://secretsmanager.eu-west-1.amazonaws.com",
            "http://10.0.0.1",
            "http://[fd00::1]",
        ] {
            assert!(!near(url), "{url}");
        }
    }
}
