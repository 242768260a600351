//! The SDK's way to the network.

use std::net::Ipv6Addr;

use api_key_helper_http::is_loopback;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use url::{Host, Url};

/// A client that asks what is on this machine or belongs to it directly, and the rest as the proxy
/// variables say: credentials of the machine that a proxy runs on are not ours.
pub(crate) fn client(tls: &TlsContext) -> SharedHttpClient {
    let with_tls = |proxy: ProxyConfig| {
        let tls = tls.clone();
        Builder::new().build_with_connector_fn(move |settings, components| {
            connector(settings, components)
                .proxy_config(proxy.clone())
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .tls_context(tls.clone())
                .build()
        })
    };
    SharedHttpClient::new(Ways {
        direct: with_tls(ProxyConfig::disabled()),
        outside: with_tls(ProxyConfig::from_env()),
        // No roots are read that nothing is checked against.
        plain: Builder::new().build_with_connector_fn(|settings, components| {
            connector(settings, components).build_http()
        }),
    })
}

fn connector(
    settings: Option<&HttpConnectorSettings>,
    components: Option<&RuntimeComponents>,
) -> ConnectorBuilder {
    let mut builder = Connector::builder();
    builder.set_connector_settings(settings.cloned());
    builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
    builder
}

/// Each is made when it is first used.
#[derive(Clone, Debug)]
struct Ways {
    direct: SharedHttpClient,
    outside: SharedHttpClient,
    plain: SharedHttpClient,
}

impl Ways {
    /// # Errors
    /// When others on the way could read the key.
    fn to(&self, uri: &str) -> Result<&SharedHttpClient, &'static str> {
        let url = Url::parse(uri).map_err(|_| "that is not an address")?;
        match (is_near(&url), url.scheme()) {
            (true, "http") => Ok(&self.plain),
            (true, _) => Ok(&self.direct),
            (false, "https") => Ok(&self.outside),
            (false, _) => Err("without TLS only this machine is asked"),
        }
    }
}

impl HttpClient for Ways {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Fork {
            ways: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// Takes one of the ways once it is known where to.
#[derive(Debug)]
struct Fork {
    ways: Ways,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Fork {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match self.ways.to(request.uri()) {
            Ok(way) => way.http_connector(&self.settings, &self.components).call(request),
            Err(why) => HttpConnectorFuture::ready(Err(ConnectorError::user(why.into()))),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near() {
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
