//! The page before a restricted record: who it is, why the record is restricted, and why it is needed now. One form;
//! nothing is chosen beforehand, and an emergency needs no words. No clinical content.

use administration::Refusal;
use administration::restricted_access::{HOLDS_HOURS, REASONS, REVIEWED_WITHIN_DAYS};
use maud::{Markup, html};

use crate::act::{Typed, hidden};
use crate::components::banner::Banner;
use crate::components::frame::page;
use crate::components::notice::{Kind, notice};
use crate::components::panel::{head, panel};
use crate::drafts::draft_fields;
use crate::link::encode;
use crate::pages::fields::Fields;
use crate::pages::who_looked::identity_line;
use crate::setting::{Rail, Setting};

/// The page.
pub(crate) struct BreakGlass<'a> {
    pub(crate) setting: &'a Setting,
    /// The Patient's id.
    pub(crate) patient: &'a str,
    /// Who it is.
    pub(crate) banner: &'a Banner,
    /// Why the record is restricted, as it is recorded.
    pub(crate) why: Option<&'a str>,
    /// What was typed, and where to go on.
    pub(crate) typed: &'a Typed,
    pub(crate) refusal: Option<&'a Refusal>,
    /// Whether a form was sent, which was not recorded.
    pub(crate) was_sent: bool,
}

/// The page.
pub(crate) fn break_glass_page(of: &BreakGlass<'_>) -> Markup {
    let lost = html! { b { "What you sent was not recorded." } " Say why you need this record, then send it again." };
    let content = html! {
        div.al-wide {
            h1.al-mb { "Open a restricted record" }
            (of.fields().summary())
            (identity_line(of.banner, "No clinical content on this page."))
            @if of.was_sent { (notice(Kind::Warning, &lost, None)) }
            (panel(&head("Why do you need it?", None), &form(of)))
        }
    };
    page(&of.setting.frame("Open a restricted record", &of.setting.trust, Rail::Patients), &content)
}

impl BreakGlass<'_> {
    fn fields(&self) -> Fields<'_> {
        Fields { setting: self.setting, typed: self.typed, refusal: self.refusal, act: None, about: None }
    }
}

fn form(of: &BreakGlass<'_>) -> Markup {
    let links = &of.setting.links;
    let fields = of.fields();
    let then = html! {
        b { "What happens then." }
        " The record is open for " (HOLDS_HOURS) " hours, for you only. The privacy officer sees your name, the time and "
        "this reason, and reviews it within " (REVIEWED_WITHIN_DAYS) " days."
    };
    html! {
        form.al-panel__b.al-stack #form method="post" action=(links.open_restricted(of.patient)) {
            (hidden(of.setting))
            (draft_fields("open-restricted", of.patient))
            input type="hidden" name="back" value=(of.typed.text("back"));
            p.al-flush {
                "This record is restricted: "
                @match of.why { Some(why) => { (why) "." } None => "no reason is recorded." }
                " You can open it if you need it for your work."
            }
            (reasons(of, &fields))
            div.al-field {
                label for="words" { "In your words" }
                span.al-hint #words-hint { "10 characters or more. An emergency needs none." }
                (fields.message("words"))
                textarea.al-ta #words name="words" rows="3" maxlength="500" aria-describedby="words-hint"
                    aria-invalid=[fields.wrong("words").map(|_| "true")] { (of.typed.text("words")) }
            }
            (notice(Kind::Note, &then, None))
            div.al-row {
                button.al-btn.al-btn--big.al-btn--go type="submit" { "Open the record for " (HOLDS_HOURS) " hours" }
                a.al-btn href=(links.home()) { "Do not open" }
            }
        }
    }
}

/// The reasons; the keyboard begins at the first of them.
fn reasons(of: &BreakGlass<'_>, fields: &Fields<'_>) -> Markup {
    let chosen = of.typed.text("reason");
    html! {
        fieldset.al-field #reason tabindex="-1" {
            legend { "Reason" }
            (fields.message("reason"))
            @for (at, (code, words)) in REASONS.iter().enumerate() {
                label.al-choice for={ "reason-" (encode(code)) } {
                    input id={ "reason-" (encode(code)) } type="radio" name="reason" value=(code)
                        checked[chosen == *code] autofocus[at == 0 && of.refusal.is_none()];
                    " " (words)
                }
            }
        }
    }
}
