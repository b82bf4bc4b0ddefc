//! Where somebody works: chosen once, until they choose another.
//! It changes what is shown first, never what may be seen.

use administration::places::Place;
use maud::{Markup, html};

use crate::act::hidden;
use crate::components::frame::page;
use crate::components::notice::{FieldError, empty, error_summary};
use crate::components::panel::{head, panel};
use crate::setting::{Rail, Setting};

/// The page. `missed` when it was sent without a choice.
pub(crate) fn place_page(setting: &Setting, wards: &[Place], missed: bool) -> Markup {
    const WORDS: &str = "Choose the ward or department where you work now.";
    let here = setting.here.ward.as_ref().map(|ward| ward.id.as_str());
    let errors: Vec<FieldError<'_>> =
        missed.then_some(FieldError { field: "place-0", words: WORDS }).into_iter().collect();
    let form = html! {
        form.al-panel__b.al-stack method="post" action=(setting.links.place()) {
            (hidden(setting))
            fieldset.al-field {
                legend { "Ward or department" }
                @if missed { p.nhsuk-error-message { (WORDS) } }
                @for (at, ward) in wards.iter().enumerate() {
                    label.al-choice for={ "place-" (at) } {
                        input id={ "place-" (at) } type="radio" name="place" value=(ward.id)
                            checked[here == Some(ward.id.as_str())];
                        span { (ward.name) @if let Some(words) = &ward.description { span.al-sub { (words) } } }
                    }
                }
            }
            div { button.al-btn.al-btn--big.al-btn--go type="submit" { "Work here" } }
        }
    };
    let content = html! {
        div.al-wide {
            h1.al-mb { "Where do you work now?" }
            (error_summary(&errors))
            p.al-muted { "The home page, the bar and the numbers beside it are about this place. It does not change what you may see." }
            @if wards.is_empty() { (empty(&html! { "No ward is set up yet." })) }
            @else { (panel(&head("Wards and departments", None), &form)) }
        }
    };
    page(&setting.frame("Where do you work now?", &setting.trust, Rail::Home), &content)
}
