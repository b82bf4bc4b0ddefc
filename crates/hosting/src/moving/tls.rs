//! The wire between the two hosts of a move: TLS 1.3 in which both sides prove an Ed25519 key that the other knows from the
//! move's ticket (raw public keys, RFC 7250). No certificate authority, no name and no clock has a say.

use std::sync::Arc;

use journal::act::PublicKey;
use rustls::client::AlwaysResolvesClientRawPublicKeys;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::AlwaysResolvesServerRawPublicKeys;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
    version,
};

use super::key::HostKey;
use crate::failure::Failure;

/// An Ed25519 public key as a SubjectPublicKeyInfo, before its 32 bytes (RFC 8410, section 4).
const PUBLIC: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// An Ed25519 seed as PKCS #8, before its 32 bytes (RFC 8410, section 7).
const SECRET: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Tells whether a key may connect.
pub(crate) type Knows = Arc<dyn Fn(&PublicKey) -> bool + Send + Sync>;

/// What a host needs to be called by hosts whose keys it knows.
pub(crate) fn server(key: &HostKey, knows: Knows) -> Result<Arc<ServerConfig>, Failure> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13])
        .map_err(failed)?
        .with_client_cert_verifier(Arc::new(Known { knows }))
        .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(Arc::new(certified(key)?))));
    Ok(Arc::new(config))
}

/// What a host needs to call the one with this key.
pub(crate) fn client(key: &HostKey, other: PublicKey) -> Result<Arc<ClientConfig>, Failure> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13])
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Known { knows: Arc::new(move |found| *found == other) }))
        .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(Arc::new(certified(key)?))));
    Ok(Arc::new(config))
}

/// The key that the other side has proved.
pub(crate) fn key_of(proved: &[CertificateDer<'_>]) -> Option<PublicKey> {
    proved.first()?.strip_prefix(&PUBLIC)?.try_into().ok()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn failed(error: Error) -> Failure {
    Failure::problem("preparing the wire between hosts", &error)
}

fn certified(key: &HostKey) -> Result<CertifiedKey, Failure> {
    let secret = PrivatePkcs8KeyDer::from([&SECRET[..], &key.seed].concat());
    let signing = ring::sign::any_eddsa_type(&secret).map_err(failed)?;
    let public = [&PUBLIC[..], &key.signing.public()].concat();
    Ok(CertifiedKey::new(vec![CertificateDer::from(public)], signing))
}

/// Accepts keys that are known, whatever else is said.
struct Known {
    knows: Knows,
}

impl Known {
    fn check(&self, proved: &CertificateDer<'_>) -> Result<(), Error> {
        let key = key_of(std::slice::from_ref(proved));
        if key.is_some_and(|key| (self.knows)(&key)) {
            Ok(())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn check_signature(
        message: &[u8],
        proved: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(proved.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signed, &provider().signature_verification_algorithms)
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Known")
    }
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        proved: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Known::check_signature(message, proved, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Known {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        proved: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Known::check_signature(message, proved, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    fn key(seed: u8) -> HostKey {
        let signing = journal::SigningKey::from_seed("h", [seed; 32]).unwrap();
        HostKey { signing, seed: [seed; 32] }
    }

    /// Whether a host with the key `own` is let in by one that knows `known`, having expected `expected` there; `there`
    /// is the key of the other.
    async fn is_let_in(own: u8, expected: u8, there: u8, known: u8) -> bool {
        let known = key(known).signing.public();
        let server = server(&key(there), Arc::new(move |found| *found == known)).unwrap();
        let client = client(&key(own), key(expected).signing.public()).unwrap();
        let (one, other) = tokio::io::duplex(4096);
        let serving = tokio::spawn(async move {
            let mut stream = TlsAcceptor::from(server).accept(one).await.ok()?;
            let proved = stream.get_ref().1.peer_certificates().and_then(key_of);
            stream.write_all(b"in").await.ok()?;
            stream.flush().await.ok()?;
            proved
        });
        let name = ServerName::try_from("almoner.invalid").unwrap();
        let connected = TlsConnector::from(client).connect(name, other).await;
        let mut heard = [0; 2];
        let is_heard = match connected {
            Ok(mut stream) => stream.read_exact(&mut heard).await.is_ok(),
            Err(_) => false,
        };
        let proved = serving.await.unwrap();
        assert!(!is_heard || proved == Some(key(own).signing.public()));
        is_heard
    }

    #[tokio::test]
    async fn only_hosts_that_prove_the_keys_of_the_ticket_speak_to_each_other() {
        assert!(is_let_in(1, 2, 2, 1).await);
        assert!(!is_let_in(1, 3, 2, 1).await, "another host answers at the address");
        assert!(!is_let_in(3, 2, 2, 1).await, "a host that is in no ticket calls");
    }
}
