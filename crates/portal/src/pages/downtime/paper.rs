//! One sheet of paper as a page that needs nothing but itself: its style is in it, no script, nothing from another place.
//! It is read from a disk, by a browser that reaches no server, and printed.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use terms::Moment;

use super::moment;
use crate::components::frame::Environment;

/// The style of every sheet. Whoever serves one allows this style by its digest.
pub const STYLE: &str = "@page{size:A4 landscape;margin:10mm}\
body{font:12px/1.35 Arial,sans-serif;color:#000;background:#fff;margin:12px}\
h1{font-size:20px;margin:0}h2{font-size:15px;margin:14px 0 4px}p{margin:4px 0}\
header{display:flex;flex-wrap:wrap;gap:4px 24px;align-items:baseline;border-bottom:2px solid #000;margin-bottom:8px}\
table{border-collapse:collapse;width:100%}tr{break-inside:avoid}thead{display:table-header-group}\
th,td{border:1px solid #555;padding:3px 5px;text-align:left;vertical-align:top}thead th{background:#eee}\
.scroll{overflow-x:auto}.alert{border:2px solid #000;padding:0 3px}.nb{white-space:nowrap}.write{min-width:90px;height:34px}\
.number{font-size:18px;white-space:nowrap}.page{break-after:page;margin-bottom:28px}.page:last-of-type{break-after:auto}\
.field{display:grid;grid-template-columns:minmax(120px,240px) 1fr;gap:8px;margin:7px 0}.field span{border-bottom:1px solid #000;min-height:24px}\
.strip{border:2px solid #000;padding:2px 6px;font-weight:bold}a{color:#003d6b}footer{margin-top:10px;border-top:1px solid #555}";

/// What every sheet of a pack knows.
pub(crate) struct Paper<'a> {
    /// The trust's name.
    pub(crate) trust: &'a str,
    pub(crate) environment: Environment,
    /// Whether clinical content is on it.
    pub(crate) is_clinical: bool,
    /// When it was read.
    pub(crate) now: Moment,
}

/// A sheet.
pub(super) fn sheet(paper: &Paper<'_>, title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) ", downtime sheet" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                @if let Some(words) = strip(paper.environment) { div.strip role="note" { (words) } }
                header {
                    h1 { (title) }
                    div { (paper.trust) }
                    div { "Read from the record " b { (moment(paper.now)) } ". What happened later is not on it." }
                }
                main.scroll tabindex="0" aria-label=(title) { (body) }
                footer {
                    @if !paper.is_clinical { p { "For administration: allergies and flags are on the clinicians’ sheets." } }
                    p { "This paper shows patients: it is destroyed as confidential waste when a newer one is printed." }
                }
            }
        }
    };
    page.into_string()
}

const fn strip(environment: Environment) -> Option<&'static str> {
    match environment {
        Environment::Live => None,
        Environment::Demonstration => Some("Demonstration: invented patients"),
        Environment::Preparation => Some("Not live: not for the care of patients"),
        _ => Some("Not the live record"),
    }
}
