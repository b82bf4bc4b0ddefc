//! A configuration as typed objects: what a trust has, where each thing was written, and what is inherited.
//!
//! Plain data. Whether it is right is `lint`'s; what it stands for in FHIR is `resources`'.

use std::collections::BTreeMap;

use access::Role;

use super::finding::At;
use super::kinds::{Sex, is_ward};
use crate::places::PlaceKind;

/// Whose an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The trust's own.
    Own,
    /// Inherited as it is.
    Inherited,
    /// Inherited, and changed by the trust.
    Overridden {
        /// Where the inherited one is written.
        of: At,
    },
}

/// Where an object and its values are written, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where the object begins.
    pub at: At,
    /// Where its values are, by key.
    pub values: BTreeMap<&'static str, At>,
    /// Whose it is.
    pub origin: Origin,
}

/// A description and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// One line for people.
    pub description: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// A bleep number.
    pub bleep: Option<String>,
}

/// The trust itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// Its code, the id of its Organization.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its code with the Organisation Data Service.
    pub ods: Option<String>,
    /// Who takes over what a ward or a member of staff owes that is configured no longer: a ward's code, or a team.
    pub takes_over: Option<String>,
    /// How to reach it.
    pub contact: Contact,
    /// Where it is written.
    pub written: Written,
}

/// A place: a site, a ward, a bay, a bed and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its code, the id of its Location.
    pub code: String,
    /// What it is.
    pub kind: PlaceKind,
    /// Its name for people, such as `Heron ward, bed 12`.
    pub name: String,
    /// Its short label, such as `12`.
    pub label: Option<String>,
    /// The place it lies in, by code.
    pub parent: Option<String>,
    /// The ward it lies on, by code; its own for a ward.
    pub ward: Option<String>,
    /// Its order: of a site or ward among all of them, of anything else within its ward. Rooms lie a thousand apart,
    /// and what lies in a room follows it.
    pub position: u32,
    /// For whom it is.
    pub sex: Option<Sex>,
    /// The treatment function of a ward.
    pub treatment_function: Option<String>,
    /// The staff who are consultants here, by code.
    pub consultants: Vec<String>,
    /// Who manages a ward, by code.
    pub manager: Option<String>,
    /// How to reach it.
    pub contact: Contact,
    /// Where it is written.
    pub written: Written,
}

/// A service that patients are referred to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its code, the id of its HealthcareService.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its treatment function.
    pub treatment_function: Option<String>,
    /// The wards it uses, by code.
    pub wards: Vec<String>,
    /// Its consultants, by code.
    pub consultants: Vec<String>,
    /// How to reach it.
    pub contact: Contact,
    /// Where it is written.
    pub written: Written,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Their code, the id of their Practitioner and PractitionerRole.
    pub code: String,
    /// Their name for people, such as `Dr L Okafor`.
    pub name: String,
    /// Title.
    pub title: Option<String>,
    /// Given name.
    pub given: Option<String>,
    /// Family name.
    pub family: Option<String>,
    /// Their job role, by code.
    pub role: Option<String>,
    /// Their main specialty.
    pub main_specialty: Option<String>,
    /// The wards they work on, by code.
    pub wards: Vec<String>,
    /// The services they work in, by code.
    pub services: Vec<String>,
    /// Their number with the General Medical Council.
    pub gmc: Option<String>,
    /// Their number with the Nursing and Midwifery Council.
    pub nmc: Option<String>,
    /// How to reach them.
    pub contact: Contact,
    /// Where they are written.
    pub written: Written,
}

/// A job role and the access that comes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRole {
    /// Its code.
    pub code: String,
    /// Its name, such as `Ward sister`.
    pub name: String,
    /// The access that it gives.
    pub access: Option<Role>,
    /// The national job role, such as `R0050`.
    pub national: Option<String>,
    /// Whether those who have it are consultants.
    pub is_consultant: bool,
    /// Where it is written.
    pub written: Written,
}

/// What a trust has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// The trust; `None` only where an error says so.
    pub trust: Option<Trust>,
    /// Every place, a ward's in their order behind it.
    pub places: Vec<Place>,
    /// Services.
    pub services: Vec<Service>,
    /// Staff.
    pub staff: Vec<Member>,
    /// Job roles.
    pub roles: Vec<JobRole>,
    /// What is inherited and switched off: what it is and its code.
    pub off: Vec<(&'static str, String)>,
}

impl Written {
    /// Where a value is, or the object if it is not written.
    pub fn line(&self, key: &str) -> &At {
        self.values.get(key).unwrap_or(&self.at)
    }
}

impl Configuration {
    /// The place of a code.
    pub fn place(&self, code: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.code == code)
    }

    /// The member of staff of a code.
    pub fn member(&self, code: &str) -> Option<&Member> {
        self.staff.iter().find(|member| member.code == code)
    }

    /// The job role of a code.
    pub fn role(&self, code: &str) -> Option<&JobRole> {
        self.roles.iter().find(|role| role.code == code)
    }

    /// Wards, and what is run like one, in their order.
    pub fn wards(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| is_ward(place.kind))
    }

    /// The places on a ward, the ward itself left out, in their order.
    pub fn on_ward<'a>(&'a self, ward: &'a str) -> impl Iterator<Item = &'a Place> {
        self.places.iter().filter(move |place| place.ward.as_deref() == Some(ward) && place.code != ward)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.trust.is_none()
            && self.places.is_empty()
            && self.services.is_empty()
            && self.staff.is_empty()
            && self.roles.is_empty()
    }
}
