//! The way out: through which proxy our own HTTPS requests go, and which certificate authorities they believe.
//!
//! One answer for every client here: those of `reqwest` and those of the AWS SDK. Variables of the environment
//! (`HTTPS_PROXY`) decide nothing. Plain HTTP, which is for this machine and for a container's credentials, never goes
//! through a proxy.

use std::fmt;
use std::sync::Arc;

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use reqwest::{Certificate, ClientBuilder, NoProxy};
use url::Url;
use zeroize::Zeroizing;

/// What `[outbound]` says. The default: straight out, with the certificate authorities of the system.
#[derive(Clone, Default)]
pub struct Outbound(Arc<Way>);

#[derive(Default)]
struct Way {
    proxy: Option<Proxy>,
    /// PEM certificates beside those of the system.
    authorities: Option<String>,
}

/// A proxy that is asked to CONNECT. RFC 9110 9.3.6.
pub struct Proxy {
    /// `http://<host>:<port>`.
    pub url: Url,
    /// User and password, for Basic authentication.
    pub credentials: Option<(String, Zeroizing<String>)>,
    /// Hosts, domains (with all below them), addresses and networks that are asked without it.
    pub except: Vec<String>,
}

/// What is configured can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No certificates, or some that can't be.
    #[error("holds no usable PEM certificates")]
    Authorities,
    /// An address that is no proxy's.
    #[error("is not a proxy that can be used")]
    Proxy,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("proxy", &self.0.proxy.as_ref().map(|proxy| proxy.url.as_str()))
            .field("authorities", &self.0.authorities.is_some())
            .finish_non_exhaustive()
    }
}

impl Outbound {
    /// Through `proxy`, believing the PEM certificates `authorities` too.
    ///
    /// # Errors
    /// What can't be used: it is tried here, so that nothing fails later.
    pub fn new(proxy: Option<Proxy>, authorities: Option<String>) -> Result<Self, Error> {
        let outbound = Self(Arc::new(Way { proxy, authorities }));
        let certificates = outbound.certificates().map_err(|_| Error::Authorities)?;
        if outbound.0.authorities.is_some() && certificates.is_empty() {
            return Err(Error::Authorities);
        }
        let trusting = ClientBuilder::new().tls_certs_merge(certificates);
        trusting.build().map_err(|_| Error::Authorities)?;
        outbound.proxied(ClientBuilder::new()).and_then(ClientBuilder::build).map_err(|_| Error::Proxy)?;
        outbound.aws_proxy()?;
        Ok(outbound)
    }

    /// A client of ours that goes this way.
    ///
    /// # Errors
    /// None that [`Self::new`] would not have told.
    pub fn client(&self, builder: ClientBuilder) -> reqwest::Result<reqwest::Client> {
        self.proxied(builder)?.tls_certs_merge(self.certificates()?).build()
    }

    /// One that believes the same certificate authorities and goes straight.
    ///
    /// # Errors
    /// As [`Self::client`].
    pub fn straight(&self, builder: ClientBuilder) -> reqwest::Result<reqwest::Client> {
        builder.no_proxy().tls_certs_merge(self.certificates()?).build()
    }

    /// The same for the AWS SDK; `None`: its usual one does.
    ///
    /// # Errors
    /// None that [`Self::new`] would not have told.
    pub fn aws_client(&self) -> Result<Option<SharedHttpClient>, Error> {
        if self.0.proxy.is_none() && self.0.authorities.is_none() {
            return Ok(None);
        }
        let (tls, proxy) = (self.aws_tls()?, self.aws_proxy()?);
        let client = Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = aws_smithy_http_client::Connector::builder();
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            connector.set_proxy_config(proxy.clone());
            connector.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls.clone()).build()
        });
        Ok(Some(client))
    }

    fn certificates(&self) -> reqwest::Result<Vec<Certificate>> {
        self.0.authorities.as_ref().map_or(Ok(Vec::new()), |pem| Certificate::from_pem_bundle(pem.as_bytes()))
    }

    fn proxied(&self, builder: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let Some(proxy) = &self.0.proxy else { return Ok(builder.no_proxy()) };
        let mut way =
            reqwest::Proxy::https(proxy.url.clone())?.no_proxy(NoProxy::from_string(&proxy.except.join(",")));
        if let Some((user, password)) = &proxy.credentials {
            way = way.basic_auth(user, password);
        }
        Ok(builder.proxy(way))
    }

    fn aws_tls(&self) -> Result<TlsContext, Error> {
        let mut store = TrustStore::default();
        if let Some(pem) = &self.0.authorities {
            store.add_pem_certificate(pem.as_bytes());
        }
        TlsContext::builder().with_trust_store(store).build().map_err(|_| Error::Authorities)
    }

    fn aws_proxy(&self) -> Result<Option<ProxyConfig>, Error> {
        let Some(proxy) = &self.0.proxy else { return Ok(None) };
        let way = ProxyConfig::https(proxy.url.as_str()).map_err(|_| Error::Proxy)?;
        let way = way.no_proxy(proxy.except.join(","));
        Ok(Some(match &proxy.credentials {
            Some((user, password)) => way.with_basic_auth(user.as_str(), password.as_str()),
            None => way,
        }))
    }
}
