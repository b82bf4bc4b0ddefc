//! What came of configuring, as plain data that is printed, sent to another process or shown on a page.
//!
//! Puts nothing into words that `administration::configuration` has not said.

use administration::Refusal;
use administration::configuration::{
    Change, Configuration, Files, Finding, Line, LineHow, Live, Planned, RULES, Read, Severity, changes, folded, lines,
    read,
};
use serde::{Deserialize, Serialize};

/// Lines around a difference that are told too.
const AROUND: usize = 3;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingView {
    /// `error` or `look`.
    pub severity: String,
    /// The rule's name for machines.
    pub rule: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to write, or why it matters.
    pub advice: String,
}

/// How much of what there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// Sites.
    pub sites: usize,
    /// Wards and what is run like one.
    pub wards: usize,
    /// Beds.
    pub beds: usize,
    /// All places.
    pub places: usize,
    /// Services.
    pub services: usize,
    /// Staff.
    pub staff: usize,
    /// Job roles.
    pub roles: usize,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// How many files were read.
    pub files: usize,
    /// What they hold.
    pub holds: Holds,
    /// How many rules there are.
    pub rules: usize,
    /// How many of them nothing breaks.
    pub passed: usize,
    /// How many findings are errors.
    pub errors: usize,
    /// All findings, in the order of the files.
    pub findings: Vec<FindingView>,
}

/// One object that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeView {
    /// `Added`, `Removed` or `Changed`.
    pub how: String,
    /// What it is, such as `bed`.
    pub what: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What is otherwise.
    pub details: Vec<String>,
}

/// One file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    /// Its name.
    pub name: String,
    /// Its lines near a difference; `None` where some are left out.
    pub lines: Vec<Option<LineView>>,
}

/// One line of a file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineView {
    /// `same`, `added` or `removed`.
    pub how: String,
    /// Its number, of a removed line in the former file.
    pub number: usize,
    /// The line.
    pub text: String,
}

/// How many resources would be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writes {
    /// New ones.
    pub made: usize,
    /// Changed ones.
    pub changed: usize,
    /// Those that become inactive.
    pub ended: usize,
}

/// How files compare with what is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The version that is live.
    pub live: Option<u64>,
    /// What the check found.
    pub checked: Checked,
    /// What differs, object by object.
    pub changes: Vec<ChangeView>,
    /// What differs, line by line.
    pub files: Vec<FileView>,
    /// How many resources applying it would write.
    pub writes: Writes,
    /// Why it would be refused, if it would.
    pub refused: Option<String>,
}

/// What applying came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The version that is live.
    pub version: u64,
    /// Since when, as a FHIR instant.
    pub since: String,
    /// The entry of the journal, or the newest when nothing changed.
    pub sequence: u64,
    /// Whether anything changed.
    pub changed: bool,
    /// How many resources were written, the configuration itself not counted.
    pub resources: usize,
    /// What differs from before.
    pub changes: Vec<ChangeView>,
    /// Findings that a person should look at.
    pub looks: Vec<FindingView>,
}

/// A file with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileText {
    /// Its name from the root.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionView {
    /// Its number.
    pub version: u64,
    /// Since when it was live, as a FHIR instant.
    pub since: String,
    /// By whom.
    pub by: Vec<String>,
    /// Why.
    pub why: Option<String>,
}

/// What is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveView {
    /// The version, since when, by whom, why.
    pub live: VersionView,
    /// What it holds.
    pub holds: Holds,
    /// Its files.
    pub files: Vec<FileText>,
    /// All versions, newest first.
    pub history: Vec<VersionView>,
    /// Whether there are older ones that are not listed.
    pub more: bool,
}

impl FindingView {
    pub(crate) fn of(finding: &Finding) -> FindingView {
        FindingView {
            severity: finding.rule.severity.word().into(),
            rule: finding.rule.code.into(),
            file: finding.at.file.clone(),
            line: finding.at.line,
            what: finding.what.clone(),
            advice: finding.advice.clone(),
        }
    }
}

impl Holds {
    pub(crate) fn of(configuration: &Configuration) -> Holds {
        use administration::places::PlaceKind::{Bed, Site};
        let count = |kind| configuration.places.iter().filter(|place| place.kind == kind).count();
        Holds {
            sites: count(Site),
            wards: configuration.wards().count(),
            beds: count(Bed),
            places: configuration.places.len(),
            services: configuration.services.len(),
            staff: configuration.staff.len(),
            roles: configuration.roles.len(),
        }
    }
}

impl Checked {
    pub(crate) fn of(files: &Files, read: &Read) -> Checked {
        let is_broken = |code: &str| read.findings.iter().any(|finding| finding.rule.code == code);
        Checked {
            files: files.all().count(),
            holds: Holds::of(&read.configuration),
            rules: RULES.len(),
            passed: RULES.iter().filter(|rule| !is_broken(rule.code)).count(),
            errors: read.findings.iter().filter(|finding| finding.rule.severity == Severity::Error).count(),
            findings: read.findings.iter().map(FindingView::of).collect(),
        }
    }
}

impl ChangeView {
    pub(crate) fn of(change: &Change) -> ChangeView {
        ChangeView {
            how: change.how.word().into(),
            what: change.what.into(),
            code: change.code.clone(),
            name: change.name.clone(),
            details: change.details.clone(),
        }
    }

    /// The change as one line.
    pub fn sentence(&self) -> String {
        let ChangeView { how, what, code, name, details } = self;
        let details = if details.is_empty() { String::new() } else { format!(": {}", details.join("; ")) };
        format!("{how} {what} {name} ({code}){details}")
    }
}

impl LineView {
    fn of(line: &Line) -> LineView {
        let how = match line.how {
            LineHow::Same => "same",
            LineHow::Added => "added",
            LineHow::Removed => "removed",
        };
        LineView { how: how.into(), number: line.number, text: line.text.clone() }
    }
}

impl Writes {
    pub(crate) fn of(planned: &Planned) -> Writes {
        Writes { made: planned.made, changed: planned.changed, ended: planned.ended }
    }
}

/// The files that differ between two versions, by name.
pub(crate) fn file_views(old: &Files, new: &Files) -> Vec<FileView> {
    let mut names: Vec<&str> = new.all().map(|file| file.name.as_str()).collect();
    names.extend(old.all().map(|file| file.name.as_str()).filter(|name| new.text(name).is_none()));
    let view = |name: &str| {
        let (old, new) = (old.text(name).unwrap_or_default(), new.text(name).unwrap_or_default());
        let all = lines(old, new);
        let lines = folded(&all, AROUND).into_iter().map(|line| line.map(LineView::of)).collect();
        (old != new).then(|| FileView { name: name.to_owned(), lines })
    };
    names.into_iter().filter_map(view).collect()
}

impl Compared {
    pub(crate) fn of(
        before: Option<&Live>,
        files: &Files,
        proposed: &Read,
        writes: Result<Writes, Refusal>,
    ) -> Compared {
        let nothing = Files::default();
        let old_files = before.map_or(&nothing, |before| &before.kept.files);
        let old = read(old_files).configuration;
        let (writes, refused) = match writes {
            Ok(writes) => (writes, None),
            Err(refusal) => (Writes::default(), Some(refusal.sentence)),
        };
        Compared {
            live: before.map(|before| before.version),
            checked: Checked::of(files, proposed),
            changes: changes(&old, &proposed.configuration).iter().map(ChangeView::of).collect(),
            files: file_views(old_files, files),
            writes,
            refused,
        }
    }
}

impl VersionView {
    pub(crate) fn of(live: &Live) -> VersionView {
        VersionView {
            version: live.version,
            since: live.since.to_string(),
            by: live.kept.by.clone(),
            why: live.kept.why.clone(),
        }
    }
}

impl LiveView {
    pub(crate) fn of(newest: &Live, versions: &[Live], more: bool) -> LiveView {
        let text =
            |file: &administration::configuration::File| FileText { name: file.name.clone(), text: file.text.clone() };
        LiveView {
            live: VersionView::of(newest),
            holds: Holds::of(&read(&newest.kept.files).configuration),
            files: newest.kept.files.all().map(text).collect(),
            history: versions.iter().map(VersionView::of).collect(),
            more,
        }
    }
}
