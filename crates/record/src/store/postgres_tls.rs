//! TLS to PostgreSQL: what an address asks for with `sslmode` and `sslrootcert`, and how far a server's certificate is
//! believed. Knows nothing of statements or sessions.
//!
//! The words are libpq's (PostgreSQL documentation, "SSL Support", 34.19.1), but for those that promise nothing, `allow`
//! and `prefer`, which are refused. The cryptographic provider is chosen here and nowhere else.

use std::borrow::Cow;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// What an address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tls {
    demand: Demand,
    /// The file with the certificates of those who vouch for servers.
    authority: Option<String>,
}

/// What the server has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    /// Nothing is encrypted.
    Plain,
    /// Encrypt; prove nothing.
    Encrypt,
    /// Encrypt, with a certificate that the authority vouches for, whatever name stands in it.
    Vouched,
    /// The same, and the certificate bears the name in the address.
    Named,
}

impl Tls {
    /// Takes what concerns TLS out of an address.
    ///
    /// # Errors
    /// A sentence about a mode that is not known or promises nothing.
    pub(super) fn of_address(url: &str) -> Result<(String, Tls), String> {
        let (mut mode, mut authority) = (Cow::Borrowed("disable"), None);
        let Some((place, query)) = url.split_once('?').filter(|(place, _)| place.contains("://")) else {
            return Ok((url.to_owned(), Tls { demand: Demand::Plain, authority }));
        };
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy();
            match name {
                "sslmode" => mode = value,
                "sslrootcert" => authority = Some(value.into_owned()),
                _ => others.push(pair),
            }
        }
        let demand = match (&*mode, &authority) {
            ("disable", _) => Demand::Plain,
            // As libpq: who names an authority means it.
            ("require", None) => Demand::Encrypt,
            ("require" | "verify-ca", Some(_)) => Demand::Vouched,
            ("verify-full", Some(_)) => Demand::Named,
            ("verify-ca" | "verify-full", None) => {
                return Err(format!(
                    "sslmode={mode} needs the certificate of who vouches for the PostgreSQL server: name its file with \
                     sslrootcert or in the host's configuration"
                ));
            }
            _ => {
                return Err("its PostgreSQL address has an sslmode that promises nothing: say disable, require, \
                     verify-ca or verify-full"
                    .into());
            }
        };
        let rest = if others.is_empty() { place.to_owned() } else { format!("{place}?{}", others.join("&")) };
        Ok((rest, Tls { demand, authority }))
    }

    /// The mode for the protocol: never a fall back to plain text.
    pub(super) fn mode(&self) -> SslMode {
        if self.demand == Demand::Plain { SslMode::Disable } else { SslMode::Require }
    }

    /// What makes connections.
    ///
    /// # Errors
    /// A sentence about a file of certificates that cannot be read.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let config = match self.demand {
            Demand::Named => builder.with_root_certificates(self.roots()?),
            Demand::Vouched => {
                let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider.clone());
                let chain = chain.build().map_err(|error| format!("TLS cannot be set up: {error}"))?;
                believing(builder, Belief { chain: Some(chain), provider })
            }
            Demand::Plain | Demand::Encrypt => believing(builder, Belief { chain: None, provider }),
        };
        Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let path = self.authority.as_deref().unwrap_or_default();
        let unread = |why: String| format!("the certificates in {path} cannot be read: {why}");
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unread(error.to_string()))? {
            let certificate = certificate.map_err(|error| unread(error.to_string()))?;
            roots.add(certificate).map_err(|error| unread(error.to_string()))?;
        }
        if roots.is_empty() { Err(unread("there is none in it".into())) } else { Ok(roots) }
    }
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;
type Believing = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

fn believing(builder: Builder, belief: Belief) -> Believing {
    builder.dangerous().with_custom_certificate_verifier(Arc::new(belief))
}

/// Believes a certificate whatever its name, if the chain is good or nobody asked for one. That the server holds the
/// certificate's key is checked always.
#[derive(Debug)]
struct Belief {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Belief {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(certificate, between, name, stapled, now) {
            // The chain is judged before the name.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_address_say_what_the_server_has_to_do() {
        let cases = [
            ("postgres://u@h/d", "postgres://u@h/d", Some(Demand::Plain)),
            ("postgres://u@h/d?sslmode=disable", "postgres://u@h/d", Some(Demand::Plain)),
            ("postgres://u@h/d?a=b&sslmode=require&c=d", "postgres://u@h/d?a=b&c=d", Some(Demand::Encrypt)),
            ("postgres://u@h/d?sslmode=require&sslrootcert=%2Fca", "postgres://u@h/d", Some(Demand::Vouched)),
            ("postgres://u@h/d?sslmode=verify-ca&sslrootcert=/ca", "postgres://u@h/d", Some(Demand::Vouched)),
            ("postgres://u@h/d?sslrootcert=/ca&sslmode=verify-full", "postgres://u@h/d", Some(Demand::Named)),
            ("postgres://u@h/d?sslmode=verify-full", "", None),
            ("postgres://u@h/d?sslmode=prefer", "", None),
            ("postgres://u@h/d?sslmode=", "", None),
        ];
        for (url, rest, demand) in cases {
            let read = Tls::of_address(url).ok();
            assert_eq!(read.as_ref().map(|(_, tls)| tls.demand), demand, "{url}");
            assert!(read.is_none_or(|(address, _)| address == rest), "{url}");
        }
    }
}
