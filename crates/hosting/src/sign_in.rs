//! Signing in, locking and signing out: the only forms that answer without a permit.
//!
//! The same words answer an unknown name, a wrong password and a locked account. Whoever signs in gets a new session;
//! the one that the browser had before ends, so a locked screen opens nothing to the next person.

use std::sync::Arc;

use axum::extract::{FromRequest as _, Query, Request, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::{HeaderMap, StatusCode};
use portal::pages::sign_in::{SignIn as Page, sign_in_page};
use serde::Deserialize;

use crate::accounts::Person;
use crate::answer;
use crate::cookie::{self, BEFORE};
use crate::credentials::{self, NotSignedIn};
use crate::failure::Failure;
use crate::gate::{Visitor, client_address, is_same_origin, set_session};
use crate::host::{Host, Trust};
use crate::secret::{Secret, same};
use crate::sessions::form_token;
use crate::trusts::TrustCode;

const WRONG: &str =
    "The user name or password is not right. After five wrong attempts an account is locked for 15 minutes.";
const BUSY: &str = "Many people are signing in. Wait a moment and try again.";
const OUT_OF_DATE: &str = "This form was out of date. Try again.";

/// What the address of the sign-in page says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    trust: String,
    next: String,
}

/// The form.
#[derive(Debug, Deserialize)]
pub(crate) struct SignIn {
    trust: String,
    name: String,
    password: Secret,
    #[serde(default)]
    next: String,
    form_token: String,
}

/// The address of the sign-in page that leads back to `target`.
pub(crate) fn address(target: &str) -> String {
    let trust = target.strip_prefix("/t/").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let encode =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    format!("/sign-in?trust={}&next={}", encode(trust), encode(target))
}

/// `GET /sign-in`.
pub(crate) async fn show(State(host): State<Arc<Host>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    page(&host, &headers, StatusCode::OK, &asked, "", None).await
}

/// `POST /sign-in`.
pub(crate) async fn submit(State(host): State<Arc<Host>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let address = client_address(&host, &parts);
    let headers = parts.headers.clone();
    let form = Form::<SignIn>::from_request(Request::from_parts(parts, body), &()).await;
    let Ok(Form(form)) = form else {
        return page(&host, &headers, StatusCode::BAD_REQUEST, &Asked::default(), "", Some(OUT_OF_DATE)).await;
    };
    let asked = Asked { trust: form.trust.clone(), next: form.next.clone() };
    let refuse = async |status, words| page(&host, &headers, status, &asked, &form.name, Some(words)).await;
    if !is_from_our_page(&host, &headers, &form) {
        return refuse(StatusCode::FORBIDDEN, OUT_OF_DATE).await;
    }
    if host.throttle.is_closed_to(address, host.now()) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, BUSY).await;
    }
    match check(&host, &form).await {
        Ok((trust, person)) => match begin(&host, &headers, &trust, &person, &form.next).await {
            Ok(response) => response,
            Err(failure) => failed(&failure),
        },
        Err(NotSignedIn::Wrong) => {
            host.throttle.failed(address, host.now());
            refuse(StatusCode::UNAUTHORIZED, WRONG).await
        }
        Err(NotSignedIn::Busy) => refuse(StatusCode::SERVICE_UNAVAILABLE, BUSY).await,
        Err(NotSignedIn::Failed(failure)) => failed(&failure),
    }
}

/// `POST /sign-out`.
pub(crate) async fn sign_out(State(host): State<Arc<Host>>, visitor: Option<Extension<Visitor>>) -> Response {
    if let Some(Extension(visitor)) = visitor
        && let Err(failure) = visitor.trust.sessions.end(&visitor.trust.record, &visitor.token).await
    {
        return failed(&failure);
    }
    let mut response = Redirect::to("/sign-in").into_response();
    set_session(&host, &mut response, None);
    response
}

/// `POST /lock`: the session stays, but opens nothing until somebody signs in again.
pub(crate) async fn lock(
    State(host): State<Arc<Host>>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
) -> Response {
    let Visitor { trust, token, .. } = &visitor;
    if let Err(failure) = trust.sessions.set_locked(&trust.record, token, true, host.now()).await {
        return failed(&failure);
    }
    let home = format!("/t/{}/", trust.code);
    let referer = headers.get(http::header::REFERER).and_then(|value| value.to_str().ok());
    let page = referer.and_then(|url| url.parse::<http::Uri>().ok());
    let page = page.and_then(|uri| uri.path_and_query().map(|target| target.as_str().to_owned()));
    Redirect::to(&address(&page.unwrap_or(home))).into_response()
}

async fn check(host: &Host, form: &SignIn) -> Result<(Arc<Trust>, Person), NotSignedIn> {
    let trust = match TrustCode::parse(&form.trust) {
        Ok(code) => host.trust(&code).await,
        Err(failure) => Err(failure),
    };
    match trust {
        Ok(trust) => {
            let person = credentials::sign_in(&trust, &form.name, &form.password).await?;
            Ok((trust, person))
        }
        Err(Failure::Refused(_)) => {
            host.passwords.check(&form.password, None).await; // an unknown trust takes as long
            Err(NotSignedIn::Wrong)
        }
        Err(failure) => Err(NotSignedIn::Failed(failure)),
    }
}

async fn begin(
    host: &Host,
    headers: &HeaderMap,
    trust: &Trust,
    person: &Person,
    next: &str,
) -> Result<Response, Failure> {
    if let Some((code, old)) = cookie::session(headers)
        && let Ok(former) = host.trust(&code).await
    {
        former.sessions.end(&former.record, &old).await?;
    }
    let token = trust.sessions.begin(&trust.record, person, host.now()).await?;
    let home = format!("/t/{}/", trust.code);
    let inside = is_local(next) && next.starts_with(&home);
    let mut response = Redirect::to(if inside { next } else { &home }).into_response();
    set_session(host, &mut response, Some((&trust.code, &token)));
    cookie::set(response.headers_mut(), BEFORE, None, host.configuration.is_behind_tls());
    Ok(response)
}

/// The form token must belong to the cookie of this browser's sign-in page.
fn is_from_our_page(host: &Host, headers: &HeaderMap, form: &SignIn) -> bool {
    let before = cookie::get(headers, BEFORE).map(Secret::new);
    is_same_origin(host, headers) && before.is_some_and(|before| same(&form_token(&before), &form.form_token))
}

/// Whether an address leads to a page of this host and nowhere else.
fn is_local(next: &str) -> bool {
    let plain = next.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    next.starts_with('/') && !next.starts_with("//") && plain && next.len() <= 2000
}

async fn page(
    host: &Host,
    headers: &HeaderMap,
    status: StatusCode,
    asked: &Asked,
    name: &str,
    wrong: Option<&str>,
) -> Response {
    let before = match cookie::get(headers, BEFORE) {
        Some(before) if before.len() == 64 => Ok(Secret::new(before)),
        _ => Secret::random(""),
    };
    let before = match before {
        Ok(before) => before,
        Err(failure) => return failed(&failure),
    };
    let trusts = host.trust_names().await;
    let trusts: Vec<_> = trusts.into_iter().map(|(code, name)| (code.into(), name)).collect();
    let markup = sign_in_page(&Page {
        trusts: &trusts,
        chosen: TrustCode::parse(&asked.trust).ok().as_ref().map(TrustCode::as_str),
        name,
        next: &asked.next,
        form_token: &form_token(&before),
        wrong,
        environment: host.environment().await,
    });
    let media = [(http::header::CONTENT_TYPE, "text/html; charset=utf-8")];
    let mut response = (status, media, markup.into_string()).into_response();
    cookie::set(response.headers_mut(), BEFORE, Some(before.reveal()), host.configuration.is_behind_tls());
    response
}

pub(crate) fn failed(failure: &Failure) -> Response {
    answer::failed("a sign-in failed", failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_host_are_followed() {
        let cases = [
            ("/t/RTX/patients?q=a%20b", true),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("", false),
            ("/a\r\nb", false),
        ];
        for (next, local) in cases {
            assert_eq!(is_local(next), local, "{next}");
        }
    }

    #[test]
    fn the_address_of_the_page_leads_back() {
        assert_eq!(address("/t/RTX/?a=b"), "/sign-in?trust=RTX&next=%2Ft%2FRTX%2F%3Fa%3Db");
        assert_eq!(address("/"), "/sign-in?trust=&next=%2F");
    }
}
