//! Fetches a status report from an address: `http`, or `https` with whoever vouches for it named in a file. What comes is
//! bounded and believed by its signature alone. Knows nothing of reports.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use journal::note::MOST_NOTE_BYTES;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::failure::Failure;
use crate::secret::Secret;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The text at an address.
pub(super) async fn get(url: &str, token: Option<&Secret>, authority: Option<&Path>) -> Result<String, Failure> {
    let fetched = tokio::time::timeout(PATIENCE, fetch(url, token, authority)).await;
    fetched.map_err(|_| Failure::Problem(format!("{url} did not answer in time.")))?
}

async fn fetch(url: &str, token: Option<&Secret>, authority: Option<&Path>) -> Result<String, Failure> {
    let wrong = || Failure::Refused(format!("{url:?} is no address such as https://host/t/CODE/status-report."));
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let host = uri.host().ok_or_else(wrong)?.to_owned();
    let is_tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(wrong()),
    };
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let lost = |error: &dyn std::error::Error| Failure::Problem(format!("{url} cannot be reached: {error}."));
    let stream = TcpStream::connect((host.as_str(), port)).await.map_err(|error| lost(&error))?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::get(target).header(header::HOST, uri.authority().map_or("", |place| place.as_str()));
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
    }
    let request = request.body(Body::empty()).map_err(|_| wrong())?;
    if !is_tls {
        return ask(stream, request, url).await;
    }
    let name = ServerName::try_from(host).map_err(|_| wrong())?;
    let config = config(authority)?;
    let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|error| lost(&error))?;
    ask(stream, request, url).await
}

/// Trusts whoever the file vouches for, and nobody else.
fn config(authority: Option<&Path>) -> Result<Arc<ClientConfig>, Failure> {
    let path = authority.ok_or_else(|| {
        Failure::refused("An https address needs --ca FILE with the certificates of who vouches for it.")
    })?;
    let doing = format!("reading {}", path.display());
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| Failure::problem(&doing, &error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| Failure::problem(&doing, &error))?;
        roots.add(certificate).map_err(|error| Failure::problem(&doing, &error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Failure::problem("preparing TLS", &error))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

async fn ask<S>(stream: S, request: Request<Body>, url: &str) -> Result<String, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let lost = |error: &dyn std::error::Error| Failure::Problem(format!("{url} cannot be reached: {error}."));
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| lost(&error))?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(|error| lost(&error))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MOST_NOTE_BYTES).collect().await;
    connection.abort();
    let body = body.map_err(|error| Failure::Problem(format!("{url}: {error}.")))?.to_bytes();
    if status != StatusCode::OK {
        return Err(Failure::Refused(format!("{url} answers {status}.")));
    }
    String::from_utf8(body.to_vec())
        .map_err(|_| Failure::Refused(format!("{url} answers with something that is no text.")))
}
