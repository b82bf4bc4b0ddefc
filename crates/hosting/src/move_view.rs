//! A move as its page shows it: what this host keeps, measured and worked out of it becomes the page's plain data.
//! Reads, and decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::Role;
use portal::components::notice::Kind;
use portal::components::proof::Proof;
use portal::pages::moving::{
    Acts, Block, Copied, Dates, Invariant, Item, Lag, Merkle, MovePage, Part, PlanForm, Readiness, Rehearsed, Seal,
    Span, Stage, Step, Witnessed,
};
use portal::words::{number, size};
use portal::{Door, Setting};
use record::Record;
use record::apply::hand_over::Tenure;
use terms::print::{short_date_text, time_text, weekday_date_text};
use terms::{Moment, local, local_date};

use crate::failure::Failure;
use crate::host::Host;
use crate::moving::counts::OWED;
use crate::moving::estimate::{Asked, DAY_MS, Estimate, Range};
use crate::moving::forecast::{WhatIf, cut_at, moment};
use crate::moving::readiness::{self, REHEARSALS, State, invariants, seconds};
use crate::moving::schedule::Schedule;
use crate::moving::seal::{BOTH_MS, Doing, Who};
use crate::moving::watch::Watch;
use crate::moving::{Cutting, Kept, Move, Phase, Rehearsal, Side, machine_missing, readiness_items};
use crate::oversight::forecast_of;
use crate::witness::Signed;

/// A copy that is later than this is too late, in milliseconds.
const LAG_LIMIT_MS: u64 = 10_000;
/// Rehearsals and differences that are shown.
const MOST_SHOWN: usize = 8;

/// Everything that the page is made from, at one moment.
pub(crate) struct Seen {
    pub(crate) kept: Kept,
    pub(crate) writes: bool,
    bytes: u64,
    watch: Watch,
    schedule: Option<Schedule>,
    told: Option<(Asked, Estimate)>,
    items: Vec<readiness::Item>,
    pub(crate) missing: Vec<String>,
    asked: Option<(Who, Moment)>,
    /// What other hosts have signed of the trust's journal; nothing where this host does not write it.
    witnessed: Option<Vec<Witnessed>>,
    pub(crate) me: Who,
    doing: Option<Doing>,
    problem: Option<String>,
    host: String,
    pub(crate) acts: Acts,
    now: Moment,
}

/// Who looks, as the two people of a cut are told apart.
pub(crate) fn who(door: &Door) -> Who {
    let principal = door.permit.principal();
    Who {
        account: format!("{}/{}", door.trust_code, principal.id),
        name: format!("{}, {}", principal.name, door.trust_name),
    }
}

/// Gathers it.
pub(crate) async fn seen(host: &Host, door: &Door, of: &Arc<Move>, what_if: WhatIf) -> Result<Seen, Failure> {
    let kept = of.kept();
    let record = of.record().await.ok();
    let writes = record.as_ref().is_some_and(|record| record.tenure() == Tenure::Writes);
    let (entries, bytes) = match &record {
        Some(record) => {
            let status = record.status().await?;
            (status.sequence, status.bytes)
        }
        None => (0, 0),
    };
    let me = who(door);
    let back = kept.side == Side::Target;
    let second = host.seals.second(&of.code, &me.account, host.now());
    let items = readiness_items(host, of, second.as_ref().map(|who| who.name.as_str()), back)?;
    let mut missing = readiness::missing(&items);
    if missing.is_empty() {
        missing = machine_missing(of, writes);
    }
    let runs_it = door.permit.role() == Role::Operator;
    let is_over = kept.phase == Phase::Completed;
    let follows = matches!(kept.phase, Phase::Following | Phase::Rehearsed | Phase::Live | Phase::BackedOut);
    Ok(Seen {
        schedule: Schedule::read(&host.configuration.data, &of.code)?,
        told: forecast_of(host, &of.code, (entries, bytes), what_if)?,
        watch: host.watched.of(&of.code),
        asked: host.seals.asked(&of.code, host.now()),
        witnessed: record.as_ref().filter(|_| writes).map(|record| witnessed(host, record)),
        doing: host.seals.doing(&of.code),
        problem: of.problem().or_else(|| of.held_in_words()).filter(|_| !is_over),
        acts: Acts {
            runs_it,
            says: runs_it || door.permit.role() == Role::Administrator && door.trust_code == of.code.as_str(),
            rehearses: runs_it && !writes && follows && kept.has_line(),
            rehearses_back: runs_it && writes && follows && kept.has_line(),
            completes: runs_it && writes && matches!(kept.phase, Phase::Live | Phase::BackedOut),
        },
        host: host.name().to_owned(),
        now: host.now(),
        kept,
        writes,
        bytes,
        items,
        missing,
        me,
    })
}

impl Seen {
    /// The page.
    pub(crate) fn page<'a>(
        &'a self,
        setting: &'a Setting,
        live: &'a str,
        plan: PlanForm,
        tried: Option<String>,
    ) -> MovePage<'a> {
        let ticket = &self.kept.ticket;
        let checked = self.watch.checked.as_ref();
        MovePage {
            setting,
            host: &self.host,
            live,
            code: ticket.trust.as_str(),
            name: &ticket.name,
            from: &ticket.source.host,
            to: &ticket.target.host,
            is_carried: !self.kept.has_line(),
            writes: self.writes,
            steps: self.steps(),
            copied: self.copied(),
            lag: self.lag(),
            invariants: invariants(checked, self.now).into_iter().map(invariant).collect(),
            compared: match &self.watch.unchecked {
                Some(why) => Err(why.clone()),
                None => Ok(checked.map(|checked| checked.at)),
            },
            readiness: self.readiness(),
            merkle: self.merkle(),
            blocks: self.blocks(),
            dates: self.dates(tried),
            plan,
            rehearsals: self.rehearsals(),
            way_back: self.way_back(),
            doing: self.doing.as_ref().map(|doing| match doing {
                Doing::Now(what) => (Kind::Note, format!("{what}.")),
                Doing::Done(words) => (Kind::Note, words.clone()),
                Doing::Failed(why) => (Kind::Bad, why.clone()),
            }),
            problem: self.problem.clone(),
            acts: self.acts,
            has_ticket: self.kept.side == Side::Source && self.kept.phase == Phase::Planned,
            has_certificate: self.kept.certificate.is_some(),
        }
    }

    /// The plan as it is kept, as the fields of its form.
    pub(crate) fn plan_form(&self) -> PlanForm {
        let Some(plan) = &self.schedule else {
            let values = [("rehearse_days", "14"), ("way_back_days", "14"), ("back_minutes", "60")];
            let values = values.map(|(name, value)| (name, value.to_owned()));
            return PlanForm { values: BTreeMap::from(values), ..PlanForm::default() };
        };
        let date = |text: &str| crate::moving::schedule::date(text).map(terms::print::date_text).unwrap_or_default();
        let time = |minutes: i16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let cut = plan.cut_on().map(local);
        let values = [
            ("deadline", date(&plan.deadline)),
            ("copy_from", plan.copy_from.as_deref().map(date).unwrap_or_default()),
            ("cut_day", cut.map(|at| terms::print::date_text(at.date())).unwrap_or_default()),
            ("cut_time", cut.map(time_text).unwrap_or_default()),
            ("rehearse_days", plan.rehearse_days.to_string()),
            ("way_back_days", plan.way_back_days.to_string()),
            ("back_minutes", plan.back_minutes.to_string()),
            ("megabit", plan.megabit.map(|megabit| megabit.to_string()).unwrap_or_default()),
            ("hours_from", plan.hours.map(|(from, _)| time(from)).unwrap_or_default()),
            ("hours_until", plan.hours.map(|(_, until)| time(until)).unwrap_or_default()),
            ("carried_hours", plan.carried_hours.map(|hours| hours.to_string()).unwrap_or_default()),
            ("no_way_back", plan.no_way_back.clone()),
            ("hangs", plan.hangs.clone()),
        ];
        PlanForm { is_kept: true, values: BTreeMap::from(values), refused: Vec::new() }
    }

    fn passed(&self) -> usize {
        self.kept.rehearsals_since_cut().iter().rev().take_while(|one| one.agrees()).count()
    }

    fn steps(&self) -> Vec<Step> {
        let (kept, phase) = (&self.kept, self.kept.phase);
        let passed = self.passed();
        let is_cut = phase >= Phase::Cut && phase != Phase::BackedOut;
        let stage = |is_done: bool, is_now: bool| match (is_done, is_now) {
            (true, _) => Stage::Done,
            (false, true) => Stage::Now,
            _ => Stage::Later,
        };
        let step = |name, words, stage| Step { name, words, stage };
        let begun = |plan: &Schedule| Moment::parse(&plan.begun).ok().map(|at| format!(", begun {}", self.short(at)));
        let planned = self
            .schedule
            .as_ref()
            .map_or("no deadline yet".into(), |plan| format!("by {}{}", plan.by, begun(plan).unwrap_or_default()));
        let sample = self.watch.now();
        let copied = match (phase, sample) {
            (Phase::Planned, _) => format!("waits for {}", kept.ticket.target.host),
            (Phase::Copying, Some(at)) => format!("{} of {} entries", number(at.copied), number(at.newest)),
            (Phase::Copying, None) => "under way".into(),
            _ => {
                let since = moment(&kept.since, Phase::Following).map(|at| format!(", done {}", self.short(at)));
                format!("{}{}", size(self.bytes), since.unwrap_or_default())
            }
        };
        let follows = match (phase, sample) {
            (Phase::Planned | Phase::Copying, _) => "when it is copied".into(),
            (Phase::Completed, _) => "ended".into(),
            (_, Some(at)) => format!("running, {:.1} s behind", at.lag_ms as f64 / 1000.0),
            (_, None) => "running".into(),
        };
        let last = kept.rehearsals_since_cut().last().and_then(|last| Moment::parse(&last.moment).ok());
        let last = last.map(|at| format!(", last {}", self.short(at))).unwrap_or_default();
        let rehearsed = format!("{} of {REHEARSALS} passed{last}", passed.min(REHEARSALS));
        let rehearsed = if is_cut { "before the cut".into() } else { rehearsed };
        let cut = match (cut_at(kept), self.schedule.as_ref().and_then(Schedule::cut_on)) {
            (Some(at), _) => format!("{} {}", self.short(at), time_text(local(at))),
            (None, Some(at)) => format!("window {} {}", weekday_date_text(local_date(at)), time_text(local(at))),
            (None, None) => "no window agreed".into(),
        };
        let open = self.schedule.as_ref().map_or(14, |plan| plan.way_back_days);
        let back = match (phase, cut_at(kept)) {
            (Phase::Completed, _) => "closed".into(),
            (Phase::BackedOut, _) => "it went back".into(),
            (_, Some(at)) => format!("open until {}", self.short(Moment(at.0 + i64::from(open) * DAY_MS))),
            _ => format!("open {open} days after"),
        };
        let follow_done = is_cut || passed >= REHEARSALS;
        let mut steps = vec![
            step("Plan", planned, stage(self.schedule.is_some(), true)),
            step("Copy", copied, stage(phase >= Phase::Following, true)),
            step("Follow", follows, stage(follow_done, phase >= Phase::Following)),
            step("Rehearse", rehearsed, stage(is_cut || passed >= REHEARSALS, passed > 0)),
            step("Cut over", cut, stage(is_cut && phase != Phase::Cut, phase == Phase::Cut || passed >= REHEARSALS)),
            step("Way back", back, stage(phase == Phase::Completed, phase == Phase::Live)),
        ];
        // One step is under way: the last one that could be.
        let now = steps.iter().rposition(|step| step.stage == Stage::Now);
        for (at, step) in steps.iter_mut().enumerate() {
            if step.stage == Stage::Now && Some(at) != now && at > 0 {
                step.stage = Stage::Done;
            } else if step.stage == Stage::Now && Some(at) != now {
                step.stage = Stage::Later;
            }
        }
        steps
    }

    fn copied(&self) -> Vec<Copied> {
        let row = |what, there, of, is_bytes| Copied { what, there, of, is_bytes };
        let mut rows = Vec::new();
        match (self.kept.phase, self.watch.now()) {
            (Phase::Planned | Phase::Completed, _) | (_, None) => {}
            (_, Some(at)) => rows.push(row("Journal entries", at.copied, at.newest, false)),
        }
        let Some(checked) = &self.watch.checked else { return rows };
        let (whole, copy) = if self.writes { (&checked.here, &checked.there) } else { (&checked.there, &checked.here) };
        let kinds: [(&str, &[&str]); 4] = [
            ("People", &["Patient"]),
            ("Stays and attendances", &["Encounter"]),
            ("Documents", &["DocumentReference", "Composition", "Binary", "DiagnosticReport"]),
            ("Things that are owed", &[OWED]),
        ];
        let sum = |counts: &BTreeMap<String, u64>, kinds: &[&str]| {
            kinds.iter().filter_map(|kind| counts.get(*kind)).sum::<u64>()
        };
        let all = |counts: &BTreeMap<String, u64>| {
            counts.iter().filter(|(kind, _)| !kind.starts_with('~')).map(|(_, count)| count).sum::<u64>()
        };
        rows.push(row("All resources", all(&copy.counts), all(&whole.counts), false));
        rows.extend(
            kinds.iter().map(|(what, kinds)| row(what, sum(&copy.counts, kinds), sum(&whole.counts, kinds), false)),
        );
        if let (Some(there), Some(here)) = (copy.files, whole.files) {
            rows.push(row("Attached files", there, here, false));
        }
        let access = access_copied(&whole.access, &copy.access);
        rows.extend(access.map(|(there, here)| row("Access journal", there, here, true)));
        rows
    }

    fn lag(&self) -> Option<Lag> {
        let at = self.watch.now().filter(|_| self.kept.phase >= Phase::Following)?;
        let mut minutes: BTreeMap<i64, f64> = BTreeMap::new();
        for sample in &self.watch.samples {
            let worst = minutes.entry(sample.at.0 / 60_000).or_default();
            *worst = worst.max(sample.lag_ms as f64);
        }
        Some(Lag {
            ms: at.lag_ms,
            entries: at.newest - at.copied,
            minutes: minutes.into_values().collect(),
            limit_ms: LAG_LIMIT_MS,
        })
    }

    fn readiness(&self) -> Readiness {
        let kept = &self.kept;
        // What is carried has writers wait for hours, and no rehearsal measures that.
        let measured = kept.rehearsals.iter().filter(|one| one.agrees() && kept.has_line());
        let times: Vec<u64> = measured.map(|one| one.mock_cut_ms).collect();
        let last: Vec<u64> = times.iter().rev().take(REHEARSALS).copied().collect();
        let pauses = match (last.iter().min(), last.iter().max()) {
            (Some(least), Some(most)) if least != most => {
                format!("{} to {} in rehearsals.", seconds(*least), seconds(*most))
            }
            (Some(one), _) => format!("{} in rehearsals.", seconds(*one)),
            _ => String::new(),
        };
        let asked = self.asked.as_ref().map(|(by, since)| Seal::Asked {
            by: by.name.clone(),
            until: Moment(since.0 + BOTH_MS),
            agrees: self.acts.says && by.account != self.me.account,
        });
        let other = &kept.other().host;
        let seal = match asked {
            _ if kept.phase == Phase::Completed => Seal::Elsewhere("The move is completed.".into()),
            _ if !self.writes => {
                Seal::Elsewhere(format!("It is sealed at {other}, which writes the trust. Rehearse it here."))
            }
            _ if !kept.has_line() => Seal::Elsewhere(
                "There is no line to the other host: it is cut by command, with what the other one signed and two people \
                 (almoner move cut --signed)."
                    .into(),
            ),
            Some(asked) => asked,
            None if self.missing.is_empty() && self.acts.runs_it => Seal::Armed,
            None if self.missing.is_empty() => {
                Seal::Elsewhere("Everything holds. An operator of the host asks for the cut.".into())
            }
            None => Seal::Blocked,
        };
        Readiness {
            pause: last.first().map(|ms| seconds(*ms)),
            pauses,
            items: if self.writes { self.items.iter().map(|item| self.item(item)).collect() } else { Vec::new() },
            missing: self.missing.clone(),
            seal,
            back: kept.side == Side::Target,
            open_days: self.schedule.as_ref().map_or(14, |plan| plan.way_back_days),
        }
    }

    fn item(&self, of: &readiness::Item) -> Item {
        let waits = of.state != State::Holds;
        let act = match of.what {
            "Staff told, downtime sheets printed" if waits && self.acts.says && self.schedule.is_some() => {
                Some(("told", "Say so"))
            }
            "Way back rehearsed" if self.acts.rehearses_back && waits => Some(("rehearse-back", "Rehearse it")),
            "Second person ready" if self.acts.says && self.kept.has_line() => Some(("stand-by", "I am ready")),
            _ => None,
        };
        let is_rehearsal = of.what.starts_with("Three") || of.what.starts_with("Rehearsed since");
        let where_to =
            if is_rehearsal && waits { format!(" Rehearse at {}.", self.kept.other().host) } else { String::new() };
        Item { what: of.what, state: proof(of.state), why: format!("{}{where_to}", of.why), act }
    }

    fn merkle(&self) -> Option<Merkle> {
        let checked = self.watch.checked.as_ref()?;
        let (here, there) = (&checked.here, &checked.there);
        let parts = (0..here.parts.len().max(there.parts.len()))
            .map(|at| if here.parts.get(at) == there.parts.get(at) { Part::Equal } else { Part::Differs });
        Some(Merkle {
            entry: checked.entry,
            at: checked.at,
            here: here.root.clone(),
            there: there.root.clone(),
            parts: parts.collect(),
            names: (self.kept.own().host.clone(), self.kept.other().host.clone()),
            is_source: self.kept.side == Side::Source,
            witnessed: self.witnessed.clone(),
        })
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        for one in invariants(self.watch.checked.as_ref(), self.now) {
            for (kind, here, there) in one.differ {
                let what = match kind.strip_prefix('~') {
                    Some(counted) => counted[..1].to_uppercase() + &counted[1..],
                    None => kind,
                };
                if blocks.iter().all(|block| block.what != what) {
                    let next = "Verify both records (almoner verify --index), then rehearse again.";
                    blocks.push(Block { what, here: number(here), there: number(there), next });
                }
            }
        }
        if let Some(last) = self.kept.rehearsals_since_cut().last().filter(|last| !last.agrees()) {
            for difference in last.differences.iter().take(MOST_SHOWN) {
                let next = "Found by the last rehearsal. Rehearse again when it is mended.";
                blocks.push(Block { what: difference.clone(), here: String::new(), there: String::new(), next });
            }
        }
        blocks
    }

    fn dates(&self, tried: Option<String>) -> Option<Dates> {
        let (asked, told) = self.told.as_ref()?;
        let days = |ms: Option<i64>| ms.map(|ms| ms.div_euclid(DAY_MS));
        let is_begun = self.kept.phase > Phase::Planned;
        let rate = match (self.watch.rates(), asked.bandwidth) {
            ((Some(entries), _), limit) => format!(
                "Measured: {} entries a second, {} to {} in eight of ten seconds{}.",
                number(entries.likely as u64),
                number(entries.slow as u64),
                number(entries.fast as u64),
                limit.map(|limit| format!("; the line may carry {} a second", size(limit as u64))).unwrap_or_default()
            ),
            ((None, _), _) if asked.entries_left == 0 => {
                "Everything is copied; what is left is the plan’s own days.".into()
            }
            ((None, _), Some(limit)) => {
                format!("Nothing is measured yet: it goes by {} a second, as planned.", size(limit as u64))
            }
            ((None, _), None) => "Nothing is measured yet and no bandwidth is planned: nothing can be forecast.".into(),
        };
        Some(Dates {
            deadline: asked.deadline,
            copied: (asked.entries_left > 0).then(|| span(told.copied)),
            cut: span(told.cut),
            is_cut: asked.cut.is_some(),
            closes: span(told.closes),
            slack_days: days(told.slack_ms),
            worst_days: days(told.slack_at_worst_ms),
            latest_start: told.latest_start.filter(|_| !is_begun),
            latest_cut: told.latest_cut,
            no_return: told.no_return,
            basis: rate,
            tried,
        })
    }

    fn rehearsals(&self) -> Vec<Rehearsed> {
        let of = |what: &'static str, all: &[Rehearsal]| -> Vec<Rehearsed> {
            let shown = all.iter().filter_map(|one| {
                Some(Rehearsed {
                    at: Moment::parse(&one.moment).ok()?,
                    what,
                    questions: one.questions,
                    differences: one.differences.iter().take(MOST_SHOWN).cloned().collect(),
                    pause: seconds(one.mock_cut_ms),
                })
            });
            shown.collect()
        };
        let mut all = of("The cut", &self.kept.rehearsals);
        all.extend(of("The way back", &self.kept.ways_back));
        all.sort_by_key(|one| std::cmp::Reverse(one.at));
        all.truncate(MOST_SHOWN);
        all
    }

    fn way_back(&self) -> Option<Vec<String>> {
        let kept = &self.kept;
        let (from, to) = (&kept.ticket.source.host, &kept.ticket.target.host);
        let open = self.schedule.as_ref().map_or(14, |plan| plan.way_back_days);
        let mut said = match (kept.phase, cut_at(kept)) {
            (Phase::Completed, _) => {
                vec!["The move is completed: the other copy was destroyed, and there is no way back.".into()]
            }
            (Phase::BackedOut, _) => vec![format!("The trust went back: {from} writes, and {to} follows.")],
            (_, Some(at)) => {
                let closes = Moment(at.0 + i64::from(open) * DAY_MS);
                let soon = closes.0 - self.now.0 < 3 * DAY_MS;
                vec![
                    format!(
                        "{to} writes, and {from} follows it. Going back is the same cut the other way round and loses nothing."
                    ),
                    format!(
                        "The way back closes on {}{}",
                        weekday_date_text(local_date(closes)),
                        if soon { ", in less than 3 days: decide now." } else { "." }
                    ),
                ]
            }
            _ => vec![format!(
                "From the cut on {to} feeds {from}. If anything is wrong, going back is the same cut the other way round and \
                 loses nothing. It stays open for {open} days."
            )],
        };
        if let (Phase::Following | Phase::Rehearsed, Some(last)) = (kept.phase, kept.ways_back.last())
            && last.agrees()
        {
            let at = Moment::parse(&last.moment).map(|at| format!(" on {}", self.short(at))).unwrap_or_default();
            said.push(format!("It was rehearsed{at}: a pause of {}.", seconds(last.mock_cut_ms)));
        }
        if let Some(cut) = kept.cuts.last() {
            said.push(format!("The last cut: {}.", waits(cut)));
        }
        said.extend(kept.sealed_by.last().map(|who| format!("Sealed by {who}.")));
        Some(said)
    }

    fn short(&self, at: Moment) -> String {
        short_date_text(local_date(at), local_date(self.now))
    }
}

/// How many bytes of the access journal of the host that writes the copy has. Its own reads are not among them; a host of an
/// earlier release does not say.
fn access_copied(whole: &BTreeMap<String, u64>, copy: &BTreeMap<String, u64>) -> Option<(u64, u64)> {
    if whole.is_empty() || copy.is_empty() {
        return None;
    }
    let there = whole.iter().map(|(file, bytes)| copy.get(file).map_or(0, |there| *there.min(bytes)));
    Some((there.sum(), whole.values().sum()))
}

/// How long a cut had people wait, in words.
pub(crate) fn waits(of: &Cutting) -> String {
    let (Some(held), Some(longest), Some(live)) = (of.held, of.held_longest_ms, of.live_ms) else {
        return "how long writers were held is not known".into();
    };
    format!(
        "{} writers were held, the longest for {}; the other host wrote after {}",
        number(held),
        seconds(longest),
        seconds(live)
    )
}

/// What other hosts have signed of a record that this host writes.
pub(crate) fn witnessed(host: &Host, record: &Record) -> Vec<Witnessed> {
    let signed = host.witnesses.signed(record.verifier_key().name());
    let of = |Signed { host, entry, at, trouble, is_refused }| Witnessed { host, entry, at, trouble, is_refused };
    signed.into_iter().map(of).collect()
}

fn proof(state: State) -> Proof {
    match state {
        State::Holds => Proof::Holds,
        State::Broken => Proof::Broken,
        State::Waiting => Proof::NotChecked,
    }
}

fn invariant(of: readiness::Invariant) -> Invariant {
    let wrong = of.differ.len();
    Invariant { name: of.name, promise: of.promise, state: proof(of.state), counts: of.counts, wrong }
}

fn span(of: Range) -> Span {
    Span { early: of.early, likely: of.likely, late: of.late }
}
