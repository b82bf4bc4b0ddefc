//! The table of routes: the whole surface of the REST API on one page.
//!
//! HTTP requests and Bundle entries are both looked up here, and the CapabilityStatement is generated from it, so the
//! three cannot disagree. Paths are relative to the trust's base, `/t/{trust}/fhir`. What each [`Work`] does is in the
//! module of its name. Interactions: <http://hl7.org/fhir/R4/http.html>.

use http::{Method, StatusCode};

use crate::outcome::Refusal;

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Capabilities,
    Read,
    Vread,
    Create,
    Update,
    UpdateWhere,
    Delete,
    DeleteWhere,
    History,
    Search,
    SearchAll,
    SearchCompartment,
    Everything,
    Validate,
    ValidateInstance,
    Bundle,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method; `HEAD` goes where `GET` goes.
    pub method: Method,
    /// The path below the base, with its variables in braces.
    pub path: &'static str,
    /// Whether it answers only with a permit.
    pub needs_permit: bool,
    /// What it does.
    pub(crate) work: Work,
    /// Whether the parameters come as a form in the body.
    pub(crate) form: bool,
}

/// What the variables of a route's path were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// `{kind}`: a resource type.
    pub(crate) kind: String,
    /// `{id}`: a logical id.
    pub(crate) id: String,
    /// `{version}`: a version id.
    pub(crate) version: String,
    /// `{member}`: a resource type of the compartment, or `*`.
    pub(crate) member: String,
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

/// All routes. Where two fit a path the first is meant.
pub const ROUTES: &[Route] = &[
    open(GET, "/metadata", Work::Capabilities),
    // The whole system.
    route(POST, "/", Work::Bundle),
    route(GET, "/", Work::SearchAll),
    form(POST, "/_search", Work::SearchAll),
    // One type.
    route(GET, "/{kind}", Work::Search),
    form(POST, "/{kind}/_search", Work::Search),
    route(POST, "/{kind}", Work::Create),
    route(PUT, "/{kind}", Work::UpdateWhere),
    route(DELETE, "/{kind}", Work::DeleteWhere),
    route(POST, "/{kind}/$validate", Work::Validate),
    // One resource.
    route(GET, "/{kind}/{id}", Work::Read),
    route(PUT, "/{kind}/{id}", Work::Update),
    route(DELETE, "/{kind}/{id}", Work::Delete),
    route(GET, "/{kind}/{id}/_history", Work::History),
    route(GET, "/{kind}/{id}/_history/{version}", Work::Vread),
    route(GET, "/{kind}/{id}/$validate", Work::ValidateInstance),
    route(POST, "/{kind}/{id}/$validate", Work::ValidateInstance),
    // A patient's compartment.
    route(GET, "/Patient/{id}/$everything", Work::Everything),
    route(GET, "/Patient/{id}/{member}", Work::SearchCompartment),
    form(POST, "/Patient/{id}/{member}/_search", Work::SearchCompartment),
];

const fn route(method: Method, path: &'static str, work: Work) -> Route {
    Route { method, path, needs_permit: true, work, form: false }
}

const fn open(method: Method, path: &'static str, work: Work) -> Route {
    Route { method, path, needs_permit: false, work, form: false }
}

const fn form(method: Method, path: &'static str, work: Work) -> Route {
    Route { method, path, needs_permit: true, work, form: true }
}

/// The route of a request, and what its variables were.
///
/// # Errors
/// 404 when no route has this path, 405 when none has it with this method.
pub(crate) fn find(method: &Method, path: &str) -> Result<(&'static Route, Names), Refusal> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut known = false;
    for route in ROUTES {
        let Some(names) = names_in(route.path, &segments) else { continue };
        if route.method == method {
            return Ok((route, names));
        }
        known = true;
    }
    if known {
        let details = format!("{method} is not supported here.");
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "not-supported", details));
    }
    Err(Refusal::not_found("There is nothing at this address."))
}

/// The methods that are supported at a path, for the `Allow` header.
pub(crate) fn allowed(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let fitting = ROUTES.iter().filter(|route| names_in(route.path, &segments).is_some());
    let mut methods: Vec<&str> = fitting.map(|route| route.method.as_str()).collect();
    methods.dedup();
    methods.join(", ")
}

/// The variables of `pattern`, if it fits the segments of a path.
fn names_in(pattern: &str, segments: &[&str]) -> Option<Names> {
    let mut names = Names::default();
    let mut given = segments.iter();
    for expected in pattern.split('/').filter(|segment| !segment.is_empty()) {
        let segment = *given.next()?;
        match expected {
            "{kind}" if is_kind(segment) => names.kind = segment.to_owned(),
            "{id}" if is_plain(segment) => names.id = segment.to_owned(),
            "{version}" if is_plain(segment) => names.version = segment.to_owned(),
            "{member}" if is_kind(segment) || segment == "*" => names.member = segment.to_owned(),
            "Patient" if segment == expected => names.kind = segment.to_owned(),
            literal if literal == segment => {}
            _ => return None,
        }
    }
    given.next().is_none().then_some(names)
}

fn is_kind(segment: &str) -> bool {
    segment.starts_with(|letter: char| letter.is_ascii_uppercase())
}

fn is_plain(segment: &str) -> bool {
    !segment.starts_with(['_', '$', '*'])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn requests_find_their_route() {
        let cases = [
            ("GET", "/metadata", Work::Capabilities),
            ("HEAD", "/Patient/1", Work::Read),
            ("GET", "/Patient/1/_history/3", Work::Vread),
            ("POST", "/", Work::Bundle),
            ("POST", "", Work::Bundle),
            ("POST", "/Patient/_search", Work::Search),
            ("POST", "/Patient/$validate", Work::Validate),
            ("GET", "/Patient/1/$everything", Work::Everything),
            ("GET", "/Patient/1/Observation", Work::SearchCompartment),
            ("GET", "/Patient/1/*", Work::SearchCompartment),
            ("DELETE", "/Patient", Work::DeleteWhere),
        ];
        for (method, path, work) in cases {
            let (route, _) = find(&method.parse().unwrap(), path).unwrap();
            assert_eq!(route.work, work, "{method} {path}");
        }
        let (_, names) = find(&Method::GET, "/Patient/p-1/Observation").unwrap();
        assert_eq!((names.kind.as_str(), names.id.as_str(), names.member.as_str()), ("Patient", "p-1", "Observation"));
    }

    #[test]
    fn other_requests_are_refused() {
        let cases = [
            ("GET", "/nowhere", 404),
            ("GET", "/Patient/1/$unknown", 404),
            ("GET", "/Patient/1/_history/3/4", 404),
            ("PATCH", "/Patient/1", 405),
            ("DELETE", "/metadata", 405),
        ];
        for (method, path, status) in cases {
            let refusal = find(&method.parse().unwrap(), path).unwrap_err();
            assert_eq!(refusal.status.as_u16(), status, "{method} {path}");
        }
        assert_eq!(allowed("/Patient/1"), "GET, PUT, DELETE");
    }
}
