//! The state of a bed that nobody is in: available, vacated, closed or compromised; and the command that sets it.
//!
//! The codes are those of HL7 v2 table 0116 (bed status), which FHIR binds to `Location.operationalStatus`. That a bed is
//! occupied or reserved is worked out from stays, so it cannot contradict them.

use fhir::read::{extension_text, text};
use fhir::write::{coding, extension, quoted, with_extensions, with_members};
use fhir::{Document, Node};
use record::{Change, Draft, Key, Problem, Reading, TransactError};
use terms::Moment;

use super::{Place, extension_moment};
use crate::draft;
use crate::refusal::Refusal;

/// HL7 v2 table 0116, as FHIR names it.
const BED_STATUS: &str = "http://terminology.hl7.org/CodeSystem/v2-0116";
const SINCE: &str = "urn:almoner:bed-since";
const REASON: &str = "urn:almoner:bed-reason";
const UNTIL: &str = "urn:almoner:bed-until";
/// The longest reason, in characters.
const LONGEST_REASON: usize = 200;

/// A bed's own state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BedStatus {
    /// Clean and ready.
    Available,
    /// Somebody left; it is to be cleaned.
    Vacated,
    /// Nobody may be put into it.
    Closed,
    /// It can be used with care, such as without oxygen.
    Compromised,
}

/// A bed's own state, since when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BedState {
    /// The state.
    pub status: BedStatus,
    /// Since when, if that was said.
    pub since: Option<Moment>,
    /// Why, of a bed that is closed or compromised.
    pub reason: Option<String>,
    /// When it is expected to be available again.
    pub until: Option<String>,
}

/// Sets the state of a bed: cleaned, closed, compromised, open again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetBedState {
    /// The bed's Location.
    pub bed: String,
    /// The state from now on.
    pub status: BedStatus,
    /// Why; a bed is not closed or compromised without a reason.
    pub reason: Option<String>,
    /// When it is expected back, as a FHIR date.
    pub until: Option<String>,
}

impl BedStatus {
    const ALL: [(BedStatus, &'static str); 4] = [
        (BedStatus::Available, "U"),
        (BedStatus::Vacated, "H"),
        (BedStatus::Closed, "C"),
        (BedStatus::Compromised, "K"),
    ];

    fn code(self) -> &'static str {
        BedStatus::ALL.iter().find(|(status, _)| *status == self).map_or("U", |(_, code)| code)
    }

    fn of_code(code: &str) -> BedStatus {
        BedStatus::ALL.iter().find(|(_, known)| *known == code).map_or(BedStatus::Available, |(status, _)| *status)
    }
}

impl BedState {
    pub(super) fn of(location: Node<'_, '_>) -> BedState {
        let code = location.get("operationalStatus").and_then(|coding| text(coding, "code"));
        BedState {
            status: code.map_or(BedStatus::Available, |code| BedStatus::of_code(&code)),
            since: extension_moment(location, SINCE),
            reason: extension_text(location, REASON),
            until: extension_text(location, UNTIL),
        }
    }
}

/// A Location's text with another state of the bed.
pub(crate) fn with_state(document: &Document<'_>, state: &BedState) -> Vec<u8> {
    let text_of =
        |url: &str, value: Option<&String>, kind: &str| value.map(|value| extension(url, kind, &quoted(value)));
    let since = state.since.map(|since| since.to_string());
    let extensions = with_extensions(
        document.root(),
        &[
            (SINCE, text_of(SINCE, since.as_ref(), "valueDateTime")),
            (REASON, text_of(REASON, state.reason.as_ref(), "valueString")),
            (UNTIL, text_of(UNTIL, state.until.as_ref(), "valueDateTime")),
        ],
    );
    let status = coding(BED_STATUS, state.status.code(), None);
    with_members(document, &[("operationalStatus", Some(status)), ("extension", extensions)])
}

impl SetBedState {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let key = Key::new("Location", self.bed.as_str());
        let version = reading.get(&key).await?.filter(|version| !version.text.is_empty());
        let version = version.ok_or_else(|| no_bed("There is no such bed."))?;
        let document = draft::document(&version)?;
        let place = Place::of(document.root());
        let state = self.decide(&place, now).map_err(TransactError::Refused)?;
        Ok(Draft { changes: vec![draft::put(key, &with_state(&document, &state))?], assertions: Vec::new() })
    }

    fn decide(&self, place: &Place, now: Moment) -> Result<BedState, Refusal> {
        if !place.kind.holds_one() {
            return Err(Refusal::at("no-bed", "bed", format!("{} is not a bed.", place.name)));
        }
        let reason = self.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let needs_reason = matches!(self.status, BedStatus::Closed | BedStatus::Compromised);
        if needs_reason && reason.is_none() {
            return Err(Refusal::at(
                "reason-missing",
                "reason",
                "Say why, so that others know what is being waited for.",
            ));
        }
        if reason.is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
            return Err(Refusal::at("reason-long", "reason", "A reason has at most 200 characters."));
        }
        let keeps = |value: Option<&str>| value.filter(|_| needs_reason).map(str::to_owned);
        Ok(BedState {
            status: self.status,
            since: Some(now),
            reason: keeps(reason),
            until: keeps(self.until.as_deref()),
        })
    }
}

fn no_bed(sentence: &str) -> TransactError<Refusal> {
    TransactError::Refused(Refusal::at("no-bed", "bed", sentence))
}

/// The change that marks a bed as vacated or, when somebody comes into it, as available; `None` when it is so already.
pub(crate) async fn mark(
    reading: &Reading,
    bed: &str,
    status: BedStatus,
    since: impl Into<Option<Moment>>,
) -> Result<Option<Change>, Problem> {
    let key = Key::new("Location", bed);
    let Some(version) = reading.get(&key).await?.filter(|version| !version.text.is_empty()) else { return Ok(None) };
    let document = draft::document(&version)?;
    let place = Place::of(document.root());
    // A bed that is closed or compromised stays so until somebody says otherwise.
    let is_plain = matches!(place.bed.status, BedStatus::Available | BedStatus::Vacated);
    if !place.kind.holds_one() || !is_plain || place.bed.status == status {
        return Ok(None);
    }
    let state = BedState { status, since: since.into(), reason: None, until: None };
    draft::put(key, &with_state(&document, &state)).map(Some)
}
