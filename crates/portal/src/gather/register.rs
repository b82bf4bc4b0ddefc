//! What a registration stands on: what was typed, the records here that could be the same person, and what PDS says.
//!
//! The same list that the page shows is the one that the command judges again at the commit.

use administration::registration::pds::{PdsAnswer, PdsPerson, Trace};
use administration::registration::{Answered, Demographics, Gender, Likeness, Lookalike, fields, lookalikes};
use administration::{Question, Refusal};
use clinical::identity::Identity;
use clinical::{Material, chart};
use fhir::{Document, Limits};
use record::Problem;
use terms::input::{DateOf, parse_typed_date};
use terms::print::date_text;
use terms::{NhsNumber, local_date};

use super::finished;
use crate::act::Typed;
use crate::door::{Door, asked};

/// A record here that could be the same person.
#[derive(Debug, Clone)]
pub(crate) struct Alike {
    /// Who it is.
    pub(crate) identity: Identity,
    /// Its id.
    pub(crate) id: String,
    /// Whether it must be answered.
    pub(crate) is_likely: bool,
    /// What agrees and what does not.
    pub(crate) why: String,
}

/// What PDS said, when it was asked.
#[derive(Debug, Clone)]
pub(crate) struct PdsSaid {
    /// The answer.
    pub(crate) answer: PdsAnswer,
    /// Who answers, when it is not the service itself.
    pub(crate) label: Option<&'static str>,
}

impl PdsSaid {
    /// The one person, if there is one.
    pub(crate) fn person(&self) -> Option<&PdsPerson> {
        match &self.answer {
            PdsAnswer::One(person) => Some(person),
            _ => None,
        }
    }
}

/// Demographics as typed, and everything that is wrong with what was typed.
pub(crate) fn read_form(door: &Door, typed: &Typed) -> (Demographics, Vec<Refusal>) {
    let mut wrong = Vec::new();
    let person = {
        let mut take = Taker { wrong: &mut wrong };
        let today = local_date(door.now);
        let born = typed.some("born").map(|born| {
            parse_typed_date(&born, DateOf::Birth, today).map_err(|bad| Refusal::at("born", "born", bad.to_string()))
        });
        Demographics {
            family: take.of(fields::name("family", typed.text("family"))),
            given: take.of(fields::name("given", typed.text("given"))),
            title: Some(take.of(fields::name("title", typed.text("title")))).filter(|title: &String| !title.is_empty()),
            preferred: Some(take.of(fields::name("preferred", typed.text("preferred"))))
                .filter(|name: &String| !name.is_empty()),
            born: take.of(born.transpose()),
            born_not_known: typed.text("born_not_known") == "1",
            gender: Gender::of_code(typed.text("gender")),
            nhs_number: take.of(fields::nhs_number(typed.text("nhs_number"))),
            address: take.of(fields::line("address", typed.text("address"))),
            postcode: take.of(fields::postcode("postcode", typed.text("postcode"))),
            mobile: take.of(fields::mobile(typed.text("mobile"))),
            home: take.of(fields::phone("home", typed.text("home"))),
            email: take.of(fields::email(typed.text("email"))),
            gp: take.of(fields::line("gp", typed.text("gp"))),
            language: typed.some("language"),
            interpreter: match typed.text("interpreter") {
                "needed" => Some(true),
                "not-needed" => Some(false),
                _ => None,
            },
        }
    };
    (person, wrong)
}

/// What is missing beside what is wrong: a field is complained of once.
pub(crate) fn missing_beside(person: &Demographics, wrong: &[Refusal]) -> Vec<Refusal> {
    let is_new = |refusal: &Refusal| wrong.iter().all(|other| other.field != refusal.field);
    person.missing().into_iter().filter(is_new).collect()
}

/// Takes what was read and keeps what was wrong.
struct Taker<'w> {
    wrong: &'w mut Vec<Refusal>,
}

impl Taker<'_> {
    fn of<T: Default>(&mut self, read: Result<T, Refusal>) -> T {
        read.unwrap_or_else(|refusal| {
            self.wrong.push(refusal);
            T::default()
        })
    }
}

/// What a form shows of a person: the values of its fields.
pub(crate) fn form_of(person: &Demographics) -> Typed {
    let some = |name: &str, value: Option<String>| value.map(|value| (name.to_owned(), value));
    let interpreter = person.interpreter.map(|needed| if needed { "needed" } else { "not-needed" }.to_owned());
    let all = [
        some("family", Some(person.family.clone())),
        some("given", Some(person.given.clone())),
        some("title", person.title.clone()),
        some("preferred", person.preferred.clone()),
        some("born", person.born.map(date_text)),
        some("gender", person.gender.map(|gender| gender.code().to_owned())),
        some("nhs_number", person.nhs_number.map(|number| number.to_string())),
        some("address", person.address.clone()),
        some("postcode", person.postcode.clone()),
        some("mobile", person.mobile.clone()),
        some("home", person.home.clone()),
        some("email", person.email.clone()),
        some("gp", person.gp.clone()),
        some("language", person.language.clone()),
        some("interpreter", interpreter),
    ];
    Typed::of(all.into_iter().flatten().collect())
}

/// The fields of the form and their labels.
const LABELS: [(&str, &str); 15] = [
    ("family", "Family name"),
    ("given", "Given name"),
    ("title", "Title"),
    ("preferred", "Preferred name"),
    ("born", "Date of birth"),
    ("gender", "Gender"),
    ("nhs_number", "NHS number"),
    ("address", "Usual address"),
    ("postcode", "Postcode"),
    ("mobile", "Mobile"),
    ("home", "Home"),
    ("email", "Email"),
    ("gp", "GP practice"),
    ("language", "First language"),
    ("interpreter", "Interpreter"),
];

/// Each field in which a form differs from what is recorded: its label, what is recorded, what is in the form.
pub(crate) fn differences<'t>(person: &Demographics, typed: &'t Typed) -> Vec<(&'static str, String, &'t str)> {
    let recorded = form_of(person);
    let pairs = LABELS.map(|(name, label)| (label, recorded.text(name).to_owned(), typed.text(name)));
    pairs.into_iter().filter(|(_, now, typed)| now != typed).collect()
}

/// What was searched for, in the fields of an empty form. Two words of a name are a given and a family name as people
/// say them; the form is checked with the patient.
pub(crate) fn carried_over(door: &Door, searched: &str, typed: &mut Typed) {
    let question = Question::read(searched, local_date(door.now));
    let (names, born, number) = question.carried();
    let capital = |word: &String| crate::words::capital(word);
    if let Some((family, given)) = names.split_last() {
        typed.fill("family", Some(capital(family)));
        let given = given.iter().map(capital).collect::<Vec<_>>().join(" ");
        typed.fill("given", (!given.is_empty()).then_some(given));
    }
    typed.fill("born", born.map(date_text));
    let number = number.and_then(|number| NhsNumber::parse(&number).ok());
    typed.fill("nhs_number", number.map(|number| number.to_string()));
}

/// The records here that could be the person.
pub(crate) async fn alike(door: &Door, person: &Demographics) -> Result<Vec<Alike>, Problem> {
    if person.family.is_empty() && person.nhs_number.is_none() {
        return Ok(Vec::new());
    }
    let reading = door.record.read(&door.permit, asked::REGISTER).await?;
    let answer = lookalikes(&reading, person).await;
    let found = finished(reading, answer).await?;
    Ok(found.iter().filter_map(|one| shown(door, one)).collect())
}

fn shown(door: &Door, one: &Lookalike) -> Option<Alike> {
    let document = Document::parse(&one.version.text, &Limits::default()).ok()?;
    let material = Material { patient: document.root(), resources: Vec::new(), allergies_readable: true };
    Some(Alike {
        identity: chart(&material, door.now).identity,
        id: one.version.key.id.clone(),
        is_likely: one.likeness == Likeness::Likely,
        why: crate::words::capital(&one.why.join(", ")),
    })
}

/// What was said about likely matches: those for which a reason was chosen.
pub(crate) fn answered(typed: &Typed, alike: &[Alike]) -> Vec<Answered> {
    let said = alike.iter().filter_map(|one| {
        let reason = typed.some(&format!("why_{}", one.id))?;
        Some(Answered { patient: one.id.clone(), reason, words: typed.some(&format!("words_{}", one.id)) })
    });
    said.collect()
}

/// Asks PDS about what was typed: by the number, else by name and date of birth. `None` when there is too little.
pub(crate) async fn ask_pds(door: &Door, person: &Demographics) -> Option<PdsSaid> {
    let trace = match (person.nhs_number, person.born) {
        (Some(number), _) => Trace::Number(number),
        (None, Some(born)) if !person.family.is_empty() => {
            Trace::Person { family: person.family.clone(), given: person.given.clone(), born }
        }
        _ => return None,
    };
    Some(PdsSaid { answer: door.pds.ask(trace).await, label: door.pds.label })
}
