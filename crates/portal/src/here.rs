//! Where somebody works: the ward that they chose once, kept on the desk for each person, and what is late there.
//!
//! Read once for each page, before its handler: the bar names the place and the rail has the number on every page. A
//! number that could not be counted is unknown, and never nought.

use administration::obligations::{DOWNTIME, DOWNTIME_NUMBER, NO_BED, Scope, query};
use administration::places::{self, Place};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use record::obligation::ObligationQuery;
use record::{DeskChange, Problem, Reading, Record};
use terms::Moment;

use crate::door::{Door, asked};

/// The kind of the desk's rows.
const PLACE: &str = "place";

/// Where somebody works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Here {
    /// The ward; none when they have not chosen one, or it is not in use any more.
    pub ward: Option<Place>,
    /// How much is late there; `None` when it could not be counted.
    pub late: Option<u64>,
    /// How many have no bed yet there; `None` when they could not be counted.
    pub no_bed: Option<u64>,
    /// Whether paper forms of a downtime are to be entered by whoever may.
    pub back_entry: bool,
}

/// Reads where whoever asks works, and lets the request go on with it. Parts of pages need neither bar nor rail.
pub(crate) async fn find_here(mut request: Request, next: Next) -> Response {
    // Of the parts of pages only that of the home page is about the place.
    let is_part = request.headers().contains_key("hx-request") && !request.uri().path().ends_with('/');
    let is_page = request.method() == Method::GET && !is_part;
    let is_form = request.method() == Method::POST;
    let door = request.extensions().get::<Door>().filter(|_| is_page || is_form).cloned();
    if let Some(mut door) = door {
        match read(&door).await {
            Ok(here) => door.here = here,
            // The page itself says what it cannot show; without a ward it asks for one.
            Err(problem) => tracing::error!(request = %door.request, %problem, "where somebody works was not read"),
        }
        request.extensions_mut().insert(door);
    }
    next.run(request).await
}

async fn read(door: &Door) -> Result<Here, Problem> {
    if !door.permit.scope().reads.contains("Encounter") {
        return Ok(Here::default());
    }
    let row = door.record.desk_get(PLACE, &door.permit.principal().id).await?;
    let id = row.and_then(|row| String::from_utf8(row.bytes).ok());
    let reading = door.record.read(&door.permit, asked::HERE).await?;
    let here = match id {
        Some(id) => at(door, &reading, &id).await,
        None => Ok(Here::default()),
    };
    let back_entry = is_back_entered(door, &reading).await;
    reading.finish_unseen().await?;
    Ok(Here { back_entry: back_entry?, ..here? })
}

/// Whether a downtime goes on, or numbers of one are owed.
async fn is_back_entered(door: &Door, reading: &Reading) -> Result<bool, Problem> {
    let writes = &door.permit.scope().writes;
    if !writes.contains("Task") || !writes.contains("Encounter") {
        return Ok(false);
    }
    for kind in [&DOWNTIME_NUMBER, &DOWNTIME] {
        if reading.count_obligations(&query(kind, &Scope::Everybody, door.now)).await? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn at(door: &Door, reading: &Reading, id: &str) -> Result<Here, Problem> {
    let Some(ward) = places::ward(reading, id).await?.filter(|ward| ward.place.is_active) else {
        return Ok(Here::default());
    };
    let is_clinical = door.permit.scope().reads.contains("AllergyIntolerance");
    let scope = Scope::ward(&ward);
    let late = late(reading, &scope, is_clinical, door.now).await;
    let late = late.inspect_err(|problem| tracing::error!(%problem, "what is late was not counted")).ok();
    let no_bed = reading.count_obligations(&query(&NO_BED, &scope, door.now)).await;
    let no_bed = no_bed.inspect_err(|problem| tracing::error!(%problem, "who has no bed was not counted")).ok();
    Ok(Here { ward: Some(ward.place.clone()), late, no_bed, back_entry: false })
}

/// How much is late in a scope, of the kinds that somebody sees.
pub(crate) async fn late(reading: &Reading, scope: &Scope, is_clinical: bool, now: Moment) -> Result<u64, Problem> {
    let query = ObligationQuery { due_before: Some(now), ..scope.query() };
    let mut late = reading.count_obligations(&query).await?;
    for kind in clinical::owed::KINDS.iter().filter(|_| !is_clinical) {
        let hidden = ObligationQuery { kind: Some(kind.code.into()), ..query.clone() };
        late -= reading.count_obligations(&hidden).await?.min(late);
    }
    Ok(late)
}

/// Keeps where somebody works, by the id of who they sign in as, until they choose another place.
pub async fn keep_place(record: &Record, principal: &str, ward: &str) -> Result<(), Problem> {
    let content = Some((ward.as_bytes().to_vec(), None));
    let change = DeskChange { kind: PLACE.into(), key: principal.into(), content, expected: None };
    record.desk_put(vec![change]).await?;
    Ok(())
}
