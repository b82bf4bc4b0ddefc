//! The forms of an attendance: each is one act, opened from the row's menu, and becomes one command. What was refused comes
//! back with everything that was typed and the field marked.
//!
//! Nothing is answered beforehand but *now* of a form that was just opened; after ten minutes the form asks for the time.

use administration::Refusal;
use administration::emergency::{Category, Destination, FollowUp, Mode, Outcome};
use administration::places::{Place, PlaceKind};
use maud::{Markup, html};

use super::row::{name, under};
use crate::act::Typed;
use crate::components::acuity::acuity;
use crate::components::frame::page;
use crate::gather::emergency::{Board, Row};
use crate::pages::fields::Fields;
use crate::setting::{Rail, Setting};

/// What is done with a patient in the department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    HandOver,
    Triage,
    Assess,
    Move,
    TakeOver,
    Senior,
    Wait,
    Admit,
    Depart,
    Left,
    Mistake,
}

impl Act {
    /// Every act in the order of the menu.
    pub(crate) const ALL: [Act; 11] = [
        Act::HandOver,
        Act::Triage,
        Act::Assess,
        Act::Move,
        Act::TakeOver,
        Act::Senior,
        Act::Wait,
        Act::Admit,
        Act::Depart,
        Act::Left,
        Act::Mistake,
    ];

    /// Its name in an address.
    pub(crate) fn code(self) -> &'static str {
        self.words().0
    }

    /// The act of a name.
    pub(crate) fn of_code(code: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.code() == code)
    }

    /// In the menu.
    pub(super) fn item(self) -> &'static str {
        self.words().1
    }

    /// The address, the words of the menu, the heading, the button, and the word of what was done.
    fn words(self) -> (&'static str, &'static str, &'static str, &'static str, &'static str) {
        match self {
            Act::HandOver => ("handover", "Handed over…", "Handed over by the crew", "Record handover", "handed-over"),
            Act::Triage => ("triage", "Triage…", "Triage", "Record category", "triaged"),
            Act::Assess => ("assess", "First assessment…", "First assessment", "Record assessment", "assessed"),
            Act::Move => ("move", "Move…", "Move in the department", "Move", "moved"),
            Act::TakeOver => {
                ("take-over", "Clinician takes over…", "A clinician takes over", "Take over", "taken-over")
            }
            Act::Senior => ("senior", "Named senior…", "Named senior", "Record senior", "taken-over"),
            Act::Wait => ("wait", "Waits for…", "What goes on, what is waited for", "Save", "waits"),
            Act::Admit => {
                ("admit", "Decide to admit…", "Decision to admit", "Record decision, ask for a bed", "to-be-admitted")
            }
            Act::Depart => ("depart", "Left the department…", "Left the department", "Record departure", "departed"),
            Act::Left => {
                ("left", "Left before being seen…", "Left before being seen", "Record that they left", "departed")
            }
            Act::Mistake => {
                ("mistake", "Booked in by mistake…", "Booked in by mistake", "Take off the board", "removed")
            }
        }
    }

    /// The word of the notice when it is done.
    pub(crate) fn done(self) -> &'static str {
        self.words().4
    }

    /// Whether it is a clinician's: clerks book in, move and record who left.
    pub(crate) fn is_clinical(self) -> bool {
        matches!(self, Act::Triage | Act::Assess | Act::Senior | Act::Admit)
    }

    /// Whether the menu of a row offers it; the commands decide again.
    pub(super) fn is_for(self, row: &Row) -> bool {
        let of = &row.attendance;
        match self {
            Act::HandOver => of.mode == Some(Mode::Ambulance) && of.handed_over.is_none(),
            Act::Assess => of.assessed.is_none(),
            Act::Senior => row.urgency.child_at_risk || of.senior.is_some(),
            Act::Admit => of.decision.is_none(),
            Act::Left => of.clinician.is_none() && of.decision.is_none(),
            Act::Mistake => of.decision.is_none(),
            Act::Triage | Act::Move | Act::TakeOver | Act::Wait | Act::Depart => true,
        }
    }
}

/// Teams that admit from the department, NHS Data Dictionary TREATMENT FUNCTION CODE (April 2021), most frequent first.
pub(crate) const TEAMS: [(&str, &str); 22] = [
    ("326", "Acute internal medicine"),
    ("300", "General internal medicine"),
    ("430", "Elderly medicine"),
    ("340", "Respiratory medicine"),
    ("320", "Cardiology"),
    ("301", "Gastroenterology"),
    ("328", "Stroke medicine"),
    ("302", "Endocrinology"),
    ("361", "Renal medicine"),
    ("400", "Neurology"),
    ("303", "Clinical haematology"),
    ("350", "Infectious diseases"),
    ("100", "General surgery"),
    ("110", "Trauma and orthopaedics"),
    ("101", "Urology"),
    ("107", "Vascular surgery"),
    ("120", "Ear, nose and throat"),
    ("150", "Neurosurgery"),
    ("192", "Intensive care medicine"),
    ("420", "Paediatrics"),
    ("502", "Gynaecology"),
    ("710", "Adult mental health"),
];

pub(crate) use crate::gather::staff::Staff;

/// A form as it is asked and answered.
pub(crate) struct Form<'a> {
    pub(crate) setting: &'a Setting,
    pub(crate) board: &'a Board,
    pub(crate) typed: &'a Typed,
    /// Why it was refused.
    pub(crate) refusal: Option<&'a Refusal>,
}

impl Form<'_> {
    /// The fields.
    fn fields(&self) -> Fields<'_> {
        Fields { setting: self.setting, typed: self.typed, refusal: self.refusal, act: None, about: None }
    }

    /// What is wrong with a field, above it.
    pub(super) fn message(&self, field: &str) -> Markup {
        self.fields().message(field)
    }

    /// The page of a form.
    pub(super) fn page(&self, title: &str, about: &Markup, fields: &Markup, buttons: &Markup) -> Markup {
        let place = &self.board.department.ward.place;
        let content = html! {
            div.al-wide {
                (self.fields().summary())
                h1.al-mb { (title) }
                (about)
                form.al-panel.al-form #form method="post" data-draft[self.fields().draft().is_some()] {
                    (self.fields().hidden())
                    input type="hidden" name="department" value=(place.id);
                    div.al-panel__b.al-stack {
                        (fields)
                        div.al-row {
                            (buttons)
                            a href=(self.setting.links.emergency_as(&place.id, "", "")) { "Back to the board" }
                            (self.fields().kept())
                        }
                    }
                }
            }
        };
        page(&self.setting.frame(title, &place.name, Rail::Emergency), &content)
    }

    /// When it happened. *Now* is there as long as the form is fresh.
    pub(super) fn when(&self) -> Markup {
        self.fields().when("When did it happen?", true)
    }

    /// A line to type into.
    pub(super) fn line(&self, name: &str, label: &str, hint: &str, size: u8) -> Markup {
        self.fields().line(name, label, hint, size)
    }

    /// A choice of one; nothing is chosen beforehand.
    pub(super) fn choice(&self, name: &str, legend: &str, options: &[(String, Markup)]) -> Markup {
        let options: Vec<(&str, Markup)> = options.iter().map(|(code, words)| (code.as_str(), words.clone())).collect();
        self.fields().answers(name, legend, self.typed.text(name), &options)
    }

    /// A choice of the department's places.
    pub(super) fn places(&self, name: &str, label: &str, empty: &str) -> Markup {
        let ward = &self.board.department.ward;
        let mut options: Vec<(String, String)> = Vec::new();
        let places = ward.others.iter().chain(&ward.rooms).chain(std::iter::once(&ward.place));
        for place in places {
            options.push((place.id.clone(), self.place_words(place)));
        }
        self.fields().choice(name, (label, empty), "", &options)
    }

    /// `M2, free`; `M4, HUSSAIN, Nasreen is there`; `Corridor, 2 there`.
    fn place_words(&self, place: &Place) -> String {
        let there: Vec<&Row> = self
            .board
            .rows()
            .filter(|row| row.place.as_ref().is_some_and(|at| at.id == place.id) && !row.attendance.stay.no_bed_yet)
            .collect();
        let label = if place.kind == PlaceKind::Cubicle { place.label.clone() } else { place.name.clone() };
        match (place.kind.holds_one(), there.as_slice()) {
            (true, []) => format!("{label}, free"),
            (true, [row, ..]) => format!("{label}, {} is there", name(row.seen.as_deref())),
            (false, []) => label,
            (false, rows) => format!("{label}, {} there", rows.len()),
        }
    }
}

/// One green button.
pub(super) fn button(words: &str) -> Markup {
    html! { button.al-btn.al-btn--big.al-btn--go type="submit" { (words) } }
}

/// Codes and words of a closed list as options.
fn options<T>(list: &[(T, &str, &str)]) -> Vec<(String, Markup)> {
    list.iter().map(|(_, code, words)| ((*code).to_owned(), html! { (words) })).collect()
}

/// The form of an act.
pub(crate) fn act_page(form: &Form<'_>, act: Act, row: &Row, staff: &[Staff]) -> Markup {
    let (_, _, title, words, _) = act.words();
    let about = identity_line(form.setting, row);
    let fields = html! { (fields(form, act, row, staff)) };
    form.page(&format!("{title}: {}", name(row.seen.as_deref())), &about, &fields, &button(words))
}

/// Who a form is about: a line, never the banner of an open patient.
fn identity_line(setting: &Setting, row: &Row) -> Markup {
    let place = row.place.as_ref().map_or("no place was said", |place| place.name.as_str());
    html! {
        div.al-panel.al-idline { div.al-panel__b.al-row {
            b { (name(row.seen.as_deref())) } span.al-muted { (under(row.seen.as_deref(), setting.now)) }
            span { (place) @if let Some(complaint) = &row.attendance.complaint { ", " (complaint) } }
        } }
    }
}

fn fields(form: &Form<'_>, act: Act, row: &Row, staff: &[Staff]) -> Markup {
    let of = &row.attendance;
    match act {
        Act::HandOver | Act::Assess => form.when(),
        Act::Triage => html! {
            (form.choice("category", "Category", &categories()))
            (form.line("complaint", "Complaint", &kept("in a few words", of.complaint.as_deref()), 50))
            (form.when())
        },
        Act::Move => html! { (form.places("to", "Where to?", "Choose a place")) (form.when()) },
        Act::TakeOver | Act::Senior => {
            let names: Vec<&str> = staff.iter().map(|(_, name)| name.as_str()).collect();
            html! {
                (form.fields().offering("name", ("Who?", "as the board shows it, such as Dr Rao"), ("", Some(40)), &names))
                (form.when())
            }
        }
        Act::Wait => html! {
            (form.line("now", "What goes on", &kept("such as Bloods taken 14:20", of.now.as_deref()), 60))
            (form.line("waits_for", "What is waited for", &kept("such as Doctor, X-ray, Porter", of.waits_for.as_deref()), 60))
            (form.when())
        },
        Act::Admit => admit_fields(form, staff),
        Act::Depart => html! {
            (form.choice("outcome", "How did it end?", &options(&Outcome::ALL)))
            (form.choice("destination", "Where does the patient go?", &options(&Destination::ALL)))
            (form.choice("follow_up", "Who looks after them next?", &options(&FollowUp::ALL)))
            (form.line("diagnosis", "Diagnosis", "in words; what it was thought to be", 60))
            (form.when())
        },
        Act::Left => html! {
            p.al-flush { "For somebody whom no clinician has seen. Call their name and look in the department first." }
            (form.when())
        },
        Act::Mistake => html! { (form.line("reason", "Why was it a mistake?", "such as booked in twice", 60)) },
    }
}

fn kept(hint: &str, value: Option<&str>) -> String {
    value.map_or_else(|| hint.to_owned(), |value| format!("{hint}; now: {value}"))
}

fn categories() -> Vec<(String, Markup)> {
    let of = |category: Category| {
        let words =
            html! { span.al-cat { (acuity(Some(category.number()))) } " " (category.number()) ", " (category.word()) };
        (category.number().to_string(), words)
    };
    Category::ALL.into_iter().map(of).collect()
}

fn admit_fields(form: &Form<'_>, staff: &[Staff]) -> Markup {
    let functions: Vec<(String, String)> =
        TEAMS.iter().map(|(code, words)| ((*code).to_owned(), (*words).to_owned())).collect();
    html! {
        p.al-flush {
            "From now on the patient belongs to this team and is on its list. The stay begins with this decision; the "
            "attendance ends when they leave the department."
        }
        (form.fields().choice("treatment_function", ("Team", "Choose a team"), "", &functions))
        (form.fields().choice("consultant", ("Consultant, if one has accepted", "Not said"), "", staff))
        (form.line("note", "What the wards should know", "such as side room, oxygen", 60))
        (form.when())
    }
}
