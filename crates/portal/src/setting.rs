//! What every page of a trust knows: which trust, who reads it, what kind of system, at what moment.
//!
//! Made once a request; from it come the frame, the rail and the addresses. Decides nothing about access: the permit
//! has done that.

use access::{Permit, Role};
use terms::Moment;

use crate::components::frame::{Badge, Environment, Find, Frame, Person, RailItem};
use crate::here::Here;
use crate::icon::Icon;
use crate::link::Links;

/// What the search box says it finds.
pub const FIND_WORDS: &str = "Find a patient: name, NHS number, date of birth";

/// The setting of a page.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The trust's name for people.
    pub trust: String,
    /// The addresses.
    pub links: Links,
    /// What kind of system this is.
    pub environment: Environment,
    /// Who reads the page.
    pub person: Person,
    /// In which role.
    pub role: Role,
    /// Whether clinical content may be shown to them.
    pub clinical: bool,
    /// Whether they see who is in the emergency department.
    pub sees_attendances: bool,
    /// Whether they see who is on which ward.
    pub sees_stays: bool,
    /// Where they work.
    pub here: Here,
    /// Whether they may admit and move patients.
    pub moves_patients: bool,
    /// Whether forms of a downtime are to be entered: then every form that asks for a time asks for its number too.
    pub back_entry: bool,
    /// Now.
    pub now: Moment,
    /// What tells this page's forms from those of another page: a form is carried out once.
    pub form_key: String,
    /// What the pages of the host count, for its rail.
    pub host_counts: HostCounts,
    patients: String,
    home: String,
}

/// Trusts, counted for the rail of those who run or oversee a host; nought on other pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostCounts {
    /// That move and are not done.
    pub moving: u64,
    /// That will miss the deadline.
    pub missing: u64,
}

/// Where in the rail a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rail {
    /// Home, and the lists behind its numbers.
    Home,
    /// The emergency department: its board and forms.
    Emergency,
    /// Wards: the list, a board, its forms.
    Wards,
    /// Patients: search, summary, who has looked.
    Patients,
    /// The host.
    Host,
    /// The moves of its trusts.
    Moves,
    /// The trusts of a consortium against the deadline.
    Oversight,
    /// The person's account.
    More,
}

impl Setting {
    /// The setting of a trust's page for the holder of a permit.
    pub fn new(
        trust: (&str, &str),
        permit: &Permit,
        environment: Environment,
        form_token: &str,
        now: Moment,
    ) -> Setting {
        let (code, name) = trust;
        let links = Links::of(code);
        Setting {
            trust: name.to_owned(),
            person: Person {
                name: permit.principal().name.clone(),
                role: role_words(permit.role()).to_owned(),
                account: links.account(),
                form_token: form_token.to_owned(),
            },
            environment,
            role: permit.role(),
            clinical: permit.scope().reads.contains("AllergyIntolerance"),
            sees_attendances: permit.scope().reads.contains("Encounter"),
            sees_stays: permit.scope().reads.contains("Encounter"),
            here: Here::default(),
            moves_patients: permit.scope().writes.contains("Encounter"),
            back_entry: false,
            now,
            form_key: String::new(),
            host_counts: HostCounts::default(),
            patients: links.patients(),
            home: links.home(),
            links,
        }
    }

    /// The frame of a page.
    pub fn frame<'a>(&'a self, title: &'a str, place: &'a str, at: Rail) -> Frame<'a> {
        Frame {
            title,
            organisation: &self.trust,
            place: self.here.ward.as_ref().map_or(place, |ward| &ward.name),
            environment: self.environment,
            person: Some(&self.person),
            home: &self.home,
            find: (!matches!(at, Rail::Host | Rail::Moves | Rail::Oversight))
                .then_some(Find { action: &self.patients, words: FIND_WORDS }),
            rail: self.rail(at),
            is_private: false,
            counts_are_for: self.here.ward.as_ref().map(|ward| ward.name.as_str()),
        }
    }

    /// A number of where they work, in words; what could not be counted is said, and is never nought.
    fn badge(&self, number: Option<u64>, what: &str) -> Option<Badge> {
        let ward = self.here.ward.as_ref()?;
        match number {
            Some(0) => None,
            Some(number) => Some(Badge {
                text: number.to_string(),
                words: format!("{number} {what} on {}", ward.name),
                is_late: true,
            }),
            None => {
                let words = format!("how many are {what} on {} could not be counted", ward.name);
                Some(Badge { text: "?".into(), words, is_late: true })
            }
        }
    }

    /// The rail: only places that exist and that the role can open, always in this order.
    fn rail(&self, at: Rail) -> Vec<RailItem> {
        let item = |label, href, icon, of| RailItem { label, href, icon, current: at == of, badge: None };
        let mut items = Vec::new();
        if self.role == Role::PrivacyOfficer {
            items.push(item("Home", self.home.clone(), Icon::Home, Rail::Home));
        }
        if self.sees_stays && self.role != Role::Host {
            let badge = self.badge(self.here.late, "late");
            items.push(RailItem { badge, ..item("Home", self.home.clone(), Icon::Home, Rail::Home) });
        }
        if self.sees_stays {
            let badge = self.badge(self.here.no_bed, "with no bed yet");
            items.push(RailItem { badge, ..item("Wards", self.links.wards(), Icon::Bed, Rail::Wards) });
        }
        if self.sees_attendances {
            items.push(item("Emergency", self.links.emergency(), Icon::Pulse, Rail::Emergency));
        }
        if !matches!(self.role, Role::Operator | Role::Overseer) {
            items.push(item("Patients", self.patients.clone(), Icon::Search, Rail::Patients));
        }
        if matches!(self.role, Role::Operator | Role::Administrator) {
            items.push(item("Trusts", self.links.host(), Icon::Trusts, Rail::Host));
            let badge = of_host(self.host_counts.moving, "moving", false);
            items.push(RailItem { badge, ..item("Moves", self.links.moves(), Icon::Moves, Rail::Moves) });
        }
        if matches!(self.role, Role::Operator | Role::Overseer) {
            let badge = of_host(self.host_counts.missing, "will miss the deadline", true);
            items.push(RailItem { badge, ..item("Exit plan", self.links.oversight(), Icon::Plan, Rail::Oversight) });
        }
        items.push(item("More", self.links.account(), Icon::More, Rail::More));
        items
    }
}

/// A number of trusts at an entry of the rail.
fn of_host(number: u64, what: &str, is_late: bool) -> Option<Badge> {
    (number > 0).then(|| Badge { text: number.to_string(), words: format!("{number} {what}"), is_late })
}

/// A role in words.
pub const fn role_words(role: Role) -> &'static str {
    match role {
        Role::Clinician => "Clinician",
        Role::Clerk => "Clerk",
        Role::PatientIndex => "Patient index",
        Role::PrivacyOfficer => "Privacy officer",
        Role::Administrator => "Administrator",
        Role::Operator => "Host operator",
        Role::Overseer => "Overseer",
        Role::System => "Integration",
        Role::Subject => "App",
        Role::Host => "Host",
    }
}
