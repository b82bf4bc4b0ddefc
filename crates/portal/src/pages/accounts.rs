//! The accounts of a trust for its administrators: who has one, which member of staff they are, and the form that closes one in
//! two steps: who takes over what it owns, then how much of what that is. Works without script.
//!
//! Shows nothing about patients: of what is owed only how many of which kind. Knows no store of accounts.

use administration::obligations::Kind;
use maud::{Markup, html};

use crate::act::hidden;
use crate::components::frame::page;
use crate::components::notice::{FieldError, Kind as Notice, empty, error_summary, notice};
use crate::components::panel::{head, panel, wide};
use crate::components::tag::{Weight, tag};
use crate::setting::{Rail, Setting};
use crate::words::counted;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// The name to sign in with.
    pub name: String,
    /// The person's name.
    pub display: String,
    /// The role, in words.
    pub role: String,
    /// Whether somebody can sign in with it.
    pub is_open: bool,
    /// Whether it is locked for a while.
    pub is_locked: bool,
    /// The member of staff that the person is: code, name, and whether they work here still.
    pub staff: Option<(String, String, bool)>,
}

/// The list.
#[derive(Debug, Clone)]
pub struct AccountsView<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// Every account, in the order of names.
    pub accounts: &'a [AccountRow],
    /// What was done, in words.
    pub done: Option<&'a str>,
}

/// The form that says which member of staff the person of an account is.
#[derive(Debug, Clone, Copy)]
pub struct LinkForm<'a> {
    /// Members of staff without an account, and the one that it has: code and name.
    pub choices: &'a [(String, String)],
    /// What was chosen.
    pub chosen: &'a str,
    /// Why it was refused.
    pub refused: Option<&'a str>,
    /// Whether it was just done.
    pub is_done: bool,
}

/// The form that closes one.
#[derive(Debug, Clone)]
pub struct ClosingView<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// The account.
    pub account: &'a AccountRow,
    /// Whether it is the account of whoever looks.
    pub is_own: bool,
    /// Which member of staff its person is.
    pub link: LinkForm<'a>,
    /// How many things of which kind it owns; the code of a kind of obligation.
    pub owns: &'a [(String, usize)],
    /// Who can take over: plain name and words.
    pub managers: &'a [(String, String)],
    /// Who was chosen.
    pub to: &'a str,
    /// Whether that was chosen, so that it is asked for the last time.
    pub is_asked_again: bool,
    /// Why it was refused.
    pub refused: Option<&'a str>,
}

/// The page of the list.
pub fn accounts_page(of: &AccountsView<'_>) -> Markup {
    let links = &of.setting.links;
    let rows = html! {
        table.al-t.al-cards {
            thead { tr { th scope="col" { "Name" } th scope="col" { "Person" } th scope="col" { "Role" }
                th scope="col" { "Member of staff" } th scope="col" { "State" } } }
            tbody { @for one in of.accounts { tr {
                td { a.al-rowlink href=(links.account_of(&one.name)) { (one.name) } }
                td data-label="Person" { (one.display) }
                td data-label="Role" { (one.role) }
                td data-label="Member of staff" { (staff(one)) }
                td data-label="State" { (state(one)) }
            } } }
        }
    };
    let content = html! {
        div.al-head { div {
            p { a href=(links.account()) { "More" } }
            h1 { "Accounts" }
            p { "Who can sign in here. Accounts are added, and get a new password, with the program " code { "almoner user" } "." }
        } }
        @if let Some(done) = of.done { (notice(Notice::Note, &html! { (done) }, None)) }
        (panel(&head("Accounts", Some(html! { (counted(of.accounts.len(), "account", "accounts")) })), &html! {
            @if of.accounts.is_empty() { (empty(&html! { "There is no account yet." })) } @else { (wide("Accounts", &rows)) }
        }))
    };
    page(&of.setting.frame("Accounts", "Set-up", Rail::More), &content)
}

/// The member of staff that somebody is.
fn staff(of: &AccountRow) -> Markup {
    match &of.staff {
        Some((code, name, true)) => html! { (name) " (" (code) ")" },
        Some((code, name, false)) => html! { (name) " (" (code) ") " (tag(Weight::Warning, "Works here no longer")) },
        None => html! { span.al-muted { "None" } },
    }
}

fn state(of: &AccountRow) -> Markup {
    match (of.is_open, of.is_locked) {
        (false, _) => tag(Weight::Mute, "Closed"),
        (true, true) => tag(Weight::Warning, "Locked"),
        (true, false) => html! { "Open" },
    }
}

/// The page that closes one.
pub fn closing_page(of: &ClosingView<'_>) -> Markup {
    let links = &of.setting.links;
    let refused = of.refused.map(|words| FieldError { field: "to", words });
    let errors: Vec<FieldError<'_>> =
        refused.into_iter().chain(of.link.refused.map(|words| FieldError { field: "staff", words })).collect();
    let title = format!("Account {}", of.account.name);
    let content = html! {
        div.al-head { div {
            p { a href=(links.account()) { "More" } " / " a href=(links.accounts()) { "Accounts" } }
            h1 { (title) }
            p { (of.account.display) ", " (of.account.role) ". " (state(of.account)) }
        } }
        (error_summary(&errors))
        @if of.link.is_done { (notice(Notice::Note, &linked(of.account), None)) }
        div.al-stack {
            @if of.account.is_open { (panel(&head("Member of staff", None), &link_form(of))) }
            (panel(&head("What it owns", Some(html! { (total(of)) " in all" })), &owns(of)))
            @if of.is_own {
                (panel(&head("Close it", None), &html! {
                    p.al-panel__b { "Nobody closes their own account. Another administrator does." }
                }))
            } @else if of.account.is_open || total(of) > 0 { (panel(&head(verb(of), None), &form(of))) }
        }
    };
    page(&of.setting.frame(&title, "Set-up", Rail::More), &content)
}

/// What was just said of the person, and what came of it.
fn linked(of: &AccountRow) -> Markup {
    html! {
        @match &of.staff {
            Some((_, name, _)) => { "The account is now that of " b { (name) } ". " }
            None => "The account is now that of no member of staff. ",
        }
        "Its sessions have ended: its person signs in again."
    }
}

fn link_form(of: &ClosingView<'_>) -> Markup {
    let (link, account) = (&of.link, of.account);
    html! {
        div.al-panel__b.al-stack {
            p.al-flush {
                b { (staff(account)) } ". "
                "What is a member of staff's is their account's too: the patients whose consultant they are, and their tasks. "
                "Closing the account ends this; what is theirs as a member of staff stays theirs."
            }
            @if of.is_own { p.al-flush { "Nobody says this of their own account. Another administrator does." } }
            @else {
                form.al-stack method="post" action=(of.setting.links.account_staff(&account.name)) {
                    (hidden(of.setting))
                    div.al-field {
                        label for="staff" { "Which member of staff is this?" }
                        @if let Some(words) = link.refused {
                            span.nhsuk-error-message #staff-error { span.nhsuk-u-visually-hidden { "Error: " } (words) }
                        }
                        select.al-in #staff name="staff" aria-describedby=[link.refused.map(|_| "staff-error")] {
                            option value="" selected[link.chosen.is_empty()] { "None" }
                            @for (code, name) in link.choices {
                                option value=(code) selected[code == link.chosen] { (name) " (" (code) ")" }
                            }
                        }
                    }
                    div.al-row { button.al-btn type="submit" { "Save the member of staff" } }
                }
            }
        }
    }
}

fn total(of: &ClosingView<'_>) -> usize {
    of.owns.iter().map(|(_, count)| count).sum()
}

const fn verb(of: &ClosingView<'_>) -> &'static str {
    if of.account.is_open { "Close the account" } else { "Give away what it still owns" }
}

fn owns(of: &ClosingView<'_>) -> Markup {
    html! {
        @if of.owns.is_empty() { (empty(&html! { "Nothing that is open: no task, and nothing that is owed." })) }
        @else { ul.al-panel__b.al-plainlist { @for (code, count) in of.owns { li { (count) " " (noun(code, *count)) } } } }
    }
}

/// What is owed, by the code of its kind.
fn noun(code: &str, count: usize) -> &'static str {
    let all = administration::obligations::KINDS.iter().chain(clinical::owed::KINDS);
    let known: Option<&&Kind> = all.into_iter().find(|kind| kind.code == code);
    known.map_or("other", |kind| kind.noun(count as u64))
}

fn form(of: &ClosingView<'_>) -> Markup {
    let chosen = of.managers.iter().find(|(name, _)| *name == of.to).map(|(_, words)| words.as_str());
    html! {
        form.al-panel__b.al-stack method="post" {
            (hidden(of.setting))
            input type="hidden" name="seen" value=(total(of));
            @match (of.is_asked_again, chosen) {
                (true, chosen) => {
                    input type="hidden" name="to" value=(of.to);
                    input type="hidden" name="step" value="close";
                    p.al-flush {
                        @if of.account.is_open {
                            "The account of " b { (of.account.display) } " (" (of.account.name) ") is closed: its sessions end, and \
                            nobody signs in with it any more. "
                        }
                        @match (total(of), chosen) {
                            (0, _) => "It owns nothing that would go to somebody.",
                            (count, chosen) => {
                                b { (count) } " of its " (if count == 1 { "thing" } else { "things" }) " " (if count == 1 { "goes" } else { "go" })
                                " to " b { (chosen.unwrap_or("nobody")) } " in the same step, marked as taken over from a closed account."
                            }
                        }
                    }
                    div.al-row {
                        button.al-btn.al-btn--go type="submit" { (verb(of)) }
                        a.al-btn.al-btn--quiet href=(of.setting.links.account_of(&of.account.name)) { "Not yet" }
                    }
                }
                (false, _) => {
                    input type="hidden" name="step" value="ask";
                    @if total(of) > 0 { (managers(of)) }
                    @else { p.al-flush { "It owns nothing that somebody would have to take over." } }
                    div.al-row { button.al-btn.al-btn--go type="submit" { "Go on" } }
                }
            }
        }
    }
}

/// Who takes over; nobody is chosen beforehand.
fn managers(of: &ClosingView<'_>) -> Markup {
    html! {
        div.al-field {
            label for="to" { "Who takes over what it owns?" }
            @if let Some(words) = of.refused {
                span.nhsuk-error-message #to-error { span.nhsuk-u-visually-hidden { "Error: " } (words) }
            }
            select.al-in #to name="to" aria-describedby=[of.refused.map(|_| "to-error")] {
                option value="" selected[of.to.is_empty()] { "Choose" }
                @for (name, words) in of.managers { option value=(name) selected[name == of.to] { (words) } }
            }
        }
    }
}
