//! From files to a configuration: layers are read and merged, objects become typed, names and labels that nobody wrote
//! are put together, places are ordered, and every rule is asked.
//!
//! What cannot be typed is left out and is a finding, so that the rest is still checked.

use std::collections::BTreeMap;

use access::Role;

use super::files::Files;
use super::finding::{At, Finding, MISSING_KEY, ONE_TRUST, Severity, UNKNOWN_ACCESS, UNKNOWN_KIND, UNKNOWN_SEX};
use super::kinds::{self, Sex, is_ward, kind_words};
use super::merge::{Merged, merge};
use super::model::{Configuration, Contact, JobRole, Member, Origin, Place, Service, Trust, Written};
use super::objects::{self, ELSE_IN, ELSE_KIND, Object, What};
use super::{lint, lint_people};
use crate::places::PlaceKind;

/// Roles that an account can have: not the host's own, and not the one that needs a named patient.
fn for_people() -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().filter(|role| !matches!(role, Role::Host | Role::Subject))
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The configuration, as far as it could be understood.
    pub configuration: Configuration,
    /// What is wrong, in the order of the files.
    pub findings: Vec<Finding>,
}

impl Read {
    /// How many findings are errors.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity == Severity::Error).count()
    }
}

/// Reads and checks files.
pub fn read(files: &Files) -> Read {
    let mut findings = Vec::new();
    let layers = objects::of_files(files, &mut findings);
    let merged = merge(layers, &mut findings);
    let mut building = Building { findings };
    let configuration = building.configuration(merged, files);
    let mut findings = building.findings;
    lint::places(&configuration, &mut findings);
    lint_people::people(&configuration, &mut findings);
    findings.sort_by(|one, other| one.at.cmp(&other.at).then_with(|| one.what.cmp(&other.what)));
    findings.dedup();
    Read { configuration, findings }
}

struct Building {
    findings: Vec<Finding>,
}

impl Building {
    fn configuration(&mut self, merged: Merged, files: &Files) -> Configuration {
        let mut built = Configuration::default();
        for (object, origin) in merged.objects {
            let of = Typing { object: &object, origin };
            match object.what {
                What::Trust => self.trust(&of, &mut built),
                What::Place => built.places.extend(self.place(&of)),
                What::Service => built.services.extend(self.service(&of)),
                What::Staff => built.staff.extend(self.member(&of)),
                What::Role => built.roles.extend(self.role(&of)),
            }
        }
        if built.trust.is_none() {
            let file = files.layers.last().map(|layer| super::files::joined(&layer.folder, super::files::TRUST_FILE));
            let at = At { file: file.unwrap_or_default(), line: 1 };
            let advice = "Write: [trust], and below it code and name.";
            self.findings.push(ONE_TRUST.found(&at, "no file says which trust this is", advice));
        }
        built.off = merged.off.iter().map(|object| (words_of(object.what), object.code.clone())).collect();
        built.places = in_order(built.places);
        name_places(&mut built.places);
        built
    }

    fn trust(&mut self, of: &Typing<'_>, into: &mut Configuration) {
        if into.trust.is_some() {
            let advice = "Leave one of them out.";
            return self.findings.push(ONE_TRUST.found(&of.object.at, "a second trust", advice));
        }
        let Some(name) = self.needed(of, "name", "name = \"Thameside Royal\"") else { return };
        let (code, ods, takes_over) = (of.object.code.clone(), of.text("ods"), of.text("takes-over"));
        into.trust = Some(Trust { code, name, ods, takes_over, contact: of.contact(), written: of.written() });
    }

    fn place(&mut self, of: &Typing<'_>) -> Option<Place> {
        let kind = match of.text("kind").or_else(|| of.text(ELSE_KIND)) {
            Some(code) => match kinds::of_code(&code) {
                Some(kind) => kind,
                None => {
                    let known: Vec<&str> = kinds::all().map(PlaceKind::code).collect();
                    let advice = format!("Known kinds: {}.", known.join(", "));
                    let what = format!("“{code}” is no kind of place");
                    self.findings.push(UNKNOWN_KIND.found(of.line("kind"), what, advice));
                    return None;
                }
            },
            None => {
                self.needed(of, "kind", "kind = \"trolley\"");
                return None;
            }
        };
        if kind == PlaceKind::Site || is_ward(kind) {
            self.needed(of, "name", "name = \"Heron ward\"")?;
        }
        Some(Place {
            code: of.object.code.clone(),
            kind,
            name: of.text("name").unwrap_or_default(),
            label: of.text("label").or_else(|| label_of(kind, &of.text("part")?)),
            parent: of.text("in").or_else(|| of.text(ELSE_IN)),
            ward: None,
            position: 0,
            sex: self.sex(of),
            treatment_function: of.text("treatment-function"),
            consultants: of.texts("consultants"),
            manager: of.text("manager"),
            contact: of.contact(),
            written: of.written(),
        })
    }

    fn sex(&mut self, of: &Typing<'_>) -> Option<Sex> {
        let code = of.text("sex")?;
        let sex = Sex::of_code(&code);
        if sex.is_none() {
            let what = format!("“{code}” is not male, female or mixed");
            self.findings.push(UNKNOWN_SEX.found(of.line("sex"), what, "Write: sex = \"female\""));
        }
        sex
    }

    fn service(&mut self, of: &Typing<'_>) -> Option<Service> {
        Some(Service {
            code: of.object.code.clone(),
            name: self.needed(of, "name", "name = \"Respiratory medicine\"")?,
            treatment_function: of.text("treatment-function"),
            wards: of.texts("wards"),
            consultants: of.texts("consultants"),
            contact: of.contact(),
            written: of.written(),
        })
    }

    fn member(&mut self, of: &Typing<'_>) -> Option<Member> {
        let (title, given, family) = (of.text("title"), of.text("given"), of.text("family"));
        let printed = family.as_deref().map(|family| {
            let initial: String = given.iter().flat_map(|given| given.chars().take(1)).collect();
            let parts = [title.as_deref().unwrap_or_default(), initial.as_str(), family];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        });
        let name = match of.text("name").or(printed) {
            Some(name) => name,
            None => self.needed(of, "family", "family = \"Okafor\"")?,
        };
        Some(Member {
            code: of.object.code.clone(),
            name,
            title,
            given,
            family,
            role: of.text("role"),
            main_specialty: of.text("main-specialty"),
            wards: of.texts("wards"),
            services: of.texts("services"),
            gmc: of.text("gmc"),
            nmc: of.text("nmc"),
            contact: of.contact(),
            written: of.written(),
        })
    }

    fn role(&mut self, of: &Typing<'_>) -> Option<JobRole> {
        let name = self.needed(of, "name", "name = \"Consultant\"")?;
        let code = self.needed(of, "access", "access = \"clinician\"")?;
        let access = Role::of_code(&code).filter(|role| for_people().any(|known| known == *role));
        if access.is_none() {
            let known = for_people().map(Role::code).collect::<Vec<_>>().join(", ");
            let what = format!("“{code}” is no access that a person can have");
            self.findings.push(UNKNOWN_ACCESS.found(of.line("access"), what, format!("Known: {known}.")));
        }
        Some(JobRole {
            code: of.object.code.clone(),
            name,
            access,
            national: of.text("national"),
            is_consultant: of.text("consultant").as_deref() == Some("true"),
            written: of.written(),
        })
    }

    /// A value that must be there.
    fn needed(&mut self, of: &Typing<'_>, key: &str, example: &str) -> Option<String> {
        let value = of.text(key);
        if value.is_none() {
            let what = format!("{} “{}” has no {key}", words_of(of.object.what), of.object.code);
            self.findings.push(MISSING_KEY.found(&of.object.at, what, format!("Write: {example}")));
        }
        value
    }
}

/// An object that is becoming typed.
struct Typing<'o> {
    object: &'o Object,
    origin: Origin,
}

impl Typing<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.object.values.get(key)?.items.first().cloned()
    }

    fn texts(&self, key: &str) -> Vec<String> {
        self.object.values.get(key).map(|value| value.items.clone()).unwrap_or_default()
    }

    fn line(&self, key: &str) -> &At {
        self.object.values.get(key).map_or(&self.object.at, |value| &value.at)
    }

    fn contact(&self) -> Contact {
        Contact { description: self.text("description"), phone: self.text("phone"), bleep: self.text("bleep") }
    }

    fn written(&self) -> Written {
        let values = self.object.values.iter().map(|(key, value)| (*key, value.at.clone())).collect();
        Written { at: self.object.at.clone(), values, origin: self.origin.clone() }
    }
}

pub(super) const fn words_of(what: What) -> &'static str {
    match what {
        What::Trust => "trust",
        What::Place => "place",
        What::Service => "service",
        What::Staff => "member of staff",
        What::Role => "job role",
    }
}

/// The label of a place that nobody gave one: `Bay A`, `Side room 17`, `12`.
fn label_of(kind: PlaceKind, part: &str) -> Option<String> {
    let words = part.replace('-', " ");
    let shown = if words.chars().count() == 1 { words.to_uppercase() } else { words };
    Some(match kind {
        PlaceKind::Bay | PlaceKind::SideRoom => format!("{} {shown}", capital(kind_words(kind))),
        kind if kinds::is_for_one(kind) => part.to_owned(),
        _ => capital(&shown),
    })
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How far the rooms of a ward lie apart in its order: a bed more in one does not move what lies in the next.
const APART: u32 = 1000;

/// Sites and wards in the order in which they are written, behind each ward what lies on it: each with what lies in it.
/// What lies nowhere comes last.
fn in_order(places: Vec<Place>) -> Vec<Place> {
    let mut inside: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, place) in places.iter().enumerate().filter(|(_, place)| !is_top(place)) {
        inside.entry(place.parent.clone().unwrap_or_default()).or_default().push(at);
    }
    let mut slots: Vec<Option<Place>> = places.into_iter().map(Some).collect();
    let mut ordered: Vec<Place> = Vec::with_capacity(slots.len());
    let mut take = |slots: &mut Vec<Option<Place>>, at: usize, position: u32, ward: Option<&str>| {
        let place = slots[at].take();
        ordered.extend(place.map(|place| Place { position, ward: ward.map(str::to_owned), ..place }));
    };
    let tops = |slots: &[Option<Place>], is_wanted: fn(&Place) -> bool| -> Vec<usize> {
        (0..slots.len()).filter(|at| slots[*at].as_ref().is_some_and(is_wanted)).collect()
    };
    for (at, position) in tops(&slots, |place| place.kind == PlaceKind::Site).into_iter().zip(1..) {
        take(&mut slots, at, position, None);
    }
    for (at, position) in tops(&slots, |place| is_ward(place.kind)).into_iter().zip(1..) {
        let Some(ward) = slots[at].as_ref().map(|ward| ward.code.clone()) else { continue };
        take(&mut slots, at, position, Some(&ward));
        for (own, first) in within(&ward, &inside).into_iter().zip((1..).map(|at| at * APART)) {
            let code = slots[own].as_ref().map(|place| place.code.clone()).unwrap_or_default();
            take(&mut slots, own, first, Some(&ward));
            for (at, position) in below(&code, &inside, &slots).into_iter().zip(first + 1..) {
                take(&mut slots, at, position, Some(&ward));
            }
        }
    }
    ordered.extend(slots.into_iter().flatten());
    ordered
}

fn is_top(place: &Place) -> bool {
    place.kind == PlaceKind::Site || is_ward(place.kind)
}

/// What lies directly in a place, in the order in which it is written.
fn within(of: &str, inside: &BTreeMap<String, Vec<usize>>) -> Vec<usize> {
    inside.get(of).cloned().unwrap_or_default()
}

/// What lies in a place, each followed by what lies in it.
fn below(of: &str, inside: &BTreeMap<String, Vec<usize>>, slots: &[Option<Place>]) -> Vec<usize> {
    let children = |code: &str| within(code, inside).into_iter().rev();
    let (mut stack, mut found): (Vec<usize>, Vec<usize>) = (children(of).collect(), Vec::new());
    while let Some(at) = stack.pop() {
        // A place that was taken already lies in itself, by some way round.
        let Some(place) = &slots[at] else { continue };
        found.push(at);
        stack.extend(children(&place.code));
    }
    found
}

/// Names that nobody wrote: `Heron ward, bed 12`.
fn name_places(places: &mut [Place]) {
    let wards: BTreeMap<String, String> =
        places.iter().filter(|place| is_ward(place.kind)).map(|ward| (ward.code.clone(), ward.name.clone())).collect();
    let labels: BTreeMap<String, String> =
        places.iter().filter_map(|place| Some((place.code.clone(), place.label.clone()?))).collect();
    for place in places.iter_mut().filter(|place| place.name.is_empty()) {
        let label = place.label.clone().unwrap_or_else(|| place.code.clone());
        let own = match place.kind {
            PlaceKind::Cubicle => cubicle_in_area(place, &labels).unwrap_or_else(|| format!("cubicle {label}")),
            kind if kinds::is_for_one(kind) => format!("{} {label}", kind_words(kind)),
            _ => small(&label),
        };
        let ward = place.ward.as_ref().and_then(|code| wards.get(code));
        place.name = ward.map_or_else(|| capital(&own), |ward| format!("{ward}, {own}"));
    }
}

/// A cubicle is called after its area: `majors 4`.
fn cubicle_in_area(cubicle: &Place, labels: &BTreeMap<String, String>) -> Option<String> {
    let area = cubicle.parent.as_ref()?;
    let number = cubicle.code.strip_prefix(area)?.strip_prefix('-')?;
    Some(format!("{} {number}", small(labels.get(area)?)))
}

/// A label in a sentence: `Bay A` becomes `bay A`, `CT` stays.
fn small(label: &str) -> String {
    let mut letters = label.chars();
    let (first, second) = (letters.next(), letters.clone().next());
    match (first, second) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => label.to_owned(),
    }
}
