//! Detention under the Mental Health Act 1983: the section, since when, until when at the latest, and who is responsible.
//!
//! It is a FHIR `Flag` of the stay ([`Detention`] says where what is), so that whoever sees clinical content sees it on the board
//! and the chart, and no clerk does. A renewal and another section are a detention of their own, which ends the former one in the
//! same commit. Nothing ends by itself: what has run out stays in force, late, until a person says what became of it. What becomes
//! of it when the patient leaves or dies is in `detained.rs`.

use fhir::Node;
use fhir::read::{code_in, extension, extension_text, id_of, moment, reference as reference_of, text};
use fhir::search::compartment_spans;
use fhir::write::{Object, array, concept, extension as part, quoted, reference, with_extensions, with_members};
use record::{Change, Clause, Draft, Key, LABEL, Problem, Reading, Select, TransactError, Version};
use terms::index::{Part, Row};
use terms::print::{date_text, moment_text};
use terms::{Date, Moment, local_date, start_of_day};

use super::Stay;
use super::after_death::tasks_of_detained;
use super::death::has_died;
use super::move_to_bed::read;
use super::timeline::check_moment;
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// UK Core's code system of legal statuses.
pub const LEGAL_STATUS: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-LegalStatusClassificationEngland";
/// The label that keeps it from clerks.
pub(crate) const HIDDEN: &str = "detention";
const UNTIL: &str = "urn:almoner:detention-until";
const CLINICIAN: &str = "urn:almoner:responsible-clinician";
const ENDED: &str = "urn:almoner:detention-ended";
/// Who says that it has ended.
const ENDED_BY: &str = "urn:almoner:detention-ended-by";
/// Since when the patient has left with leave of absence (section 17), while it stays in force.
const ON_LEAVE: &str = "urn:almoner:detention-leave";
/// HL7's extension for the priority of a flag.
const PRIORITY: &str = "http://hl7.org/fhir/StructureDefinition/flag-priority";
const PRIORITY_CODES: &str = "http://hl7.org/fhir/flag-priority-code";
const HOUR_MS: i64 = 3_600_000;

/// How long a detention may last from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// So many hours.
    Hours(i64),
    /// So many days, the first of them included.
    Days(u16),
    /// So many months: until the day before.
    Months(u8),
    /// The Act names no end, or somebody else decides it.
    Open,
}

/// A section under which somebody may be detained.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The national code.
    pub code: &'static str,
    /// In words.
    pub words: &'static str,
    /// How long at first.
    pub lasts: Lasts,
    /// How long at most, renewed or extended.
    pub longest: Lasts,
}

/// The sections of the national list, without those that detain nobody (informal, guardianship, not applicable, not known). The
/// times are those of the Act as we read it, each to be checked before a trust relies on it \[check\]; renewals and extensions have
/// conditions that people judge.
pub const SECTIONS: [Section; 22] = [
    section("02", "Section 2, assessment", Lasts::Days(28), Lasts::Days(28)),
    section("03", "Section 3, treatment", Lasts::Months(6), Lasts::Months(12)),
    section("04", "Section 4, emergency", Lasts::Hours(72), Lasts::Hours(72)),
    section("05", "Section 5(2), doctor's holding power", Lasts::Hours(72), Lasts::Hours(72)),
    section("06", "Section 5(4), nurse's holding power", Lasts::Hours(6), Lasts::Hours(6)),
    section("07", "Section 35, remand for report", Lasts::Days(28), Lasts::Days(28)),
    section("08", "Section 36, remand for treatment", Lasts::Days(28), Lasts::Days(28)),
    section("09", "Section 37 with section 41 restrictions", Lasts::Open, Lasts::Open),
    section("10", "Section 37, hospital order", Lasts::Months(6), Lasts::Months(12)),
    section("12", "Section 38, interim hospital order", Lasts::Days(84), Lasts::Days(84)),
    section("13", "Section 44", Lasts::Open, Lasts::Open),
    section("14", "Section 46", Lasts::Open, Lasts::Open),
    section("15", "Section 47 with section 49 restrictions", Lasts::Open, Lasts::Open),
    section("16", "Section 47, transfer from prison", Lasts::Months(6), Lasts::Months(12)),
    section("17", "Section 48 with section 49 restrictions", Lasts::Open, Lasts::Open),
    section("18", "Section 48", Lasts::Open, Lasts::Open),
    section("19", "Section 135, warrant to a place of safety", Lasts::Hours(24), Lasts::Hours(36)),
    section("20", "Section 136, police to a place of safety", Lasts::Hours(24), Lasts::Hours(36)),
    section("31", "Criminal Procedure (Insanity) Act", Lasts::Open, Lasts::Open),
    section("32", "Other acts", Lasts::Open, Lasts::Open),
    section("37", "Section 45A, limitation direction in force", Lasts::Open, Lasts::Open),
    section("38", "Section 45A, limitation direction ended", Lasts::Open, Lasts::Open),
];

/// How a detention ends that is not followed by another: code and words \[check\].
pub const ENDS: [(&str, &str); 6] = [
    ("clinician", "Discharged by the responsible clinician"),
    ("tribunal", "Discharged by a tribunal or the hospital managers"),
    ("relative", "Discharged by the nearest relative"),
    ("expired", "Ran out and was not renewed"),
    ("transferred", "Transferred to another hospital"),
    ("other", "Ended in another way"),
];
/// How one ends with the patient's death.
pub(super) const DIED: &str = "died";
const DIED_WORDS: &str = "The patient died";
/// How one ended that another follows.
const FOLLOWED: &str = "followed";

/// A detention as it was recorded.
///
/// | what | where in Flag (R4, flag.html) |
/// | --- | --- |
/// | the section | `code`, UK Core's LegalStatusClassificationEngland: MENTAL HEALTH ACT LEGAL STATUS CLASSIFICATION CODE |
/// | in force, or ended | `status` active or inactive |
/// | from, and when it ended | `period` |
/// | until when at the latest | extension `urn:almoner:detention-until` |
/// | the responsible clinician | extension `urn:almoner:responsible-clinician` |
/// | how it ended, and who says so | extensions `urn:almoner:detention-ended`, `urn:almoner:detention-ended-by` |
/// | left with leave of absence, since when | extension `urn:almoner:detention-leave` |
/// | the stay and the patient | `encounter`, `subject` |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detention {
    /// The Flag's id.
    pub id: String,
    /// The stay.
    pub stay: Option<String>,
    /// Under which section.
    pub section: &'static Section,
    /// Since when.
    pub from: Moment,
    /// Until when at the latest, when that is known.
    pub until: Option<Moment>,
    /// When it ended; absent while it is in force.
    pub ended: Option<Moment>,
    /// How it ended, in words.
    pub how: Option<String>,
    /// Who says that it has ended.
    pub ended_by: Option<String>,
    /// Whether it ended with the patient's death.
    pub ended_with_death: bool,
    /// Since when the patient, who was discharged, has leave of absence from it.
    pub on_leave: Option<Moment>,
    /// The responsible clinician, in words.
    pub clinician: Option<String>,
}

/// Records that a patient of a stay is detained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detain {
    /// The new Flag's id.
    pub id: String,
    /// The stay's Encounter.
    pub stay: String,
    /// The section's national code.
    pub section: String,
    /// Since when.
    pub from: Moment,
    /// Until when at the latest, where that is not what the section says.
    pub until: Option<Moment>,
    /// The responsible clinician: reference and name.
    pub clinician: (String, String),
}

/// Records that a detention has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndDetention {
    /// The Flag's id.
    pub detention: String,
    /// When.
    pub at: Moment,
    /// How: a code of [`ENDS`], or `died` of a patient whose death is recorded.
    pub how: String,
}

const fn section(code: &'static str, words: &'static str, lasts: Lasts, longest: Lasts) -> Section {
    Section { code, words, lasts, longest }
}

impl Section {
    /// The section of a code.
    pub fn of_code(code: &str) -> Option<&'static Section> {
        SECTIONS.iter().find(|section| section.code == code)
    }
}

impl Lasts {
    /// The end of what begins at a moment; days and months end with a local midnight.
    pub fn from(self, from: Moment) -> Option<Moment> {
        match self {
            Lasts::Hours(hours) => Some(Moment(from.0 + hours * HOUR_MS)),
            Lasts::Days(days) => {
                let mut day = local_date(from);
                for _ in 0..days {
                    day = day.tomorrow().ok()?;
                }
                Some(start_of_day(day))
            }
            Lasts::Months(months) => Some(start_of_day(months_later(local_date(from), months)?)),
            Lasts::Open => None,
        }
    }
}

/// The same day of a later month, or its last day.
fn months_later(day: Date, months: u8) -> Option<Date> {
    let month = i16::from(day.month()) - 1 + i16::from(months);
    let (year, month) = (day.year() + month / 12, i8::try_from(month % 12 + 1).ok()?);
    (0..4).find_map(|less| Date::new(year, month, day.day() - less).ok())
}

impl Detention {
    /// Reads a `Flag`; `None` for any other flag.
    pub fn of(flag: Node<'_, '_>) -> Option<Detention> {
        let section = Section::of_code(&code_in(flag.get("code")?, LEGAL_STATUS)?)?;
        let status = text(flag, "status")?;
        let period = flag.get("period")?;
        let how = extension_text(flag, ENDED);
        let words = |code: &str| match code {
            DIED => Some(DIED_WORDS.to_owned()),
            code => ENDS.iter().find(|(known, _)| *known == code).map(|(_, words)| (*words).to_owned()),
        };
        let clinician = extension(flag, CLINICIAN).and_then(|of| of.get("valueReference"));
        (status != "entered-in-error").then(|| Detention {
            id: text(flag, "id").unwrap_or_default(),
            stay: id_of(flag, "encounter", "Encounter"),
            section,
            from: moment(period, "start").unwrap_or(Moment(0)),
            until: extension(flag, UNTIL).and_then(|of| moment(of, "valueDateTime")),
            ended: moment(period, "end").or_else(|| (status != "active").then_some(Moment(0))),
            how: how.as_deref().and_then(words),
            ended_by: extension_text(flag, ENDED_BY),
            ended_with_death: how.as_deref() == Some(DIED),
            on_leave: extension(flag, ON_LEAVE).and_then(|of| moment(of, "valueDateTime")),
            clinician: clinician.and_then(|of| text(of, "display").or_else(|| reference_of(of, "reference"))),
        })
    }

    /// Whether it is in force, as far as it is recorded.
    pub fn is_in_force(&self) -> bool {
        self.ended.is_none()
    }
}

/// The label of a Flag that says under which section somebody is: clerks, who see other alerts, do not reach it.
pub(super) fn label(flag: Node<'_, '_>) -> Option<Row> {
    code_in(flag.get("code")?, LEGAL_STATUS)?;
    Some(Row::of(LABEL, [Part::Text(HIDDEN.as_bytes().to_vec()), Part::target("Flag", text(flag, "id")?)]))
}

/// Refuses whoever does not reach what they would record.
fn may_record(reading: &Reading) -> Result<(), TransactError<Refusal>> {
    let hidden = &reading.permit().scope().without_labels;
    if !hidden.iter().any(|label| label == HIDDEN) {
        return Ok(());
    }
    let sentence = "Detention is recorded by those who see clinical content.";
    Err(TransactError::Refused(Refusal::new("not-clinical", sentence)))
}

/// The detentions of a patient, the newest first.
///
/// # Errors
/// The record could not be read.
pub async fn detentions_of(reading: &Reading, patient: &str) -> Result<Vec<Detention>, Problem> {
    let found = flags_of(reading, patient).await?;
    let mut detentions = Vec::new();
    for version in &found {
        detentions.extend(Detention::of(document(version)?.root()));
    }
    detentions.sort_by_key(|detention| std::cmp::Reverse(detention.from));
    Ok(detentions)
}

pub(super) async fn flags_of(reading: &Reading, patient: &str) -> Result<Vec<Version>, Problem> {
    let mut select = Select::of("Flag").with(Clause::Any(compartment_spans(patient, Some("Flag"), &[]))).limit(200);
    let mut found = Vec::new();
    loop {
        let page = reading.select(&select).await?;
        found.extend(page.versions);
        let Some(next) = page.next else { return Ok(found) };
        select.after = Some(next);
    }
}

impl Detain {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        may_record(reading)?;
        let version = read(reading, &self.stay).await?;
        let stay = Stay::of(document(&version)?.root());
        let missing = || TransactError::Refused(Refusal::new("no-patient", "This stay has no patient."));
        let patient = stay.patient.clone().ok_or_else(missing)?;
        let flags = flags_of(reading, &patient).await?;
        let mut before = Vec::new();
        for flag in &flags {
            let of = Detention::of(document(flag)?.root()).filter(Detention::is_in_force);
            before.extend(of.map(|of| (flag, of)));
        }
        let others: Vec<&Detention> = before.iter().map(|(_, of)| of).collect();
        let (section, until) = self.decide(&stay, &others, now).map_err(TransactError::Refused)?;
        let mut changes =
            vec![draft::put(Key::new("Flag", self.id.as_str()), self.text(&patient, section, until).as_bytes())?];
        for (flag, _) in before {
            changes.push(ended_by(flag, self.from, FOLLOWED, None)?);
        }
        Ok(Draft { changes, assertions: Vec::new() })
    }

    fn decide(
        &self,
        stay: &Stay,
        before: &[&Detention],
        now: Moment,
    ) -> Result<(&'static Section, Option<Moment>), Refusal> {
        if !stay.is_inpatient || !stay.state.is_live() {
            let sentence = "This patient is not in the hospital now. Detention is recorded of a stay that goes on.";
            return Err(Refusal::new("not-in-hospital", sentence));
        }
        let section = Section::of_code(&self.section);
        let section = section.ok_or_else(|| Refusal::at("section-missing", "section", "Say under which section."))?;
        check_moment(self.from, None, now)?;
        if self.clinician.0.trim().is_empty() {
            return Err(Refusal::at("consultant", "consultant", "Say who the responsible clinician is."));
        }
        if before.iter().any(|of| of.from >= self.from) {
            let sentence =
                "A detention that began at this time or later is in force. End that first, or say another time.";
            return Err(Refusal::at("later-known", "at", sentence));
        }
        let longest = section.longest.from(self.from);
        match self.until {
            Some(until) if until <= self.from => {
                Err(Refusal::at("until", "until_date", "It ends after it began. Say the last day and time."))
            }
            Some(until) if longest.is_some_and(|longest| until > longest) => {
                let longest = longest.map(moment_text).unwrap_or_default();
                let sentence = format!("{} lasts until {longest} at the longest. Say another end.", section.words);
                Err(Refusal::at("until-long", "until_date", sentence))
            }
            Some(until) => Ok((section, Some(until))),
            None => Ok((section, section.lasts.from(self.from))),
        }
    }

    fn text(&self, patient: &str, section: &Section, until: Option<Moment>) -> String {
        // An end at midnight is told as the day before, which is the last one.
        let ends = until.map(|until| match start_of_day(local_date(until)) == until {
            true => format!(", last day {}", date_text(local_date(Moment(until.0 - 1)))),
            false => format!(", until {}", moment_text(until)),
        });
        let words = format!("Detained: {}{}", section.words, ends.unwrap_or_default());
        let (who, name) = &self.clinician;
        let mut extensions = vec![
            part(PRIORITY, "valueCodeableConcept", &concept(PRIORITY_CODES, "PM", "Medium priority")),
            part(CLINICIAN, "valueReference", &reference(who, Some(name))),
        ];
        extensions.extend(until.map(|until| part(UNTIL, "valueDateTime", &quoted(&until.to_string()))));
        Object::resource("Flag", &self.id)
            .json("extension", array(extensions))
            .text("status", "active")
            .json("code", concept(LEGAL_STATUS, section.code, &words))
            .json("subject", reference(&format!("Patient/{patient}"), None))
            .json("period", Object::new().text("start", self.from.to_string()).done())
            .json("encounter", reference(&format!("Encounter/{}", self.stay), None))
            .done()
    }
}

impl EndDetention {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        may_record(reading)?;
        let version = reading.get(&Key::new("Flag", self.detention.as_str())).await?;
        let none = || TransactError::Refused(Refusal::new("no-detention", "There is no such detention."));
        let version = version.filter(|version| !version.text.is_empty()).ok_or_else(none)?;
        let flag = document(&version)?;
        let detention = Detention::of(flag.root()).ok_or_else(none)?;
        let patient = id_of(flag.root(), "subject", "Patient").unwrap_or_default();
        let has_died = is_dead(reading, &patient).await?;
        self.decide(&detention, has_died, now).map_err(TransactError::Refused)?;
        let mut changes = vec![ended_by(&version, self.at, &self.how, None)?];
        if self.how == DIED {
            changes.extend(tasks_of_detained(&patient, &reading.permit().principal().name, now)?);
        }
        Ok(Draft { changes, assertions: Vec::new() })
    }

    fn decide(&self, detention: &Detention, has_died: bool, now: Moment) -> Result<(), Refusal> {
        let death_was_none = detention.ended_with_death && !has_died;
        if !detention.is_in_force() && !death_was_none {
            return Err(Refusal::new("ended", "Somebody has recorded already that this detention has ended."));
        }
        if self.how == DIED && !has_died {
            let sentence = "Record the death of the patient: the detention ends with it.";
            return Err(Refusal::at("died", "how", sentence));
        }
        if self.how != DIED && !ENDS.iter().any(|(code, _)| *code == self.how) {
            return Err(Refusal::at("how-missing", "how", "Say how the detention ended."));
        }
        check_moment(self.at, None, now)?;
        if self.at < detention.from {
            return Err(Refusal::at("before-it-began", "at", "It began after this time. Say when it ended."));
        }
        Ok(())
    }
}

/// Whether a death is recorded of a patient.
async fn is_dead(reading: &Reading, patient: &str) -> Result<bool, Problem> {
    let version = reading.get(&Key::new("Patient", patient)).await?.filter(|version| !version.text.is_empty());
    version.map_or(Ok(false), |version| Ok(has_died(document(&version)?.root())))
}

/// A detention that goes on with leave of absence when its patient has left.
pub(super) fn on_leave(version: &Version, since: Moment) -> Result<Change, Problem> {
    let before = document(version)?;
    let leave = part(ON_LEAVE, "valueDateTime", &quoted(&since.to_string()));
    let members = [("extension", with_extensions(before.root(), &[(ON_LEAVE, Some(leave))]))];
    draft::put(version.key.clone(), &with_members(&before, &members))
}

/// A detention that has ended, and who says so where that was asked.
pub(super) fn ended_by(version: &Version, at: Moment, how: &str, by: Option<&str>) -> Result<Change, Problem> {
    let before = document(version)?;
    let start = before.root().get("period").and_then(|period| text(period, "start"));
    let period = Object::new().text_if("start", start).text("end", at.to_string()).done();
    let set = [
        (ENDED, Some(part(ENDED, "valueCode", &quoted(how)))),
        (ENDED_BY, by.map(|by| part(ENDED_BY, "valueString", &quoted(by)))),
    ];
    let members = [
        ("status", Some(quoted("inactive"))),
        ("period", Some(period)),
        ("extension", with_extensions(before.root(), &set)),
    ];
    draft::put(version.key.clone(), &with_members(&before, &members))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn a_section_lasts_for_hours_days_with_the_first_or_months_to_the_day_before() {
        let at = |text: &str| Moment::parse(text).unwrap();
        let from = at("2026-11-17T14:35:00Z");
        let cases = [
            ("06", Some("2026-11-17T20:35:00Z")),
            ("05", Some("2026-11-20T14:35:00Z")),
            // Twenty-eight days with 17 November: the last is 14 December.
            ("02", Some("2026-12-15T00:00:00Z")),
            // Six months: the last day is 16 May, and midnight is in summer time.
            ("03", Some("2027-05-16T23:00:00Z")),
            ("09", None),
        ];
        for (code, expected) in cases {
            let until = Section::of_code(code).and_then(|section| section.lasts.from(from));
            assert_eq!(until, expected.map(at), "section {code}");
        }
        // Hours are real ones also when the clocks go back.
        let night = at("2026-10-24T22:00:00Z");
        assert_eq!(Lasts::Hours(6).from(night), Some(at("2026-10-25T04:00:00Z")));
        // There is no 31 February.
        assert_eq!(Lasts::Months(6).from(at("2026-08-31T10:00:00Z")), Some(at("2027-02-28T00:00:00Z")));
    }

    #[test]
    fn the_sections_are_those_of_the_national_list_that_detain_somebody() {
        let codes: Vec<&str> = SECTIONS.iter().map(|section| section.code).collect();
        let mut sorted = codes.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(codes, sorted);
        for none in ["01", "35", "36", "98", "99"] {
            assert!(Section::of_code(none).is_none(), "{none} detains nobody");
        }
    }
}
