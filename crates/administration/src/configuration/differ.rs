//! What differs between two configurations, object by object, in words: added, removed, changed from what to what.
//!
//! Lines and files do not matter here, only what they come to.

use std::collections::BTreeMap;

use super::kinds::kind_words;
use super::model::{Configuration, Contact, JobRole, Member, Place, Service, Trust};

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It is new.
    Added,
    /// It is there no longer: its resource becomes inactive.
    Removed,
    /// Something of it is otherwise.
    Changed,
}

/// One object that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub how: How,
    /// What it is, such as `bed` or `service`.
    pub what: &'static str,
    /// Its code.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// What is otherwise, each as words such as `phone: was 2217, is 2218`.
    pub details: Vec<String>,
}

impl How {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            How::Added => "Added",
            How::Removed => "Removed",
            How::Changed => "Changed",
        }
    }
}

impl Change {
    /// The change as one line.
    pub fn sentence(&self) -> String {
        let Change { how, what, code, name, details } = self;
        let details = if details.is_empty() { String::new() } else { format!(": {}", details.join("; ")) };
        format!("{} {what} {name} ({code}){details}", how.word())
    }
}

/// What an object is, its code and name, and its values in words.
struct Facts {
    what: &'static str,
    name: String,
    values: Vec<(&'static str, String)>,
}

/// What leads from `live` to `proposed`, in the order of the proposed one, what is removed last.
pub fn changes(live: &Configuration, proposed: &Configuration) -> Vec<Change> {
    let (before, after) = (facts(live), facts(proposed));
    let by_code: BTreeMap<&str, &Facts> = before.iter().map(|(code, facts)| (code.as_str(), facts)).collect();
    let mut found = Vec::new();
    for (code, new) in &after {
        let Some(old) = by_code.get(code.as_str()) else {
            found.push(change(How::Added, code, new, Vec::new()));
            continue;
        };
        let details = details(old, new);
        if !details.is_empty() {
            found.push(change(How::Changed, code, new, details));
        }
    }
    let still: BTreeMap<&str, ()> = after.iter().map(|(code, _)| (code.as_str(), ())).collect();
    let gone = before.iter().filter(|(code, _)| !still.contains_key(code.as_str()));
    found.extend(gone.map(|(code, old)| change(How::Removed, code, old, Vec::new())));
    found
}

fn change(how: How, code: &str, of: &Facts, details: Vec<String>) -> Change {
    let code = code.split_once('/').map_or(code, |(_, code)| code).to_owned();
    Change { how, what: of.what, code, name: of.name.clone(), details }
}

fn details(old: &Facts, new: &Facts) -> Vec<String> {
    let pairs = old.values.iter().zip(&new.values).filter(|((_, old), (_, new))| old != new);
    let mut details: Vec<String> = pairs
        .map(|((key, old), (_, new))| match (old.as_str(), new.as_str()) {
            ("", new) => format!("{key}: is {new}"),
            (old, "") => format!("{key}: was {old}"),
            (old, new) => format!("{key}: was {old}, is {new}"),
        })
        .collect();
    if old.what != new.what {
        details.insert(0, format!("kind: was {}, is {}", old.what, new.what));
    }
    details
}

/// Every object with a name that is its own among all kinds, in order.
fn facts(of: &Configuration) -> Vec<(String, Facts)> {
    let mut facts = Vec::new();
    facts.extend(of.trust.iter().map(|trust| ("trust/".to_owned() + &trust.code, trust_facts(trust))));
    facts.extend(of.places.iter().map(|place| ("place/".to_owned() + &place.code, place_facts(place))));
    facts.extend(of.services.iter().map(|service| ("service/".to_owned() + &service.code, service_facts(service))));
    facts.extend(of.staff.iter().map(|member| ("staff/".to_owned() + &member.code, member_facts(member))));
    facts.extend(of.roles.iter().map(|role| ("role/".to_owned() + &role.code, role_facts(role))));
    facts
}

fn words(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

fn with_contact(mut values: Vec<(&'static str, String)>, of: &Contact) -> Vec<(&'static str, String)> {
    values.push(("description", words(of.description.as_ref())));
    values.push(("phone", words(of.phone.as_ref())));
    values.push(("bleep", words(of.bleep.as_ref())));
    values
}

fn trust_facts(of: &Trust) -> Facts {
    let takes_over = words(of.takes_over.as_ref());
    let values = vec![("name", of.name.clone()), ("ODS code", words(of.ods.as_ref())), ("who takes over", takes_over)];
    Facts { what: "trust", name: of.name.clone(), values: with_contact(values, &of.contact) }
}

fn place_facts(of: &Place) -> Facts {
    let values = vec![
        ("name", of.name.clone()),
        ("label", words(of.label.as_ref())),
        ("lies in", words(of.parent.as_ref())),
        ("order", of.position.to_string()),
        ("sex", of.sex.map_or_else(String::new, |sex| sex.code().to_owned())),
        ("treatment function", words(of.treatment_function.as_ref())),
        ("consultants", of.consultants.join(", ")),
        ("manager", words(of.manager.as_ref())),
    ];
    Facts { what: kind_words(of.kind), name: of.name.clone(), values: with_contact(values, &of.contact) }
}

fn service_facts(of: &Service) -> Facts {
    let values = vec![
        ("name", of.name.clone()),
        ("treatment function", words(of.treatment_function.as_ref())),
        ("wards", of.wards.join(", ")),
        ("consultants", of.consultants.join(", ")),
    ];
    Facts { what: "service", name: of.name.clone(), values: with_contact(values, &of.contact) }
}

fn member_facts(of: &Member) -> Facts {
    let values = vec![
        ("name", of.name.clone()),
        ("title", words(of.title.as_ref())),
        ("given name", words(of.given.as_ref())),
        ("family name", words(of.family.as_ref())),
        ("job role", words(of.role.as_ref())),
        ("main specialty", words(of.main_specialty.as_ref())),
        ("wards", of.wards.join(", ")),
        ("services", of.services.join(", ")),
        ("GMC number", words(of.gmc.as_ref())),
        ("NMC number", words(of.nmc.as_ref())),
    ];
    Facts { what: "member of staff", name: of.name.clone(), values: with_contact(values, &of.contact) }
}

fn role_facts(of: &JobRole) -> Facts {
    let values = vec![
        ("name", of.name.clone()),
        ("access", of.access.map_or_else(String::new, |role| role.code().to_owned())),
        ("national role", words(of.national.as_ref())),
        ("consultant", if of.is_consultant { "yes".to_owned() } else { "no".to_owned() }),
    ];
    Facts { what: "job role", name: of.name.clone(), values }
}
