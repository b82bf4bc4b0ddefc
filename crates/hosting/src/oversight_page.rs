//! The page of all trusts against the deadline, gathered from the reports of the consortium's hosts and from this host itself;
//! and this host's own signed report for whoever oversees it. Read-only: for overseers and operators.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::Role;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use portal::Door;
use portal::components::gantt::Bars;
use portal::pages::oversight::{
    Change, Heard, OversightView, RefusedReport, Risk as Shown, TrustAgainst, oversight_page,
};
use terms::Moment;
use terms::print::weekday_date_text;

use crate::answer;
use crate::failure::Failure;
use crate::host::Host;
use crate::host_page::{not_for, page, runs_host, setting};
use crate::moving::Phase;
use crate::moving::estimate::{DAY_MS, Outlook};
use crate::oversight::report::Standing;
use crate::oversight::{Overseen, Refused, overseen, signed_report, standings};

/// `GET /t/{trust}/oversight`.
pub(crate) async fn show(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    if let Some(response) = turned_away(&host, &door) {
        return response;
    }
    match gather(&host).await {
        Ok(gathered) => {
            let mut setting = setting(&host, &door);
            let missing = gathered.trusts.iter().filter(|trust| trust.risk == Shown::WillMiss).count();
            setting.host_counts.missing = missing as u64;
            let consortium = gathered.of.consortium.as_ref();
            let view = OversightView {
                setting: &setting,
                host: host.name(),
                consortium: consortium.map_or("the trusts of this host", |consortium| consortium.plan.name.as_str()),
                deadline: gathered.deadline,
                freeze: consortium.and_then(|consortium| consortium.freeze()),
                cost_per_day: consortium.and_then(|consortium| consortium.plan.cost_per_day),
                trusts: gathered.trusts,
                reports: gathered.reports,
                refused: gathered.of.refused.iter().filter_map(refused).collect(),
                changes: gathered.changes,
            };
            page(StatusCode::OK, oversight_page(&view).into_string())
        }
        Err(failure) => failed(&failure),
    }
}

/// `GET /t/{trust}/status-report`: a signed report of this host's trusts, for the host of whoever oversees them.
pub(crate) async fn report(State(host): State<Arc<Host>>, Extension(door): Extension<Door>) -> Response {
    if let Some(response) = turned_away(&host, &door) {
        return response;
    }
    match signed_report(&host).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response(),
        Err(failure) => failed(&failure),
    }
}

fn turned_away(host: &Host, door: &Door) -> Option<Response> {
    let oversees = door.permit.role() == Role::Overseer && !host.came_from_elsewhere(&door.trust_code);
    let is_for = oversees || runs_host(host, door);
    (!is_for).then(|| not_for(door, "This page is for those who oversee the moves of a consortium."))
}

fn failed(failure: &Failure) -> Response {
    answer::failed("oversight could not be shown", failure)
}

struct Gathered {
    of: Overseen,
    deadline: Option<Moment>,
    trusts: Vec<TrustAgainst>,
    reports: Vec<Heard>,
    changes: Vec<Change>,
}

async fn gather(host: &Arc<Host>) -> Result<Gathered, Failure> {
    let now = host.now();
    let of = overseen(&host.configuration.data, now)?;
    let own = standings(host).await?;
    let planned = own.iter().filter_map(|(_, told)| told.as_ref().map(|(asked, _)| asked.deadline)).max();
    let deadline = of.consortium.as_ref().and_then(|consortium| consortium.deadline()).or(planned);
    let own: Vec<Standing> = own.into_iter().map(|(standing, _)| standing).collect();
    let is_overseer = of.consortium.is_some();
    // A host that only oversees has a trust without patients for its accounts: that one does not move.
    let own: Vec<Standing> = own
        .into_iter()
        .filter(|one| !is_overseer || one.people > 0 || one.phase.is_some() || one.begun.is_some())
        .collect();
    let reported = of.newest.iter().flat_map(|(_, report)| &report.trusts);
    let all = merged(own.iter().chain(reported));
    let mut reports: Vec<Heard> = of
        .newest
        .iter()
        .map(|(name, report)| Heard { host: name.clone(), report: Some((report.number, report.made)) })
        .collect();
    reports.extend(of.silent.iter().map(|name| Heard { host: name.clone(), report: None }));
    if !own.is_empty() {
        reports.push(Heard { host: host.name().to_owned(), report: Some((0, now)) });
    }
    let changes = all.iter().filter_map(|(one, _)| change(one, of.before.get(&one.origin)?)).collect();
    let mut trusts: Vec<TrustAgainst> =
        all.iter().map(|(one, doubled)| against(one, *doubled, deadline, now)).collect();
    trusts.sort_by_key(|trust| (trust.bars.cut.is_none(), trust.bars.cut, trust.bars.name.clone()));
    Ok(Gathered { of, deadline, trusts, reports, changes })
}

/// One standing for each record: that of the host that writes it; and whether two hosts say that they do.
fn merged<'a>(all: impl Iterator<Item = &'a Standing>) -> Vec<(&'a Standing, bool)> {
    let mut by_origin: BTreeMap<&str, (&Standing, bool)> = BTreeMap::new();
    for one in all {
        match by_origin.get_mut(one.origin.as_str()) {
            None => drop(by_origin.insert(&one.origin, (one, false))),
            Some((known, doubled)) if known.writes && one.writes => *doubled = true,
            Some(known) if one.writes => known.0 = one,
            Some(_) => {}
        }
    }
    by_origin.into_values().collect()
}

fn against(of: &Standing, doubled: bool, deadline: Option<Moment>, now: Moment) -> TrustAgainst {
    let slack_ms = of.closes.zip(deadline).map(|(closes, deadline)| deadline.0 - closes.0);
    let risk = match Outlook::of(of.is_cut, slack_ms, of.differences > 0) {
        Outlook::Moved => Shown::Moved,
        Outlook::OnTrack => Shown::OnTrack,
        Outlook::AtRisk => Shown::AtRisk,
        Outlook::WillMiss => Shown::WillMiss,
        Outlook::Unknown => Shown::Unknown,
    };
    TrustAgainst {
        code: of.code.to_string(),
        bars: Bars {
            name: of.name.clone(),
            begun: of.begun,
            copy: of.copy,
            copied: of.copied,
            cut: of.cut,
            closes: of.closes,
            class: risk.class(),
        },
        people: of.people,
        slack_days: slack_ms.filter(|_| !of.is_cut).map(|ms| ms.div_euclid(DAY_MS)),
        risk,
        hangs: if doubled { "Two hosts say that they write it: ask both at once.".into() } else { hangs(of, now) },
        differences: of.differences,
    }
}

/// What it hangs on: the planner's own words, and what was counted.
fn hangs(of: &Standing, now: Moment) -> String {
    let counted = match (of.is_cut, of.closes, of.missing) {
        (true, Some(closes), _) if closes > now => {
            format!("Way back open until {}", weekday_date_text(terms::local_date(closes)))
        }
        (true, _, _) if of.phase == Some(Phase::Completed) => "Old copy destroyed".into(),
        (true, _, _) => "Way back closed".into(),
        (false, _, _) if of.differences > 0 => format!("{} differences in the last rehearsal", of.differences),
        (false, None, _) => "No plan with a deadline".into(),
        (false, _, Some(0)) => "Ready to be sealed".into(),
        (false, _, Some(missing)) => format!("{missing} of 5 conditions of the cut are open"),
        (false, Some(_), None) => "No ticket yet".into(),
    };
    of.hangs.as_ref().map_or(counted.clone(), |words| format!("{words}. {counted}"))
}

/// What has changed since a week ago.
fn change(now: &Standing, before: &Standing) -> Option<Change> {
    let days = now.closes.zip(before.closes).map(|(now, before)| (now.0 - before.0).div_euclid(DAY_MS));
    let what = match (now.phase, before.phase) {
        (phase, former) if phase != former => {
            format!("{}, was {}", phase.map_or("not begun", Phase::word), former.map_or("not begun", Phase::word))
        }
        _ if now.rehearsals > before.rehearsals => format!("{} rehearsals in a row passed", now.rehearsals),
        _ if now.rehearsals < before.rehearsals => "a rehearsal found differences".into(),
        _ if now.hangs != before.hangs => now.hangs.clone().unwrap_or_else(|| "nothing it hangs on any more".into()),
        _ if days.is_some_and(|days| days != 0) => "forecast moved".into(),
        _ => return None,
    };
    Some(Change { name: now.name.clone(), what, days })
}

fn refused(of: &Refused) -> Option<RefusedReport> {
    Some(RefusedReport { at: Moment::parse(&of.when).ok()?, from: of.from.clone(), why: of.why.clone() })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;
    use crate::oversight::report::tests::standing;

    #[test]
    fn the_host_that_writes_speaks_for_a_trust_and_two_that_do_are_named() {
        let writes = standing("RTX");
        let follows = Standing { writes: false, entries: 1, ..standing("RTX") };
        let other = standing("RTB");
        for order in [[&writes, &follows, &other], [&follows, &other, &writes]] {
            let all = merged(order.into_iter());
            assert_eq!(all.len(), 2);
            assert!(all.iter().all(|(one, doubled)| one.writes && !doubled));
        }
        let again = standing("RTX");
        let all = merged([&writes, &again].into_iter());
        assert!(all[0].1);
        let shown = against(all[0].0, true, None, Moment(0));
        assert!(shown.hangs.contains("Two hosts") && shown.risk == Shown::Unknown);
    }

    #[test]
    fn slack_is_the_deadline_minus_the_end_of_the_way_back() {
        let of = standing("RTX");
        let closes = of.closes.unwrap();
        let slack = |days: i64| {
            let shown = against(&of, false, Some(Moment(closes.0 + days * DAY_MS)), Moment(0));
            (shown.slack_days, shown.risk)
        };
        assert_eq!(slack(20), (Some(20), Shown::OnTrack));
        assert_eq!(slack(3), (Some(3), Shown::AtRisk));
        assert_eq!(slack(-7), (Some(-7), Shown::WillMiss));
        let moved = Standing { is_cut: true, ..of.clone() };
        assert_eq!(against(&moved, false, Some(Moment(0)), Moment(0)).risk, Shown::Moved);
        let differs = Standing { differences: 1, ..of };
        assert_eq!(against(&differs, false, Some(Moment(closes.0 + 99 * DAY_MS)), Moment(0)).risk, Shown::AtRisk);
    }

    #[test]
    fn a_week_is_told_in_words() {
        let (before, later) = (standing("RTX"), Moment(standing("RTX").closes.unwrap().0 + 6 * DAY_MS));
        assert_eq!(change(&before, &before), None);
        let slipped = change(&Standing { closes: Some(later), ..before.clone() }, &before).unwrap();
        assert_eq!((slipped.days, slipped.what.as_str()), (Some(6), "forecast moved"));
        let passed = change(&Standing { rehearsals: 3, ..before.clone() }, &before).unwrap();
        assert_eq!((passed.days, passed.what.as_str()), (Some(0), "3 rehearsals in a row passed"));
    }
}
