//! A trust's FHIR address on a fresh record, and requests to it.
//! Goes through the router as a client would, over a real record.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use access::{Grant, Permit, Role, Subject, decide};
use axum::Router;
use axum::body::Body;
use fhir::{Document, Limits};
use fhir_api::{Bounds, Door, Owners, Service};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use record::{Durability, Indexing, Location, Options, Record};
use serde_json::Value;
use tempfile::TempDir;
use terms::{Clock, Moment};
use testkit::postgres::TestDatabase;
use tower::ServiceExt as _;

pub(crate) const BASE: &str = "http://almoner.test/t/RTX/fhir";

/// A running API.
#[derive(Clone)]
pub(crate) struct Site {
    router: Router,
    pub(crate) record: Record,
    permit: Permit,
    /// What the record lives in, dropped with the last clone.
    _kept: Arc<(TempDir, Option<TestDatabase>)>,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

/// A site on every store.
pub(crate) async fn sites() -> Vec<Site> {
    vec![Site::on_sqlite(Owners::none()).await, Site::on_postgres(Owners::none()).await]
}

/// The long suites are run in full.
pub(crate) fn is_soak() -> bool {
    std::env::var_os("ALMONER_SOAK").is_some()
}

/// One second passes with every look at the clock.
fn clock() -> Clock {
    let now = AtomicI64::new(1_795_000_000_000);
    Arc::new(move || Moment(now.fetch_add(1000, Ordering::Relaxed)))
}

fn indexing() -> Indexing {
    Indexing::new(vec![("fhir", 3)], |source, rows| {
        if let Ok(document) = Document::parse(source.text, &Limits::default()) {
            fhir::search::index_rows(source.kind, source.id, &document, rows);
        }
    })
    .telling_whose(|source, rows| {
        if let Ok(document) = Document::parse(source.text, &Limits::default()) {
            fhir::search::compartment_rows(source.kind, source.id, &document, rows);
        }
    })
}

pub(crate) fn permit(role: Role) -> Permit {
    decide(Grant::role("user/test", "Test", role), Moment(0)).unwrap()
}

/// A permit for one patient's record only.
pub(crate) fn permit_for(patient: &str) -> Permit {
    let subject = Subject { kind: "Patient".into(), id: patient.into() };
    decide(Grant::role("token/app", "App", Role::Subject).only([subject]), Moment(0)).unwrap()
}

fn router(owners: Owners, bounds: Bounds) -> Router {
    let service = Service::new(owners, bounds, clock());
    Router::new().nest_service("/t/RTX/fhir", fhir_api::routes(service))
}

impl Site {
    pub(crate) async fn on_sqlite(owners: Owners) -> Site {
        let directory = TempDir::new().unwrap();
        let location = Location::Sqlite { directory: directory.path().to_owned() };
        Site::at(location, owners, (directory, None)).await
    }

    pub(crate) async fn on_postgres(owners: Owners) -> Site {
        let directory = TempDir::new().unwrap();
        let database = testkit::postgres::fresh().await.unwrap();
        let location = Location::Postgres {
            url: database.url.clone(),
            schema: "rtx".into(),
            directory: directory.path().to_owned(),
        };
        Site::at(location, owners, (directory, Some(database))).await
    }

    async fn at(location: Location, owners: Owners, kept: (TempDir, Option<TestDatabase>)) -> Site {
        let options = Options {
            indexing: indexing(),
            clock: clock(),
            host: "almoner.test".into(),
            origin: "almoner.test/t/RTX".into(),
            durability: Durability::default(),
            segment_bytes: Options::SEGMENT_BYTES,
            log_pages: Options::LOG_PAGES,
        };
        let record = Record::open(&location, options).await.unwrap();
        let router = router(owners, Bounds::default());
        Site { router, record, permit: permit(Role::System), _kept: Arc::new(kept) }
    }

    /// The same record within other bounds.
    pub(crate) fn within(&self, bounds: Bounds) -> Site {
        Site { router: router(Owners::none(), bounds), ..self.clone() }
    }

    /// The same record through another permit.
    pub(crate) fn through(&self, permit: Permit) -> Site {
        Site { permit, ..self.clone() }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = self.request(method, path, headers, body);
        request.extensions_mut().insert(Door {
            record: self.record.clone(),
            permit: self.permit.clone(),
            trust: "RTX".into(),
            base_url: BASE.into(),
            request: "test".into(),
        });
        self.deliver(request).await
    }

    /// A request that nobody signed in for.
    pub(crate) async fn send_unknown(&self, method: &str, path: &str) -> Reply {
        let request = self.request(method, path, &[], Body::empty());
        self.deliver(request).await
    }

    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
        let slash = if path.is_empty() || path.starts_with('?') { "" } else { "/" };
        let mut request = Request::builder()
            .method(method.parse::<Method>().unwrap())
            .uri(format!("/t/RTX/fhir{slash}{}", path.trim_start_matches('/')));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.into()).unwrap()
    }

    async fn deliver(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[], body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, &[], body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], Body::empty()).await
    }

    /// Puts resources that have an id.
    pub(crate) async fn put_all(&self, resources: &[Value]) {
        for resource in resources {
            let path = format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
            let reply = self.put(&path, resource).await;
            assert!(reply.status.is_success(), "{path}: {}", reply.text());
        }
    }

    /// The texts of all resources, by type in the order of creation.
    pub(crate) async fn all_texts(&self) -> Vec<Vec<u8>> {
        let permit = permit(Role::Host);
        let mut texts = Vec::new();
        for (kind, _) in self.record.status().await.unwrap().resources {
            let reading = self.record.read(&permit, "all").await.unwrap();
            let mut select = record::Select::of(kind).limit(1000);
            loop {
                let page = reading.select(&select).await.unwrap();
                texts.extend(page.versions.iter().map(|version| version.text.to_vec()));
                select.after = page.next;
                if select.after.is_none() {
                    break;
                }
            }
            reading.finish().await.unwrap();
        }
        texts
    }

    /// The ids that a search finds, in order; included ones are marked with a plus.
    pub(crate) async fn found(&self, path: &str) -> Vec<String> {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.ids()
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and the first issue's code of an OperationOutcome.
    pub(crate) fn issue(&self) -> (u16, String) {
        let code = self.json()["issue"][0]["code"].as_str().unwrap_or("none").to_owned();
        (self.status.as_u16(), code)
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        let bundle = self.json();
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        let shown = entries.iter().filter(|entry| entry["search"]["mode"] != "outcome");
        let ids = shown.map(|entry| {
            let id = entry["resource"]["id"].as_str().unwrap();
            if entry["search"]["mode"] == "include" { format!("+{id}") } else { id.to_owned() }
        });
        ids.collect()
    }

    /// The address of a link, below the base.
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let bundle = self.json();
        let links = bundle["link"].as_array().cloned().unwrap_or_default();
        let link = links.iter().find(|link| link["relation"] == relation)?;
        Some(link["url"].as_str().unwrap().strip_prefix(BASE).unwrap().to_owned())
    }
}
