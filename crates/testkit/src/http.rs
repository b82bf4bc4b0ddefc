//! A client over HTTP as a person's browser or a program is one: a connection that stays open, a token or a session.
//!
//! For benchmarks and the hospital simulator, which go through the doors that everybody goes through.

#![expect(clippy::disallowed_methods, reason = "how long a connection was not used is told by the clock")]

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection that was not used for so long is not used again: the host closes those that wait for 15 seconds, and may be
/// doing so while a request is on its way.
const UNUSED: Duration = Duration::from_secs(10);

/// The media type of forms.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Where, and as whom.
#[derive(Clone)]
pub struct Target {
    /// Host and port.
    pub address: String,
    /// The header that says who asks.
    pub credential: Option<(HeaderName, HeaderValue)>,
}

/// One connection.
pub struct Client {
    target: Target,
    sender: SendRequest<Full<Bytes>>,
    used: Instant,
}

/// An answer, read to its end.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Target {
    /// A program with a token.
    ///
    /// # Errors
    /// A token that is no header's value.
    pub fn with_token(address: &str, token: &str) -> Result<Target> {
        let value = HeaderValue::from_str(&format!("Bearer {token}"))?;
        Ok(Target { address: address.to_owned(), credential: Some((header::AUTHORIZATION, value)) })
    }

    /// A person who signs in through the form: the target carries the session's cookie.
    ///
    /// # Errors
    /// There is no such page, or the sign-in was refused.
    pub async fn signed_in(address: &str, trust: &str, name: &str, password: &str) -> Result<Target> {
        let nobody = Target { address: address.to_owned(), credential: None };
        let page = nobody.connect().await?.get("/sign-in").await?;
        let before = cookie(&page.headers).context("the sign-in page sets no cookie")?;
        let token = form_token(&page.body).context("the sign-in form has no token")?;
        let with_cookie = |cookie: &str| -> Result<Target> {
            Ok(Target { credential: Some((header::COOKIE, HeaderValue::from_str(cookie)?)), ..nobody.clone() })
        };
        let fields = [("trust", trust), ("name", name), ("password", password), ("next", ""), ("form_token", &token)];
        let answer = with_cookie(&before)?.connect().await?.send(Method::POST, "/sign-in", FORM, form(&fields)).await?;
        ensure!(answer.status.is_redirection(), "signing in answered {}", answer.status);
        with_cookie(&cookie(&answer.headers).context("signing in sets no cookie")?)
    }

    /// A connection.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn connect(&self) -> Result<Client> {
        let stream = TcpStream::connect(&self.address).await.context("connecting")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Client { target: self.clone(), sender, used: Instant::now() })
    }
}

impl Client {
    /// Whether the other side has closed it, as servers do with what nobody uses for a while.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// The same person's connection, a new one when this was closed or was not used for long.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn again(&mut self) -> Result<&mut Client> {
        if self.is_closed() || self.used.elapsed() > UNUSED {
            *self = self.target.clone().connect().await?;
        }
        Ok(self)
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn send(&mut self, method: Method, path: &str, kind: &str, body: Bytes) -> Result<Answer> {
        self.send_with(method, path, kind, body, None).await
    }

    /// The same with one more header.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn send_with(
        &mut self,
        method: Method,
        path: &str,
        kind: &str,
        body: Bytes,
        more: Option<(&'static str, &str)>,
    ) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.target.address);
        if let Some((name, value)) = &self.target.credential {
            request = request.header(name, value);
        }
        if let Some((name, value)) = more {
            request = request.header(name, value);
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.sender.ready().await?;
        let answer = self.sender.send_request(request.body(Full::new(body))?).await?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        self.used = Instant::now();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// A reading that must succeed.
    ///
    /// # Errors
    /// The connection broke, or the answer is none of success.
    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        let answer = self.send(Method::GET, path, "", Bytes::new()).await?;
        ensure!(answer.status.is_success(), "GET {path} answered {}", answer.status);
        Ok(answer)
    }
}

/// The body of a form.
pub fn form(fields: &[(&str, &str)]) -> Bytes {
    let mut body = String::new();
    for (name, value) in fields {
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(&encoded(name));
        body.push('=');
        body.push_str(&encoded(value));
    }
    Bytes::from(body)
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The token of the forms of a page.
pub fn form_token(page: &[u8]) -> Option<String> {
    hidden(page, "form_token")
}

/// The value of a hidden field of a page.
pub fn hidden(page: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(page);
    let after = text.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
    after.split('"').next().map(str::to_owned)
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let line = headers.get(header::SET_COOKIE)?.to_str().ok()?;
    Some(line.split(';').next()?.to_owned())
}
