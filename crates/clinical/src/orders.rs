//! How often somebody's sets are ordered. The NEWS2 table says how often at least; an order may always ask for more. For
//! less, or for none, it takes a doctor and a reason (operations 22), and it holds while the score is no higher than it was.
//!
//! | what | where in ServiceRequest (R4, servicerequest.html) |
//! | --- | --- |
//! | what it is | `code` of system `urn:almoner:care`: `observations` |
//! | how often, or not at all; who, why | `occurrenceTiming.repeat`, `doNotPerform`; `requester`, `reasonCode` |
//! | up to which score a doctor's reasons hold | tag of system `urn:almoner:observations`, kept by [`tagged`] at every door |
//!
//! A doctor has a number of the General Medical Council or a national job role of doctors. \[check: which a trust lets decide\]

use administration::draft::{document, put};
use fhir::write::{Object, array_if, with_members};
use fhir::{Document, Node};
use record::{Change, Clause, Key, Problem, Reading, Select};
use terms::index::{Part, Span};
use terms::{Moment, PartialDate};

use crate::read::{codings, items, reference, text, when, words};

/// Our own code system of what is ordered for a patient's care.
pub const CARE_CODES: &str = "urn:almoner:care";
/// Its code for observations.
pub const OBSERVATIONS: &str = "observations";
/// The tag that a doctor gave a reason.
const TAG: &str = "urn:almoner:observations";
/// The beginning of its code; the score follows.
const UP_TO: &str = "doctor-up-to-";
/// The system of numbers of the General Medical Council.
const GMC: &str = "https://fhir.hl7.org.uk/Id/gmc-number";
/// National job roles of doctors (NHS Data Dictionary, SDS job role name).
const DOCTORS: [&str; 22] = [
    "R0010", "R0020", "R0030", "R0040", "R0050", "R0060", "R0070", "R0080", "R0090", "R0100", "R0110", "R0120",
    "R0130", "R0140", "R0150", "R0160", "R0170", "R0180", "R0190", "R0200", "R0260", "R0270",
];

/// An order of observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// How often, in minutes.
    pub(crate) minutes: Option<i64>,
    /// Whether none are to be taken.
    pub(crate) is_stop: bool,
    /// Up to which score it may ask for less than the table.
    pub(crate) up_to: Option<u8>,
    /// Who decided.
    pub(crate) by: Option<String>,
    /// When.
    pub(crate) on: Option<PartialDate>,
}

impl Order {
    /// The newest order in force among a patient's resources.
    pub(crate) fn newest<'d, 't: 'd>(resources: impl Iterator<Item = Node<'d, 't>>) -> Option<Order> {
        let written = |order: &Order| order.on.as_ref().map_or(Moment(i64::MIN), |on| on.lower());
        resources.filter_map(Order::of).max_by_key(written)
    }

    /// Reads an active order; `None` for everything else.
    fn of(resource: Node<'_, '_>) -> Option<Order> {
        is_order(resource).then(|| Order {
            minutes: minutes(resource),
            is_stop: resource.get("doNotPerform").and_then(|node| node.boolean()) == Some(true),
            up_to: up_to(resource),
            by: resource.get("requester").and_then(|who| text(who, "display")),
            on: when(resource, "authoredOn"),
        })
    }

    /// Whether it may ask for less than the table at a score.
    pub(crate) fn may_lengthen(&self, total: Option<u8>) -> bool {
        self.up_to.is_some_and(|most| total.is_none_or(|total| total <= most))
    }
}

fn is_order(resource: Node<'_, '_>) -> bool {
    text(resource, "resourceType").as_deref() == Some("ServiceRequest")
        && text(resource, "status").as_deref() == Some("active")
        && resource
            .get("code")
            .is_some_and(|code| codings(code).any(|(system, code)| system == CARE_CODES && code == OBSERVATIONS))
}

/// How often sets are ordered, in minutes.
fn minutes(order: Node<'_, '_>) -> Option<i64> {
    let repeat = order.get("occurrenceTiming")?.get("repeat")?;
    let period: i64 = repeat.get("period")?.number()?.parse().ok()?;
    let unit = match text(repeat, "periodUnit")?.as_str() {
        "min" => 1,
        "h" => 60,
        _ => return None,
    };
    (period > 0).then_some(period * unit)
}

fn up_to(order: Node<'_, '_>) -> Option<u8> {
    let tag = items(order.get("meta")?, "tag").find(|tag| text(*tag, "system").as_deref() == Some(TAG))?;
    text(tag, "code")?.strip_prefix(UP_TO)?.parse().ok()
}

/// Whether a text is an order that asks for less or for none by itself, so that it is asked who decided.
pub(crate) fn concerns(resource: Node<'_, '_>) -> bool {
    is_order(resource)
}

/// The order with the tag that it is to have: a doctor's with a reason holds up to the score at hand. `None` when it has the
/// right one already.
pub(crate) async fn tagged(
    reading: &Reading,
    key: &Key,
    order: &Document<'_>,
    score: Option<u8>,
) -> Result<Option<Change>, Problem> {
    let root = order.root();
    let has_reason =
        items(root, "reasonCode").any(|reason| words(reason).is_some_and(|words| !words.trim().is_empty()));
    let wanted = match reference(root, "requester") {
        Some(who) if has_reason && is_doctor(reading, &who).await? => Some(score.unwrap_or(0)),
        _ => None,
    };
    if up_to(root) == wanted {
        return Ok(None);
    }
    put(key.clone(), &retagged(order, wanted)).map(Some)
}

fn retagged(order: &Document<'_>, up_to: Option<u8>) -> Vec<u8> {
    let meta = order.root().get("meta");
    let others = meta.into_iter().flat_map(|meta| items(meta, "tag"));
    let others = others.filter(|tag| text(*tag, "system").as_deref() != Some(TAG)).map(|tag| tag.raw_text().to_owned());
    let own = up_to.map(|most| {
        let words = format!("A doctor gave a reason; holds up to NEWS2 {most}");
        Object::new().text("system", TAG).text("code", format!("{UP_TO}{most}")).text("display", words).done()
    });
    let tags = array_if(others.chain(own));
    let rest = meta.into_iter().flat_map(|meta| meta.members()).filter(|(name, _)| *name != "tag");
    let rest: Vec<(&str, String)> = rest.map(|(name, value)| (name, value.raw_text().to_owned())).collect();
    let is_empty = rest.is_empty() && tags.is_none();
    let new = rest.into_iter().fold(Object::new(), |meta, (name, value)| meta.json(name, value)).json_if("tag", tags);
    with_members(order, &[("meta", (!is_empty).then(|| new.done()))])
}

/// Whether somebody is a doctor, by what the record says of them.
async fn is_doctor(reading: &Reading, who: &str) -> Result<bool, Problem> {
    let key = match who.split_once('/') {
        Some((kind @ ("Practitioner" | "PractitionerRole"), id)) => Key::new(kind, id),
        _ => return Ok(false),
    };
    let Some(version) = reading.get(&key).await?.filter(|version| !version.text.is_empty()) else { return Ok(false) };
    let known = document(&version)?;
    if key.kind == "PractitionerRole" {
        return Ok(is_doctors_role(known.root()));
    }
    let is_active = known.root().get("active").and_then(|active| active.boolean()) != Some(false);
    if is_active && items(known.root(), "identifier").any(|id| text(id, "system").as_deref() == Some(GMC)) {
        return Ok(true);
    }
    let roles = Span::head("PractitionerRole.practitioner", [Part::target("Practitioner", key.id.as_str())]);
    let page = reading.select(&Select::of("PractitionerRole").with(Clause::Any(vec![roles]))).await?;
    for role in &page.versions {
        if is_active && is_doctors_role(document(role)?.root()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_doctors_role(role: Node<'_, '_>) -> bool {
    role.get("active").and_then(|active| active.boolean()) != Some(false)
        && items(role, "code").any(|code| codings(code).any(|(_, code)| DOCTORS.contains(&code.as_str())))
}
