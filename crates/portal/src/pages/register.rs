//! Registering a patient: first the records that could be the same person, then the form, with PDS beside it to compare.
//!
//! Nothing is filled that may not be: gender, language and interpreter show what PDS holds as a hint. Whatever was typed
//! comes back. Works without script: *Not the same* and *Ask PDS* send the form and bring it back.

use administration::Refusal;
use administration::registration::pds::{PdsAnswer, PdsPerson};
use administration::registration::{Gender, codes};
use maud::{Markup, html};
use terms::Moment;
use terms::print::{age_text, date_text};

use super::patient::{name_words, nhs_words};
use crate::act::{Typed, hidden};
use crate::components::banner::full_name;
use crate::components::field::{Field, choice, error_of, radios, summary_of, text_field};
use crate::components::frame::page;
use crate::components::panel::{head, panel, panel_head};
use crate::components::tag::{Weight, tag, tag_with};
use crate::components::time;
use crate::drafts::{draft_fields, kept_words};
use crate::gather::register::{Alike, PdsSaid};
use crate::icon::Icon;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, date};

/// The page.
pub(crate) struct RegisterPage<'a> {
    /// The setting.
    pub(crate) setting: &'a Setting,
    /// What is in the form.
    pub(crate) typed: &'a Typed,
    /// What was refused.
    pub(crate) refused: &'a [Refusal],
    /// Records that could be the same person.
    pub(crate) alike: &'a [Alike],
    /// What PDS said, when it was asked.
    pub(crate) pds: Option<&'a PdsSaid>,
    /// When the draft was kept that is shown.
    pub(crate) kept: Option<Moment>,
}

/// The page of step 1.
pub(crate) fn register_page(of: &RegisterPage<'_>) -> Markup {
    let searched = of.typed.text("searched");
    let content = html! {
        form #register method="post" action=(of.setting.links.register()) data-draft novalidate {
            div.al-head {
                div {
                    h1 { "Register a patient" }
                    p { "Search comes first. You looked for “" (searched) "”: " b role="status" { (matched_words(of.alike, of.pds)) "." } }
                }
                span.al-push { (kept_words(of.setting, of.kept)) }
            }
            (summary_of(of.refused, "family"))
            (hidden(of.setting))
            (draft_fields("register", ""))
            // Enter in a field looks again; it neither registers nor fills.
            button.al-vh name="do" value="look" tabindex="-1" aria-hidden="true" { "Look again" }
            input type="hidden" name="searched" value=(searched);
            div.al-grid.al-reg {
                // The likely match stands first, for the eye on a phone and for the keyboard everywhere.
                div.al-stack {
                    (matches(&Matches { setting: of.setting, typed: of.typed, alike: of.alike, is_known_already: false }))
                    (pds_panel(of))
                }
                section.al-panel aria-label="The patient" {
                    (person_fields(&FormFields { setting: of.setting, typed: of.typed, refused: of.refused, pds: of.pds, number: None }))
                    (from_paper(of))
                    (foot(of))
                }
            }
        }
        (step_two())
    };
    page(&of.setting.frame("Register a patient", "Patient index", Rail::Patients), &content)
}

/// `1 likely match here, 1 on PDS`.
pub(crate) fn matched_words(alike: &[Alike], pds: Option<&PdsSaid>) -> String {
    let likely = alike.iter().filter(|one| one.is_likely).count();
    let here = match likely {
        0 => "no likely match here".to_owned(),
        _ => counted(likely, "likely match here", "likely matches here"),
    };
    let there = match pds.map(|said| &said.answer) {
        Some(PdsAnswer::One(_)) => "1 on PDS",
        Some(PdsAnswer::None) => "none on PDS",
        Some(PdsAnswer::Many) => "more than one on PDS",
        Some(PdsAnswer::Withdrawn) => "the number was withdrawn on PDS",
        Some(PdsAnswer::Unavailable(_)) => "PDS did not answer",
        None => "PDS not asked yet",
    };
    format!("{here}, {there}")
}

/// The fields of a person, for registering and for correcting.
pub(crate) struct FormFields<'a> {
    /// The setting.
    pub(crate) setting: &'a Setting,
    /// What is in the form.
    pub(crate) typed: &'a Typed,
    /// What was refused.
    pub(crate) refused: &'a [Refusal],
    /// What PDS said.
    pub(crate) pds: Option<&'a PdsSaid>,
    /// What is recorded of the number that is in the form.
    pub(crate) number: Option<&'static str>,
}

impl FormFields<'_> {
    fn field<'f>(&'f self, name: &'f str, label: &'f str, hint: Option<&'f str>) -> Field<'f> {
        let (value, error) = (self.typed.text(name), error_of(self.refused, name));
        let mode = match name {
            "mobile" | "home" => Some("tel"),
            "email" => Some("email"),
            "nhs_number" => Some("numeric"),
            _ => None,
        };
        Field { name, label, value, hint, error, mode }
    }

    fn text(&self, name: &str, label: &str, hint: Option<&str>) -> Markup {
        text_field(&self.field(name, label, hint))
    }
}

/// Who, where, care.
pub(crate) fn person_fields(of: &FormFields<'_>) -> Markup {
    let held = of.pds.and_then(PdsSaid::person);
    html! {
        (part("Who", held.is_some().then_some("filled from PDS where it was empty: check with the patient")))
        div.al-panel__b.al-stack {
            div.al-grid.al-cols.al-cols--name {
                (of.text("family", "Family name", held_hint(of, held, "family").as_deref()))
                (of.text("given", "Given name", held_hint(of, held, "given").as_deref()))
                (of.text("title", "Title", None))
            }
            div.al-grid.al-cols {
                div { (of.text("born", "Date of birth", Some(&born_hint(of)))) (not_known(of)) }
                (gender(of, held))
                (of.text("preferred", "Preferred name", None))
                (of.text("nhs_number", "NHS number", number_hint(of, held).as_deref()))
            }
        }
        (part("Where", None))
        div.al-panel__b.al-stack {
            div.al-grid.al-cols.al-cols--place {
                (of.text("postcode", "Postcode", None))
                (of.text("address", "Usual address", Some("Lines with a comma between")))
            }
            div.al-grid.al-cols.al-cols--three {
                (of.text("mobile", "Mobile", None)) (of.text("home", "Home", None)) (of.text("email", "Email", None))
            }
        }
        (part("Care", None))
        div.al-panel__b {
            div.al-grid.al-cols.al-cols--three {
                (of.text("gp", "GP practice", None))
                (choice(&of.field("language", "First language", None), "Not asked", languages()))
                (radios(&of.field("interpreter", "Interpreter", interpreter_hint(of)),
                    &[("needed", "Needed"), ("not-needed", "Not needed")]))
            }
        }
    }
}

fn part(title: &str, scope: Option<&str>) -> Markup {
    html! { div.al-panel__h.al-panel__h--in { h2 { (title) } @if let Some(scope) = scope { span { (scope) } } } }
}

fn languages() -> impl Iterator<Item = (String, String)> {
    codes::LANGUAGES.iter().map(|(code, words)| ((*code).to_owned(), (*words).to_owned()))
}

/// The age, once there is a date; else how dates are typed.
fn born_hint(of: &FormFields<'_>) -> String {
    let today = terms::local_date(of.setting.now);
    let born = terms::input::parse_typed_date(of.typed.text("born"), terms::input::DateOf::Birth, today);
    let age = born.ok().and_then(|born| {
        let age = age_text(&terms::PartialDate::parse(&born.to_string()).ok()?, of.setting.now)?;
        let whole = date_text(born);
        Some(if of.typed.text("born") == whole { age } else { format!("{whole}, {age}") })
    });
    age.unwrap_or_else(|| "Like 9 6 1988".into())
}

fn not_known(of: &FormFields<'_>) -> Markup {
    html! {
        label.al-radio.al-small {
            input type="checkbox" name="born_not_known" value="1" checked[of.typed.text("born_not_known") == "1"];
            " Asked, not known"
        }
    }
}

/// Gender is never filled in: what PDS holds is a hint.
fn gender(of: &FormFields<'_>, held: Option<&PdsPerson>) -> Markup {
    let hint = held.and_then(|held| held.person.gender).map(|gender| format!("PDS holds {}", gender.words()));
    let options = Gender::ALL.iter().map(|gender| (gender.code().to_owned(), gender.words().to_owned()));
    choice(&of.field("gender", "Gender", hint.as_deref()), "Ask, then choose", options)
}

/// What PDS holds of a name, where the form has something else.
fn held_hint(of: &FormFields<'_>, held: Option<&PdsPerson>, name: &str) -> Option<String> {
    let held = &held?.person;
    let own = if name == "family" { &held.family } else { &held.given };
    (!own.is_empty() && own != of.typed.text(name)).then(|| format!("PDS holds {own}"))
}

fn number_hint(of: &FormFields<'_>, held: Option<&PdsPerson>) -> Option<String> {
    let number = terms::NhsNumber::parse(of.typed.text("nhs_number")).ok()?;
    if let Some(recorded) = of.number {
        return Some(recorded.to_owned());
    }
    Some(match held.filter(|held| held.number == number) {
        Some(_) => format!("Check digit correct. PDS has it, {}", clock(of.setting.now).text),
        None => "Check digit correct. Not traced yet".to_owned(),
    })
}

fn interpreter_hint<'f>(of: &'f FormFields<'_>) -> Option<&'f str> {
    of.typed.text("interpreter").is_empty().then_some("Not asked yet")
}

/// While forms of a downtime are to be entered: the number of the form that this is, and the time that is on it.
fn from_paper(of: &RegisterPage<'_>) -> Markup {
    if !of.setting.back_entry {
        return html! {};
    }
    let field = |name, label, hint| {
        text_field(&Field {
            name,
            label,
            value: of.typed.text(name),
            hint: Some(hint),
            error: error_of(of.refused, name),
            mode: None,
        })
    };
    html! {
        (part("From a downtime form", Some("only if somebody was registered on paper")))
        div.al-panel__b {
            div.al-grid.al-cols {
                (field("downtime_form", "Form number", "such as D 000 017"))
                (field("downtime_number", "Hospital number given on paper", "only if the form has one"))
                (field("at_time", "Time on the form", "such as 14:05"))
                (field("at_date", "Day on the form", "today, if you leave it empty"))
            }
        }
    }
}

/// The buttons, and beside them what is missing.
fn foot(of: &RegisterPage<'_>) -> Markup {
    let open = unanswered(of);
    html! {
        div.al-panel__f.al-row.al-foot--form {
            button.al-btn.al-btn--big.al-btn--go name="do" value="register" disabled[open > 0] { "Register patient" }
            button.al-btn.al-btn--big.al-btn--quiet name="do" value="look" { "Look again, ask PDS" }
            span { (todo(of, open)) }
        }
    }
}

fn unanswered(of: &RegisterPage<'_>) -> usize {
    of.alike.iter().filter(|one| one.is_likely && of.typed.text(&format!("why_{}", one.id)).is_empty()).count()
}

/// `First: answer the likely match, correct 1 field, choose gender.`
fn todo(of: &RegisterPage<'_>, open: usize) -> String {
    let mut first = Vec::new();
    match open {
        0 => {}
        1 => first.push("answer the likely match".to_owned()),
        many => first.push(format!("answer {many} likely matches")),
    }
    let wrong = of.refused.iter().filter(|refusal| refusal.field.is_some_and(|field| field != "matches")).count();
    if wrong > 0 {
        first.push(format!("correct {}", counted(wrong, "field", "fields")));
    }
    if of.typed.text("gender").is_empty() {
        first.push("choose gender".to_owned());
    }
    if first.is_empty() { String::new() } else { format!("First: {}.", first.join(", ")) }
}

/// The records that could be the same person.
pub(crate) struct Matches<'a> {
    /// The setting.
    pub(crate) setting: &'a Setting,
    /// What is in the form: the answers too.
    pub(crate) typed: &'a Typed,
    /// The records.
    pub(crate) alike: &'a [Alike],
    /// Whether the person of the form has a record already, so that using another one means a merge.
    pub(crate) is_known_already: bool,
}

/// The panel of them; the likely ones first.
pub(crate) fn matches(of: &Matches<'_>) -> Markup {
    let likely = of.alike.iter().filter(|one| one.is_likely).count();
    let scope = html! { (likely) " likely, " (of.alike.len() - likely) " less likely" };
    html! {
        section.al-panel.al-panel--note #matches tabindex="-1" {
            (panel_head(&head("Could it be one of these?", Some(scope))))
            @if of.alike.is_empty() {
                p.al-empty { "Nobody here is like what was typed so far. Type more, then look again." }
            } @else {
                ul.al-alike { @for one in of.alike { li { (one_alike(of, one)) } } }
                div.al-panel__f { "“Not the same” can be taken back and is reviewed by the data quality team." }
            }
        }
    }
}

fn one_alike(of: &Matches<'_>, one: &Alike) -> Markup {
    let identity = &one.identity;
    let reason = format!("why_{}", one.id);
    let said = of.typed.text(&reason);
    let words = format!("words_{}", one.id);
    html! {
        p.al-flush {
            @if one.is_likely { (tag_with(Weight::Warning, Icon::Person, "Likely the same")) " " }
            @if one.is_likely && !said.is_empty() { (tag(Weight::Plain, "Said: not the same")) " " }
            b { (name_words(identity)) }
        }
        p.al-sub {
            @match &identity.born { Some(born) => (time(&date(born))), None => "Birth date not known" }
            ", " (identity.gender.as_deref().unwrap_or("gender not known")) ", NHS No. "
            @match &identity.nhs_number {
                Some(number) => span.al-nhs { (nhs_words(number)) },
                None => "not known",
            }
            @for number in &identity.hospital_numbers { ". Hospital No. " span.al-nb { (number.value) } }
        }
        @if !one.why.is_empty() || !identity.address.is_empty() {
            p.al-sub { (identity.address.join(", ")) @if !identity.address.is_empty() { ". " } (one.why) }
        }
        div.al-row.al-mt {
            @if of.is_known_already {
                button.al-btn name="same" value=(one.id) { "This is the same person" }
            } @else {
                a.al-btn href=(of.setting.links.patient(&one.id)) { "Use this record" }
            }
            @if one.is_likely {
                label.al-vh for=(reason) { "Not the same as " (name_words(identity)) ": reason" }
                select.al-sel id=(reason) name=(reason) {
                    option value="" { "Not the same because…" }
                    @for (code, said_words) in codes::NOT_THE_SAME {
                        option value=(code) selected[*code == said] { (said_words) }
                    }
                }
                label.al-vh for=(words) { "Reason in words" }
                input.al-in id=(words) name=(words) value=(of.typed.text(&words)) placeholder="In words, if other"
                    autocomplete="off";
                button.al-btn.al-btn--quiet name="do" value="look" { "Not the same" }
            }
        }
    }
}

/// What PDS answers, to compare.
fn pds_panel(of: &RegisterPage<'_>) -> Markup {
    let Some(said) = of.pds else {
        let words = html! { p.al-empty { "Not asked yet. PDS needs a family name and a full date of birth, or an NHS number." } };
        return panel(&head("PDS answer", None), &words);
    };
    let at = clock(of.setting.now);
    let scope = |words: &str| html! { (time(&at)) ", " (words) };
    let (words, body) = match &said.answer {
        PdsAnswer::One(person) => ("1 match", pds_person(person)),
        PdsAnswer::None => {
            ("no match", html! { p.al-empty { "PDS knows nobody of this name and date of birth, or of this number." } })
        }
        PdsAnswer::Many => (
            "more than one match",
            html! {
                p.al-empty { "More than one person fits. Add the NHS number, or ask for the full given names." }
            },
        ),
        PdsAnswer::Withdrawn => (
            "number withdrawn",
            html! {
                p.al-empty { "PDS has withdrawn this number. Leave it empty and look again by name and date of birth." }
            },
        ),
        PdsAnswer::Unavailable(why) => {
            ("no answer", html! { p.al-empty { (why) " Registering works without it: the number is traced later." } })
        }
    };
    let body = html! {
        (body)
        @if let Some(label) = said.label { div.al-panel__f { b { (label) } } }
    };
    panel(&head("PDS answer", Some(scope(words))), &body)
}

fn pds_person(of: &PdsPerson) -> Markup {
    let person = &of.person;
    let address = [person.address.as_deref(), person.postcode.as_deref()];
    let address = address.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let mobile = person.mobile.as_deref().map(|number| {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        format!("ends {}", &digits[digits.len().saturating_sub(4)..])
    });
    let held = |value: Option<String>| value.unwrap_or_else(|| "Not known".to_owned());
    let rows: [(&str, String); 8] = [
        ("Name", full_name(Some(&person.family), &person.given, person.title.as_deref())),
        ("Born", held(person.born.map(date_text))),
        ("NHS No.", of.number.to_string()),
        ("Gender", held(person.gender.map(|gender| gender.words().to_owned()))),
        (
            "Address",
            if of.is_sensitive { "Hidden by PDS".into() } else { held(Some(address).filter(|it| !it.is_empty())) },
        ),
        ("Mobile", if of.is_sensitive { "Hidden by PDS".into() } else { held(mobile) }),
        ("GP", if of.is_sensitive { "Hidden by PDS".into() } else { held(person.gp.clone()) }),
        ("Flags", flags(of)),
    ];
    html! {
        div.al-panel__b {
            dl.al-kv { @for (label, value) in &rows { dt { (label) } dd { (value) } } }
            button.al-btn.al-mt name="do" value="fill" { "Fill what is empty" }
        }
    }
}

fn flags(of: &PdsPerson) -> String {
    let died = of.died.as_ref().map(|_| "PDS says this person has died");
    let hidden = of.is_sensitive.then_some("Sensitive: do not show or ask aloud where they live");
    let all: Vec<&str> = died.into_iter().chain(hidden).collect();
    if all.is_empty() { "None".into() } else { all.join(". ") }
}

/// What comes after: said here, asked on a page of its own.
fn step_two() -> Markup {
    let names = administration::registration::Item::ALL.map(|item| item.words().0.to_lowercase());
    html! {
        section.al-panel.al-mt {
            div.al-panel__h { h2 { "Step 2: ask the patient" } span { "9 items, after registering" } }
            p.al-empty {
                (crate::words::capital(&names.join(", "))) ". Each is not asked until somebody asked; what is missing "
                "never stops a registration in the emergency department."
            }
        }
    }
}
