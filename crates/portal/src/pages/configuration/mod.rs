//! The configuration of a trust: what is live, version, since when and by whom; its versions and what each changed, line by
//! line; and what there is: wards with their beds, services, staff, job roles.
//!
//! A change is proposed by one administrator (`propose`) and applied by another, who sees what it comes to (`proposed`).
//! Shows no patient.

mod gathered;
mod propose;
mod proposed;
mod tables;

use administration::configuration::{Finding, Line, LineHow, RULES, Severity};
use maud::{Markup, html};

use crate::act::hidden;
use crate::components::frame::page;
use crate::components::notice::{Kind, empty, notice};
use crate::components::panel::{Head, head, panel, panel_head, wide};
use crate::components::proof::{Proof, mark};
use crate::components::time;
use crate::setting::{Rail, Setting};
use crate::words::{clock, counted, day};
pub use gathered::{Area, Comparison, FileDifference, Gathered, Proposed, Row, Version};
pub use propose::{Editor, propose_page};

/// A file with more lines than these that differ is folded.
const MOST_OPEN: usize = 60;
/// Changes of a version that are listed one by one.
const MOST_CHANGES: usize = 40;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct ConfigurationView<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// What was gathered; `None` when nothing is configured yet.
    pub gathered: Option<&'a Gathered>,
    /// A change that waits for a second person.
    pub proposed: Option<&'a Proposed>,
    /// What was done, in words.
    pub done: Option<&'a str>,
    /// Why the last step was refused.
    pub refused: Option<&'a str>,
}

/// The page.
pub fn configuration_page(of: &ConfigurationView<'_>) -> Markup {
    let content = html! {
        (page_head(of))
        @if let Some(words) = of.refused { (notice(Kind::Bad, &html! { (words) }, None)) }
        @if let Some(words) = of.done { (notice(Kind::Note, &html! { (words) }, None)) }
        (proposed::steps(of.proposed))
        @match of.gathered {
            None => section.al-panel { (empty(&html! {
                "Nothing is configured yet. Propose the first files, or begin with those of a folder: "
                code { "almoner configure --trust " (of.setting.links.trust_code()) " apply DIR" } "."
            })) },
            Some(gathered) => (filled(of, gathered)),
        }
    };
    page(&of.setting.frame("Configuration", "Set-up", Rail::More), &content)
}

fn page_head(of: &ConfigurationView<'_>) -> Markup {
    html! {
        div.al-head {
            div {
                p { a href=(of.setting.links.account()) { "More" } " / Configuration" }
                h1 { "Configuration" }
                p { "Text files with versions. What is live, since when, and what a change would do before it does it." }
            }
            div.al-row.al-push {
                span.al-asat { "As at " b { (time(&clock(of.setting.now))) } }
                @if of.gathered.is_some() {
                    a.al-btn.al-btn--quiet href=(of.setting.links.configuration_text()) { "Export all as text" }
                }
                a.al-btn href=(of.setting.links.configuration_propose(None)) { "Propose a change" }
            }
        }
    }
}

fn filled(view: &ConfigurationView<'_>, of: &Gathered) -> Markup {
    let setting = view.setting;
    html! {
        div.al-grid.al-configs.al-mb {
            div.al-stack { (live(of)) (history(setting, of)) }
            div.al-stack {
                @if let Some(proposed) = view.proposed { (proposed::panels(setting, proposed)) }
                @if let Some(comparison) = &of.comparison { (difference(comparison)) (what_changed(comparison)) }
                (check("Check of what is live", &of.findings))
            }
        }
        div.al-stack {
            (tables::wards(&of.configuration))
            (tables::services(&of.configuration))
            (tables::staff(&of.configuration))
            (tables::roles(&of.configuration))
        }
    }
}

fn live(of: &Gathered) -> Markup {
    let scope = html! { "version " (of.live.version) ", since " (since(&of.live)) };
    panel(
        &head("Live now", Some(scope)),
        &html! {
            table.al-t {
                thead { tr {
                    th scope="col" { "What, and by whom" }
                    th.al-num scope="col" { "Version" }
                    th scope="col" { "Live since" }
                } }
                tbody {
                    @for area in &of.areas {
                        tr {
                            th scope="row" { b { (area.name) } span.al-sub { (area.holds) ". " (area.last.by) } }
                            td.al-num { b { @if area.is_older { "before " } (area.last.version) } }
                            td.al-nb { (since(&area.last)) }
                        }
                    }
                }
            }
            @if !of.off.is_empty() {
                div.al-panel__f { "Inherited and switched off: " (of.off.join(", ")) "." }
            }
        },
    )
}

fn since(of: &Version) -> Markup {
    html! { (time(&day(of.since))) " " (time(&clock(of.since))) }
}

fn history(setting: &Setting, of: &Gathered) -> Markup {
    let shown = of.comparison.as_ref().map(|comparison| comparison.to);
    panel(
        &head(
            "History",
            Some(
                html! { (counted(of.history.len(), "version", "versions")) @if of.more { ", older ones are not listed" } },
            ),
        ),
        &html! {
            (wide("Versions, scrolls sideways", &html! {
                table.al-t {
                    thead { tr {
                        th.al-num scope="col" { "Version" }
                        th scope="col" { "Live since" }
                        th scope="col" { "Change" }
                        th scope="col" { "Back" }
                    } }
                    tbody {
                        @for (at, Row { version, change }) in of.history.iter().enumerate() {
                            tr.is-sel[shown == Some(version.version)] {
                                th.al-num scope="row" {
                                    a href=(setting.links.configuration_version(version.version)) aria-current=[(shown == Some(version.version)).then_some("true")] {
                                        span.al-vh { "Version " } b { (version.version) }
                                    }
                                }
                                td.al-nb { (since(version)) }
                                td {
                                    (version.why.as_deref().unwrap_or("No reason was given"))
                                    span.al-sub { (version.by) @if let Some(change) = change { ". " (change) } }
                                }
                                td { @if at > 0 { (go_back(setting, version.version)) } @else { span.al-muted { "live" } } }
                            }
                        }
                    }
                }
            }))
            div.al-panel__f { "Going back proposes the files of a former version; a second person applies them." }
        },
    )
}

fn go_back(setting: &Setting, version: u64) -> Markup {
    html! {
        form method="post" action=(setting.links.configuration_step("back")) {
            (hidden(setting))
            input type="hidden" name="version" value=(version);
            button.al-btn.al-btn--quiet type="submit" { "Go back" span.al-vh { " to version " (version) } }
        }
    }
}

fn difference(of: &Comparison) -> Markup {
    let title = match of.from {
        Some(from) => html! { "Version " (of.to) " beside version " (from) },
        None => html! { "Version " (of.to) ", the first" },
    };
    let scope = html! { (counted(of.files.len(), "file differs", "files differ")) };
    html! {
        section.al-panel #difference {
            (panel_head(&Head { title, scope: Some(scope), end: None }))
            (files(of))
        }
    }
}

/// The files that differ, line by line.
fn files(of: &Comparison) -> Markup {
    html! {
            @if of.files.is_empty() { (empty(&html! { "The files of both versions are the same." })) }
            @for file in &of.files {
                details.al-difff open[file.lines.len() <= MOST_OPEN] {
                summary { b { (file.name) } " " span.al-muted { (counted(file.lines.len(), "line", "lines")) } }
                (wide(&format!("What differs in {}, scrolls sideways", file.name), &html! {
                    table.al-t.al-difft {
                        thead.al-vh { tr { th scope="col" { "Line" } th scope="col" { "What happened" } th scope="col" { "Text" } } }
                        tbody { @for line in &file.lines { (line_row(line.as_ref())) } }
                    }
                }))
                @if file.is_cut { div.al-panel__f { "More lines differ: export both versions to see all of them." } }
                }
            }
    }
}

fn line_row(line: Option<&Line>) -> Markup {
    let Some(line) = line else {
        return html! { tr.al-diff { td.al-num.al-muted { "…" } td {} td {} } };
    };
    let (class, word, sign) = match line.how {
        LineHow::Same => ("al-diff", "", "  "),
        LineHow::Added => ("al-diff al-diff--add", "Added", "+ "),
        LineHow::Removed => ("al-diff al-diff--del", "Removed", "- "),
    };
    html! {
        tr class=(class) {
            td.al-num.al-muted { (line.number) }
            td { b { (word) } }
            td { code { (sign) (line.text) } }
        }
    }
}

fn what_changed(of: &Comparison) -> Markup {
    let scope = html! { (counted(of.changes.len(), "object differs", "objects differ")) };
    panel(
        &head("What it comes to", Some(scope)),
        &html! {
            @if of.changes.is_empty() { (empty(&html! { "No ward, bed, service or person is otherwise." })) }
            @else {
                ul.al-panel__b.al-plainlist {
                    @for change in of.changes.iter().take(MOST_CHANGES) { li { (change.sentence()) } }
                    @if of.changes.len() > MOST_CHANGES { li { "and " (of.changes.len() - MOST_CHANGES) " more" } }
                }
            }
        },
    )
}

/// What the rules find.
fn check(title: &str, findings: &[Finding]) -> Markup {
    let is_broken = |code: &str| findings.iter().any(|finding| finding.rule.code == code);
    let passed = RULES.iter().filter(|rule| !is_broken(rule.code)).count();
    let scope = html! { (RULES.len()) " rules, " (passed) " passed" };
    panel(
        &head(title, Some(scope)),
        &html! {
            @if findings.is_empty() { (empty(&html! { "Nothing is wrong, and there is nothing to look at." })) }
            @else {
                ul.al-proof {
                    @for finding in findings {
                        @let is_error = finding.rule.severity == Severity::Error;
                        li {
                            (mark(if is_error { Proof::Broken } else { Proof::AtRisk }))
                            div {
                                b { (if is_error { "Error" } else { "Look" }) ": " (finding.at) ": " (finding.what) }
                                p.al-muted { (finding.advice) }
                            }
                        }
                    }
                }
            }
        },
    )
}
