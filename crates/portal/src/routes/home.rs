//! Home, where somebody works, and the lists behind the counters.
//! Extracts, asks at one snapshot, renders; the gathering is in `gather`.

use access::Role;
use administration::obligations::{Counts, Kind, Scope, UNDATED};
use administration::places::{self, Place};
use administration::tasks::Task;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use http::{HeaderMap, StatusCode};
use record::obligation::OpenObligation;
use record::{Cursor, Problem};
use serde::Deserialize;

use super::{failed, not_allowed, not_found, page, privacy};
use crate::act::{Typed, done_notice};
use crate::door::{Door, asked};
use crate::gather::owed::{Listed, kind_of, listed};
use crate::gather::{finished, home, mine};
use crate::here;
use crate::pages::home::{Home, due_words, home_page};
use crate::pages::my_patients::my_patients_page;
use crate::pages::owed::{OwedList, OwedRow, owed_page};
use crate::pages::place::place_page;
use crate::words::short_moment;

/// What the address of the home page and of the lists may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Whose tasks: `ward` or `mine`.
    tasks: String,
    /// Whose obligations: `ward`, `mine`, `patients` of whoever asks, or `all`.
    of: String,
    /// Where the page before ended.
    after: String,
    /// What was just done, and its undo.
    done: String,
    undo: String,
    /// The sequence and the moment of the home page that asks for itself again.
    since: String,
    made: String,
}

/// How long a home page without a new commit stays as it is: what time alone changes is at most this old.
const STILL_MS: i64 = 5 * 60 * 1000;

/// `GET /t/{trust}/`: where a person begins. Those who see no stays begin where their work is.
pub(super) async fn home(Extension(door): Extension<Door>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let setting = door.setting();
    if headers.contains_key("hx-request") && is_still(&door, &asked) {
        return StatusCode::NO_CONTENT.into_response();
    }
    if setting.role == Role::PrivacyOfficer {
        return privacy::home(&door).await;
    }
    if !setting.sees_stays {
        let reads_patients = door.permit.scope().reads.contains("Patient");
        let begin = match setting.role {
            _ if reads_patients => setting.links.patients(),
            Role::Operator => setting.links.host(),
            Role::Overseer => setting.links.oversight(),
            _ => setting.links.account(),
        };
        return Redirect::to(&begin).into_response();
    }
    match home::home(&door, &asked.tasks).await {
        Ok(found) => {
            let done = done_notice(&setting, &asked.done, &asked.undo, &setting.links.home());
            let home::Gathered { groups, ward, tasks, offered, recent, sequence } = found;
            let of = Home { setting: &setting, done, groups, ward, tasks, offered, recent, sequence };
            page(StatusCode::OK, home_page(&of))
        }
        Err(problem) => failed(&door, &problem),
    }
}

/// Whether nothing was committed since the page was made, and not much time has passed.
fn is_still(door: &Door, asked: &Asked) -> bool {
    let newest = *door.record.follow().borrow();
    let made = asked.made.parse::<i64>().unwrap_or(0);
    asked.since.parse() == Ok(newest) && door.now.0 - made < STILL_MS
}

/// `GET …/place`: where somebody works.
pub(super) async fn place(Extension(door): Extension<Door>) -> Response {
    match wards(&door).await {
        Ok(wards) => page(StatusCode::OK, place_page(&door.setting(), &wards, false)),
        Err(problem) => failed(&door, &problem),
    }
}

/// `POST …/place`.
pub(super) async fn choose_place(
    Extension(door): Extension<Door>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let typed = Typed::of(fields);
    let wards = match wards(&door).await {
        Ok(wards) => wards,
        Err(problem) => return failed(&door, &problem),
    };
    if !wards.iter().any(|ward| ward.id == typed.text("place")) {
        return page(StatusCode::UNPROCESSABLE_ENTITY, place_page(&door.setting(), &wards, true));
    }
    match here::keep_place(&door.record, &door.permit.principal().id, typed.text("place")).await {
        Ok(()) => Redirect::to(&door.setting().links.home()).into_response(),
        Err(problem) => failed(&door, &problem),
    }
}

async fn wards(door: &Door) -> Result<Vec<Place>, Problem> {
    let reading = door.record.read(&door.permit, asked::PLACE).await?;
    let answer = places::wards(&reading).await;
    finished(reading, answer).await
}

/// `GET …/obligations/{kind}`: the list behind a counter.
pub(super) async fn owed(
    Extension(door): Extension<Door>,
    Path((_, code)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let setting = door.setting();
    let Some(kind) = kind_of(&setting, &code).filter(|_| setting.sees_stays) else {
        return not_allowed(&door, "There is no such list, or your role does not see it.");
    };
    let (of, scope) = match scope(&door, &asked.of).await {
        Ok(scope) => scope,
        Err(problem) => return failed(&door, &problem),
    };
    let after = if asked.after.is_empty() { None } else { Cursor::parse(&asked.after) };
    if after.is_none() && !asked.after.is_empty() {
        return not_found(&door);
    }
    match listed(&door, kind, &scope, after).await {
        Ok(found) => page(StatusCode::OK, rendered(&door, kind, of, &found, &asked)),
        // A page of an hour ago: begin again.
        Err(Problem::Expired) => Redirect::to(&setting.links.owed(kind.code, of)).into_response(),
        Err(problem) => failed(&door, &problem),
    }
}

/// `GET …/my-patients`: of whom whoever asks is the consultant or the emergency clinician; the list that the number on the
/// home page counts.
pub(super) async fn my_patients(Extension(door): Extension<Door>) -> Response {
    let setting = door.setting();
    if !setting.sees_stays {
        return not_allowed(&door, "Your role does not see who is in the hospital.");
    }
    match mine::listed(&door).await {
        Ok(rows) => page(StatusCode::OK, my_patients_page(&setting, door.staff.is_some(), &rows)),
        Err(problem) => failed(&door, &problem),
    }
}

/// The scope that the address names; without a ward it is the trust.
async fn scope(door: &Door, of: &str) -> Result<(&'static str, Scope), Problem> {
    match (of, &door.here.ward) {
        ("mine", _) => Ok(("mine", Scope::person(door.own_names()))),
        ("patients", _) if door.staff.is_some() => {
            let reading = door.record.read(&door.permit, asked::OWED).await?;
            let answer = mine::patients(door, &reading).await;
            let anchors = finished(reading, answer).await?.map(|own| own.anchors).unwrap_or_default();
            Ok(("patients", Scope::About(anchors)))
        }
        ("ward" | "", Some(ward)) => {
            let reading = door.record.read(&door.permit, asked::OWED).await?;
            let answer = places::ward(&reading, &ward.id).await;
            let ward = finished(reading, answer).await?;
            Ok(("ward", ward.map_or(Scope::Owners(Vec::new()), |ward| Scope::ward(&ward))))
        }
        _ => Ok(("all", Scope::Everybody)),
    }
}

fn rendered(door: &Door, kind: &'static Kind, of: &'static str, found: &Listed, asked: &Asked) -> maud::Markup {
    let setting = door.setting();
    let here = setting.links.owed(kind.code, of);
    let choice = |words: String, code: &str| (words, setting.links.owed(kind.code, code), code == of);
    let ward = setting.here.ward.as_ref().map(|ward| choice(ward.name.clone(), "ward"));
    let patients = door.staff.as_ref().map(|_| choice("My patients".into(), "patients"));
    let others = [choice("Mine".into(), "mine"), choice(setting.trust.clone(), "all")];
    owed_page(&OwedList {
        done: done_notice(&setting, &asked.done, &asked.undo, &here),
        setting: &setting,
        noun: kind.noun(found.counted.number),
        whose: kind.whose,
        end: kind.end,
        is_late_only: kind.counts == Counts::Late,
        number: found.counted.number,
        late: found.counted.late,
        scopes: ward.into_iter().chain(patients).chain(others).collect(),
        rows: found.rows.iter().map(|open| row(door, kind, found, open)).collect(),
        next: found.next.as_ref().map(|next| format!("{here}&after={}", next.text())),
    })
}

/// What a task says, and whose it was when their account or ward was closed.
fn task_words(task: &Task) -> String {
    let from = task.moved_from.as_ref().map(|from| format!(". Moved from {from}")).unwrap_or_default();
    format!("{}{from}", task.what)
}

fn row(door: &Door, kind: &'static Kind, found: &Listed, open: &OpenObligation) -> OwedRow {
    let (setting, about) = (door.setting(), &found.about);
    let links = &setting.links;
    let owner = about.owner(&open.obligation.owner);
    let anchor = format!("{}/{}", open.anchor.kind, open.anchor.id);
    let due = Some(open.obligation.due).filter(|due| *due != UNDATED);
    let patient = about.patient(&open.anchor).map(|id| match about.people.get(id) {
        Some(named) => (named.name.clone(), named.under.clone(), links.patient(id)),
        None => ("Not for you to see".to_owned(), String::new(), links.patient(id)),
    });
    let own = about.tasks.get(&open.anchor.id).filter(|_| open.anchor.kind == "Task");
    let task = match (own, found.tasks.get(&anchor)) {
        (Some(task), _) if kind.code == "duplicate" => Ok(("Compare".to_owned(), links.duplicate(&task.id))),
        (Some(_), _) if kind.code.starts_with("downtime") => Ok(("Account for it".to_owned(), links.downtime())),
        (Some(task), _) => Ok(("Open task".to_owned(), links.task(&task.id))),
        (None, _) if kind.code == "unallocated" => Ok(("Give out".to_owned(), links.duplicates())),
        (None, Some(task)) => Ok((task.what.clone(), links.task(&task.id))),
        (None, None) => Err(links.new_task(Some((kind.code, &anchor)))),
    };
    OwedRow {
        place: about.place_words(&open.obligation.owner),
        patient,
        what: match own {
            Some(task) => Some(task_words(task)).filter(|_| kind.code != "duplicate"),
            None => about.unmerge_words(&open.anchor),
        },
        owner: (owner.name, owner.is_active),
        due: due_words(due, door.now),
        since: kind.since(open.obligation.due).map(|since| short_moment(since, door.now)),
        task,
    }
}
