//! The CapabilityStatement: what this server can do, generated from the table of routes and FHIR's definitions.
//!
//! <http://hl7.org/fhir/R4/capabilitystatement.html>. It says nothing that is not in one of the two, and everything
//! that is.

use std::sync::LazyLock;

use fhir::definitions;
use fhir::definitions::{ParameterKind, SearchParameter};
use fhir::search::is_reference_parameter;

use crate::answer::Answer;
use crate::door::Door;
use crate::json::Writer;
use crate::routes::{ROUTES, Work};
use crate::search::criteria::is_supported;

/// When what this statement says last changed.
const DATE: &str = "2026-12-01";

/// What no place of its own in the statement is for: it cannot say which modifiers a parameter takes.
const MODIFIERS: &str = "Modifiers of search parameters: all take :missing; string takes :exact and :contains (phonetic \
     neither), token :not, :text and :of-type, reference :identifier and types, uri :above and :below. All others are refused.";

/// `GET /metadata`.
pub(crate) fn answer(door: Option<&Door>) -> Answer {
    Answer::document(statement(door))
}

/// The statement; with trust and address of the instance where they are known.
fn statement(door: Option<&Door>) -> Vec<u8> {
    static REST: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut writer = Writer::with_room(512 << 10);
        write_rest(&mut writer);
        writer.finish()
    });
    let mut writer = Writer::with_room(REST.len() + 1024);
    writer.object(|w| {
        w.text("resourceType", "CapabilityStatement");
        w.text("status", "active");
        w.text("date", DATE);
        w.text("publisher", "Almoner");
        w.text("kind", "instance");
        w.name("software").object(|w| {
            w.text("name", "Almoner");
            w.text("version", env!("CARGO_PKG_VERSION"));
        });
        w.name("implementation").object(|w| match door {
            Some(door) => {
                w.text("description", &format!("The record of trust {}", door.trust));
                w.text("url", &door.base_url);
            }
            None => w.text("description", "The record of one trust"),
        });
        w.text("fhirVersion", "4.0.1");
        w.name("format").array(|w| ["application/fhir+json", "json"].iter().for_each(|format| w.string(format)));
        w.name("rest").array(|w| w.raw(&REST));
    });
    writer.finish()
}

fn write_rest(writer: &mut Writer) {
    writer.object(|w| {
        w.text("mode", "server");
        w.text("documentation", MODIFIERS);
        w.name("security").object(|w| {
            w.text("description", "Every address but metadata needs a session or a bearer token.");
        });
        w.name("resource").array(|w| definitions().resource_types().for_each(|kind| write_kind(w, kind.name)));
        w.name("interaction").array(|w| system_codes().iter().for_each(|code| write_code(w, code)));
        w.name("searchParam").array(|w| {
            // What every type has, one type has.
            let of_one = definitions().search_parameters("Basic").iter();
            let common = of_one.filter(|it| it.base == "Resource" && is_supported("Basic", it.code));
            common.for_each(|parameter| write_parameter(w, parameter));
        });
    });
}

fn write_kind(writer: &mut Writer, kind: &str) {
    writer.object(|w| {
        w.text("type", kind);
        w.text("profile", &format!("http://hl7.org/fhir/StructureDefinition/{kind}"));
        w.name("interaction").array(|w| kind_codes().iter().for_each(|code| write_code(w, code)));
        w.text("versioning", "versioned-update");
        w.boolean("readHistory", has(Work::Vread));
        w.boolean("updateCreate", has(Work::Update));
        w.boolean("conditionalCreate", has(Work::Create));
        w.text("conditionalRead", "full-support");
        w.boolean("conditionalUpdate", has(Work::UpdateWhere));
        w.text("conditionalDelete", if has(Work::DeleteWhere) { "single" } else { "not-supported" });
        w.name("referencePolicy").array(|w| ["literal", "local", "logical"].iter().for_each(|it| w.string(it)));
        list(w, "searchInclude", includes(kind));
        list(w, "searchRevInclude", reverse_includes(kind));
        let parameters = definitions().search_parameters(kind).iter().filter(|it| is_supported(kind, it.code));
        w.name("searchParam").array(|w| parameters.for_each(|parameter| write_parameter(w, parameter)));
        w.name("operation").array(|w| operations(kind).iter().for_each(|name| write_operation(w, kind, name)));
    });
}

fn list(writer: &mut Writer, name: &str, values: Vec<String>) {
    if !values.is_empty() {
        writer.name(name).array(|w| values.iter().for_each(|value| w.string(value)));
    }
}

fn includes(kind: &str) -> Vec<String> {
    let all = definitions().search_parameters(kind).iter();
    let references = all.filter(|parameter| is_reference_parameter(kind, parameter.code));
    references.map(|parameter| format!("{kind}:{}", parameter.code)).collect()
}

/// Parameters that name this type among their targets; those that may mean any type are left out for brevity.
fn reverse_includes(kind: &str) -> Vec<String> {
    let all = definitions().all_search_parameters().iter();
    let meant = all.filter(|parameter| {
        parameter.targets.contains(&kind) && is_reference_parameter(parameter.base, parameter.code)
    });
    meant.map(|parameter| format!("{}:{}", parameter.base, parameter.code)).collect()
}

fn write_parameter(writer: &mut Writer, parameter: &SearchParameter) {
    writer.object(|w| {
        w.text("name", parameter.code);
        w.text("definition", parameter.url);
        w.text("type", kind_of(parameter.kind));
    });
}

fn kind_of(kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::Number => "number",
        ParameterKind::Date => "date",
        ParameterKind::String => "string",
        ParameterKind::Token => "token",
        ParameterKind::Reference => "reference",
        ParameterKind::Composite => "composite",
        ParameterKind::Quantity => "quantity",
        ParameterKind::Uri => "uri",
        ParameterKind::Special => "special",
    }
}

fn write_code(writer: &mut Writer, code: &str) {
    writer.object(|w| w.text("code", code));
}

fn write_operation(writer: &mut Writer, kind: &str, name: &str) {
    let base = if name == "everything" { kind } else { "Resource" };
    writer.object(|w| {
        w.text("name", name);
        w.text("definition", &format!("http://hl7.org/fhir/OperationDefinition/{base}-{name}"));
    });
}

fn has(work: Work) -> bool {
    ROUTES.iter().any(|route| route.work == work)
}

/// The interactions with a type or a resource of it, in the order of the routes.
fn kind_codes() -> Vec<&'static str> {
    codes(|work| match work {
        Work::Read => Some("read"),
        Work::Vread => Some("vread"),
        Work::Create => Some("create"),
        Work::Update => Some("update"),
        Work::Delete => Some("delete"),
        Work::History => Some("history-instance"),
        Work::Search => Some("search-type"),
        _ => None,
    })
}

/// The interactions with the whole system.
fn system_codes() -> Vec<&'static str> {
    let mut codes = codes(|work| match work {
        Work::Bundle => Some("transaction"),
        Work::SearchAll => Some("search-system"),
        _ => None,
    });
    if has(Work::Bundle) {
        codes.push("batch");
    }
    codes
}

fn codes(code_of: impl Fn(Work) -> Option<&'static str>) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for code in ROUTES.iter().filter_map(|route| code_of(route.work)) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

fn operations(kind: &str) -> Vec<&'static str> {
    let of_kind = |work: Work| match work {
        Work::Validate => Some("validate"),
        Work::Everything if kind == "Patient" => Some("everything"),
        _ => None,
    };
    codes(of_kind)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_statement_says_what_routes_and_definitions_say() {
        let text = statement(None);
        assert_eq!(fhir::validate(&fhir::Document::parse(&text, &fhir::Limits::default()).unwrap()), []);
        let statement: Value = serde_json::from_slice(&text).unwrap();
        let rest = &statement["rest"][0];
        let kinds: Vec<&str> =
            rest["resource"].as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, definitions().resource_types().map(|kind| kind.name).collect::<Vec<_>>());
        let patient = rest["resource"].as_array().unwrap().iter().find(|it| it["type"] == "Patient").unwrap();
        let codes = |list: &Value| -> Vec<String> {
            list.as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(
            codes(&patient["interaction"]),
            ["search-type", "create", "read", "update", "delete", "history-instance", "vread"]
        );
        assert_eq!(codes(&rest["interaction"]), ["transaction", "search-system", "batch"]);
        let names: Vec<&str> =
            patient["searchParam"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        for expected in ["_id", "_lastUpdated", "name", "birthdate", "identifier", "general-practitioner"] {
            assert!(names.contains(&expected), "{expected}");
        }
        assert_eq!(patient["operation"].as_array().unwrap().len(), 2);
    }
}
