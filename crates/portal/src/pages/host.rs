//! The host page, live: each trust with its size, its store, its last checkpoint, whether its integrity was checked, and its
//! move.
//!
//! Host staff see numbers of a trust, never a patient. "Not checked" is never green.

use maud::{Markup, PreEscaped, html};
use terms::Moment;

use crate::components::counter::{Standing, figure};
use crate::components::frame::page;
use crate::components::notice::empty;
use crate::components::proof::{Proof, mark};
use crate::components::spark::{Spark, spark};
use crate::components::tag::{Weight, tag, tag_with};
use crate::components::time;
use crate::icon::Icon;
use crate::pages::moving::{Witnessed, as_at, more};
use crate::setting::{Rail, Setting};
use crate::words::{clock_or_day, counted, duration, number, short_moment, size};

/// A checkpoint older than this needs somebody, in milliseconds.
const CHECKPOINT_LIMIT_MS: i64 = 24 * 3_600_000;

/// A rehearsal of the exit is a night old at most, and a few hours.
const EXIT_LIMIT_MS: i64 = 36 * 3_600_000;
/// A trust that answers more slowly than this needs a look, in milliseconds.
const RESPONSE_LIMIT_MS: u32 = 300;

/// The columns of the table, and whether they hold numbers.
const HEADINGS: [(&str, bool); 9] = [
    ("Trust", false),
    ("State", false),
    ("Store", false),
    ("Users", true),
    ("Response", false),
    ("Record", true),
    ("Last checkpoint", false),
    ("Integrity", false),
    ("Exit rehearsed", false),
];

/// One trust on the host.
#[derive(Debug, Clone, PartialEq)]
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
    /// What other hosts have signed of its journal as witnesses, of each that is known.
    pub witnessed: Vec<Witnessed>,
    /// When the whole record was last verified, and whether it held.
    pub verified: Option<(Moment, bool)>,
    /// The last rehearsal of its exit.
    pub exit: Option<ExitRow>,
    /// Its move, if it moves.
    pub moving: Option<Moving>,
    /// How quickly it answers.
    pub response: Response95,
}

/// How quickly a trust answers, of its latest requests.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Response95 {
    /// Milliseconds within which 95 in 100 were answered; nothing when there was none.
    pub slow_ms: Option<u32>,
    /// The same of each of the last minutes, oldest first.
    pub minutes: Vec<f64>,
}

/// The move of a trust, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moving {
    /// Such as `Moving to almoner-b`.
    pub words: String,
    /// What somebody must do about it.
    pub trouble: Option<String>,
    /// Whether it is over: nothing of it needs a look.
    pub is_over: bool,
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
    /// Being moved here, and not open yet.
    Receiving,
    /// Paused or closed by whoever runs the host, with since when.
    Shut(String),
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
    /// Whether whoever looks may begin a move.
    pub runs_it: bool,
}

/// The page.
pub fn host_page(of: &HostView<'_>) -> Markup {
    let now = of.setting.now;
    let parts: std::collections::BTreeMap<String, String> = live_parts(of).into_iter().collect();
    let part = |id: &str| PreEscaped(parts.get(id).cloned().unwrap_or_default());
    let content = html! {
        div data-live=(of.setting.links.host_live()) {
        div.al-head {
            div {
                h1 { "Trusts on this host" }
                p {
                    (of.host) ", release " (of.release) ". " (counted(of.trusts.len(), "trust", "trusts"))
                    ", each with its own store, journal and keys."
                }
            }
            div.al-row.al-push {
                (as_at(now))
                @if of.runs_it { a.al-btn href=(of.setting.links.moves()) { "Plan a move" } }
            }
        }
        (more())
        div #board {
            (part("host-figures"))
            (part("host-needs"))
            (table(of))
        }
        }
    };
    let mut frame = of.setting.frame("Trusts on this host", of.host, Rail::Host);
    frame.organisation = "Host";
    page(&frame, &content)
}

/// The parts that change while somebody looks: figures, what needs somebody, and each trust's row.
pub fn live_parts(of: &HostView<'_>) -> Vec<(String, String)> {
    let now = of.setting.now;
    let needs: Vec<(&TrustRow, Need)> =
        of.trusts.iter().flat_map(|trust| needs(trust, now).into_iter().map(move |need| (trust, need))).collect();
    let mut parts = vec![
        ("host-figures".to_owned(), figures(of.trusts, &needs, now).into_string()),
        ("host-needs".to_owned(), needs_you(of, &needs).into_string()),
    ];
    parts.extend(of.trusts.iter().map(|trust| (row_id(trust), row(of, trust).into_string())));
    parts
}

fn row_id(trust: &TrustRow) -> String {
    format!("trust-{}", trust.code)
}

/// Something somebody must do about a trust.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Need {
    proof: Proof,
    what: String,
    why: String,
    is_of_move: bool,
}

/// What a trust needs, gravest first.
fn needs(trust: &TrustRow, now: Moment) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut need = |proof, what: &str, why: String| {
        needs.push(Need { proof, what: what.to_owned(), why, is_of_move: false });
    };
    match &trust.state {
        State::Open | State::Receiving | State::Shut(_) => {}
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
        None if trust.entries > 0 && trust.state == State::Open => {
            need(Proof::AtRisk, "no checkpoint yet", "Sign one and keep it outside this host.".into());
        }
        _ => {}
    }
    for witness in &trust.witnessed {
        match &witness.trouble {
            Some(why) if witness.is_refused => {
                need(
                    Proof::Broken,
                    &format!("{} shows that its journal is not what it was", witness.host),
                    why.clone(),
                );
            }
            Some(why) => need(Proof::AtRisk, &format!("{} has not witnessed it", witness.host), why.clone()),
            None => {}
        }
    }
    if let Some(trouble) = trust.moving.as_ref().and_then(|moving| moving.trouble.clone()) {
        needs.push(Need { proof: Proof::Broken, what: "its move".into(), why: trouble, is_of_move: true });
    }
    needs
}

fn figures(trusts: &[TrustRow], needs: &[(&TrustRow, Need)], now: Moment) -> Markup {
    let needing = trusts.iter().filter(|trust| needs.iter().any(|(of, _)| of.code == trust.code)).count();
    let sum = |of: fn(&TrustRow) -> u64| trusts.iter().map(of).sum::<u64>();
    let oldest = trusts.iter().filter_map(|trust| trust.checkpoint).map(|(at, _)| at).min();
    let slowest = trusts.iter().filter_map(|trust| trust.response.slow_ms).max();
    let unchecked = trusts.iter().filter(|trust| trust.verified.is_none()).count();
    html! {
        div.al-kpis #host-figures {
            (figure(if needing > 0 { Standing::Bad } else { Standing::Good }, &format!("{needing} of {}", trusts.len()), &html! { "trusts need you" }))
            (figure(Standing::Plain, &number(sum(|trust| trust.signed_in)), &html! { "people signed in, all trusts" }))
            (figure(
                if slowest.is_some_and(|slow| slow > RESPONSE_LIMIT_MS) { Standing::Bad } else { Standing::Good },
                &slowest.map_or_else(|| "None".to_owned(), |slow| format!("{} ms", number(u64::from(slow)))),
                &html! { "slowest trust, 95 in 100. Limit 300" },
            ))
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

fn needs_you(of: &HostView<'_>, needs: &[(&TrustRow, Need)]) -> Markup {
    html! {
        div #host-needs { @if !needs.is_empty() {
            section.al-panel.al-panel--alarm.al-mb {
                div.al-panel__h { h2 { "Needs you" } span { (needs.len()) } }
                table.al-t {
                    thead.al-vh { tr { th scope="col" { "State" } th scope="col" { "What and why" } th scope="col" { "What to do" } } }
                    tbody {
                        @for (trust, need) in needs {
                            tr {
                                td.al-col-mark { (mark(need.proof)) }
                                td { b { (trust.name) ": " (need.what) } span.al-sub { (need.why) } }
                                td.al-num {
                                    @if need.is_of_move { a.al-btn href=(of.setting.links.moving(&trust.code)) { "Open move" } }
                                }
                            }
                        }
                    }
                }
            }
        } }
    }
}

fn table(of: &HostView<'_>) -> Markup {
    let trusts = of.trusts;
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
                    tbody role="rowgroup" { @for trust in trusts { (row(of, trust)) } }
                } }
                div.al-panel__f {
                    "A record is verified when its journal, its texts and its index were read again and every hash agreed. "
                    "What lies after the last checkpoint kept outside is not covered by it."
                }
            }
        }
    }
}

fn row(of: &HostView<'_>, trust: &TrustRow) -> Markup {
    let now = of.setting.now;
    let alarm = needs(trust, now).iter().any(|need| need.proof == Proof::Broken);
    html! {
        tr.is-alarm[alarm] id=(row_id(trust)) role="row" {
            th.al-whole scope="row" role="rowheader" {
                b { (trust.name) }
                span.al-sub {
                    (trust.code)
                    @if let Some(people) = trust.people { ", " (counted(usize::try_from(people).unwrap_or(usize::MAX), "patient", "patients")) }
                }
            }
            td role="cell" {
                @if let Some(moving) = &trust.moving {
                    @let weight = if moving.trouble.is_some() { Weight::Danger } else if moving.is_over { Weight::Plain } else { Weight::Info };
                    a href=(of.setting.links.moving(&trust.code)) { (tag_with(weight, Icon::Moves, &moving.words)) }
                } @else { @match &trust.state {
                    State::Open => (tag_with(Weight::Good, Icon::Tick, "Open")),
                    State::Receiving => (tag_with(Weight::Info, Icon::Moves, "Being moved here")),
                    State::Shut(words) => { (tag(Weight::Mute, "Not served")) span.al-sub { (words) } }
                    State::ReadOnly(_) => (tag_with(Weight::Danger, Icon::Alert, "Reading only")),
                    State::Closed(_) => (tag_with(Weight::Danger, Icon::Alert, "Not open")),
                } }
            }
            td role="cell" { (trust.store) }
            td.al-num role="cell" { b { (number(trust.signed_in)) } span.al-sub { "signed in" } }
            td role="cell" { (response(&trust.response)) }
            td.al-num role="cell" {
                b { (size(trust.bytes)) }
                span.al-sub { (number(trust.resources)) " resources" }
                span.al-sub { (number(trust.entries)) " entries" }
            }
            td.al-nb role="cell" data-label="Checkpoint" { (checkpoint(trust, now)) }
            td.al-nb role="cell" { (integrity(trust, now)) }
            td.al-nb role="cell" data-label="Exit rehearsed" { (exit(trust, now)) }
        }
    }
}

fn response(of: &Response95) -> Markup {
    let Some(slow) = of.slow_ms else { return html! { span.al-muted { "no request yet" } } };
    html! {
        span.al-row.al-nowrap {
            (spark(&Spark { values: &of.minutes, ..Spark::default() }))
            span.al-nb { b.al-bad[slow > RESPONSE_LIMIT_MS] { (number(u64::from(slow))) " ms" } span.al-sub { "95 in 100" } }
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
            @if late { (duration(now.0 - at.0)) " ago, limit 24 h" }
            @else if covers == trust.entries { "covers every entry" }
            @else { (number(trust.entries.saturating_sub(covers))) " entries since" }
        }
        @if !trust.witnessed.is_empty() {
            @let signed = trust.witnessed.iter().filter(|one| one.at.is_some() && !one.is_refused).count();
            span.al-sub { "witnessed by " (signed) " of " (counted(trust.witnessed.len(), "host", "hosts")) }
        }
    }
}

fn integrity(trust: &TrustRow, now: Moment) -> Markup {
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
                @if let Some((at, _)) = trust.verified { span.al-sub { "verified " (time(&short_moment(at, now))) } }
            }
        }
    }
}

/// When the exit was last rehearsed, and how many differences there were.
fn exit(trust: &TrustRow, now: Moment) -> Markup {
    html! {
        @match &trust.exit {
            None => span.al-muted { "not yet rehearsed" },
            Some(ExitRow { at, came }) => {
                b.al-bad[!matches!(came, Ok(0))] { (time(&short_moment(*at, now))) }
                span.al-sub.al-bad[!matches!(came, Ok(0))] {
                    @match came {
                        Ok(1) => "1 difference",
                        Ok(differences) => { (number(*differences)) " differences" },
                        Err(_) => "could not be rehearsed",
                    }
                }
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
            witnessed: Vec::new(),
            verified: None,
            exit: None,
            moving: None,
            response: Response95::default(),
        }
    }

    #[test]
    fn not_checked_is_never_green() {
        let html = integrity(&trust(), Moment(0)).into_string();
        assert!(html.contains("Not yet checked") && !html.contains("al-mark--ok"), "{html}");
    }

    fn rehearsed(came: Result<u64, String>) -> TrustRow {
        TrustRow { exit: Some(ExitRow { at: Moment(0), came }), ..trust() }
    }

    fn witnessed(trouble: Option<&str>, is_refused: bool) -> TrustRow {
        let trouble = trouble.map(str::to_owned);
        let one = Witnessed { host: "birch".into(), entry: 20, at: Some(Moment(0)), trouble, is_refused };
        TrustRow { witnessed: vec![one], ..trust() }
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
            (witnessed(None, false), vec![]),
            (witnessed(Some("It did not answer."), false), vec!["birch has not witnessed it"]),
            (witnessed(Some("It was rewritten."), true), vec!["birch shows that its journal is not what it was"]),
            (
                TrustRow {
                    moving: Some(Moving {
                        words: "Moving".into(),
                        trouble: Some("It stands still.".into()),
                        is_over: false,
                    }),
                    ..trust()
                },
                vec!["its move"],
            ),
        ];
        for (trust, expected) in cases {
            let what: Vec<String> = needs(&trust, Moment(1000)).into_iter().map(|need| need.what).collect();
            assert_eq!(what, expected);
        }
        assert_eq!(needs(&trust(), Moment(CHECKPOINT_LIMIT_MS + 1)).len(), 1);
    }
}
