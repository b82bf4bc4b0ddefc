//! The gate as a whole: every route without credentials, wrong ones, each role, sessions, forms, lockout.
//! The tables of routes are those of the crates that answer them, so a new route is walked without being named here.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod account_closing;
mod account_staff;
mod closed;
mod configuration;
mod downtime;
mod resources;

use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use terms::Moment;
use tower::ServiceExt as _;

use super::*;
use crate::gate::OPEN;
use crate::secret::Secret;
use crate::test_host::host_in;
use crate::trusts::TrustCode;
use crate::work::{NewPassword, NewToken, NewTrust, NewUser, Outcome, UserState};
use crate::{accounts, tokens};

/// The routes that hosting answers itself; the FHIR interface and the pages bring their own tables.
const OWN: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/health"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("POST", "/lock"),
    ("GET", "/assets/{name}"),
    ("GET", "/t/{trust}/fhir/.well-known/smart-configuration"),
    ("GET", "/t/{trust}/host"),
    ("GET", "/t/{trust}/host/live"),
    ("GET", "/t/{trust}/moves"),
    ("POST", "/t/{trust}/moves"),
    ("GET", "/t/{trust}/moves/{code}"),
    ("GET", "/t/{trust}/moves/{code}/live"),
    ("GET", "/t/{trust}/moves/{code}/file/{file}"),
    ("POST", "/t/{trust}/moves/{code}/{act}"),
    ("GET", "/t/{trust}/oversight"),
    ("GET", "/t/{trust}/status-report"),
    ("GET", "/t/{trust}/accounts"),
    ("GET", "/t/{trust}/accounts/{name}"),
    ("POST", "/t/{trust}/accounts/{name}"),
    ("POST", "/t/{trust}/accounts/{name}/staff"),
    ("GET", "/t/{trust}/configuration"),
    ("GET", "/t/{trust}/configuration/files"),
    ("GET", "/t/{trust}/configuration/propose"),
    ("POST", "/t/{trust}/configuration/propose"),
    ("POST", "/t/{trust}/configuration/proposal/{step}"),
    ("GET", "/t/{trust}/downtime/sheets"),
    ("POST", "/t/{trust}/downtime/sheets"),
    ("GET", "/t/{trust}/downtime/sheets/{pack}/{sheet}"),
    ("GET", "/t/{trust}/held/{id}"),
    ("GET", "/t/{trust}/password"),
    ("POST", "/t/{trust}/password"),
];

/// Names and values.
type Headers<'a> = &'a [(&'a str, &'a str)];

const PASSWORD: &str = "correct horse battery";

/// A host in a directory of its own, with a clock that stands still until it is moved.
struct Stage {
    _directory: tempfile::TempDir,
    now: Arc<AtomicI64>,
    host: Arc<Host>,
    router: Router,
}

/// An answer, read to its end.
#[derive(Debug)]
struct Said {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Stage {
    async fn set() -> Stage {
        let directory = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(1_800_000_000_000));
        let clock = Arc::clone(&now);
        let clock: terms::Clock = Arc::new(move || Moment(clock.load(Ordering::Relaxed)));
        let host = host_in(directory.path(), "sqlite", clock).await;
        for code in ["RAA", "RBB"] {
            let code = TrustCode::parse(code).unwrap();
            let new = NewTrust { code, name: "Trust".into(), store: None, demonstration: false };
            host.add_trust(new).await.unwrap();
        }
        let router = router(Arc::clone(&host));
        Stage { _directory: directory, now, host, router }
    }

    fn wait(&self, minutes: i64) {
        self.now.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }

    async fn add_user(&self, name: &str, role: &str) {
        let trust = TrustCode::parse("RAA").unwrap();
        let password = Some(Secret::new(PASSWORD));
        let new = NewUser { trust, name: name.into(), display: "A B".into(), role: role.into(), password, staff: None };
        accounts::add(&self.host.trust(&new.trust).await.unwrap(), new).await.unwrap();
    }

    async fn token(&self, trust: &str, role: &str, patients: &[&str]) -> String {
        let new = NewToken {
            trust: TrustCode::parse(trust).unwrap(),
            role: role.into(),
            ttl_seconds: 3600,
            patients: patients.iter().map(|id| (*id).to_owned()).collect(),
            label: "test".into(),
        };
        match tokens::issue(&self.host.trust(&new.trust).await.unwrap(), new).await.unwrap() {
            Outcome::Token { token, .. } => token.reveal().to_owned(),
            other => panic!("not a token: {other:?}"),
        }
    }

    async fn send(&self, request: Request<Body>) -> Said {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Said { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Said {
        self.send(request("GET", path, headers, "")).await
    }

    /// Sends the form of a new password, with or without its token.
    async fn change_password(&self, cookie: &str, current: &str, new: &str, again: &str, with_token: bool) -> Said {
        let token = if with_token { form_token_of(cookie) } else { "00".into() };
        let form = format!("form_token={token}&current={current}&new={new}&again={again}").replace(' ', "+");
        let headers = [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded")];
        self.send(request("POST", "/t/RAA/password", &headers, &form)).await
    }

    /// The versions of the account s.reilly, oldest first: its state and who chose the password.
    async fn history_of_account(&self) -> Vec<String> {
        let trust = self.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
        let reading = trust.record.read(&trust.host_permit().unwrap(), "test").await.unwrap();
        let key = record::Key::new("Basic", "account-s.reilly");
        let versions = reading.history(&key, None, 10).await.unwrap();
        reading.finish().await.unwrap();
        let said = versions.iter().rev().map(|version| {
            let basic: serde_json::Value = serde_json::from_slice(&version.text).unwrap();
            let extensions = basic["extension"].as_array().unwrap();
            let of = |name: &str| {
                let found = extensions.iter().find(|it| it["url"] == format!("urn:almoner:account:{name}"));
                found.map_or("-".to_owned(), |it| it["valueCode"].as_str().unwrap().to_owned())
            };
            format!("{} {}", of("state"), of("password"))
        });
        said.collect()
    }

    /// Signs in through the form; gives the session's cookie.
    async fn sign_in(&self, name: &str, password: &str) -> Result<String, Said> {
        let page = self.get("/sign-in?trust=RAA", &[]).await;
        let before = cookie_of(&page).unwrap();
        let token = page.body.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let form = format!("trust=RAA&name={name}&password={}&next=&form_token={token}", password.replace(' ', "+"));
        let headers = [("cookie", before.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let said = self.send(request("POST", "/sign-in", &headers, &form)).await;
        match said.status {
            StatusCode::SEE_OTHER => Ok(cookie_of(&said).unwrap()),
            _ => Err(said),
        }
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

/// The first cookie that an answer sets, as it is sent back.
fn cookie_of(said: &Said) -> Option<String> {
    let line = said.headers.get(header::SET_COOKIE)?.to_str().ok()?;
    Some(line.split(';').next()?.to_owned())
}

/// The form token that belongs to a session's cookie.
fn form_token_of(cookie: &str) -> String {
    crate::sessions::form_token(&Secret::new(cookie.split_once('.').unwrap().1))
}

/// Every route of the host: method and path with its variables filled in.
fn all_routes() -> Vec<(String, String)> {
    let fill = |pattern: &str| {
        let names = [
            ("{trust}", "RAA"),
            ("{kind}", "Patient"),
            ("{id}", "p1"),
            ("{version}", "1"),
            ("{member}", "Observation"),
            ("{name}", "x.css"),
            ("{step}", "ask"),
            ("{list}", "l1"),
            ("{act}", "triage"),
        ];
        names.iter().fold(pattern.to_owned(), |path, (name, value)| path.replace(name, value))
    };
    let own = OWN.iter().chain(portal::ROUTES).map(|(method, path)| ((*method).to_owned(), fill(path)));
    let fhir = fhir_api::ROUTES.iter();
    let fhir = fhir.map(|route| (route.method.to_string(), fill(&format!("/t/{{trust}}/fhir{}", route.path))));
    own.chain(fhir).chain([("GET".into(), "/nowhere".into()), ("GET".into(), "/t/RAA/nowhere".into())]).collect()
}

#[test]
fn the_routes_that_need_no_permit_are_these() {
    let expected = [
        ("GET", "/"),
        ("GET", "/health"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("GET", "/assets/{name}"),
        ("GET", "/t/{trust}/fhir/metadata"),
        ("GET", "/t/{trust}/fhir/.well-known/smart-configuration"),
    ];
    assert_eq!(OPEN, expected, "a route that opens to the world is a decision: change this list knowingly");
    for route in fhir_api::ROUTES {
        let path = format!("/t/RAA/fhir{}", route.path.replace(['{', '}'], ""));
        assert_eq!(gate::is_open(&route.method, &path), !route.needs_permit, "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn no_other_route_answers_without_credentials() {
    let stage = Stage::set().await;
    let mut closed = 0;
    for (method, path) in all_routes() {
        let is_open = gate::is_open(&method.parse::<Method>().unwrap(), &path);
        let said = stage.send(request(&method, &path, &[], "")).await;
        assert_eq!(said.status == StatusCode::UNAUTHORIZED, !is_open, "{method} {path}: {}", said.status);
        if !is_open {
            closed += 1;
            assert!(said.body.contains("Sign in, or send a bearer token"), "{method} {path}");
        }
        let page = stage.send(request(&method, &path, &[("accept", "text/html")], "")).await;
        let is_page = method == "GET" && !path.contains("/fhir");
        let sent_on = page.status == StatusCode::SEE_OTHER
            && page.headers[header::LOCATION].to_str().unwrap().starts_with("/sign-in");
        assert!(is_open || sent_on == is_page, "{method} {path}: {}", page.status);
    }
    assert!(closed > 20, "the walk has lost its routes: {closed}");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let stage = Stage::set().await;
    for path in ["/health", "/sign-in", "/nowhere", "/t/RAA/fhir/metadata", "/t/RAA/fhir/Patient", "/assets/none.css"] {
        let said = stage.get(path, &[]).await;
        for name in
            ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy", "x-request-id"]
        {
            assert!(said.headers.contains_key(name), "{path} lacks {name}");
        }
        assert!(said.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    }
}

#[tokio::test]
async fn tokens_open_their_trust_in_their_role_for_their_time() {
    let stage = Stage::set().await;
    let system = stage.token("RAA", "system", &[]).await;
    let clerk = stage.token("RAA", "clerk", &[]).await;
    let operator = stage.token("RAA", "operator", &[]).await;
    let subject = stage.token("RAA", "subject", &["p1"]).await;
    let other = stage.token("RBB", "system", &[]).await;
    let bearer = |token: &str| format!("Bearer {token}");
    for id in ["p1", "p2"] {
        let text = format!(r#"{{"resourceType":"Patient","id":"{id}","name":[{{"family":"Test"}}]}}"#);
        let headers = [("authorization", &*bearer(&system)), ("content-type", "application/fhir+json")];
        let said = stage.send(request("PUT", &format!("/t/RAA/fhir/Patient/{id}"), &headers, &text)).await;
        assert_eq!(said.status, StatusCode::CREATED, "{}", said.body);
    }
    let cases = [
        (&system, "/t/RAA/fhir/Patient/p1", StatusCode::OK),
        (&clerk, "/t/RAA/fhir/Patient/p1", StatusCode::OK),
        (&subject, "/t/RAA/fhir/Patient/p1", StatusCode::OK),
        (&subject, "/t/RAA/fhir/Patient/p2", StatusCode::NOT_FOUND),
        (&operator, "/t/RAA/fhir/Patient/p1", StatusCode::NOT_FOUND),
        (&other, "/t/RAA/fhir/Patient/p1", StatusCode::UNAUTHORIZED),
        (&system, "/t/RBB/fhir/Patient/p1", StatusCode::UNAUTHORIZED),
        (&system, "/t/RCC/fhir/Patient/p1", StatusCode::UNAUTHORIZED),
        (&"alm_0000".to_owned(), "/t/RAA/fhir/Patient/p1", StatusCode::UNAUTHORIZED),
    ];
    for (token, path, expected) in cases {
        let said = stage.get(path, &[("authorization", &bearer(token))]).await;
        assert_eq!(said.status, expected, "{path}: {}", said.body);
    }
    let bundle = r#"{"resourceType":"Bundle","type":"batch"}"#;
    for base in ["/t/RAA/fhir", "/t/RAA/fhir/"] {
        let headers = [("authorization", &*bearer(&system)), ("content-type", "application/fhir+json")];
        assert_eq!(stage.send(request("POST", base, &headers, bundle)).await.status, StatusCode::OK, "{base}");
    }
    stage.wait(60);
    let said = stage.get("/t/RAA/fhir/Patient/p1", &[("authorization", &bearer(&system))]).await;
    assert_eq!(said.status, StatusCode::UNAUTHORIZED, "an expired token");
}

#[tokio::test]
async fn a_session_opens_its_trust_until_it_is_locked_idle_or_signed_out() {
    let stage = Stage::set().await;
    stage.add_user("s.reilly", "clinician").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let read = async |cookie: &str, path: &str| stage.get(path, &[("cookie", cookie)]).await.status;
    assert_eq!(read(&cookie, "/t/RAA/fhir/Patient").await, StatusCode::OK);
    assert_eq!(read(&cookie, "/t/RBB/fhir/Patient").await, StatusCode::UNAUTHORIZED, "another trust");
    assert_eq!(read(&cookie.replace("RAA", "RBB"), "/t/RBB/fhir/Patient").await, StatusCode::UNAUTHORIZED);

    stage.wait(29);
    assert_eq!(read(&cookie, "/t/RAA/fhir/Patient").await, StatusCode::OK);
    stage.wait(29);
    assert_eq!(read(&cookie, "/t/RAA/fhir/Patient").await, StatusCode::OK, "use keeps it alive");

    let token = form_token_of(&cookie);
    let headers = [("cookie", cookie.as_str()), ("x-form-token", token.as_str())];
    let said = stage.send(request("POST", "/lock", &headers, "")).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER);
    assert_eq!(read(&cookie, "/t/RAA/fhir/Patient").await, StatusCode::UNAUTHORIZED, "locked");

    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let token = form_token_of(&cookie);
    let headers = [("cookie", cookie.as_str()), ("x-form-token", token.as_str())];
    let said = stage.send(request("POST", "/sign-out", &headers, "")).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER);
    assert_eq!(read(&cookie, "/t/RAA/fhir/Patient").await, StatusCode::UNAUTHORIZED, "signed out");

    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    stage.wait(30);
    assert_eq!(read(&cookie, "/t/RAA/fhir/Patient").await, StatusCode::UNAUTHORIZED, "idle");
}

#[tokio::test]
async fn a_change_by_session_needs_its_form_token_and_our_own_page() {
    let stage = Stage::set().await;
    stage.add_user("s.reilly", "clinician").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let token = form_token_of(&cookie);
    let json = ("content-type", "application/fhir+json");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let cases: [(Headers<'_>, &str, bool); 8] = [
        (&[json], r#"{"resourceType":"Patient"}"#, false),
        (&[json, ("x-form-token", "0000")], r#"{"resourceType":"Patient"}"#, false),
        (&[json, ("x-form-token", &token)], r#"{"resourceType":"Patient"}"#, true),
        (&[json, ("x-form-token", &token), ("sec-fetch-site", "cross-site")], r#"{"resourceType":"Patient"}"#, false),
        (&[json, ("x-form-token", &token), ("origin", "https://evil.example"), ("host", "a")], "{}", false),
        (
            &[json, ("x-form-token", &token), ("origin", "http://a"), ("host", "a")],
            r#"{"resourceType":"Patient"}"#,
            true,
        ),
        (&[form], &format!("a=b&form_token={token}x"), false),
        (&[form], &format!("a=b&form_token={token}"), true),
    ];
    for (headers, body, fits) in cases {
        let headers: Vec<_> = headers.iter().copied().chain([("cookie", cookie.as_str())]).collect();
        let said = stage.send(request("POST", "/t/RAA/fhir/Patient", &headers, body)).await;
        assert_eq!(said.status != StatusCode::FORBIDDEN, fits, "{headers:?}: {} {}", said.status, said.body);
    }
}

#[tokio::test]
async fn five_wrong_passwords_lock_an_account_for_a_quarter_of_an_hour() {
    let stage = Stage::set().await;
    stage.add_user("s.reilly", "clinician").await;
    let mut words = std::collections::BTreeSet::new();
    for attempt in 0..5 {
        let said = stage.sign_in("s.reilly", "wrong password").await.err().unwrap();
        assert_eq!(said.status, StatusCode::UNAUTHORIZED, "attempt {attempt}");
        words.insert(said.body.split("error-summary__list").nth(1).unwrap().split("</ul>").next().unwrap().to_owned());
    }
    let locked = stage.sign_in("s.reilly", PASSWORD).await.err().unwrap();
    let unknown = stage.sign_in("nobody", PASSWORD).await.err().unwrap();
    for said in [locked, unknown] {
        assert_eq!(said.status, StatusCode::UNAUTHORIZED);
        words.insert(said.body.split("error-summary__list").nth(1).unwrap().split("</ul>").next().unwrap().to_owned());
    }
    assert_eq!(words.len(), 1, "the same words answer everything that is wrong: {words:?}");
    stage.wait(14);
    assert!(stage.sign_in("s.reilly", PASSWORD).await.is_err());
    stage.wait(1);
    assert!(stage.sign_in("s.reilly", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_person_changes_their_password_and_every_other_session_ends() {
    let stage = Stage::set().await;
    stage.add_user("s.reilly", "clinician").await;
    let (here, elsewhere) = (stage.sign_in("s.reilly", PASSWORD).await, stage.sign_in("s.reilly", PASSWORD).await);
    let (here, elsewhere) = (here.ok().unwrap(), elsewhere.ok().unwrap());
    let read = async |cookie: &str| stage.get("/t/RAA/fhir/Patient", &[("cookie", cookie)]).await.status;
    assert_eq!((read(&here).await, read(&elsewhere).await), (StatusCode::OK, StatusCode::OK));
    let page = stage.get("/t/RAA/password", &[("cookie", &here)]).await;
    assert!(page.status == StatusCode::OK && page.body.contains("New password again"), "{}", page.body);
    let new = "a new correct horse";
    let cases = [
        ("wrong password", new, new, "not your current password"),
        (PASSWORD, new, "something else here", "not the same"),
        (PASSWORD, "short", "short", "at least 12 characters"),
        (PASSWORD, PASSWORD, PASSWORD, "the current one"),
    ];
    for (current, new, again, words) in cases {
        let said = stage.change_password(&here, current, new, again, true).await;
        assert_eq!(said.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        assert!(said.body.contains(words) && !said.body.contains("value=\"correct"), "{words}: {}", said.body);
    }
    let forged = stage.change_password(&here, PASSWORD, new, new, false).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(read(&elsewhere).await, StatusCode::OK, "nothing has changed yet");

    let said = stage.change_password(&here, PASSWORD, new, new, true).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.body);
    let fresh = cookie_of(&said).unwrap();
    assert_eq!(read(&fresh).await, StatusCode::OK);
    assert_eq!(read(&here).await, StatusCode::UNAUTHORIZED);
    assert_eq!(read(&elsewhere).await, StatusCode::UNAUTHORIZED);
    assert!(stage.sign_in("s.reilly", PASSWORD).await.is_err());
    assert!(stage.sign_in("s.reilly", new).await.is_ok());
    assert_eq!(stage.history_of_account().await, ["open given", "open chosen"]);
    let token = format!("Bearer {}", stage.token("RAA", "clinician", &[]).await);
    let software = stage.get("/t/RAA/password", &[("authorization", &token)]).await;
    assert_eq!(software.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn wrong_current_passwords_lock_the_account_too() {
    let stage = Stage::set().await;
    stage.add_user("s.reilly", "clinician").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let new = "a new correct horse";
    for _ in 0..5 {
        let said = stage.change_password(&cookie, "wrong password", new, new, true).await;
        assert_eq!(said.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let said = stage.change_password(&cookie, PASSWORD, new, new, true).await;
    assert_eq!(said.status, StatusCode::UNPROCESSABLE_ENTITY, "locked");
    assert!(stage.sign_in("s.reilly", PASSWORD).await.is_err(), "locked");
    stage.wait(15);
    assert!(stage.sign_in("s.reilly", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_administrator_resets_and_closes_accounts() {
    let stage = Stage::set().await;
    stage.add_user("s.reilly", "clinician").await;
    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    let state = async || accounts::list(&trust).await.unwrap().pop().unwrap().state;
    let reset = async |reopen: bool| {
        let new = NewPassword { trust: trust.code.clone(), name: "s.reilly".into(), password: None, reopen };
        match accounts::reset(&trust, new).await {
            Ok(Outcome::User { password: Some(password), .. }) => Some(password.reveal().to_owned()),
            _ => None,
        }
    };
    let read = async |cookie: &str| stage.get("/t/RAA/fhir/Patient", &[("cookie", cookie)]).await.status;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    for _ in 0..5 {
        assert!(stage.sign_in("s.reilly", "wrong password").await.is_err());
    }
    assert_eq!(state().await, UserState::Locked);
    let given = reset(false).await.unwrap();
    assert_eq!((state().await, read(&cookie).await), (UserState::Open, StatusCode::UNAUTHORIZED));
    assert!(stage.sign_in("s.reilly", PASSWORD).await.is_err());
    let cookie = stage.sign_in("s.reilly", &given).await.ok().unwrap();
    assert_eq!(read(&cookie).await, StatusCode::OK);

    let holder =
        async || accounts::holders(&trust, vec!["user/s.reilly".into()]).await.remove("user/s.reilly").unwrap();
    assert!(holder().await.is_active);
    let host = trust.host_permit().unwrap();
    accounts::close(&trust, (&host, record::CauseKind::System), "s.reilly", None).await.unwrap();
    assert!(!holder().await.is_active, "what is theirs has no active owner any more");
    assert_eq!((state().await, read(&cookie).await), (UserState::Closed, StatusCode::UNAUTHORIZED));
    assert!(stage.sign_in("s.reilly", &given).await.is_err());
    assert!(
        accounts::close(&trust, (&host, record::CauseKind::System), "s.reilly", None).await.is_err(),
        "it is closed already"
    );
    assert!(accounts::close(&trust, (&host, record::CauseKind::System), "nobody", None).await.is_err());
    assert_eq!(reset(false).await, None, "it stays closed unless that is meant");
    let again = reset(true).await.unwrap();
    assert!(holder().await.is_active);
    assert!(stage.sign_in("s.reilly", &again).await.is_ok());
    assert_eq!(stage.history_of_account().await, ["open given", "open given", "closed -", "open given"]);
}

#[tokio::test]
async fn a_revoked_token_opens_nothing_at_once() {
    let stage = Stage::set().await;
    let trust = stage.host.trust(&TrustCode::parse("RAA").unwrap()).await.unwrap();
    let (one, other) = (stage.token("RAA", "system", &[]).await, stage.token("RAA", "subject", &["p1"]).await);
    let read = async |token: &str| {
        stage.get("/t/RAA/fhir/Patient", &[("authorization", &format!("Bearer {token}"))]).await.status
    };
    assert_eq!((read(&one).await, read(&other).await), (StatusCode::OK, StatusCode::OK));
    let listed = async || match tokens::list(&trust).await.unwrap() {
        Outcome::Tokens(tokens) => tokens,
        other => panic!("{other:?}"),
    };
    let before = listed().await;
    let id = before.iter().find(|token| token.role == "system").unwrap().id.clone();
    for wrong in ["", "zzzzzzzz", &id[..4], "00000000"] {
        assert!(tokens::revoke(&trust, wrong).await.is_err(), "{wrong}");
    }
    tokens::revoke(&trust, &id).await.unwrap();
    assert_eq!((read(&one).await, read(&other).await), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    let after = listed().await;
    assert_eq!((before.len(), after.len(), after[0].patients.as_slice()), (2, 1, ["p1".to_owned()].as_slice()));
    stage.wait(60);
    assert!(listed().await.is_empty(), "what has expired is not listed");
}

#[tokio::test]
async fn one_address_that_fails_too_often_waits() {
    let stage = Stage::set().await;
    for _ in 0..30 {
        assert!(stage.sign_in("x", PASSWORD).await.is_err());
    }
    assert_eq!(stage.sign_in("x", PASSWORD).await.err().unwrap().status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_sign_in_form_from_elsewhere_is_refused() {
    let stage = Stage::set().await;
    stage.add_user("s.reilly", "clinician").await;
    let form = "trust=RAA&name=s.reilly&password=correct+horse+battery&next=&form_token=00";
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let said = stage.send(request("POST", "/sign-in", &headers, form)).await;
    assert_eq!(said.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn pages_answer_people_in_their_role() {
    let stage = Stage::set().await;
    for role in ["clinician", "clerk", "privacy-officer", "administrator", "operator"] {
        stage.add_user(role, role).await;
        let cookie = stage.sign_in(role, PASSWORD).await.ok().unwrap();
        let status = async |path: &str| stage.get(path, &[("cookie", &cookie), ("accept", "text/html")]).await.status;
        let sees_patients = !matches!(role, "administrator" | "operator");
        let keeps_trusts = !sees_patients;
        let patients = if sees_patients { StatusCode::OK } else { StatusCode::FORBIDDEN };
        let host = if keeps_trusts { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(status("/t/RAA/patients").await, patients, "{role}");
        assert_eq!(status("/t/RAA/host").await, host, "{role}");
        let configures = if role == "administrator" { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(status("/t/RAA/configuration").await, configures, "{role}");
        assert_eq!(status("/t/RAA/accounts").await, configures, "{role}");
        assert_eq!(status("/t/RAA/accounts/clinician").await, configures, "{role}");
        assert_eq!(status("/t/RAA/account").await, StatusCode::OK, "{role}");
        let home = if sees_patients { StatusCode::OK } else { StatusCode::SEE_OTHER };
        assert_eq!(status("/t/RAA/").await, home, "{role}");
    }
}

#[tokio::test]
async fn the_host_page_shows_an_operator_all_trusts_and_an_administrator_their_own() {
    let stage = Stage::set().await;
    for (role, others) in [("operator", true), ("administrator", false)] {
        stage.add_user(role, role).await;
        let cookie = stage.sign_in(role, PASSWORD).await.ok().unwrap();
        let said = stage.get("/t/RAA/host", &[("cookie", &cookie)]).await;
        assert!(said.body.contains("RAA"), "{}", said.body);
        assert_eq!(said.body.contains("RBB"), others, "{role}");
    }
}

#[tokio::test]
async fn a_part_of_a_page_is_never_answered_with_the_sign_in_page() {
    let stage = Stage::set().await;
    let headers = [("accept", "text/html"), ("hx-request", "true")];
    let said = stage.get("/t/RAA/patients/found?q=smith", &headers).await;
    assert_eq!(said.status, StatusCode::UNAUTHORIZED);
    let back = said.headers.get("hx-redirect").unwrap().to_str().unwrap();
    assert!(back.starts_with("/sign-in?") && back.contains("found%3Fq%3Dsmith"), "{back}");
    assert!(!said.body.contains("<form"), "{}", said.body);
    // Signed in again, the address leads to the page with what was typed.
    stage.add_user("s.reilly", "clinician").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    let said = stage.get("/t/RAA/patients/found?q=smith", &[("cookie", &cookie), ("accept", "text/html")]).await;
    assert_eq!(said.headers.get("location").unwrap(), "/t/RAA/patients?q=smith");
}

#[tokio::test]
async fn a_sentence_is_a_page_to_a_browser_and_plain_to_a_program() {
    let stage = Stage::set().await;
    stage.add_user("s.reilly", "clinician").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    for (accept, media) in [("text/html", "text/html; charset=utf-8"), ("*/*", "text/plain; charset=utf-8")] {
        let said = stage.get("/nowhere", &[("cookie", &cookie), ("accept", accept)]).await;
        assert_eq!(said.status, StatusCode::NOT_FOUND);
        assert_eq!(said.headers.get("content-type").unwrap(), media);
        assert!(said.body.contains("There is nothing at this address."));
    }
}

#[tokio::test]
async fn no_browser_or_proxy_keeps_a_page_with_patients() {
    let stage = Stage::set().await;
    stage.add_user("s.reilly", "clinician").await;
    let cookie = stage.sign_in("s.reilly", PASSWORD).await.ok().unwrap();
    for path in ["/t/RAA/patients?q=smith", "/t/RAA/patients/found?q=smith", "/t/RAA/patients/nobody"] {
        let said = stage.get(path, &[("cookie", &cookie), ("accept", "text/html"), ("hx-request", "true")]).await;
        assert_eq!(said.headers.get("cache-control").unwrap(), "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_form_sent_after_the_session_has_ended_waits_for_its_person_alone() {
    let stage = Stage::set().await;
    stage.add_user("t.abbott", "clerk").await;
    stage.add_user("a.other", "clerk").await;
    let ended = stage.sign_in("t.abbott", PASSWORD).await.unwrap();
    let fields = "form_key=k1&draft_form=register&draft_patient=&searched=wojcik&family=Wojcik&given=Tomasz&born=9+6+88\
        &gender=male&do=register";
    let send = async |cookie: &str, token: &str| {
        let headers =
            [("cookie", cookie), ("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")];
        stage.send(request("POST", "/t/RAA/register", &headers, &format!("form_token={token}&{fields}"))).await
    };
    let token = form_token_of(&ended);
    stage.wait(31);
    // A form that none of our pages made is not kept.
    assert_eq!(send(&ended, &"0".repeat(64)).await.status, StatusCode::UNAUTHORIZED);
    let said = send(&ended, &token).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.body);
    let to = said.headers[header::LOCATION].to_str().unwrap();
    let key = to.strip_prefix("/sign-in?trust=RAA&next=%2Ft%2FRAA%2Fheld%2F").unwrap();
    let held = format!("/t/RAA/held/{key}");

    // Somebody else who signs in sees a clean screen, and cannot send it.
    let other = stage.sign_in("a.other", PASSWORD).await.unwrap();
    let seen = stage.get(&held, &[("cookie", &other)]).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert!(!seen.body.contains("Wojcik"));
    assert_eq!(send(&other, &token).await.status, StatusCode::FORBIDDEN);

    // Who typed it sends it, and it is carried out once.
    let again = stage.sign_in("t.abbott", PASSWORD).await.unwrap();
    let page = stage.get(&held, &[("cookie", &again)]).await;
    assert!(page.body.contains("Send it now") && page.body.contains("value=\"Tomasz\""), "{}", page.body);
    assert!(!page.body.contains(&token) && page.body.contains(&form_token_of(&again)));
    let first = send(&again, &form_token_of(&again)).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.body);
    // A window that was open all the while is this person's still: the same form has the same answer.
    let second = send(&again, &token).await;
    let patient = |said: &Said| {
        let to = said.headers[header::LOCATION].to_str().unwrap().to_owned();
        to.split('?').next().unwrap().to_owned()
    };
    assert_eq!(patient(&second), patient(&first));
}
