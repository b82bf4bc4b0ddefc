//! *Reserve the bed*: for whom a bed of the ward is kept. Nobody is chosen beforehand.
//! Who can be chosen was gathered; whether a bed can be kept is decided by the command.

use administration::places::Place;
use administration::stays::{Stay, StayState};
use maud::{Markup, html};
use terms::Moment;

use super::forms::{Form, mixed};
use super::row::{name, under};
use super::since_words;
use crate::gather::ward::AtBed;

/// The form.
pub(crate) fn reserve_page(form: &Form<'_>, bed: &Place, waiting: &[(Stay, Option<AtBed>)]) -> Markup {
    let now = form.setting.now;
    let chosen = form.typed.text("stay");
    let of = waiting.iter().find(|(stay, _)| stay.id == chosen).and_then(|(_, at)| at.as_ref());
    let fields = html! {
        input type="hidden" name="bed" value=(bed.id);
        fieldset.al-field {
            legend { "For whom is the bed kept?" }
            (form.fields().message("stay"))
            @if waiting.is_empty() {
                p.al-flush { "No one is expected on this ward, and no one in the trust waits for a bed." }
            }
            @for (at, (stay, patient)) in waiting.iter().enumerate() {
                label.al-choice {
                    input id=[(at == 0).then_some("stay")] type="radio" name="stay" value=(stay.id) checked[stay.id == chosen];
                    " " b { (name(patient.as_ref())) } " " span.al-muted { (under(patient.as_ref(), now)) }
                    span.al-sub.al-then { (why(stay, now)) }
                }
            }
        }
        (mixed(form, of, bed))
    };
    form.page(&format!("Reserve bed {}, {}", bed.label, form.view.board().ward.name), &html! {}, &fields, "Reserve")
}

/// Why somebody waits: without a bed here, from the emergency department, to come in; and what is kept for them.
fn why(stay: &Stay, now: Moment) -> String {
    let at = stay.request.decided.as_ref().or(stay.started.as_ref()).map(|at| since_words(at.lower(), now).text);
    let since = at.map(|at| format!(" since {at}")).unwrap_or_default();
    let what = match stay.state {
        StayState::Expected if stay.is_emergency() => format!("Bed requested{}", since.replace(" since", "")),
        StayState::Expected => match stay.request.tci() {
            Some(tci) => format!("To come in {}", since_words(tci.lower(), now).text),
            None => "Expected, no day yet".to_owned(),
        },
        _ => format!("No bed yet{since}"),
    };
    if stay.reserved().is_some() { format!("{what}. Another bed is kept; it is let go.") } else { what }
}
