//! The home page from one reading: counters, tasks, lists, and who was opened last.
//!
//! Each part that fails says so by itself: a counter that could not be counted is unknown, and the rest of the page helps.

use std::collections::{BTreeMap, BTreeSet};

use access::Role;
use administration::boards::BoardRow;
use administration::obligations::{Counted, Counts, Kind, Scope};
use administration::tasks::{self, Task};
use record::obligation::OpenObligation;
use record::{Problem, Reading};
use terms::Moment;

use super::owed::{About, Tally, about, kinds, tallies};
use super::people::people;
use super::tasks::known;
use super::{finished, mine, ward};
use crate::components::counter::Standing;
use crate::door::{Door, asked};
use crate::pages::home::{Card, Group, Number, OnBoard, Recent, Sick, TaskRow, Tasks, TasksOf};
use crate::pages::ward::forms::expected;
use crate::pages::ward::{BoardView, Show, name, score, show_href};
use crate::recent;
use crate::setting::Setting;
use crate::words::{capital, clock, clock_or_day, duration};

/// Kinds that are tasks: they have a panel of their own.
const TASK_KINDS: &[&str] = &["task", "hand-over"];

/// What the home page shows.
pub(crate) struct Gathered {
    pub(crate) groups: Vec<Group>,
    /// What the board of the ward says, for those who have chosen one.
    pub(crate) ward: Option<OnBoard>,
    pub(crate) tasks: Option<Tasks>,
    pub(crate) offered: Vec<TaskRow>,
    pub(crate) recent: Vec<Recent>,
    /// The sequence that it shows.
    pub(crate) sequence: u64,
}

/// The ward at hand as its board has it.
struct OnWard {
    board: ward::Gathered,
    scope: Scope,
}

/// Gathers the page.
pub(crate) async fn home(door: &Door, wanted: &str) -> Result<Gathered, Problem> {
    let reading = door.record.read(&door.permit, asked::HOME).await?;
    let answer = gather(door, &reading, wanted).await;
    finished(reading, answer).await
}

async fn gather(door: &Door, reading: &Reading, wanted: &str) -> Result<Gathered, Problem> {
    let setting = door.setting();
    let here = on_ward(reading, &setting, door.now).await?;
    let groups = groups(door, reading, &setting, here.as_ref()).await?;
    let shown = TasksOf::of_code(wanted, here.is_some());
    let tasks = tasks_of(door, reading, here.as_ref(), shown).await;
    let (tasks, offered) = match tasks {
        Ok((tasks, offered)) => (Some(tasks), offered),
        Err(problem) => {
            tracing::error!(%problem, "the tasks of a home page could not be read");
            (None, Vec::new())
        }
    };
    let recent = recently(door, reading, here.as_ref()).await?;
    let ward = here.as_ref().map(|here| on_board(&BoardView::new(&here.board, &setting.links, &door.permit, door.now)));
    Ok(Gathered { groups, ward, tasks, offered, recent, sequence: reading.sequence() })
}

async fn on_ward(reading: &Reading, setting: &Setting, now: Moment) -> Result<Option<OnWard>, Problem> {
    let Some(place) = &setting.here.ward else { return Ok(None) };
    let Some(board) = ward::board(reading, &place.id, setting.clinical, now).await? else { return Ok(None) };
    let owners = board.ward.places().map(|place| format!("place/{}", place.id));
    Ok(Some(OnWard { scope: Scope::Owners(owners.collect()), board }))
}

/// What the board says, as home tells it: the very rows and numbers of the board.
fn on_board(view: &BoardView<'_>) -> OnBoard {
    let board = view.board();
    let mut sickest: Vec<(u8, Sick)> = Vec::new();
    for row in board.rows().filter(|row| Show::Five.has(view, row)) {
        let Some(occupant) = &row.occupant else { continue };
        let Some((id, at)) = occupant.stay.patient.as_deref().and_then(|id| Some((id, view.patient(Some(id))?))) else {
            continue;
        };
        let Some(bedside) = &at.bedside else { continue };
        let total = bedside.score.as_ref().map_or(0, |score| score.score.total);
        let sick = Sick {
            place: row.bed.as_ref().map_or_else(|| "No bed".to_owned(), |bed| bed.label.clone()),
            name: name(Some(at)),
            href: view.links.patient(id),
            score: score(bedside, view.now),
        };
        sickest.push((total, sick));
    }
    sickest.sort_by_key(|(total, _)| std::cmp::Reverse(*total));
    let number = |show: Show| Number {
        words: show.words(),
        count: view.count(show),
        href: show_href(view, show),
        is_bad: show.is_bad(),
    };
    let shown = |show: &Show| view.is_clinical || !show.is_clinical();
    OnBoard {
        ward: board.ward.name.clone(),
        href: view.links.ward(&board.ward.id),
        in_beds: board.counts().in_beds,
        beds: board.counts().beds,
        patients: board.rows().filter(|row| row.occupant.is_some()).count(),
        sickest: view.is_clinical.then(|| sickest.into_iter().map(|(_, sick)| sick).collect()),
        lists: [Show::Mine, Show::Ready, Show::Five].into_iter().filter(shown).map(number).collect(),
        expected: (expected(board).len(), view.links.admit_form(&board.ward.id, None)),
        flow: [Show::NoBed, Show::Free, Show::ToClean, Show::Reserved, Show::Closed, Show::Leaving, Show::Ready]
            .into_iter()
            .map(number)
            .collect(),
    }
}

/// Observations that are overdue: the board's number, and whose.
fn overdue(view: &BoardView<'_>) -> Card {
    let rows: Vec<_> = view.board().rows().filter(|row| Show::Overdue.has(view, row)).collect();
    let late = |row: &BoardRow| {
        let at = view.patient(row.occupant.as_ref()?.stay.patient.as_deref())?;
        Some((
            at.bedside.as_ref()?.overdue(view.now)?,
            row.bed.as_ref().map_or("No bed".to_owned(), |bed| format!("Bed {}", bed.label)),
        ))
    };
    let mut told: Vec<_> = rows.iter().filter_map(|row| late(row)).collect();
    told.sort_by_key(|(late, _)| std::cmp::Reverse(*late));
    let told: Vec<String> =
        told.into_iter().take(3).map(|(late, bed)| format!("{bed}, {} late", duration(late))).collect();
    let scope = match (told.is_empty(), rows.len() > told.len()) {
        (true, _) => format!("None at {}.", clock(view.now).text),
        (false, false) => format!("{}.", told.join(". ")),
        (false, true) => format!("{}, and others.", told.join(". ")),
    };
    Card {
        number: Some(rows.len() as u64),
        noun: if rows.len() == 1 {
            "set of observations overdue".into()
        } else {
            "sets of observations overdue".into()
        },
        scope: format!("Patients on the ward. {scope}"),
        standing: if rows.is_empty() { Standing::Good } else { Standing::Bad },
        href: show_href(view, Show::Overdue),
    }
}

/// The counters: the ward's, and the trust's for those without a ward and for clerks, who work for all of it.
async fn groups(
    door: &Door,
    reading: &Reading,
    setting: &Setting,
    here: Option<&OnWard>,
) -> Result<Vec<Group>, Problem> {
    let of = |kind: &&'static Kind| !TASK_KINDS.contains(&kind.code);
    let mut groups = Vec::new();
    if let Some(here) = here {
        let words = "Every number is a list of people on this ward now, unless it says otherwise. Each has an owner and a date.";
        let kinds = kinds(setting).filter(of).filter(|kind| !kind.by_team);
        let tallies = tallies(reading, kinds, &here.scope, door.now).await;
        let name = &here.board.board.ward.name;
        let mut own = group(door, reading, (name, words, "ward"), tallies).await?;
        let view = BoardView::new(&here.board, &setting.links, &door.permit, door.now);
        if view.is_clinical {
            own.counters.insert(0, overdue(&view));
        }
        groups.push(own);
    }
    groups.extend(own(door, reading, setting).await?);
    // A patient of theirs may lie on another ward: a high score is told to every clinician of the trust.
    if here.is_some() && setting.clinical {
        let words = "On every ward, for whoever is responsible for the patient.";
        let high = kinds(setting).filter(|kind| kind.code == clinical::HIGH_SCORE);
        let tallies = tallies(reading, high, &Scope::Everybody, door.now).await;
        let all = group(door, reading, (&setting.trust, words, "all"), tallies).await?;
        groups.push(Group { is_brief: true, ..all });
    }
    if here.is_none() || setting.role == Role::Clerk {
        let words = "Every number is a list of people of this trust. Each has an owner and a date.";
        let kinds = kinds(setting).filter(of).filter(|kind| here.is_none() || kind.by_team);
        let tallies = tallies(reading, kinds, &Scope::Everybody, door.now).await;
        groups.push(group(door, reading, (&setting.trust, words, "all"), tallies).await?);
    }
    Ok(groups)
}

/// Of whoever is a member of staff: what is theirs, and what is owed about the patients whose consultant they are. Left out where
/// there is nothing.
async fn own(door: &Door, reading: &Reading, setting: &Setting) -> Result<Vec<Group>, Problem> {
    let Some(patients) = mine::patients(door, reading).await? else { return Ok(Vec::new()) };
    let of = || kinds(setting).filter(|kind| !TASK_KINDS.contains(&kind.code));
    let mut groups = Vec::new();
    if !patients.stays.is_empty() {
        let words = "Whose consultant you are now, whichever ward they are on.";
        let tallies = tallies(reading, of(), &Scope::About(patients.anchors.clone()), door.now).await;
        let mut about = group(door, reading, ("your patients", words, "patients"), tallies).await?;
        about.counters.insert(0, in_care(door, reading, &patients).await?);
        groups.push(about);
    }
    let words = "What is yours by name, as an account and as a member of staff.";
    let tallies = tallies(reading, of(), &Scope::person(door.own_names()), door.now).await;
    let yours = group(door, reading, ("yours", words, "mine"), tallies).await?;
    if !yours.counters.is_empty() {
        groups.push(Group { none: Vec::new(), ..yours });
    }
    Ok(groups)
}

/// How many patients are theirs, and where.
async fn in_care(door: &Door, reading: &Reading, mine: &mine::Mine) -> Result<Card, Problem> {
    let number = mine.stays.len();
    Ok(Card {
        number: Some(number as u64),
        noun: if number == 1 { "patient of yours".into() } else { "patients of yours".into() },
        scope: format!("In the hospital now. {}.", mine::by_place(door, reading, mine).await?),
        standing: Standing::Plain,
        href: door.setting().links.my_patients(),
    })
}

async fn group(
    door: &Door,
    reading: &Reading,
    (whose, words, code): (&str, &'static str, &str),
    tallies: Vec<Tally>,
) -> Result<Group, Problem> {
    let oldest: Vec<OpenObligation> =
        tallies.iter().filter_map(|tally| tally.counted.as_ref()?.oldest.clone()).collect();
    let about = about(door, reading, &oldest).await?;
    let links = door.setting().links;
    let mut group = Group { whose: whose.to_owned(), words, counters: Vec::new(), none: Vec::new(), is_brief: false };
    for tally in tallies {
        let href = links.owed(tally.kind.code, code);
        match &tally.counted {
            Some(counted) if counted.number == 0 => group.none.push((tally.kind.words.1.to_owned(), href)),
            _ => group.counters.push(card(door, &tally, &about, href)),
        }
    }
    Ok(group)
}

pub(crate) fn card(door: &Door, tally: &Tally, about: &About, href: String) -> Card {
    let kind = tally.kind;
    let (number, noun, scope, standing) = match &tally.counted {
        Some(counted) => {
            let is_bad = counted.late > 0 && (kind.is_urgent || kind.counts == Counts::Open);
            let standing = match counted.number {
                0 => Standing::Good,
                _ if is_bad => Standing::Bad,
                _ => Standing::Warning,
            };
            (Some(counted.number), kind.noun(counted.number), scope_words(door, kind, counted, about), standing)
        }
        None => {
            let words =
                format!("Not counted at {}. Treat it as unknown, and load the page again.", clock(door.now).text);
            (None, kind.words.1, words, Standing::Bad)
        }
    };
    Card { number, noun: noun.to_owned(), scope, standing, href }
}

/// Of whom, the oldest with its owner, and how many are late.
fn scope_words(door: &Door, kind: &Kind, counted: &Counted, about: &About) -> String {
    let Some(oldest) = &counted.oldest else { return format!("{}.", kind.whose) };
    let name = about.patient(&oldest.anchor).and_then(|id| about.people.get(id)).map(|named| named.family.clone());
    let place = about.place_words(&oldest.obligation.owner);
    let since = kind
        .since(oldest.obligation.due)
        .map_or_else(|| "no date".to_owned(), |since| format!("since {}", clock_or_day(since, door.now).text));
    let first = [name.unwrap_or_default(), place, since].into_iter().filter(|part| !part.is_empty());
    let first = first.collect::<Vec<_>>().join(", ");
    let late = match counted.late {
        0 => String::new(),
        late if late == counted.number => " Late.".to_owned(),
        late => format!(" {late} late."),
    };
    let owner = about.owner(&oldest.obligation.owner);
    let is_own = door.own_names().contains(&oldest.obligation.owner);
    let owner = if is_own {
        "you".into()
    } else if owner.is_active {
        owner.name
    } else {
        format!("nobody active ({})", owner.name)
    };
    let oldest = if counted.number > 1 { "Oldest: " } else { "" };
    format!("{}. {oldest}{first}.{late} Owner: {owner}", capital(kind.whose))
}

async fn tasks_of(
    door: &Door,
    reading: &Reading,
    here: Option<&OnWard>,
    shown: TasksOf,
) -> Result<(Tasks, Vec<TaskRow>), Problem> {
    let mine = tasks::tasks(reading, &Scope::person(door.own_names())).await?;
    let ward = match here {
        Some(here) => Some(tasks::of_ward(reading, &here.scope, &here.board.live).await?),
        None => None,
    };
    let offered = tasks::offered(reading, &speaks_for(door)).await?;
    let rows: &[Task] = match (&ward, shown) {
        (Some(ward), TasksOf::Ward) => ward,
        _ => &mine,
    };
    let at_hand = here.map(at_hand).unwrap_or_default();
    let all: Vec<&Task> = rows.iter().chain(&offered).collect();
    let known = known(door, reading, &all, &at_hand).await?;
    let row = |task: &Task| known.row(door, task);
    let number = ward.as_ref().map(Vec::len);
    let tasks = Tasks {
        shown,
        ward: here.zip(number).map(|(here, number)| (here.board.board.ward.name.clone(), number)),
        mine: mine.len(),
        rows: rows.iter().map(row).collect(),
    };
    Ok((tasks, offered.iter().map(row).collect()))
}

/// Where the ward's patients are, in words.
fn at_hand(here: &OnWard) -> BTreeMap<String, String> {
    let rows = here.board.board.rows();
    let place = |row: &BoardRow| {
        let place = row.bed.as_ref().map_or_else(|| "No bed".to_owned(), |bed| format!("Bed {}", bed.label));
        Some((row.occupant.as_ref()?.stay.patient.clone()?, place))
    };
    rows.filter_map(place).collect()
}

/// The names for which whoever asks speaks: their own, and their ward's.
pub(crate) fn speaks_for(door: &Door) -> Vec<String> {
    let ward = door.here.ward.as_ref().map(|ward| format!("place/{}", ward.id));
    door.own_names().into_iter().chain(ward).collect()
}

async fn recently(door: &Door, reading: &Reading, here: Option<&OnWard>) -> Result<Vec<Recent>, Problem> {
    let opened = recent::opened(door).await?;
    let ids: BTreeSet<String> = opened.iter().map(|one| one.patient.clone()).collect();
    let named = people(reading, &ids, door.now).await?;
    let places = here.map(at_hand).unwrap_or_default();
    let links = door.setting().links;
    let recent = opened.into_iter().filter_map(|one| {
        let named = named.get(&one.patient)?;
        let under = places.get(&one.patient).cloned().unwrap_or_else(|| named.under.clone());
        Some(Recent { name: named.name.clone(), href: links.patient(&one.patient), under, at: one.at })
    });
    Ok(recent.collect())
}
