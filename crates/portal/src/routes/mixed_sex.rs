//! Mixed-sex accommodation: the list of who shared a bay with the other sex, and why. A form becomes one command.
//! Knows no rule of what a breach is: that is asked of the stays.

use std::collections::BTreeSet;

use administration::places;
use administration::stays::{Breach, SayWhyMixed, breaches_since};
use administration::{Command, Refusal};
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Form, Router};
use http::StatusCode;
use record::{Problem, Reading};
use terms::{Date, Moment, local_date, start_of_day};

use super::stays::refused;
use super::{failed, page, stopped};
use crate::act::{NotDone, Typed, act, done, done_notice};
use crate::door::{Door, asked};
use crate::gather::{finished, people};
use crate::pages::mixed_sex::{MixedRow, MixedSex, mixed_sex_page};

/// How fields begin that choose a patient; the stay's id follows.
const OF: &str = "of-";

/// What is shown: the wards that can be chosen, and the rows.
struct Gathered {
    wards: Vec<(String, String)>,
    rows: Vec<MixedRow>,
}

/// The routes of this file.
pub(super) fn routes() -> Router {
    Router::new().route("/t/{trust}/mixed-sex", get(show).post(submit))
}

/// `GET …/mixed-sex?ward=…&month=last`.
async fn show(Extension(door): Extension<Door>, Query(fields): Query<Vec<(String, String)>>) -> Response {
    answer(&door, &Typed::of(fields), None).await
}

/// `POST …/mixed-sex`: why somebody shared a bay.
async fn submit(
    Extension(door): Extension<Door>,
    Query(shown): Query<Vec<(String, String)>>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if let Some(refused) = refused(&door) {
        return refused;
    }
    let typed = Typed::of(fields.into_iter().chain(shown).collect());
    let own = own(&door, typed.text("ward"), typed.text("month"));
    match act(&door, &Command::SayWhyMixed(command(&typed)), &typed).await {
        Ok(receipt) => done(&own, "mixed-sex", &receipt),
        Err(NotDone::Refused(refusal)) => answer(&door, &typed, Some(&refusal)).await,
        Err(not_done) => stopped(&door, not_done, &own),
    }
}

fn command(typed: &Typed) -> SayWhyMixed {
    let chosen = typed.fields().filter_map(|(name, value)| {
        let stay = name.strip_prefix(OF)?;
        Some((stay.to_owned(), Moment(value.parse().ok()?)))
    });
    SayWhyMixed { room: typed.text("room").to_owned(), of: chosen.collect(), reason: typed.text("reason").to_owned() }
}

/// The address of the page with what it shows.
fn own(door: &Door, ward: &str, month: &str) -> String {
    door.setting().links.mixed_sex(ward, month == "last")
}

async fn answer(door: &Door, typed: &Typed, refusal: Option<&Refusal>) -> Response {
    if let Some(refused) = refused(door) {
        return refused;
    }
    let (ward, is_last) = (typed.text("ward"), typed.text("month") == "last");
    let (first, end) = month(local_date(door.now), is_last);
    let found = match gathered(door, Some(ward).filter(|ward| !ward.is_empty()), (first, end)).await {
        Ok(found) => found,
        Err(problem) => return failed(door, &problem),
    };
    let setting = door.setting();
    let own = own(door, ward, typed.text("month"));
    let all = ("Every ward".to_owned(), setting.links.mixed_sex("", is_last), ward.is_empty());
    let wards = found.wards.iter().map(|(id, name)| (name.clone(), setting.links.mixed_sex(id, is_last), id == ward));
    let months = [false, true].map(|last| {
        let words = if last { "Last month" } else { "This month" };
        (words.to_owned(), setting.links.mixed_sex(ward, last), last == is_last)
    });
    let name = found.wards.iter().find(|(id, _)| id == ward).map_or(setting.trust.as_str(), |(_, name)| name);
    let began = start_of_day(first);
    let of = MixedSex {
        setting: &setting,
        done: done_notice(&setting, typed.text("done"), typed.text("undo"), &own),
        own: &own,
        whose: &format!("{name}, {}", if is_last { "last month" } else { "this month" }),
        scopes: vec![std::iter::once(all).chain(wards).collect(), months.into()],
        counted: found.rows.iter().filter(|row| row.breach.from >= began && row.breach.counts()).count(),
        rows: &found.rows,
        typed,
        refusal,
        may_write: door.permit.scope().writes.contains("Encounter"),
    };
    let status = if refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, mixed_sex_page(&of))
}

/// The first day of a month, and the first of the next where the month is over.
fn month(today: Date, is_last: bool) -> (Date, Option<Date>) {
    let this = today.first_of_month();
    match this.yesterday() {
        Ok(before) if is_last => (before.first_of_month(), Some(this)),
        _ => (this, None),
    }
}

async fn gathered(door: &Door, ward: Option<&str>, month: (Date, Option<Date>)) -> Result<Gathered, Problem> {
    let reading = door.record.read(&door.permit, asked::MIXED_SEX).await?;
    let answer = read(door, &reading, ward, month).await;
    finished(reading, answer).await
}

async fn read(
    door: &Door,
    reading: &Reading,
    ward: Option<&str>,
    (first, end): (Date, Option<Date>),
) -> Result<Gathered, Problem> {
    let mut breaches: Vec<Breach> = breaches_since(reading, ward, first, door.now).await?;
    breaches.retain(|breach| end.is_none_or(|end| breach.from < start_of_day(end)));
    let patients: BTreeSet<String> = breaches.iter().map(|breach| breach.patient.clone()).collect();
    let named = people::people(reading, &patients, door.now).await?;
    let wards = places::wards(reading).await?.into_iter().filter(|ward| ward.kind.is_ward());
    let wards = wards.map(|ward| (ward.id, ward.name)).collect();
    let mut rows = Vec::with_capacity(breaches.len());
    for breach in breaches {
        let room = places::place(reading, &breach.room).await?.map_or_else(String::new, |room| room.name);
        let links = door.setting().links;
        let patient =
            named.get(&breach.patient).map(|named| (named.name.clone(), named.under.clone(), links.stay(&breach.stay)));
        rows.push(MixedRow { breach, patient, room });
    }
    Ok(Gathered { wards, rows })
}
