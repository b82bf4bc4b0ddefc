//! Owners of obligations and tasks: their plain names, and what those mean to people when they are read.
//!
//! An owner counts only if it is active: a place that is in use, a member of staff who works here, an account that may
//! sign in, a team that exists. Accounts are known to the door alone, which hands their names in.

use std::collections::BTreeMap;

use fhir::read::text;
use fhir::{Document, Limits};
use record::{Key, Problem, Reading};

use crate::places::{Place, Places};

/// The owner of what nobody is responsible for. It is counted like every other.
pub const NOBODY: &str = "nobody";
/// The team that gives beds.
pub const SITE_TEAM: &str = "team/site";
/// The team that plans admissions.
pub const ADMISSIONS_TEAM: &str = "team/admissions";
/// The team that keeps records apart and together.
pub const RECORDS_TEAM: &str = "team/records";
/// The office through which deaths go to the medical examiner.
pub const EXAMINER_TEAM: &str = "team/medical-examiner";
/// The privacy officer's office. It owns reviews and no tasks, which it does not see, so no task is offered to it.
pub const PRIVACY_TEAM: &str = "team/privacy";
/// What that office is called.
const PRIVACY_NAME: &str = "Privacy officer";
/// The office that keeps the papers of detentions under the Mental Health Act.
pub const DETENTION_TEAM: &str = "team/mental-health-act";
/// The teams that own tasks and other work, with their names for people.
pub const TEAMS: &[(&str, &str)] = &[
    (SITE_TEAM, "Site office"),
    (ADMISSIONS_TEAM, "Admissions office"),
    (RECORDS_TEAM, "Health records"),
    (EXAMINER_TEAM, "Medical examiner's office"),
    (DETENTION_TEAM, "Mental Health Act office"),
];
/// Most steps from a place to the ward that it is in.
const MOST_STEPS: usize = 8;

/// An owner as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The name, such as `Heron ward` or `Dr A Mistry`.
    pub name: String,
    /// Whether the owner is active; what is an inactive owner's is nobody's.
    pub is_active: bool,
}

impl Owner {
    /// An owner who may act.
    pub fn active(name: impl Into<String>) -> Owner {
        Owner { name: name.into(), is_active: true }
    }

    /// The holder of an account as an owner: whose account is closed is said to be so.
    fn of_account(holder: &Owner) -> Owner {
        let closed = if holder.is_active { "" } else { " (account closed)" };
        Owner { name: format!("{}{closed}", holder.name), is_active: holder.is_active }
    }

    /// What nobody owns.
    pub fn nobody() -> Owner {
        Owner { name: "Nobody".into(), is_active: false }
    }
}

/// What a team is called; one that is not known by its plain name.
pub(crate) fn team_name(team: &str) -> &str {
    known_team(team).unwrap_or(team)
}

fn known_team(team: &str) -> Option<&'static str> {
    let privacy = (PRIVACY_TEAM, PRIVACY_NAME);
    TEAMS.iter().chain([&privacy]).find(|(code, _)| *code == team).map(|(_, name)| *name)
}

/// What some owners are called. `places` are the places in use, `accounts` who holds the accounts, by `user/…`: one
/// that is closed is not active. Whoever is not found is not either.
///
/// # Errors
/// The record could not be read.
pub async fn named_owners(
    reading: &Reading,
    owners: impl IntoIterator<Item = String>,
    places: &Places,
    accounts: &BTreeMap<String, Owner>,
) -> Result<BTreeMap<String, Owner>, Problem> {
    let mut found = BTreeMap::new();
    let mut staff = Vec::new();
    for owner in owners {
        let named = match owner.split_once('/') {
            Some(("place", id)) => place_owner(id, places),
            Some(("team", _)) => known_team(&owner).map(Owner::active),
            Some(("user", _)) => accounts.get(&owner).map(Owner::of_account),
            Some(("practitioner", id)) => {
                staff.push(Key::new("Practitioner", id));
                None
            }
            _ => None,
        };
        let named = named.unwrap_or_else(|| Owner { name: unknown(&owner), is_active: false });
        found.insert(owner, named);
    }
    for version in reading.get_many(&staff).await? {
        let Ok(document) = Document::parse(&version.text, &Limits::default()) else { continue };
        let is_active = document.root().get("active").is_none_or(|active| active.raw_text() != "false");
        let name = staff_name(document.root()).unwrap_or_else(|| version.key.id.clone());
        found.insert(format!("practitioner/{}", version.key.id), Owner { name, is_active });
    }
    Ok(found)
}

/// A place belongs to the ward above it, and is called by that.
fn place_owner(id: &str, places: &Places) -> Option<Owner> {
    let mut place = &**places.get(id)?;
    for _ in 0..MOST_STEPS {
        match place.part_of.as_ref().and_then(|above| places.get(above)) {
            Some(above) if !is_board(place) => place = above,
            _ => break,
        }
    }
    Some(Owner::active(place.name.clone()))
}

/// Whether a place has a board of its own: somebody is responsible for it.
fn is_board(place: &Place) -> bool {
    place.kind.is_ward() || place.kind == crate::places::PlaceKind::EmergencyDepartment
}

/// An owner of whom nothing is known but the plain name.
fn unknown(owner: &str) -> String {
    match owner.split_once('/') {
        Some((_, id)) => format!("{id} (not active)"),
        None => "Nobody".into(),
    }
}

/// What a member of staff is called.
pub(crate) fn staff_name(practitioner: fhir::Node<'_, '_>) -> Option<String> {
    let name = practitioner.get("name")?.items().next()?;
    if let Some(text) = text(name, "text") {
        return Some(text);
    }
    let words = |member: &str| -> Vec<String> {
        fhir::read::items(name, member).filter_map(|word| Some(word.text()?.into_owned())).collect()
    };
    let parts: Vec<String> = [words("prefix"), words("given"), text(name, "family").into_iter().collect()].concat();
    (!parts.is_empty()).then(|| parts.join(" "))
}
