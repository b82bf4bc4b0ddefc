//! The panels of the page of a move that only show: steps, counts, lag, invariants, roots, differences, rehearsals.
//! Knows no act and checks nothing.

use maud::{Markup, html};
use terms::Moment;

use super::{Copied, Lag, MovePage, Stage, Step, of_many};
use crate::components::panel::{head, panel_head, wide};
use crate::components::proof::{Proof, mark};
use crate::components::spark::wide_spark;
use crate::components::tag::{Weight, tag, tag_with};
use crate::components::time;
use crate::icon::Icon;
use crate::words::{clock_or_day, counted, number, short_moment, size};

/// One of the five invariants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invariant {
    /// Its name.
    pub name: &'static str,
    /// What it promises.
    pub promise: &'static str,
    /// Whether it holds.
    pub state: Proof,
    /// So many on the copy of so many; nothing before the first comparison.
    pub counts: Option<(u64, u64)>,
    /// How many kinds differ.
    pub wrong: usize,
}

/// Both roots at one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merkle {
    /// The entry.
    pub entry: u64,
    /// When both were worked out.
    pub at: Moment,
    /// The root here, in hexadecimal.
    pub here: String,
    /// The root on the other host.
    pub there: String,
    /// Each part of the tree.
    pub parts: Vec<Part>,
    /// What this host and the other are called.
    pub names: (String, String),
    /// Whether this host is the one that the trust moves from.
    pub is_source: bool,
    /// What other hosts have signed of the journal; nothing where this host does not write the trust.
    pub witnessed: Option<Vec<Witnessed>>,
}

/// How far another host has signed the trust's journal as its witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// The host.
    pub host: String,
    /// Up to which entry; 0 before it signed first.
    pub entry: u64,
    /// When what it signed last was made.
    pub at: Option<Moment>,
    /// Why it did not sign the last time.
    pub trouble: Option<String>,
    /// Whether it shows that the journal is not what it was.
    pub is_refused: bool,
}

/// A part of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The same on both hosts.
    Equal,
    /// Not the same.
    Differs,
}

pub(super) fn steps(steps: &[Step]) -> Markup {
    html! {
        ol.al-steps #mv-steps {
            @for (at, step) in steps.iter().enumerate() {
                li.is-done[step.stage == Stage::Done].is-now[step.stage == Stage::Now]
                    aria-current=[(step.stage == Stage::Now).then_some("step")] {
                    b {
                        @if step.stage == Stage::Done { span aria-hidden="true" { "✓ " } span.al-vh { "Done: " } }
                        (at + 1) " " (step.name)
                    }
                    span { (step.words) }
                }
            }
        }
    }
}

pub(super) fn copied(of: &MovePage<'_>) -> Markup {
    html! {
        section.al-panel #mv-copied {
            (panel_head(&head("Copied and verified", Some(html! { "each host from its own disk" }))))
            div.al-panel__b.al-stack {
                @if of.copied.is_empty() { p.al-flush { "Nothing is counted on both hosts yet." } }
                @for one in &of.copied { (meter(one)) }
            }
        }
    }
}

/// A bar. Its width is one of a hundred classes of an SVG, since no style stands in a page.
fn meter(of: &Copied) -> Markup {
    let percent = (of.there.min(of.of) as f64 / of.of.max(1) as f64 * 100.0).clamp(0.0, 100.0);
    if of.of == 0 {
        // Nothing is no bar: it would look like something that was copied.
        return html! { div.al-row.al-gap0 { b { (of.what) } span.al-push.al-small.al-muted { "none on either host" } } };
    }
    let is_whole = of.there == of.of;
    let words = if of.is_bytes { format!("{} of {}", size(of.there), size(of.of)) } else { of_many(of.there, of.of) };
    html! {
        div {
            div.al-row.al-gap0 {
                b { (of.what) }
                span.al-push.al-small {
                    (words)
                    @if of.there < of.of {
                        @let behind = of.of - of.there;
                        " " b { (if of.is_bytes { size(behind) } else { number(behind) }) " behind" }
                    }
                }
            }
            svg.al-meter.is-whole[is_whole] viewBox="0 0 100 10" preserveAspectRatio="none" role="img"
                aria-label={ (of.what) ": " (format!("{percent:.1}")) " %" } {
                rect width=(format!("{percent:.2}")) height="10" {}
            }
        }
    }
}

pub(super) fn lag(of: Option<&Lag>) -> Markup {
    html! {
        section.al-panel #mv-lag {
            (panel_head(&head("Lag", of.map(|lag| html! { "last 40 minutes, limit " (lag.limit_ms / 1000) " s" }))))
            div.al-panel__b {
                @match of {
                    None => p.al-flush { "The copy does not follow yet." },
                    Some(lag) => {
                        div.al-row {
                            div {
                                b.al-big.al-bad[lag.ms > lag.limit_ms] { (format!("{:.1} s", lag.ms as f64 / 1000.0)) }
                                div.al-small.al-muted { (counted(usize::try_from(lag.entries).unwrap_or(usize::MAX), "entry", "entries")) " behind" }
                            }
                            div.al-push { (wide_spark(&lag.minutes, lag.limit_ms as f64)) }
                        }
                        div.al-small.al-muted { "Grey-green band: under " (lag.limit_ms / 1000) " s. Each point is the worst of a minute." }
                    }
                }
            }
        }
    }
}

pub(super) fn proof(of: &MovePage<'_>) -> Markup {
    let now = of.setting.now;
    let scope = match &of.compared {
        Ok(Some(at)) => html! { "compared every minute, last " (time(&clock_or_day(*at, now))) },
        Ok(None) => html! { "not compared yet" },
        Err(_) => html! { "could not be compared" },
    };
    let is_broken = of.invariants.iter().any(|one| one.state == Proof::Broken);
    html! {
        section.al-panel.al-panel--alarm[is_broken] #mv-proof {
            (panel_head(&head("Invariants", Some(scope))))
            ul.al-proof {
                @for one in &of.invariants {
                    li {
                        (mark(one.state))
                        div { b { (one.name) } p.al-muted { (one.promise) } }
                        div.al-n.al-bad[one.state == Proof::Broken] {
                            @match one.counts {
                                Some((there, here)) => {
                                    (of_many(there, here))
                                    span.al-sub.al-bad[one.wrong > 0] {
                                        @match one.wrong {
                                            0 => "0 differ",
                                            wrong => { (counted(wrong, "kind differs", "kinds differ")) " " a href="#mv-blocks" { "Show" } }
                                        }
                                    }
                                }
                                None => { "–" span.al-sub { "not counted yet" } }
                            }
                        }
                    }
                }
            }
            @if let Err(why) = &of.compared { div.al-panel__f { span.al-bad { "Not compared. " } (why) } }
            details.al-panel__f {
                summary { "How each is checked" }
                "Every minute both hosts count their live resources by type, and what is owed, at the same entry of the journal, "
                "each from its own disk, and work out the root of the tree up to it. An invariant holds while its kinds have the "
                "same numbers and both roots are the same. A comparison older than 5 minutes counts for nothing. Whether a "
                "booking fits its session is the trust's own counter: a move can only lose it, and that is what is looked for."
            }
        }
    }
}

pub(super) fn merkle(of: &MovePage<'_>) -> Markup {
    let Some(tree) = &of.merkle else {
        return html! {
            section.al-panel #mv-merkle {
                (panel_head(&head("Merkle roots", None)))
                div.al-panel__b { p.al-flush { "Both hosts have not been compared yet." } }
            }
        };
    };
    let (same, all) = (tree.parts.iter().filter(|part| **part == Part::Equal).count(), tree.parts.len());
    let agree = tree.here == tree.there;
    let words = format!("{same} of {all} parts equal");
    let end = if agree && same == all {
        tag_with(Weight::Good, Icon::Tick, &words)
    } else {
        tag_with(Weight::Danger, Icon::Alert, &words)
    };
    let title = if agree { "Merkle roots agree" } else { "Merkle roots differ" };
    let sides = if tree.is_source { ("source", "target") } else { ("target", "source") };
    let scope = html! {
        "at entry " (number(tree.entry)) ", worked out on both sides " (time(&clock_or_day(tree.at, of.setting.now)))
        ", neither copied from the other"
    };
    let mut top = head(title, Some(scope));
    top.end = Some(&end);
    html! {
        section.al-panel.al-panel--alarm[!agree] #mv-merkle {
            (panel_head(&top))
            div.al-panel__b.al-grid.al-gmerk {
                div { span.al-lab { (tree.names.0) " (" (sides.0) ", this host)" } div.al-hash { (grouped(&tree.here)) } }
                div { span.al-lab { (tree.names.1) " (" (sides.1) ")" } div.al-hash { (grouped(&tree.there)) } }
                div {
                    span.al-lab { "Parts of the tree" }
                    div.al-cells role="img" aria-label=(words) {
                        @for part in &tree.parts { i.bad[*part == Part::Differs] {} }
                    }
                    @if let Some(all) = &tree.witnessed { (witnessed(all, of.setting.now)) }
                }
            }
        }
    }
}

/// Who has signed the journal besides the two hosts, how far, and who does not.
fn witnessed(all: &[Witnessed], now: Moment) -> Markup {
    html! {
        @if all.is_empty() { p.al-small.al-muted { "No other host is known that would witness it." } }
        @for one in all {
            p.al-small.al-muted {
                @match one.at {
                    Some(at) => { "Witnessed by " (one.host) ", up to entry " (number(one.entry)) " of " (time(&clock_or_day(at, now))) }
                    None => { "Not yet witnessed by " (one.host) }
                }
                @if one.is_refused { b.al-bad { ". It shows that the journal is not what it was" } }
                @if let Some(why) = &one.trouble { ". Last time it did not sign: " (why) }
            }
        }
    }
}

/// A hash in groups of eight.
fn grouped(hash: &str) -> String {
    let letters: Vec<char> = hash.chars().collect();
    letters.chunks(8).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

pub(super) fn blocks(of: &MovePage<'_>) -> Markup {
    html! {
        div #mv-blocks {
            @if !of.blocks.is_empty() {
                section.al-panel.al-panel--alarm.al-mt {
                    (panel_head(&head("What blocks the seal", Some(html! { (of.blocks.len()) }))))
                    (wide("What blocks the seal, scrolls sideways", &html! {
                        table.al-t {
                            thead { tr { th scope="col" { "What" } th scope="col" { "On this host" } th scope="col" { "On the other" } th scope="col" { "What to do" } } }
                            tbody {
                                @for block in &of.blocks {
                                    tr { th scope="row" { (block.what) } td { (block.here) } td { (block.there) } td { (block.next) } }
                                }
                            }
                        }
                    }))
                    div.al-panel__f { "Numbers and kinds alone. Only the owning trust can open whom they are about." }
                }
            }
        }
    }
}

pub(super) fn rehearsed(of: &MovePage<'_>) -> Markup {
    let now = of.setting.now;
    html! {
        div #mv-rehearsed {
            @if !of.rehearsals.is_empty() {
                section.al-panel.al-mt {
                    (panel_head(&head("Rehearsals", Some(html! { "newest first; the wards go on meanwhile" }))))
                    (wide("Rehearsals, scrolls sideways", &html! {
                        table.al-t {
                            thead { tr { th scope="col" { "When" } th scope="col" { "Of" } th scope="col" { "Came to" } th.al-num scope="col" { "Questions" } th.al-num scope="col" { "Pause" } } }
                            tbody {
                                @for one in &of.rehearsals {
                                    tr {
                                        th.al-nb scope="row" { (time(&short_moment(one.at, now))) }
                                        td { (one.what) }
                                        td {
                                            @if one.differences.is_empty() { (tag_with(Weight::Good, Icon::Tick, "Passed")) }
                                            @else {
                                                (tag(Weight::Danger, &counted(one.differences.len(), "difference", "differences")))
                                                @for difference in &one.differences { span.al-sub { (difference) } }
                                            }
                                        }
                                        td.al-num { (number(one.questions)) }
                                        td.al-num { (one.pause) }
                                    }
                                }
                            }
                        }
                    }))
                }
            }
        }
    }
}

pub(super) fn way_back(of: &MovePage<'_>) -> Markup {
    html! {
        div #mv-back {
            @if let Some(sentences) = &of.way_back {
                section.al-panel {
                    (panel_head(&head("Way back", None)))
                    div.al-panel__b { @for sentence in sentences { p.al-flush { (sentence) } } }
                }
            }
        }
    }
}
