//! What the page shows, worked out of the versions of a configuration: pure, from the files alone.
//!
//! Each area of the configuration has the version in which something of it last changed.

use administration::configuration::{
    Change, Configuration, Files, Finding, How, Line, Live, Proposal, changes, folded, lines, read,
};
use administration::places::PlaceKind;
use terms::Moment;

use crate::words::counted;

/// Versions that are read to say what each changed.
const MOST_READ: usize = 20;
/// Lines around a difference.
const AROUND: usize = 3;
/// Lines of one file that are shown.
const MOST_LINES: usize = 400;

/// A version, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub version: u64,
    /// Since when.
    pub since: Moment,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: Option<String>,
}

/// One part of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Its name.
    pub name: &'static str,
    /// What there is of it.
    pub holds: String,
    /// The version in which it last changed, or the oldest that was read.
    pub last: Version,
    /// Whether it last changed before that one.
    pub is_older: bool,
}

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The version.
    pub version: Version,
    /// What it changed, counted; of older versions nothing is said.
    pub change: Option<String>,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDifference {
    /// Its name.
    pub name: String,
    /// Its lines near a difference; `None` where some are left out.
    pub lines: Vec<Option<Line>>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// A version beside the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The version.
    pub to: u64,
    /// The one before; none for the first.
    pub from: Option<u64>,
    /// What differs, line by line.
    pub files: Vec<FileDifference>,
    /// What differs, object by object.
    pub changes: Vec<Change>,
}

/// Everything that the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// The version that is live.
    pub live: Version,
    /// What it says.
    pub configuration: Configuration,
    /// What the rules find in it.
    pub findings: Vec<Finding>,
    /// Its parts.
    pub areas: Vec<Area>,
    /// What is inherited and switched off.
    pub off: Vec<String>,
    /// Every version, newest first.
    pub history: Vec<Row>,
    /// Whether there are older versions.
    pub more: bool,
    /// The version that was asked for, beside the one before it.
    pub comparison: Option<Comparison>,
}

/// What a version changes, by how: whether a change belongs to an area.
type Belongs = fn(&Change) -> bool;

const AREAS: [(&str, Belongs); 4] = [
    ("Sites, wards and beds", |change| !is_other(change)),
    ("Services", |change| change.what == "service"),
    ("Staff", |change| change.what == "member of staff"),
    ("Job roles and access", |change| change.what == "job role"),
];

fn is_other(change: &Change) -> bool {
    matches!(change.what, "service" | "member of staff" | "job role")
}

impl Gathered {
    /// Works out of all versions, newest first, what the page shows; `shown` is the version to compare, the live one
    /// unless it is named. `None` when there is no version, or not this one.
    pub fn of(versions: &[Live], more: bool, shown: Option<u64>) -> Option<Gathered> {
        let newest = versions.first()?;
        let shown = match shown {
            Some(number) => versions.iter().position(|one| one.version == number)?,
            None => 0,
        };
        let now = read(&newest.kept.files);
        let read_of = |one: &Live| read(&one.kept.files).configuration;
        let near: Vec<Configuration> = versions.iter().take(MOST_READ + 1).map(read_of).collect();
        let steps: Vec<Vec<Change>> = near.windows(2).map(|pair| changes(&pair[1], &pair[0])).collect();
        let history = versions
            .iter()
            .enumerate()
            .map(|(at, one)| Row { version: version(one), change: steps.get(at).map(|step| counted_changes(step)) });
        Some(Gathered {
            live: version(newest),
            areas: AREAS
                .iter()
                .map(|(name, belongs)| area(name, *belongs, &now.configuration, versions, &steps))
                .collect(),
            off: now.configuration.off.iter().map(|(what, code)| format!("{what} {code}")).collect(),
            history: history.collect(),
            more,
            comparison: Some(compared(versions.get(shown)?, versions.get(shown + 1))),
            configuration: now.configuration,
            findings: now.findings,
        })
    }
}

fn version(of: &Live) -> Version {
    let by = if of.kept.by.is_empty() { "Not known".to_owned() } else { of.kept.by.join(", ") };
    Version { version: of.version, since: of.since, by, why: of.kept.why.clone() }
}

fn area(name: &'static str, belongs: Belongs, now: &Configuration, versions: &[Live], steps: &[Vec<Change>]) -> Area {
    let last = steps.iter().position(|step| step.iter().any(belongs));
    // Of the first version of all there is no step: it brought everything.
    let oldest = steps.len().min(versions.len().saturating_sub(1));
    let at = last.unwrap_or(oldest);
    Area {
        name,
        holds: holds(name, now),
        last: version(&versions[at]),
        is_older: last.is_none() && versions.len() > steps.len() + 1,
    }
}

fn holds(name: &str, of: &Configuration) -> String {
    match name {
        "Services" => counted(of.services.len(), "service", "services"),
        "Staff" => counted(of.staff.len(), "person", "people"),
        "Job roles and access" => counted(of.roles.len(), "job role", "job roles"),
        _ => {
            let beds = of.places.iter().filter(|place| place.kind == PlaceKind::Bed).count();
            let wards = counted(of.wards().count(), "ward or unit", "wards and units");
            format!("{wards}, {}", counted(beds, "bed", "beds"))
        }
    }
}

fn counted_changes(of: &[Change]) -> String {
    let count = |how: How| of.iter().filter(|change| change.how == how).count();
    let parts = [(How::Added, "added"), (How::Changed, "changed"), (How::Removed, "removed")];
    let said: Vec<String> =
        parts.iter().filter(|(how, _)| count(*how) > 0).map(|(how, word)| format!("{} {word}", count(*how))).collect();
    if said.is_empty() { "No object is otherwise".to_owned() } else { said.join(", ") }
}

fn compared(to: &Live, from: Option<&Live>) -> Comparison {
    let nothing = Files::default();
    let old = from.map_or(&nothing, |from| &from.kept.files);
    Comparison::of((to.version, &to.kept.files), (from.map(|from| from.version), old))
}

impl Comparison {
    /// Files beside older ones.
    fn of((to, new): (u64, &Files), (from, old): (Option<u64>, &Files)) -> Comparison {
        let mut names: Vec<&str> = new.all().map(|file| file.name.as_str()).collect();
        names.extend(old.all().map(|file| file.name.as_str()).filter(|name| new.text(name).is_none()));
        let difference = |name: &str| {
            let (before, after) = (old.text(name).unwrap_or_default(), new.text(name).unwrap_or_default());
            if before == after && old.text(name).is_some() == new.text(name).is_some() {
                return None;
            }
            let all = lines(before, after);
            let near = folded(&all, AROUND);
            let is_cut = near.len() > MOST_LINES;
            let lines = near.into_iter().take(MOST_LINES).map(|line| line.cloned()).collect();
            Some(FileDifference { name: name.to_owned(), lines, is_cut })
        };
        Comparison {
            to,
            from,
            files: names.into_iter().filter_map(difference).collect(),
            changes: changes(&read(old).configuration, &read(new).configuration),
        }
    }
}

/// A change that somebody proposed, beside what is live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// Its number.
    pub number: u64,
    /// By whom, and since when.
    pub by: String,
    /// Since when.
    pub since: Moment,
    /// Why.
    pub why: String,
    /// Whether whoever looks proposed it.
    pub is_mine: bool,
    /// Whether another version has become live since it was written.
    pub is_stale: bool,
    /// What differs.
    pub comparison: Comparison,
    /// What the rules find in it.
    pub findings: Vec<Finding>,
    /// Beds now, and with it.
    pub beds: (usize, usize),
    /// Resources that applying it makes, changes and ends.
    pub writes: (usize, usize, usize),
    /// Why it would be refused, if it would.
    pub refused: Option<String>,
}

impl Proposed {
    /// Works out what the page shows of a proposal; `looks` is the stable id of whoever looks.
    pub fn of(
        proposal: &Proposal,
        live: Option<&Live>,
        looks: &str,
        (writes, refused): ((usize, usize, usize), Option<String>),
    ) -> Proposed {
        let nothing = Files::default();
        let old = live.map_or(&nothing, |live| &live.kept.files);
        let version = live.map_or(0, |live| live.version);
        let beds = |of: &Configuration| of.places.iter().filter(|place| place.kind == PlaceKind::Bed).count();
        let new = read(&proposal.kept.files);
        Proposed {
            number: proposal.number,
            by: proposal.kept.by.join(", "),
            since: proposal.since,
            why: proposal.kept.why.clone().unwrap_or_default(),
            is_mine: proposal.proposer == looks,
            is_stale: proposal.over != version,
            comparison: Comparison::of((version + 1, &proposal.kept.files), (live.map(|live| live.version), old)),
            beds: (beds(&read(old).configuration), beds(&new.configuration)),
            findings: new.findings,
            writes,
            refused,
        }
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.rule.severity == administration::configuration::Severity::Error)
            .count()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use administration::configuration::{File, Kept, Layer};

    use super::*;

    fn live(version: u64, beds: &str, role: &str) -> Live {
        let text = format!(
            "[trust]\ncode = \"t\"\nname = \"T\"\n[[ward]]\ncode = \"heron\"\nname = \"Heron ward\"\nbeds = {beds}\n\
             [[role]]\ncode = \"clerk\"\nname = \"{role}\"\naccess = \"clerk\"\n"
        );
        let file = File { name: "t/trust.toml".into(), text };
        let files = Files { layers: vec![Layer { folder: "t".into(), files: vec![file] }] };
        Live { version, since: Moment(1000), kept: Kept { files, by: vec!["S Reilly".into()], why: None } }
    }

    #[test]
    fn each_area_has_the_version_in_which_it_last_changed() {
        let versions = [live(3, "[1, 2]", "Clerk"), live(2, "[1, 2]", "Ward clerk"), live(1, "[1]", "Ward clerk")];
        let of = Gathered::of(&versions, false, None).unwrap();
        let said: Vec<(&str, u64)> = of.areas.iter().map(|area| (area.name, area.last.version)).collect();
        let expected = [("Sites, wards and beds", 2), ("Services", 1), ("Staff", 1), ("Job roles and access", 3)];
        assert_eq!(said, expected);
        let changed: Vec<Option<&str>> = of.history.iter().map(|row| row.change.as_deref()).collect();
        assert_eq!(changed, [Some("1 changed"), Some("1 added"), None]);
    }

    #[test]
    fn the_version_that_was_asked_for_stands_beside_the_one_before() {
        let versions = [live(3, "[1, 2]", "Clerk"), live(2, "[1, 2]", "Ward clerk"), live(1, "[1]", "Ward clerk")];
        let of = |shown| Gathered::of(&versions, false, shown).and_then(|of| of.comparison);
        let second = of(Some(2)).unwrap();
        assert_eq!((second.from, second.changes.len(), second.files.len()), (Some(1), 1, 1));
        let first = of(Some(1)).unwrap();
        assert_eq!(first.from, None);
        assert!(
            first.files[0].lines.iter().flatten().all(|line| line.how == administration::configuration::LineHow::Added)
        );
        assert_eq!(of(Some(9)), None);
        assert_eq!(Gathered::of(&[], false, None), None);
    }
}
