//! The lists of the site office, read from the index: bed requests, who comes in on a day, who is owed another day.
//!
//! A number on a page is the length of one of these lists, never counted in another way.

use record::{Clause, Problem, Reading, Select};
use terms::Date;
use terms::index::{Next, Part, Span};

use super::Stay;
use super::rows::{BED_REQUEST, EXPECTED_STAY, REBOOK, TCI_DAY};
use crate::draft;

/// Most rows of one list; a list that is longer is cut, and the page says so.
const MOST_LISTED: usize = 500;

/// Emergency admissions that were decided and have not begun, longest wait first.
pub async fn bed_requests(reading: &Reading) -> Result<Vec<Stay>, Problem> {
    let mut stays = found(reading, Span::head(BED_REQUEST, [])).await?;
    let since = |stay: &Stay| {
        let at = stay.request.decided.as_ref().or(stay.started.as_ref()).map(|at| at.lower());
        (at.is_none(), at, stay.id.clone())
    };
    stays.sort_by_key(since);
    Ok(stays)
}

/// Who was to come in on a day, in the order of their times: those who came, those who did not yet, those who will not.
pub async fn to_come_in(reading: &Reading, day: Date) -> Result<Vec<Stay>, Problem> {
    let span = Span::next(TCI_DAY, [], Next::TextEqual(day.to_string().into_bytes()));
    let mut stays = found(reading, span).await?;
    stays.sort_by_key(|stay| (stay.request.tci().map(|tci| tci.lower()), stay.id.clone()));
    Ok(stays)
}

/// Whose admission the hospital cancelled at the last minute and who have no new day, the earliest end first.
pub async fn to_rebook(reading: &Reading) -> Result<Vec<Stay>, Problem> {
    let mut stays = found(reading, Span::head(REBOOK, [])).await?;
    stays.sort_by_key(|stay| (stay.request.rebook_by(), stay.id.clone()));
    Ok(stays)
}

/// The expected inpatient stays of a patient.
pub async fn expected_stays_of(reading: &Reading, patient: &str) -> Result<Vec<Stay>, Problem> {
    found(reading, Span::head(EXPECTED_STAY, [Part::target("Patient", patient)])).await
}

async fn found(reading: &Reading, span: Span) -> Result<Vec<Stay>, Problem> {
    let mut select = Select::of("Encounter").with(Clause::Any(vec![span])).limit(MOST_LISTED);
    let mut stays = Vec::new();
    loop {
        let page = reading.select(&select).await?;
        for version in &page.versions {
            stays.push(Stay::of(draft::document(version)?.root()));
        }
        match page.next {
            Some(next) if stays.len() < MOST_LISTED => select.after = Some(next),
            _ => return Ok(stays),
        }
    }
}
