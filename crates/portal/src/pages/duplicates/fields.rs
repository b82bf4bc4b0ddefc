//! Two records field by field: what each has, what that says in words, how much it counts, and which of the two is kept.
//!
//! The weights are those of `administration::matching`, the rule by which the pair was found; they add up to the sum below.

use administration::matching::{Evidence, Field, Row, Says, Verdict};
use administration::merging::{ReviewState, Side};
use clinical::identity::Identity;
use maud::{Markup, html};

use super::Asked;
use super::queue::nhs_words;
use crate::components::or_not_known;
use crate::components::panel::{head, panel, wide};
use crate::components::tag::{Weight, tag};
use crate::gather::duplicates::Compared;
use crate::words::{date, number};

/// One line of the comparison.
struct Line {
    words: &'static str,
    left: Option<String>,
    right: Option<String>,
    /// What the rule compares of it.
    evidence: &'static [Field],
    /// The field of a merge, where there is something to choose.
    field: Option<&'static str>,
}

/// What a line says: in a word, how the two agree or differ, and what that is worth.
struct Said {
    says: Option<Says>,
    how: String,
    bits: f64,
}

/// The panel.
pub(super) fn fields(asked: &Asked<'_>) -> Markup {
    let of = asked.of;
    let open = matches!(of.review.state, ReviewState::Open | ReviewState::Asked | ReviewState::Unmerged);
    let table = html! {
        table.al-t.al-board {
            thead { tr {
                th scope="col" { "Field" }
                th scope="col" { (side("Left", &of.left)) }
                th scope="col" { (side("Right", &of.right)) }
                th scope="col" { "What it says" } th.al-num scope="col" { "Weight" } th scope="col" { "Keep" }
            } }
            tbody {
                @for line in lines(of) {
                    @let said = said(of, &line);
                    tr.is-warn[said.says == Some(Says::Against)] {
                        th scope="row" { b { (line.words) } }
                        td { (or_not_known(line.left.as_deref())) }
                        td { (or_not_known(line.right.as_deref())) }
                        td { (says(&said)) }
                        td.al-num { (bits(said.bits)) }
                        td { (keep(asked, &line, open)) }
                    }
                }
                @for row in of.comparison.rows.iter().filter(|row| !matches!(row.about, Evidence::Field(_))) {
                    tr {
                        th scope="row" colspan="3" { b { (about(row)) } span.al-sub { (because(row)) } }
                        td { (says(&Said { says: Some(row.says), how: String::new(), bits: row.bits })) }
                        td.al-num { (bits(row.bits)) }
                        td { }
                    }
                }
            }
        }
    };
    let scope = match of.learnt_of {
        Some(people) => format!("weights are from this trust's own {} records, in words first", number(people as u64)),
        None => "weights are the usual ones until this trust's own records were compared, in words first".to_owned(),
    };
    panel(
        &head("Field by field", Some(html! { (scope) })),
        &html! {
            (wide("Field by field", &table))
            div.al-panel__f { b { "Sum " (bits(of.comparison.weight_bits)) ": " (verdict(of.comparison.verdict)) } }
            div.al-panel__f {
                @for hold in &of.comparison.holds { span { b { "Held back. " } (hold.sentence()) " " } }
                "Reviewed from 0, never merged by itself at any sum. Twins, and father and son at one address, are held back whatever the sum."
            }
        },
    )
}

/// A side with the number that people know the record by.
pub(super) fn side(words: &str, of: &Identity) -> String {
    match of.hospital_numbers.first() {
        Some(number) => format!("{words}: {}", number.value.replace(' ', "\u{a0}")),
        None => words.to_owned(),
    }
}

fn verdict(of: Verdict) -> &'static str {
    match of {
        Verdict::Merge => "nearly certain to be one person",
        Verdict::Review => "likely the same person",
        Verdict::Different => "more likely two people",
    }
}

fn about(row: &Row) -> &'static str {
    match row.about {
        Evidence::Before => "Before anything is compared",
        _ => "What people of one home share",
    }
}

fn because(row: &Row) -> &'static str {
    match row.about {
        Evidence::Before => "how rare it is that two records here are one person's",
        _ => "what relatives, twins or namesakes explain as well is taken off again",
    }
}

fn lines(of: &Compared) -> Vec<Line> {
    let line = |words, read: &dyn Fn(&Identity) -> Option<String>, evidence, field: Option<&'static str>| {
        let field = field.filter(|field| of.differing.contains(field));
        Line { words, left: read(&of.left), right: read(&of.right), evidence, field }
    };
    let joined = |parts: Vec<String>, by: &str| (!parts.is_empty()).then(|| parts.join(by));
    // Names are kept as a whole: the choice stands where they differ first.
    let is_one_family = of.left.family == of.right.family;
    let (of_family, of_given) = if is_one_family { (None, Some("name")) } else { (Some("name"), None) };
    let family = |who: &Identity| who.family.as_deref().map(str::to_uppercase);
    let given = |who: &Identity| {
        let called = who.preferred.iter().map(|name| format!("(called {name})"));
        joined(who.given.iter().cloned().chain(called).collect(), " ")
    };
    let telephone = |who: &Identity| joined(who.contacts.iter().map(|(_, value)| value.clone()).collect(), ", ");
    vec![
        line("Family name", &family, &[Field::Surname], of_family),
        line("Given names", &given, &[Field::Given], of_given),
        line("Date of birth", &|who| who.born.as_ref().map(|born| date(born).text), &[Field::Born], Some("birthDate")),
        line("Gender", &|who| who.gender.clone(), &[Field::Sex], Some("gender")),
        line("NHS No.", &|who| who.nhs_number.as_ref().map(|_| nhs_words(who)), &[Field::NhsNumber], None),
        line("Address", &|who| joined(who.address.clone(), ", "), &[Field::Address, Field::Postcode], Some("address")),
        line("Telephone and email", &telephone, &[Field::Phone], Some("telecom")),
        line("GP practice", &|who| who.gp.clone(), &[], Some("generalPractitioner")),
        line(
            "Next of kin",
            &|who| joined(who.kin.iter().map(|kin| kin.name.clone()).collect(), ", "),
            &[],
            Some("contact"),
        ),
        line(
            HOSPITAL_NUMBER,
            &|who| joined(who.hospital_numbers.iter().map(|number| number.value.clone()).collect(), ", "),
            &[],
            None,
        ),
    ]
}

/// No evidence: each hospital gives its own.
const HOSPITAL_NUMBER: &str = "Hospital No.";

fn said(of: &Compared, line: &Line) -> Said {
    let rows: Vec<(&Field, &Row)> =
        line.evidence.iter().filter_map(|field| Some((field, of.comparison.field(*field)?))).collect();
    let bits: f64 = rows.iter().map(|(_, row)| row.bits).sum();
    if rows.is_empty() {
        let how = match (&line.left, &line.right) {
            _ if line.words == HOSPITAL_NUMBER => "Not evidence. Both stay searchable",
            (Some(left), Some(right)) if left == right => "Agree, and are no evidence",
            (Some(_), Some(_)) => "Differ, and are no evidence",
            _ => "Cannot be compared",
        };
        return Said { says: None, how: how.to_owned(), bits };
    }
    let each = rows.iter().map(|(field, row)| match rows.len() {
        1 => in_words(row.found),
        _ => format!("{} {}", field.words(), row.found),
    });
    Said { says: Some(Says::of(bits)), how: each.collect::<Vec<_>>().join(", "), bits }
}

fn in_words(found: &str) -> String {
    match found {
        "the same" => "Agree".to_owned(),
        "different" => "Differ".to_owned(),
        "in one of them only" => "Only one has it".to_owned(),
        "in neither" => "Neither has it".to_owned(),
        close => format!("Close: {close}"),
    }
}

fn says(said: &Said) -> Markup {
    let (weight, words) = match said.says {
        Some(says @ (Says::StrongFor | Says::For)) => (Weight::Good, says.words()),
        Some(says @ (Says::SlightlyFor | Says::SlightlyAgainst)) => (Weight::Plain, says.words()),
        Some(Says::Against) => (Weight::Warning, Says::Against.words()),
        Some(Says::NoWeight) | None => (Weight::Mute, Says::NoWeight.words()),
    };
    html! { (tag(weight, words)) @if !said.how.is_empty() { span.al-sub { (said.how) } } }
}

/// Bits with a sign, to a tenth; a true minus, and no sign at nothing.
fn bits(of: f64) -> String {
    let tenths = (of * 10.0).round() / 10.0;
    if tenths == 0.0 { "0".to_owned() } else { format!("{tenths:+.1}").replace('-', "\u{2212}") }
}

/// The choice of a field that differs; nothing is chosen beforehand.
fn keep(asked: &Asked<'_>, line: &Line, open: bool) -> Markup {
    let Some(field) = line.field else {
        let words = match (&line.left, &line.right) {
            _ if line.words == HOSPITAL_NUMBER => "both kept",
            (Some(left), Some(right)) if left == right => "same",
            (Some(_), Some(_)) => "both kept",
            (None, None) => "",
            _ => "the one known",
        };
        return html! { span.al-muted.al-small { (words) } };
    };
    let before = asked.of.review.keep.iter().find(|(of, _)| of == field).map(|(_, side)| *side);
    let chosen = |code: &str| match asked.typed.text(field) {
        "" => before.is_some_and(|side| Side::of_code(code) == Some(side)),
        typed => typed == code,
    };
    html! {
        span.al-pick role="radiogroup" aria-label={ "Keep " (line.words) } id=(field) {
            @for (code, words) in [("left", "Left"), ("right", "Right")] {
                input type="radio" form="ask" name=(field) id={ (field) "-" (code) } value=(code) checked[chosen(code)]
                    disabled[!open];
                label for={ (field) "-" (code) } { (words) }
            }
        }
    }
}
