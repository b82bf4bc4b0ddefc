//! Step 2 of a registration: nine things that are asked one by one. Each is *not asked* until somebody asked; that nothing
//! was to be said is an answer too, and is recorded as one.

use fhir::Node;
use fhir::read::{codings, extension, items, text, words, words_at};
use fhir::write::with_members;
use fhir::write::{Object, array, array_if, concept, extension as extension_json, quoted, reference, with_extensions};
use record::{Draft, Key, Reading, TransactError};
use terms::{Date, Moment};

use super::codes;
use super::demographics::{INTERPRETER, lines};
use super::edit::list_with;
use super::write::{address_of, interpreter, language, telecom};
use crate::draft::{self, document};
use crate::refusal::Refusal;

/// That something was asked: which, when, and whether anything was said.
const ASKED: &str = "urn:almoner:asked";
const ETHNIC: &str = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory";
const OVERSEAS: &str = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-OverseasVisitorChargingCategory";
const OVERSEAS_CHECKED: &str = "urn:almoner:overseas-checked-by";
const COMMUNICATION: &str = "urn:almoner:communication-need";
const COMMUNICATION_WORDS: &str = "urn:almoner:communication-need-in-words";
const INTERPRETER_KIND: &str = "urn:almoner:interpreter-kind";
const CLINICAL_SEX: &str = "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse";
const CLINICAL_SEX_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/sex-parameter-for-clinical-use";
/// Where an alert or an adjustment comes from: an extension of its Flag.
pub(crate) const FLAG_SOURCE: &str = "urn:almoner:flag-source";

/// Something that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// Ethnic category, as the patient says it.
    Ethnicity,
    /// Next of kin.
    NextOfKin,
    /// Communication needs.
    Communication,
    /// Interpreter.
    Interpreter,
    /// Reasonable adjustments.
    Adjustments,
    /// Overseas status.
    Overseas,
    /// Alerts.
    Alerts,
    /// Temporary address.
    TemporaryAddress,
    /// Sex for clinical use.
    ClinicalSex,
}

/// How something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Nobody asked.
    NotAsked,
    /// Asked, and there was nothing to say.
    Nothing {
        /// When, as recorded.
        at: Option<String>,
    },
    /// What was said, in words.
    Said {
        /// Lines of words.
        lines: Vec<String>,
        /// When it was asked, if we asked.
        at: Option<String>,
    },
}

/// Somebody to turn to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kin {
    /// Name.
    pub name: String,
    /// How they are related, a code of `codes::RELATION`.
    pub relation: String,
    /// Phone.
    pub phone: Option<String>,
}

/// Where somebody stays for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staying {
    /// Lines, with commas between.
    pub lines: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// From this day.
    pub from: Date,
    /// Until this day, if it is known.
    pub until: Option<Date>,
}

/// What was answered. `None`, or an empty list, is *asked, nothing to say*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A code of `codes::ETHNIC`; `Z` is asked and not stated.
    Ethnicity(String),
    /// Next of kin.
    NextOfKin(Option<Kin>),
    /// Codes of `codes::COMMUNICATION`, and words.
    Communication(Vec<String>, Option<String>),
    /// The language and the kind of interpreter; `None` when none is needed.
    Interpreter(Option<(String, Option<String>)>),
    /// What helps, who says so, and the new Flag's id.
    Adjustments(Option<(String, String, String)>),
    /// A code of `codes::OVERSEAS`, and who checked.
    Overseas(String, String),
    /// What is to be known, who says so, until when, and the new Flag's id.
    Alert(Option<(String, String, Option<Date>, String)>),
    /// Where somebody stays for a time.
    TemporaryAddress(Option<Staying>),
    /// A code of `codes::CLINICAL_SEX`, and its source.
    ClinicalSex(String, String),
}

/// Records an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordAnswer {
    /// The Patient.
    pub patient: String,
    /// The version the form was made from.
    pub version: u64,
    /// What was answered.
    pub answer: Answer,
}

impl Item {
    /// All of them, in the order of the page.
    pub const ALL: [Item; 9] = [
        Item::Ethnicity,
        Item::NextOfKin,
        Item::Communication,
        Item::Interpreter,
        Item::Adjustments,
        Item::Overseas,
        Item::Alerts,
        Item::TemporaryAddress,
        Item::ClinicalSex,
    ];

    /// Its code, in addresses and records.
    pub fn code(self) -> &'static str {
        match self {
            Item::Ethnicity => "ethnicity",
            Item::NextOfKin => "next-of-kin",
            Item::Communication => "communication-needs",
            Item::Interpreter => "interpreter",
            Item::Adjustments => "reasonable-adjustments",
            Item::Overseas => "overseas-status",
            Item::Alerts => "alerts",
            Item::TemporaryAddress => "temporary-address",
            Item::ClinicalSex => "sex-for-clinical-use",
        }
    }

    /// Its name, and what is asked under it.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Item::Ethnicity => ("Ethnicity", "as the patient says it"),
            Item::NextOfKin => ("Next of kin", "name, relation, phone"),
            Item::Communication => ("Communication needs", "large print, easy read, Braille, BSL, email"),
            Item::Interpreter => ("Interpreter", "language and kind"),
            Item::Adjustments => ("Reasonable adjustments", "what helps, source"),
            Item::Overseas => ("Overseas status", "charging category, who checked"),
            Item::Alerts => ("Alerts", "kind, source, expires"),
            Item::TemporaryAddress => ("Temporary address", "from, to"),
            Item::ClinicalSex => ("Sex for clinical use", "separate from gender, with source"),
        }
    }

    /// The item of a code.
    pub fn of_code(code: &str) -> Option<Item> {
        Item::ALL.into_iter().find(|item| item.code() == code)
    }
}

/// How each item stands in a record, with its flags (`Flag` resources of the patient).
pub fn asked_items(patient: Node<'_, '_>, flags: &[Node<'_, '_>]) -> Vec<(Item, Asked)> {
    Item::ALL.into_iter().map(|item| (item, asked(item, patient, flags))).collect()
}

fn asked(item: Item, patient: Node<'_, '_>, flags: &[Node<'_, '_>]) -> Asked {
    let mark = items(patient, "extension")
        .filter(|of| text(*of, "url").as_deref() == Some(ASKED))
        .find(|of| part(*of, "item").as_deref() == Some(item.code()));
    let at = mark.and_then(|mark| part(mark, "at"));
    let lines = said(item, patient, flags);
    match (lines.is_empty(), mark.is_some()) {
        (false, _) => Asked::Said { lines, at },
        (true, true) => Asked::Nothing { at },
        (true, false) => Asked::NotAsked,
    }
}

/// The text of a part of an extension.
fn part(of: Node<'_, '_>, url: &str) -> Option<String> {
    fhir::read::extension_text(of, url)
}

/// What is recorded, in words.
fn said(item: Item, patient: Node<'_, '_>, flags: &[Node<'_, '_>]) -> Vec<String> {
    let concept_of = |url: &str| extension(patient, url).and_then(|of| words(of.get("valueCodeableConcept")?));
    match item {
        Item::Ethnicity => concept_of(ETHNIC).into_iter().collect(),
        Item::NextOfKin => items(patient, "contact").filter_map(kin).collect(),
        Item::Communication => needs(patient),
        Item::Interpreter => spoken(patient).into_iter().collect(),
        Item::Adjustments => flagged(flags, "reasonable-adjustment"),
        Item::Overseas => concept_of(OVERSEAS).into_iter().chain(part(patient, OVERSEAS_CHECKED)).collect(),
        Item::Alerts => flagged(flags, "alert"),
        Item::TemporaryAddress => items(patient, "address").filter_map(temporary).collect(),
        Item::ClinicalSex => extension(patient, CLINICAL_SEX).map(clinical_sex).unwrap_or_default(),
    }
}

fn kin(contact: Node<'_, '_>) -> Option<String> {
    let name = contact.get("name")?;
    let given = super::demographics::strings(name, "given").join(" ");
    let whole = text(name, "text").or_else(|| text(name, "family").map(|family| format!("{given} {family}")));
    let phone = items(contact, "telecom").find_map(|entry| text(entry, "value"));
    let parts = [whole.map(|whole| whole.trim().to_owned()), words_at(contact, "relationship"), phone];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", ")).filter(|line| !line.is_empty())
}

fn needs(patient: Node<'_, '_>) -> Vec<String> {
    let all = items(patient, "extension").filter(|of| text(*of, "url").as_deref() == Some(COMMUNICATION));
    let known = all
        .filter_map(|of| text(of, "valueCode"))
        .map(|code| codes::words(codes::COMMUNICATION, &code).map_or(code.clone(), str::to_owned));
    known.chain(part(patient, COMMUNICATION_WORDS)).collect()
}

fn spoken(patient: Node<'_, '_>) -> Option<String> {
    let is_needed = extension(patient, INTERPRETER)?.get("valueBoolean")?.boolean()?;
    if !is_needed {
        return Some("Not needed".into());
    }
    let language = items(patient, "communication").find_map(|entry| words(entry.get("language")?));
    let parts = [Some("Needed".to_owned()), language, part(patient, INTERPRETER_KIND)];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn flagged(flags: &[Node<'_, '_>], category: &str) -> Vec<String> {
    let is_of = |flag: &&Node<'_, '_>| {
        text(**flag, "status").as_deref() == Some("active")
            && items(**flag, "category").any(|of| codings(of).any(|(_, code)| code == category))
    };
    flags
        .iter()
        .filter(is_of)
        .filter_map(|flag| {
            let until = flag.get("period").and_then(|period| text(period, "end"));
            let parts = [
                flag.get("code").and_then(words),
                part(*flag, FLAG_SOURCE).map(|source| format!("source: {source}")),
                until
                    .and_then(|end| terms::PartialDate::parse(&end).ok())
                    .map(|end| format!("until {}", terms::print::partial_date_text(&end))),
            ];
            Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", ")).filter(|line| !line.is_empty())
        })
        .collect()
}

fn temporary(address: Node<'_, '_>) -> Option<String> {
    if text(address, "use").as_deref() != Some("temp") {
        return None;
    }
    let period = address.get("period");
    let day = |name: &str| {
        let date = terms::PartialDate::parse(&text(period?, name)?).ok()?;
        Some(terms::print::partial_date_text(&date))
    };
    let parts = [
        lines(address),
        text(address, "postalCode"),
        day("start").map(|from| format!("from {from}")),
        day("end").map(|until| format!("until {until}")),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn clinical_sex(of: Node<'_, '_>) -> Vec<String> {
    let value = extension(of, "value").and_then(|value| words(value.get("valueCodeableConcept")?));
    value.into_iter().chain(part(of, "comment").map(|source| format!("source: {source}"))).collect()
}

impl RecordAnswer {
    /// Gathers and decides.
    pub(crate) async fn plan(&self, reading: &Reading, now: Moment) -> Result<Draft, TransactError<Refusal>> {
        let version = super::correct::read(reading, &self.patient, self.version).await?;
        self.answer.check().map_err(TransactError::Refused)?;
        let document = document(&version)?;
        let root = document.root();
        let mut members = self.answer.members(root);
        let extensions = self.answer.extensions(root, now);
        members.push(("extension", extensions));
        let text = with_members(&document, &members);
        let mut draft = Draft::default();
        draft.changes.push(draft::put(Key::new("Patient", self.patient.as_str()), &text)?);
        if let Some((id, flag)) = self.answer.flag(&self.patient, now) {
            draft.changes.push(draft::put(Key::new("Flag", id), flag.as_bytes())?);
        }
        Ok(draft)
    }
}

impl Answer {
    /// What was asked.
    pub fn item(&self) -> Item {
        match self {
            Answer::Ethnicity(_) => Item::Ethnicity,
            Answer::NextOfKin(_) => Item::NextOfKin,
            Answer::Communication(..) => Item::Communication,
            Answer::Interpreter(_) => Item::Interpreter,
            Answer::Adjustments(_) => Item::Adjustments,
            Answer::Overseas(..) => Item::Overseas,
            Answer::Alert(_) => Item::Alerts,
            Answer::TemporaryAddress(_) => Item::TemporaryAddress,
            Answer::ClinicalSex(..) => Item::ClinicalSex,
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        let one_of = |table: codes::Table, code: &str, field: &'static str| match codes::words(table, code) {
            Some(_) => Ok(()),
            None => Err(Refusal::at("choose", field, "Choose one of the answers.")),
        };
        let said = |words: &str, field: &'static str, sentence: &str| match words.trim() {
            "" => Err(Refusal::at("words-missing", field, sentence)),
            _ => Ok(()),
        };
        match self {
            Answer::Ethnicity(code) => one_of(codes::ETHNIC, code, "ethnicity"),
            Answer::NextOfKin(Some(kin)) => {
                said(&kin.name, "kin_name", "Type the name of the next of kin, or say that nobody is named.")?;
                one_of(codes::RELATION, &kin.relation, "kin_relation")
            }
            Answer::Communication(needs, _) => {
                needs.iter().try_for_each(|code| one_of(codes::COMMUNICATION, code, "needs"))
            }
            Answer::Interpreter(Some((code, _))) => one_of(codes::LANGUAGES, code, "language"),
            Answer::Adjustments(Some((what, source, _))) => {
                said(what, "adjustment", "Say what helps.")?;
                said(source, "adjustment_source", "Say who told us: the patient, a carer, a letter.")
            }
            Answer::Overseas(code, by) => {
                one_of(codes::OVERSEAS, code, "overseas")?;
                said(by, "checked_by", "Say who checked, and with what document.")
            }
            Answer::Alert(Some((what, source, ..))) => {
                said(what, "alert", "Say what is to be known.")?;
                said(source, "alert_source", "Say who told us: the patient, a carer, a letter.")
            }
            Answer::TemporaryAddress(Some(Staying { lines, from, until, .. })) => {
                said(lines.as_deref().unwrap_or_default(), "temporary", "Type the temporary address.")?;
                match until {
                    Some(until) if until < from => {
                        Err(Refusal::at("until", "until", "It ends before it begins. Check both dates."))
                    }
                    _ => Ok(()),
                }
            }
            Answer::ClinicalSex(code, source) => {
                one_of(codes::CLINICAL_SEX, code, "clinical_sex")?;
                said(source, "sex_source", "Say who decided it, and on what.")
            }
            Answer::NextOfKin(None)
            | Answer::Interpreter(None)
            | Answer::Adjustments(None)
            | Answer::Alert(None)
            | Answer::TemporaryAddress(None) => Ok(()),
        }
    }

    /// The members that the answer edits, beside extensions.
    fn members(&self, root: Node<'_, '_>) -> Vec<(&'static str, Option<String>)> {
        match self {
            Answer::NextOfKin(kin) => {
                let is_kin = |contact: &Node<'_, '_>| text(*contact, "gender").is_none();
                let first = items(root, "contact").find(is_kin);
                vec![("contact", list_with(root, "contact", first, kin.as_ref().map(contact)))]
            }
            Answer::Interpreter(Some((code, _))) => {
                let first = items(root, "communication").next();
                vec![("communication", list_with(root, "communication", first, [language(code)]))]
            }
            Answer::TemporaryAddress(answer) => {
                let is_temporary = |address: &Node<'_, '_>| text(*address, "use").as_deref() == Some("temp");
                let present = items(root, "address").find(is_temporary);
                let new = answer.as_ref().and_then(|Staying { lines, postcode, from, until }| {
                    let period = Object::new().text("start", from.to_string());
                    let period = period.text_if("end", until.map(|until| until.to_string())).done();
                    address_of(lines.as_deref(), postcode.as_deref(), "temp", Some(period))
                });
                vec![("address", list_with(root, "address", present, new))]
            }
            _ => Vec::new(),
        }
    }

    /// The member `extension` with the answer and that it was asked.
    fn extensions(&self, root: Node<'_, '_>, now: Moment) -> Option<String> {
        let mark = Object::new().text("url", ASKED).json(
            "extension",
            array([
                extension_json("item", "valueCode", &quoted(self.item().code())),
                extension_json("at", "valueDateTime", &quoted(&now.to_string())),
            ]),
        );
        // Other marks stay: they have the same address.
        let others = items(root, "extension")
            .filter(|of| text(*of, "url").as_deref() == Some(ASKED))
            .filter(|of| part(*of, "item").as_deref() != Some(self.item().code()))
            .map(|of| of.raw_text().to_owned());
        let marks: Vec<String> = others.chain([mark.done()]).collect();
        let own = self.own_extensions();
        let set: Vec<(&str, Option<String>)> =
            own.into_iter().chain(marks.into_iter().map(|mark| (ASKED, Some(mark)))).collect();
        with_extensions(root, &set)
    }

    fn own_extensions(&self) -> Vec<(&'static str, Option<String>)> {
        let coded = |url: &'static str, system: &str, table: codes::Table, code: &str| {
            let of = concept(system, code, codes::words(table, code).unwrap_or(code));
            (url, Some(extension_json(url, "valueCodeableConcept", &of)))
        };
        let worded = |url: &'static str, words: Option<&str>| {
            (url, words.map(|words| extension_json(url, "valueString", &quoted(words))))
        };
        match self {
            Answer::Ethnicity(code) => vec![coded(ETHNIC, codes::ETHNIC_SYSTEM, codes::ETHNIC, code)],
            Answer::Communication(needs, words) => {
                let all = needs.iter().map(|code| extension_json(COMMUNICATION, "valueCode", &quoted(code)));
                let mut own: Vec<_> = all.map(|json| (COMMUNICATION, Some(json))).collect();
                own.push((COMMUNICATION, None));
                own.push(worded(COMMUNICATION_WORDS, words.as_deref()));
                own
            }
            Answer::Interpreter(needed) => {
                let kind = needed.as_ref().and_then(|(_, kind)| kind.as_deref());
                vec![(INTERPRETER, Some(interpreter(needed.is_some()))), worded(INTERPRETER_KIND, kind)]
            }
            Answer::Overseas(code, by) => {
                vec![coded(OVERSEAS, codes::OVERSEAS_SYSTEM, codes::OVERSEAS, code), worded(OVERSEAS_CHECKED, Some(by))]
            }
            Answer::ClinicalSex(code, source) => {
                let of = concept(CLINICAL_SEX_SYSTEM, code, codes::words(codes::CLINICAL_SEX, code).unwrap_or(code));
                let parts = [
                    extension_json("value", "valueCodeableConcept", &of),
                    extension_json("comment", "valueString", &quoted(source)),
                ];
                let whole = Object::new().text("url", CLINICAL_SEX).json("extension", array(parts)).done();
                vec![(CLINICAL_SEX, Some(whole))]
            }
            _ => Vec::new(),
        }
    }

    /// The Flag that the answer makes, with its id.
    fn flag(&self, patient: &str, now: Moment) -> Option<(String, String)> {
        let (category, words, what, source, until, id) = match self {
            Answer::Alert(Some((what, source, until, id))) => ("alert", "Alert", what, source, *until, id),
            Answer::Adjustments(Some((what, source, id))) => {
                ("reasonable-adjustment", "Reasonable adjustment", what, source, None, id)
            }
            _ => return None,
        };
        let period = Object::new().text("start", now.to_string()).text_if("end", until.map(|until| until.to_string()));
        let text = Object::resource("Flag", id)
            .json("extension", array([extension_json(FLAG_SOURCE, "valueString", &quoted(source))]))
            .text("status", "active")
            .json("category", array([concept("urn:almoner:flag-category", category, words)]))
            .json("code", Object::new().text("text", what).done())
            .json("subject", reference(&format!("Patient/{patient}"), None))
            .json("period", period.done());
        Some((id.clone(), text.done()))
    }
}

fn contact(kin: &Kin) -> String {
    let relation = codes::words(codes::RELATION, &kin.relation).unwrap_or(&kin.relation);
    Object::new()
        .json("relationship", array([concept(codes::RELATION_SYSTEM, &kin.relation, relation)]))
        .json("name", Object::new().text("text", &kin.name).done())
        .json_if("telecom", array_if(kin.phone.as_deref().map(|phone| telecom("phone", "mobile", phone))))
        .done()
}
