//! Step 2 of a registration: nine things that are asked one by one, each with its own small form; and the page on which
//! details are corrected.
//!
//! *Not asked* is dashed until somebody asked; that there was nothing to say is an answer of its own. Every form states
//! the version that it was made from.

mod death;

use access::Role;
use administration::Refusal;
use administration::registration::{Asked, Gender, Item, codes};
use maud::{Markup, html};
use terms::Moment;

use crate::act::{Typed, done_notice, hidden};
use crate::components::field::{Field, choice, error_of, radios, summary_of, text_field};
use crate::components::frame::{OpenPatient, patient_page};
use crate::components::notice::{Kind, notice};
use crate::components::panel::{head, panel};
use crate::components::tag::{Weight, tag, tag_with};
use crate::drafts::{draft_fields, kept_words};
use crate::gather::chart::Gathered;
use crate::gather::details::Details;
use crate::gather::register::{Alike, PdsSaid, differences};
use crate::icon::Icon;
use crate::pages::patient::{banner_of, places_of};
use crate::pages::register::{FormFields, Matches, matches, person_fields};
use crate::pages::stay::from_paper;
use crate::setting::{Rail, Setting};
use crate::words::counted;

/// The code of a refusal whose form was made from an older version.
const CHANGED_MEANWHILE: &str = "changed-meanwhile";

/// What both pages stand on.
pub(crate) struct DetailsPage<'a> {
    /// The setting.
    pub(crate) setting: &'a Setting,
    /// The chart, for the banner.
    pub(crate) chart: &'a Gathered,
    /// What is recorded.
    pub(crate) details: &'a Details,
    /// What was typed into a form that was refused, or into a draft.
    pub(crate) typed: &'a Typed,
    /// What was refused.
    pub(crate) refused: &'a [Refusal],
    /// What PDS said, when it was asked.
    pub(crate) pds: Option<&'a PdsSaid>,
    /// Records that could be the unknown person of this one.
    pub(crate) alike: &'a [Alike],
    /// When the draft was kept that is shown.
    pub(crate) kept: Option<Moment>,
    /// What was done last, and its undo.
    pub(crate) done: (&'a str, &'a str),
}

impl DetailsPage<'_> {
    fn id(&self) -> &str {
        &self.chart.chart.identity.source.id
    }

    fn whole(&self, title: &str, content: &Markup) -> Markup {
        let setting = self.setting;
        let banner = banner_of(&self.chart.chart, setting.clinical, &setting.links, setting.now);
        let patients = setting.links.patients();
        let patient = OpenPatient {
            banner: &banner,
            back: (&patients, "Patients"),
            places: places_of(&self.chart.chart, setting, "Details"),
        };
        patient_page(&setting.frame(title, "Patient index", Rail::Patients), &patient, content)
    }

    fn field<'f>(&'f self, name: &'f str, label: &'f str) -> Field<'f> {
        let (value, error) = (self.typed.text(name), error_of(self.refused, name));
        Field { name, label, value, hint: None, error, mode: None }
    }
}

/// The page of step 2.
pub(crate) fn details_page(of: &DetailsPage<'_>) -> Markup {
    let asked = of.details.items.iter().filter(|(_, asked)| *asked != Asked::NotAsked).count();
    let back = of.setting.links.details(of.id());
    let scope = format!("{} items, {asked} asked", of.details.items.len());
    let content = html! {
        @if let Some(done) = done_notice(of.setting, of.done.0, of.done.1, &back) { (done) }
        div.al-head {
            h1 { "Details" }
            span.al-push.al-row {
                @if of.details.person.gender != Some(Gender::Male) {
                    a.al-btn.al-btn--quiet href=(of.setting.links.newborn(of.id())) { "Register a newborn of this mother" }
                }
                a.al-btn href=(of.setting.links.correct(of.id())) { "Correct name, address, numbers" }
            }
        }
        (summary_of(of.refused, "items"))
        (from_paper(&of.details.forms))
        @if of.details.is_unknown {
            @let known = html! { a.al-btn href=(of.setting.links.correct(of.id())) { "Say who this is" } };
            (notice(Kind::Warning, &html! { "Nobody knows who this is yet: the name is temporary." }, Some(&known)))
        }
        section.al-panel.al-mb #items tabindex="-1" {
            div.al-panel__h {
                h2 { "Ask the patient" }
                span { (scope) ". What is missing never stops a registration in the emergency department." }
            }
            ul.al-items { @for (item, asked) in &of.details.items { li { (one_item(of, *item, asked)) } } }
        }
        (death::death(of))
        (restriction(of))
    };
    of.whole("Details", &content)
}

fn one_item(of: &DetailsPage<'_>, item: Item, asked: &Asked) -> Markup {
    let (name, what) = item.words();
    let is_open = of.typed.text("item") == item.code();
    let verb = if *asked == Asked::NotAsked { "Ask" } else { "Change" };
    html! {
        details.al-item open[is_open] {
            summary {
                span { b { (name) } span.al-sub { (what) } }
                (state(asked))
                span.al-btn.al-btn--quiet { (verb) span.al-vh { ": " (name) } }
            }
            form.al-panel__b.al-stack method="post" action=(of.setting.links.details(of.id())) data-draft novalidate {
                (hidden(of.setting))
                (draft_fields(item.code(), of.id()))
                input type="hidden" name="item" value=(item.code());
                input type="hidden" name="version" value=(of.details.version);
                (question(of, item))
                div.al-row {
                    button.al-btn.al-btn--go name="do" value="said" { "Record " (name.to_lowercase()) }
                    @if let Some(nothing) = nothing_words(item) {
                        button.al-btn.al-btn--quiet name="do" value="nothing" { (nothing) }
                    }
                    (kept_words(of.setting, of.kept.filter(|_| is_open)))
                }
            }
        }
    }
}

fn state(asked: &Asked) -> Markup {
    match asked {
        Asked::NotAsked => tag_with(Weight::Mute, Icon::Question, "Not asked"),
        Asked::Nothing { .. } => tag(Weight::Plain, "Asked, none"),
        Asked::Said { lines, .. } => html! { span.al-said { @for line in lines { span { (line) } } } },
    }
}

/// The words of the button that records that there was nothing to say; none where an answer is a choice anyway.
fn nothing_words(item: Item) -> Option<&'static str> {
    match item {
        Item::NextOfKin => Some("Asked, nobody named"),
        Item::Communication => Some("Asked, no needs"),
        Item::Interpreter => Some("Asked, not needed"),
        Item::Adjustments => Some("Asked, none needed"),
        Item::Alerts => Some("Asked, none"),
        Item::TemporaryAddress => Some("Asked, none"),
        Item::Ethnicity | Item::Overseas | Item::ClinicalSex => None,
    }
}

fn table(of: codes::Table) -> impl Iterator<Item = (String, String)> {
    of.iter().map(|(code, words)| ((*code).to_owned(), (*words).to_owned()))
}

/// The fields of one item. Names of fields are the same in the refusals.
fn question(of: &DetailsPage<'_>, item: Item) -> Markup {
    // Fields of forms that are not open have nothing typed into them: two forms of one page share names.
    let is_open = of.typed.text("item") == item.code();
    let (nothing, none): (Typed, [Refusal; 0]) = (Typed::default(), []);
    let own = DetailsPage {
        typed: if is_open { of.typed } else { &nothing },
        refused: if is_open { of.refused } else { &none },
        ..*of
    };
    let text = |name: &'static str, label: &'static str| text_field(&own.field(name, label));
    match item {
        Item::Ethnicity => {
            choice(&own.field("ethnicity", "Ethnic category"), "Choose, as the patient says it", table(codes::ETHNIC))
        }
        Item::NextOfKin => html! {
            div.al-grid.al-cols.al-cols--three {
                (text("kin_name", "Name"))
                (choice(&own.field("kin_relation", "Relation"), "Choose", table(codes::RELATION)))
                (text("kin_phone", "Phone"))
            }
        },
        Item::Communication => html! {
            fieldset.al-radios #needs {
                legend.al-lab { "What helps" }
                @for (code, words) in codes::COMMUNICATION {
                    @let name = format!("need_{code}");
                    label.al-radio {
                        input type="checkbox" name=(name) value="1" checked[own.typed.text(&name) == "1"]; " " (words)
                    }
                }
            }
            (text("needs_words", "In words"))
        },
        Item::Interpreter => html! {
            div.al-grid.al-cols {
                (choice(&own.field("language", "Language"), "Choose", table(codes::LANGUAGES)))
                (text("interpreter_kind", "Kind, such as face to face, by phone"))
            }
        },
        Item::Adjustments => {
            html! { div.al-grid.al-cols { (text("adjustment", "What helps")) (text("adjustment_source", "Who told us")) } }
        }
        Item::Overseas => html! {
            div.al-grid.al-cols {
                (choice(&own.field("overseas", "Charging category"), "Choose", table(codes::OVERSEAS)))
                (text("checked_by", "Who checked, with what document"))
            }
        },
        Item::Alerts => html! {
            div.al-grid.al-cols.al-cols--three {
                (text("alert", "What is to be known")) (text("alert_source", "Who told us"))
                (text("alert_until", "Until, if it ends, like 1 3 27"))
            }
        },
        Item::TemporaryAddress => html! {
            div.al-grid.al-cols { (text("temporary", "Address")) (text("temporary_postcode", "Postcode")) }
            div.al-grid.al-cols { (text("from", "From, like 17 11 26")) (text("until", "Until, if known")) }
        },
        Item::ClinicalSex => html! {
            (radios(&own.field("clinical_sex", "What laboratories and dose rules shall go by"), codes::CLINICAL_SEX))
            (text("sex_source", "Who decided it, on what"))
        },
    }
}

/// Hiding a record, for those who see hidden ones.
fn restriction(of: &DetailsPage<'_>) -> Markup {
    if !matches!(of.setting.role, Role::Clinician | Role::PatientIndex) {
        return html! {};
    }
    let title = if of.details.is_restricted { "This record is restricted" } else { "Restrict this record" };
    let body = html! {
        form.al-panel__b.al-stack method="post" action=(of.setting.links.details(of.id())) {
            (hidden(of.setting))
            (draft_fields("restrict", of.id()))
            input type="hidden" name="version" value=(of.details.version);
            input type="hidden" name="item" value="restrict";
            p.al-flush.al-muted { "Clerks do not find a restricted record, by no name or number and in no count." }
            @if of.details.is_restricted {
                div { button.al-btn name="do" value="show" { "End the restriction" } }
            } @else {
                div.al-grid.al-cols {
                    (choice(&of.field("reason", "Why"), "Choose the reason", table(codes::WITHHELD)))
                }
                div { button.al-btn.al-btn--quiet name="do" value="hide" { "Restrict the record" } }
            }
        }
    };
    panel(&head(title, None), &body)
}

/// The page on which details are corrected, or on which an unknown patient becomes known.
pub(crate) fn correct_page(of: &DetailsPage<'_>) -> Markup {
    if of.details.is_unknown {
        return identity_page(of);
    }
    let is_recorded = terms::NhsNumber::parse(of.typed.text("nhs_number")).ok() == of.details.person.nhs_number;
    let number = of.details.nhs_status.filter(|_| is_recorded).map(|status| status.words());
    let fields = FormFields { setting: of.setting, typed: of.typed, refused: of.refused, pds: of.pds, number };
    let status = of.details.nhs_status.map_or("No status recorded", |status| status.words());
    let content = html! {
        form method="post" action=(of.setting.links.correct(of.id())) data-draft novalidate {
            div.al-head {
                h1 { "Correct details" }
                span.al-push { (kept_words(of.setting, of.kept)) }
            }
            (summary_of(of.refused, "family"))
            (hidden(of.setting))
            (draft_fields("correct", of.id()))
            input type="hidden" name="version" value=(of.details.version);
            @if of.refused.iter().any(|refusal| refusal.code == CHANGED_MEANWHILE) { (recorded_now(of)) }
            section.al-panel {
                (person_fields(&fields))
                div.al-panel__b {
                    (radios(&of.field("why", "Name or address: if it is another now, why"), &[
                        ("was-wrong", "It was wrong: replace it"),
                        ("has-changed", "It has changed: keep the earlier one as old"),
                    ]))
                }
                div.al-panel__f.al-row.al-foot--form {
                    button.al-btn.al-btn--big.al-btn--go name="do" value="save" { "Save the correction" }
                    button.al-btn.al-btn--big.al-btn--quiet name="do" value="trace" { "Trace the number on PDS" }
                    a href=(of.setting.links.details(of.id())) { "Back to details" }
                    span { "NHS number: " (status) }
                    @if !of.refused.is_empty() { span.al-bad { (counted(of.refused.len(), "thing", "things")) " to correct" } }
                }
            }
            @if let Some(said) = of.pds { (traced(said)) }
        }
    };
    of.whole("Correct details", &content)
}

/// What others have recorded meanwhile, beside what is in the form: saving puts the form in its place.
fn recorded_now(of: &DetailsPage<'_>) -> Markup {
    let rows = differences(&of.details.person, of.typed);
    let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    html! {
        div.al-mb { (panel(&head("Recorded now", Some(html! { "saving puts what is in the form in its place" })), &html! {
            div.al-panel__b {
                @if rows.is_empty() { p { "What is in the form is what is recorded." } }
                @else {
                    dl.al-pairs {
                        @for (label, now, typed) in &rows {
                            dt { (label) }
                            dd { b { (shown(now)) } ", in the form " (shown(typed)) }
                        }
                    }
                }
            }
        })) }
    }
}

/// The page on which somebody says who an unknown patient is. The records that could be theirs stand first.
fn identity_page(of: &DetailsPage<'_>) -> Markup {
    let fields = FormFields { setting: of.setting, typed: of.typed, refused: of.refused, pds: of.pds, number: None };
    let alike = Matches { setting: of.setting, typed: of.typed, alike: of.alike, is_known_already: true };
    let content = html! {
        form method="post" action=(of.setting.links.correct(of.id())) data-draft novalidate {
            div.al-head {
                div { h1 { "Say who this is" } p { "The temporary name stays on the record as an old one." } }
                span.al-push { (kept_words(of.setting, of.kept)) }
            }
            (summary_of(of.refused, "family"))
            (hidden(of.setting))
            (draft_fields("identity", of.id()))
            button.al-vh name="do" value="look" tabindex="-1" aria-hidden="true" { "Look again" }
            input type="hidden" name="version" value=(of.details.version);
            div.al-stack {
                (matches(&alike))
                section.al-panel aria-label="The patient" {
                    (person_fields(&fields))
                    div.al-panel__f.al-row.al-foot--form {
                        button.al-btn.al-btn--big.al-btn--go name="do" value="save" { "Save who this is" }
                        button.al-btn.al-btn--big.al-btn--quiet name="do" value="look" { "Look again" }
                        a href=(of.setting.links.details(of.id())) { "Back to details" }
                    }
                }
            }
        }
    };
    of.whole("Say who this is", &content)
}

/// What a trace came to, where it did not simply verify the number.
fn traced(said: &PdsSaid) -> Markup {
    let words = match said.person() {
        Some(person) => format!(
            "PDS has {} {}, {}, for this number.",
            person.person.given,
            person.person.family.to_uppercase(),
            person.person.born.map_or_else(|| "birth date not known".to_owned(), terms::print::date_text)
        ),
        None => "PDS does not know one person for this number.".to_owned(),
    };
    html! {
        div.al-mt { (notice(Kind::Note, &html! { (words) @if let Some(label) = said.label { " " b { (label) } } }, None)) }
    }
}
