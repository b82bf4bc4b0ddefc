//! *Whose is the bay?*: the nurse who looks after it on this shift. Nobody is chosen beforehand.
//! Knows names; who signs in under one is asked by the route.

use administration::places::Place;
use maud::{Markup, html};

use super::forms::Form;

/// The form.
pub(crate) fn nurse_page(form: &Form<'_>, room: &Place) -> Markup {
    let chosen = form.typed.text("nurse");
    let me = format!("Me, {}", form.setting.person.name);
    let choices = [
        ("me", me.as_str()),
        ("nobody", "Nobody for now"),
        ("else", "Somebody else, by the name with which they sign in"),
    ];
    let now =
        room.nurse.as_ref().map_or("Nobody looks after it now.".to_owned(), |nurse| format!("Now: {}.", nurse.name));
    let fields = html! {
        input type="hidden" name="room" value=(room.id);
        fieldset.al-field {
            legend { "Who looks after whoever is in it?" }
            span.al-hint { (now) }
            (form.fields().message("nurse"))
            @for (at, (code, words)) in choices.into_iter().enumerate() {
                label.al-choice {
                    input id=[(at == 0).then_some("nurse")] type="radio" name="nurse" value=(code) checked[chosen == code];
                    " " (words)
                }
            }
            div.al-then { (form.fields().line("user", "The name with which they sign in", "such as k.boateng", 20)) }
        }
    };
    let ward = &form.view.board().ward;
    form.page(&format!("{}, {}", room.name_in_ward(), ward.name), &html! {}, &fields, "Save")
}
