//! The routes of possible duplicates: the queue, a pair side by side, and each step of a merge and its parting.
//! For the role of the patient index alone.

use access::Role;
use administration::Command;
use administration::merging::{
    AgreeToMerge, Allocate, AskForMerge, FIELDS, NotTheSame, Pair, Side, TakeBackNotTheSame, Unmerge,
};
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::{Extension, Form};
use http::StatusCode;

use super::{failed, not_allowed, not_found, page, stopped};
use crate::act::{NotDone, Typed, act, done};
use crate::door::Door;
use crate::gather::duplicates::{Compared, compared, queue};
use crate::pages::duplicates::{Asked, GIVEN, pair_page, queue_page};

/// Who may compare and merge.
fn is_allowed(door: &Door) -> bool {
    door.permit.role() == Role::PatientIndex
}

const NOT_ALLOWED: &str = "Comparing and merging records is for those who keep the patient index.";

/// `GET …/duplicates`: the queue.
pub(super) async fn list(Extension(door): Extension<Door>, Query(fields): Query<Vec<(String, String)>>) -> Response {
    if !is_allowed(&door) {
        return not_allowed(&door, NOT_ALLOWED);
    }
    match queue(&door).await {
        Ok(queue) => page(StatusCode::OK, queue_page(&door.setting(), &queue, &Typed::of(fields))),
        Err(problem) => failed(&door, &problem),
    }
}

/// `GET …/duplicates/{id}`: a pair side by side.
pub(super) async fn pair(
    Extension(door): Extension<Door>,
    Path((_, id)): Path<(String, String)>,
    Query(fields): Query<Vec<(String, String)>>,
) -> Response {
    if !is_allowed(&door) {
        return not_allowed(&door, NOT_ALLOWED);
    }
    show(&door, &id, &Typed::of(fields), StatusCode::OK, None).await
}

async fn show(
    door: &Door,
    id: &str,
    typed: &Typed,
    status: StatusCode,
    refusal: Option<&administration::Refusal>,
) -> Response {
    let mut found = match compared(door, id).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(door),
        Err(problem) => return failed(door, &problem),
    };
    name_people(door, &mut found).await;
    page(status, pair_page(&door.setting(), &Asked { of: &found, typed, refusal }))
}

/// Puts names in the place of stable ids, where they are known.
async fn name_people(door: &Door, found: &mut Compared) {
    let ids = [&found.review.asked_by, &found.review.agreed_by].into_iter().flatten().cloned().collect();
    let names = door.names.of(ids).await;
    for who in [&mut found.review.asked_by, &mut found.review.agreed_by].into_iter().flatten() {
        if let Some(name) = names.get(who) {
            who.clone_from(name);
        }
    }
}

/// `POST …/duplicates/{id}/{step}`: one step of a review.
pub(super) async fn step(
    Extension(door): Extension<Door>,
    Path((_, id, step)): Path<(String, String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if !is_allowed(&door) {
        return not_allowed(&door, NOT_ALLOWED);
    }
    let typed = Typed::of(fields);
    let found = match compared(&door, &id).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(&door),
        Err(problem) => return failed(&door, &problem),
    };
    let Some((command, what)) = command(&step, found.review.pair, &typed) else { return not_found(&door) };
    let back = door.setting().links.duplicate(&id);
    match act(&door, &command, &typed).await {
        Ok(receipt) => done(&back, what, &receipt),
        Err(NotDone::Refused(refusal)) => {
            show(&door, &id, &typed, StatusCode::UNPROCESSABLE_ENTITY, Some(&refusal)).await
        }
        Err(not_done) => stopped(&door, not_done, &back),
    }
}

/// The command of a step, and the word for its notice.
fn command(step: &str, pair: Pair, typed: &Typed) -> Option<(Command, &'static str)> {
    let why = typed.text("why").to_owned();
    Some(match step {
        "ask" => {
            let side = Side::of_code(typed.text("survivor"));
            let survivor = side.map(|side| pair.on(side).to_owned()).unwrap_or_default();
            let keep = FIELDS
                .iter()
                .filter_map(|(field, _)| Side::of_code(typed.text(field)).map(|side| ((*field).to_owned(), side)));
            let keep = keep.collect();
            (Command::AskForMerge(AskForMerge { pair, survivor, keep, why }), "merge-asked")
        }
        "agree" => (Command::AgreeToMerge(AgreeToMerge { pair }), "merged"),
        "not-the-same" => {
            let why = [typed.text("reason"), typed.text("words")].join(" ").trim().to_owned();
            (Command::NotTheSame(NotTheSame { pair, why }), "not-the-same")
        }
        "take-back" => (Command::TakeBackNotTheSame(TakeBackNotTheSame { pair }), "taken-back"),
        "unmerge" => {
            let given = typed.fields().filter_map(|(name, value)| {
                let to = pair.on(Side::of_code(value)?).to_owned();
                Some((name.strip_prefix(GIVEN)?.to_owned(), to))
            });
            (Command::Unmerge(Unmerge { given: given.collect(), pair, why }), "unmerged")
        }
        _ => return None,
    })
}

/// `POST …/unmerged/{list}/give`: whose an item is.
pub(super) async fn give(
    Extension(door): Extension<Door>,
    Path((_, list)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    if !is_allowed(&door) {
        return not_allowed(&door, NOT_ALLOWED);
    }
    let typed = Typed::of(fields);
    let (item, to) = (typed.text("item").to_owned(), typed.text("to").to_owned());
    let back = door.setting().links.duplicates();
    match act(&door, &Command::Allocate(Allocate { list, item, to }), &typed).await {
        Ok(receipt) => done(&back, "given", &receipt),
        Err(not_done) => stopped(&door, not_done, &back),
    }
}
