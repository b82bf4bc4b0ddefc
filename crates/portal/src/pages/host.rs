//! The host page: each trust with its size, its store, its last checkpoint and whether its integrity was checked.
//!
//! Host staff see numbers of a trust, never a patient. "Not checked" is never green.

use maud::{Markup, html};
use terms::Moment;

use crate::components::counter::{Standing, figure};
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::proof::{Proof, mark};
use crate::components::tag::{Weight, tag, tag_with};
use crate::components::time;
use crate::icon::Icon;
use crate::setting::{Rail, Setting};
use crate::words::{clock, clock_or_day, counted, day, duration, number, size};

/// A checkpoint older than this needs somebody, in milliseconds.
const CHECKPOINT_LIMIT_MS: i64 = 24 * 3_600_000;

/// A rehearsal of the exit is a night old at most, and a few hours.
const EXIT_LIMIT_MS: i64 = 36 * 3_600_000;

/// The columns of the table, and whether they hold numbers.
const HEADINGS: [(&str, bool); 8] = [
    ("Trust", false),
    ("State", false),
    ("Store", false),
    ("Users", true),
    ("Record", true),
    ("Journal", true),
    ("Last checkpoint", false),
    ("Integrity", false),
];

/// One trust on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRow {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The store in words, such as `SQLite`.
    pub store: String,
    /// Whether its record is open; otherwise why not.
    pub state: State,
    /// Patients in the record, when counted.
    pub people: Option<u64>,
    /// Resources in the record.
    pub resources: u64,
    /// Entries of the journal.
    pub entries: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// People signed in.
    pub signed_in: u64,
    /// When the newest checkpoint was signed, and how many entries it covers.
    pub checkpoint: Option<(Moment, u64)>,
    /// When the whole record was last verified, and whether it held.
    pub verified: Option<(Moment, bool)>,
    /// The last rehearsal of its exit.
    pub exit: Option<ExitRow>,
}

/// A rehearsal of an exit: everything taken out, read into an empty instance, compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitRow {
    /// When.
    pub at: Moment,
    /// Where the copy differed; or why it could not be rehearsed.
    pub came: Result<u64, String>,
}

/// Whether a trust can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Open and taking changes.
    Open,
    /// Open for reading only, with the reason.
    ReadOnly(String),
    /// Not open, with the reason.
    Closed(String),
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct HostView<'a> {
    /// The setting.
    pub setting: &'a Setting,
    /// The host's name.
    pub host: &'a str,
    /// The release that runs.
    pub release: &'a str,
    /// Its trusts.
    pub trusts: &'a [TrustRow],
}

/// The page.
pub fn host_page(of: &HostView<'_>) -> Markup {
    let now = of.setting.now;
    let needs: Vec<(&TrustRow, Need)> =
        of.trusts.iter().flat_map(|trust| needs(trust, now).into_iter().map(move |need| (trust, need))).collect();
    let content = html! {
        div.al-head {
            div {
                h1 { "Trusts on this host" }
                p {
                    (of.host) ", release " (of.release) ". " (counted(of.trusts.len(), "trust", "trusts"))
                    ", each with its own store, journal and keys."
                }
            }
            div.al-row.al-push { span.al-asat { "As at " b { (time(&clock(now))) } } }
        }
        (figures(of.trusts, &needs, now))
        (needs_you(&needs))
        (table(of.trusts, now))
    };
    let mut frame = of.setting.frame("Trusts on this host", of.host, Rail::Host);
    frame.organisation = "Host";
    page(&frame, &content)
}

/// Something somebody must do about a trust.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    proof: Proof,
    what: String,
    why: String,
}

/// What a trust needs, gravest first.
fn needs(trust: &TrustRow, now: Moment) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut need = |proof, what: &str, why: String| needs.push(Need { proof, what: what.to_owned(), why });
    match &trust.state {
        State::Open => {}
        State::ReadOnly(why) => need(Proof::Broken, "takes no changes", why.clone()),
        State::Closed(why) => need(Proof::Broken, "is not open", why.clone()),
    }
    if let Some((at, false)) = trust.verified {
        need(
            Proof::Broken,
            "its record does not verify",
            format!("Found {} ago. See the log of verify.", duration(now.0 - at.0)),
        );
    }
    match &trust.exit {
        Some(ExitRow { came: Ok(0), at }) if now.0 - at.0 > EXIT_LIMIT_MS => {
            let what = format!("exit last rehearsed {} ago", duration(now.0 - at.0));
            need(Proof::AtRisk, &what, "It should be every night. See the log of the host.".into());
        }
        Some(ExitRow { came: Ok(0), .. }) | None => {}
        Some(ExitRow { came: Ok(_), .. }) => {
            need(Proof::Broken, "its exit does not agree with it", "A copy differs. See the log of the host.".into());
        }
        Some(ExitRow { came: Err(why), .. }) => need(Proof::AtRisk, "its exit could not be rehearsed", why.clone()),
    }
    match trust.checkpoint {
        Some((at, _)) if now.0 - at.0 > CHECKPOINT_LIMIT_MS => {
            let age = duration(now.0 - at.0);
            need(
                Proof::AtRisk,
                &format!("checkpoint {age} old"),
                "Sign a new one and keep it outside this host.".into(),
            );
        }
        None if trust.entries > 0 => {
            need(Proof::AtRisk, "no checkpoint yet", "Sign one and keep it outside this host.".into());
        }
        _ => {}
    }
    needs
}

fn figures(trusts: &[TrustRow], needs: &[(&TrustRow, Need)], now: Moment) -> Markup {
    let needing = trusts.iter().filter(|trust| needs.iter().any(|(of, _)| of.code == trust.code)).count();
    let sum = |of: fn(&TrustRow) -> u64| trusts.iter().map(of).sum::<u64>();
    let oldest = trusts.iter().filter_map(|trust| trust.checkpoint).map(|(at, _)| at).min();
    let unchecked = trusts.iter().filter(|trust| trust.verified.is_none()).count();
    html! {
        div.al-kpis {
            (figure(if needing > 0 { Standing::Bad } else { Standing::Good }, &format!("{needing} of {}", trusts.len()), &html! { "trusts need you" }))
            (figure(Standing::Plain, &number(sum(|trust| trust.signed_in)), &html! { "people signed in, all trusts" }))
            (figure(Standing::Plain, &number(sum(|trust| trust.resources)), &html! { "resources, all trusts" }))
            (figure(Standing::Plain, &size(sum(|trust| trust.bytes)), &html! { "on disk, all trusts" }))
            (figure(
                if oldest.is_some_and(|at| now.0 - at.0 > CHECKPOINT_LIMIT_MS) { Standing::Warning } else { Standing::Plain },
                &oldest.map_or_else(|| "None".to_owned(), |at| duration(now.0 - at.0)),
                &html! { "oldest checkpoint. Limit 24 h" },
            ))
            (figure(
                if unchecked > 0 { Standing::Warning } else { Standing::Good },
                &format!("{unchecked} of {}", trusts.len()),
                &html! { "not verified since the host started" },
            ))
        }
    }
}

fn needs_you(needs: &[(&TrustRow, Need)]) -> Markup {
    html! {
        @if !needs.is_empty() {
            section.al-panel.al-panel--alarm.al-mb {
                div.al-panel__h { h2 { "Needs you" } span { (needs.len()) } }
                table.al-t {
                    thead.al-vh { tr { th scope="col" { "State" } th scope="col" { "What and why" } } }
                    tbody {
                        @for (trust, need) in needs {
                            tr {
                                td.al-col-mark { (mark(need.proof)) }
                                td { b { (trust.name) ": " (need.what) } span.al-sub { (need.why) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn table(trusts: &[TrustRow], now: Moment) -> Markup {
    html! {
        section.al-panel {
            @if trusts.is_empty() { (empty(&html! { "There is no trust on this host yet. Add one with “almoner trust add”." })) }
            @if !trusts.is_empty() {
                // On a phone rows become cards; the roles keep them a table for those who hear it.
                div.al-scroll tabindex="0" role="group" aria-label="Trusts, scrolls sideways" { table.al-t.al-board.al-cards role="table" {
                    thead role="rowgroup" {
                        tr role="row" {
                            @for (heading, number) in HEADINGS {
                                th.al-num[number] scope="col" role="columnheader" { (heading) }
                            }
                        }
                    }
                    tbody role="rowgroup" { @for trust in trusts { (row(trust, now)) } }
                } }
                div.al-panel__f {
                    "A record is verified when its journal, its texts and its index were read again and every hash agreed. "
                    "What lies after the last checkpoint kept outside is not covered by it."
                }
            }
        }
    }
}

fn row(trust: &TrustRow, now: Moment) -> Markup {
    let alarm = needs(trust, now).iter().any(|need| need.proof == Proof::Broken);
    html! {
        tr.is-alarm[alarm] role="row" {
            th.al-whole scope="row" role="rowheader" {
                b { (trust.name) }
                span.al-sub {
                    (trust.code)
                    @if let Some(people) = trust.people { ", " (counted(usize::try_from(people).unwrap_or(usize::MAX), "patient", "patients")) }
                }
            }
            td role="cell" {
                @match &trust.state {
                    State::Open => (tag_with(Weight::Good, Icon::Tick, "Open")),
                    State::ReadOnly(_) => (tag_with(Weight::Danger, Icon::Alert, "Reading only")),
                    State::Closed(_) => (tag_with(Weight::Danger, Icon::Alert, "Not open")),
                }
            }
            td role="cell" { (trust.store) }
            td.al-num role="cell" { b { (number(trust.signed_in)) } span.al-sub { "signed in" } }
            td.al-num role="cell" { b { (size(trust.bytes)) } span.al-sub { (number(trust.resources)) " resources" } }
            td.al-num role="cell" { b { (number(trust.entries)) } span.al-sub { "entries" } }
            td.al-nb role="cell" data-label="Checkpoint" { (checkpoint(trust, now)) }
            td.al-nb role="cell" { (integrity(trust)) (exit(trust)) }
        }
    }
}

fn checkpoint(trust: &TrustRow, now: Moment) -> Markup {
    let Some((at, covers)) = trust.checkpoint else {
        return html! { (tag(Weight::Mute, "None yet")) };
    };
    let late = now.0 - at.0 > CHECKPOINT_LIMIT_MS;
    html! {
        b.al-bad[late] { (time(&clock_or_day(at, now))) }
        span.al-sub.al-bad[late] {
            "covers " (number(covers)) " of " (number(trust.entries))
            @if late { ", " (duration(now.0 - at.0)) " ago, limit 24 h" }
        }
    }
}

fn integrity(trust: &TrustRow) -> Markup {
    let state = match trust.verified {
        None => Proof::NotChecked,
        Some((_, true)) => Proof::Holds,
        Some((_, false)) => Proof::Broken,
    };
    html! {
        span.al-row.al-nowrap {
            (mark(state))
            span {
                b { (state.words()) }
                @if let Some((at, _)) = trust.verified { span.al-sub { "verified " (time(&day(at))) " " (time(&clock(at))) } }
            }
        }
    }
}

/// When the exit was last rehearsed, and how many differences there were.
fn exit(trust: &TrustRow) -> Markup {
    html! {
        @match &trust.exit {
            None => span.al-sub { "exit not yet rehearsed" },
            Some(ExitRow { at, came: Ok(differences) }) => span.al-sub.al-bad[*differences > 0] {
                "exit rehearsed " (time(&day(*at))) " " (time(&clock(*at))) ": "
                (counted(usize::try_from(*differences).unwrap_or(usize::MAX), "difference", "differences"))
            },
            Some(ExitRow { at, came: Err(_) }) => span.al-sub.al-bad {
                "exit not rehearsed " (time(&day(*at))) " " (time(&clock(*at)))
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust() -> TrustRow {
        TrustRow {
            code: "RTX".into(),
            name: "Thameside Royal".into(),
            store: "SQLite".into(),
            state: State::Open,
            people: Some(14),
            resources: 300,
            entries: 20,
            bytes: 4_100_000,
            signed_in: 1,
            checkpoint: Some((Moment(0), 20)),
            verified: None,
            exit: None,
        }
    }

    #[test]
    fn not_checked_is_never_green() {
        let html = integrity(&trust()).into_string();
        assert!(html.contains("Not yet checked") && !html.contains("al-mark--ok"), "{html}");
    }

    fn rehearsed(came: Result<u64, String>) -> TrustRow {
        TrustRow { exit: Some(ExitRow { at: Moment(0), came }), ..trust() }
    }

    #[test]
    fn what_a_trust_needs() {
        let cases = [
            (trust(), vec![]),
            (TrustRow { checkpoint: None, ..trust() }, vec!["no checkpoint yet"]),
            (TrustRow { checkpoint: None, entries: 0, ..trust() }, vec![]),
            (TrustRow { state: State::Closed("disk".into()), ..trust() }, vec!["is not open"]),
            (TrustRow { verified: Some((Moment(0), false)), ..trust() }, vec!["its record does not verify"]),
            (rehearsed(Ok(0)), vec![]),
            (rehearsed(Ok(3)), vec!["its exit does not agree with it"]),
            (rehearsed(Err("no room".into())), vec!["its exit could not be rehearsed"]),
        ];
        for (trust, expected) in cases {
            let what: Vec<String> = needs(&trust, Moment(1000)).into_iter().map(|need| need.what).collect();
            assert_eq!(what, expected);
        }
        assert_eq!(needs(&trust(), Moment(CHECKPOINT_LIMIT_MS + 1)).len(), 1);
    }
}
