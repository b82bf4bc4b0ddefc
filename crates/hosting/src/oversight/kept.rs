//! What the overseer's host keeps under `oversight/`: the consortium with its deadline and the hosts whose reports it takes,
//! the reports themselves, and what was refused. A report is taken only if a known host signed it, nobody changed it, and
//! it is newer than every one that is known of that host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use journal::VerifierKey;
use journal::note::{MOST_NOTE_BYTES, NotVerified, Note};
use serde::{Deserialize, Serialize};
use terms::{Date, Moment, start_of_day};

use super::report::{Report, Standing};
use super::{ConsortiumPlan, TakenReport};
use crate::failure::Failure;
use crate::secret::hex;
use crate::trusts::replace_file;

/// Reports that are kept of a host.
const MOST_REPORTS: usize = 400;
/// Refusals that are kept.
const MOST_REFUSED: usize = 50;
/// How far ahead another host's clock may be, in milliseconds.
const AHEAD_MS: i64 = 10 * 60_000;
/// What has changed is told against a report of at least this age, in milliseconds.
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// The consortium that this host oversees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consortium {
    #[serde(flatten)]
    pub(crate) plan: ConsortiumPlan,
    #[serde(default)]
    hosts: Vec<KnownHost>,
}

/// A host whose reports are taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KnownHost {
    key: String,
    name: String,
}

/// A report that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// As an instant.
    pub(crate) when: String,
    pub(crate) from: String,
    pub(crate) why: String,
}

/// Everything that is known.
#[derive(Debug, Default)]
pub(crate) struct Overseen {
    pub(crate) consortium: Option<Consortium>,
    /// The newest report of each host that has one, and what people call the host.
    pub(crate) newest: Vec<(String, Report)>,
    /// Hosts of which there is none yet.
    pub(crate) silent: Vec<String>,
    /// How trusts stood a week before, by the origin of their journals.
    pub(crate) before: BTreeMap<String, Standing>,
    pub(crate) refused: Vec<Refused>,
}

impl Consortium {
    /// The deadline as a moment.
    pub(crate) fn deadline(&self) -> Option<Moment> {
        day(&self.plan.deadline)
    }

    /// The freeze as moments.
    pub(crate) fn freeze(&self) -> Option<(Moment, Moment)> {
        let (from, until) = self.plan.freeze.as_ref()?;
        day(from).zip(day(until))
    }

    /// The consortium of a data directory, if there is one.
    pub(crate) fn read(data: &Path) -> Result<Option<Consortium>, Failure> {
        let path = file(data);
        let doing = format!("reading {}", path.display());
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| Failure::problem(doing, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::problem(doing, &error)),
        }
    }

    fn write(&self, data: &Path) -> Result<(), Failure> {
        write_json(&file(data), self)
    }
}

fn day(text: &str) -> Option<Moment> {
    text.parse::<Date>().ok().map(start_of_day)
}

fn file(data: &Path) -> PathBuf {
    data.join("oversight").join("consortium.json")
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let doing = format!("writing {}", path.display());
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(|error| Failure::problem(&doing, &error))?;
    let text = serde_json::to_vec_pretty(value).map_err(|error| Failure::problem(&doing, &error))?;
    replace_file(path, &text).map_err(|error| Failure::problem(&doing, &error))
}

/// Keeps what the consortium plans; hosts that are known stay so.
pub(crate) fn plan(data: &Path, plan: ConsortiumPlan) -> Result<(), Failure> {
    let days = std::iter::once(&plan.deadline).chain(plan.freeze.iter().flat_map(|(from, until)| [from, until]));
    for text in days {
        if day(text).is_none() {
            return Err(Failure::Refused(format!("{text:?} is no date such as 2027-01-31.")));
        }
    }
    if plan.name.trim().is_empty() || plan.name.chars().any(char::is_control) {
        return Err(Failure::refused("The consortium needs a name."));
    }
    let hosts = Consortium::read(data)?.map(|known| known.hosts).unwrap_or_default();
    Consortium { plan, hosts }.write(data)
}

/// Takes reports of this host from now on; gives its name.
pub(crate) fn know(data: &Path, key: &str, name: Option<String>) -> Result<String, Failure> {
    let parsed = VerifierKey::parse(key).map_err(|_| Failure::Refused(format!("{key:?} is no key of a host.")))?;
    let known = Consortium::read(data)?;
    let mut known = known.ok_or_else(|| Failure::refused("Say first which consortium: almoner oversight plan."))?;
    known.hosts.retain(|host| host.key != key);
    let host = KnownHost { key: key.to_owned(), name: name.unwrap_or_else(|| parsed.name().to_owned()) };
    known.hosts.push(host);
    known.write(data)?;
    Ok(parsed.name().to_owned())
}

/// Texts to be taken in, each with where it is from, or why it cannot be read.
pub(crate) type Texts = Vec<(String, Result<String, String>)>;

/// Texts of files, and of the files in folders that end in `.report`; each with its name, or why it cannot be read.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Texts, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let doing = format!("reading {}", path.display());
            let inside = std::fs::read_dir(path).map_err(|error| Failure::problem(doing, &error))?;
            let mut inside: Vec<PathBuf> = inside.filter_map(|file| Some(file.ok()?.path())).collect();
            inside.retain(|file| file.extension().is_some_and(|extension| extension == "report"));
            inside.sort();
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files.into_iter().map(|path| (path.display().to_string(), read_one(&path))).collect())
}

fn read_one(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|error| format!("It cannot be read: {error}."))?;
    let mut text = String::new();
    let read = file.take(MOST_NOTE_BYTES as u64 + 1).read_to_string(&mut text);
    read.map(|_| text).map_err(|error| format!("It cannot be read: {error}."))
}

/// A report with the key that signed it and its text.
type Believed = (Report, VerifierKey, String);

/// Takes reports in, in the order of their numbers; what is refused is named and kept.
pub(crate) fn take(data: &Path, texts: Texts, now: Moment) -> Result<Vec<TakenReport>, Failure> {
    let consortium = Consortium::read(data)?;
    let consortium =
        consortium.ok_or_else(|| Failure::refused("Say first which consortium: almoner oversight plan."))?;
    let keys: Vec<VerifierKey> =
        consortium.hosts.iter().filter_map(|host| VerifierKey::parse(&host.key).ok()).collect();
    let mut checked: Vec<(String, Result<Believed, String>)> = texts
        .into_iter()
        .map(|(from, text)| {
            (from, text.and_then(|text| believed(&text, &keys, now).map(|(report, key)| (report, key, text))))
        })
        .collect();
    // A folder may hold several of one host: the older ones come first and are no replay.
    checked.sort_by_key(|(_, report)| report.as_ref().map_or(0, |(report, _, _)| report.number));
    let mut all = Vec::with_capacity(checked.len());
    for (from, report) in checked {
        let kept = match report {
            Ok((report, key, text)) => keep(data, &key, &report, &text)?.map(|()| (report.host, report.number)),
            Err(why) => Err(why),
        };
        all.push(match kept {
            Ok(taken) => TakenReport { from, taken: Some(taken), refused: None },
            Err(why) => TakenReport { from, taken: None, refused: Some(why) },
        });
    }
    note_refused(data, &all, now)?;
    Ok(all)
}

/// The report of a text, if a known host signed exactly this.
fn believed(text: &str, keys: &[VerifierKey], now: Moment) -> Result<(Report, VerifierKey), String> {
    let note = Note::parse(text).map_err(|error| format!("It is no status report: {}.", error.what))?;
    let signer = note.verify(keys).map_err(|error| match error {
        NotVerified::NoKnownKey => {
            let names: Vec<&str> = note.names().take(3).collect();
            format!("It is signed by {}, whom this host does not know.", names.join(", "))
        }
        NotVerified::Forged { name } => format!("It was changed after {name} had signed it."),
    })?;
    let report = Report::of_text(note.text()).map_err(|line| format!("Its line {line:?} is not as it must be."))?;
    let key = signer.into_iter().map(|signer| signer.key).next().ok_or("It is not signed.")?;
    if key.name() != report.host {
        return Err(format!("It is signed by {} and says that it is of {}.", key.name(), report.host));
    }
    if report.made.0 > now.0 + AHEAD_MS {
        return Err(format!("It says that it was made at {}, which has not been yet.", report.made));
    }
    Ok((report, key))
}

/// Keeps a report that is newer than all that are known of its host.
fn keep(data: &Path, key: &VerifierKey, report: &Report, text: &str) -> Result<Result<(), String>, Failure> {
    let folder = folder(data, key);
    let known = numbers(&folder)?;
    if let Some(newest) = known.last() {
        let Report { host, number, .. } = report;
        let before = read_kept(&folder, *newest)?;
        if number == newest {
            let same = before.is_some_and(|(_, before)| before == text);
            let why = if same {
                "was taken already: it is replayed"
            } else {
                "is another one than the report with that number"
            };
            return Ok(Err(format!("Report {number} of {host} {why}.")));
        }
        let is_older = before.is_some_and(|(before, _)| report.made <= before.made);
        if number < newest || is_older {
            return Ok(Err(format!("Report {number} of {host} is old or replayed: report {newest} is known.")));
        }
    }
    let doing = "keeping a status report";
    std::fs::create_dir_all(&folder).map_err(|error| Failure::problem(doing, &error))?;
    replace_file(&folder.join(file_name(report.number)), text.as_bytes())
        .map_err(|error| Failure::problem(doing, &error))?;
    for number in known.iter().rev().skip(MOST_REPORTS - 1) {
        std::fs::remove_file(folder.join(file_name(*number))).map_err(|error| Failure::problem(doing, &error))?;
    }
    Ok(Ok(()))
}

fn folder(data: &Path, key: &VerifierKey) -> PathBuf {
    data.join("oversight").join("reports").join(hex(&key.id()))
}

fn file_name(number: u64) -> String {
    format!("{number:020}.report")
}

/// Numbers of the reports of a host, ascending.
fn numbers(folder: &Path) -> Result<Vec<u64>, Failure> {
    let Ok(files) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut numbers: Vec<u64> =
        files.filter_map(|file| file.ok()?.file_name().to_str()?.strip_suffix(".report")?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn read_kept(folder: &Path, number: u64) -> Result<Option<(Report, String)>, Failure> {
    let path = folder.join(file_name(number));
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::problem(format_args!("reading {}", path.display()), &error))?;
    let report = Note::parse(&text).ok().and_then(|note| Report::of_text(note.text()).ok());
    Ok(report.map(|report| (report, text)))
}

fn note_refused(data: &Path, all: &[TakenReport], now: Moment) -> Result<(), Failure> {
    let path = data.join("oversight").join("refused.json");
    let fresh: Vec<Refused> = all
        .iter()
        .filter_map(|one| Some(Refused { when: now.to_string(), from: one.from.clone(), why: one.refused.clone()? }))
        .collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let mut refused = read_refused(data);
    refused.splice(0..0, fresh);
    refused.truncate(MOST_REFUSED);
    write_json(&path, &refused)
}

fn read_refused(data: &Path) -> Vec<Refused> {
    let bytes = std::fs::read(data.join("oversight").join("refused.json"));
    bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Everything that is known at a moment.
pub(crate) fn overseen(data: &Path, now: Moment) -> Result<Overseen, Failure> {
    let Some(consortium) = Consortium::read(data)? else { return Ok(Overseen::default()) };
    let mut of = Overseen { refused: read_refused(data), ..Overseen::default() };
    for host in &consortium.hosts {
        let Ok(key) = VerifierKey::parse(&host.key) else { continue };
        let folder = folder(data, &key);
        let numbers = numbers(&folder)?;
        match numbers.last().map(|newest| read_kept(&folder, *newest)).transpose()?.flatten() {
            Some((report, _)) => of.newest.push((host.name.clone(), report)),
            None => of.silent.push(host.name.clone()),
        }
        if let Some(before) = a_week_before(&folder, &numbers, now)? {
            of.before.extend(before.trusts.into_iter().filter(|one| one.writes).map(|one| (one.origin.clone(), one)));
        }
    }
    of.consortium = Some(consortium);
    Ok(of)
}

/// The newest report of a host that is a week old; numbers grow with time, so halving finds it.
fn a_week_before(folder: &Path, numbers: &[u64], now: Moment) -> Result<Option<Report>, Failure> {
    let is_old = |number: u64| -> Result<bool, Failure> {
        let kept = read_kept(folder, number)?;
        Ok(kept.is_some_and(|(report, _)| now.0 - report.made.0 >= WEEK_MS))
    };
    let (mut low, mut high) = (0, numbers.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_old(numbers[middle])? { low = middle + 1 } else { high = middle }
    }
    let found = low.checked_sub(1).map(|at| read_kept(folder, numbers[at])).transpose()?;
    Ok(found.flatten().map(|(report, _)| report))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::super::report::tests::{report, standing};
    use super::*;
    use crate::moving::HostKey;

    const NOW: Moment = Moment(1_795_000_100_000);

    struct Stage {
        overseer: tempfile::TempDir,
        key: HostKey,
        _host: tempfile::TempDir,
    }

    fn stage() -> Stage {
        let (overseer, host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = HostKey::of(host.path(), "almoner-a").unwrap();
        let plan = ConsortiumPlan {
            name: "Estuary".into(),
            deadline: "2027-01-31".into(),
            cost_per_day: Some(41_000),
            freeze: Some(("2026-12-19".into(), "2027-01-04".into())),
        };
        super::plan(overseer.path(), plan).unwrap();
        know(overseer.path(), &key.verifier().to_string(), Some("Alder hall".into())).unwrap();
        Stage { overseer, key, _host: host }
    }

    impl Stage {
        /// What becomes of a text: nothing when it is taken, else why not.
        fn take(&self, text: &str, now: Moment) -> Option<String> {
            let texts = vec![("x.report".to_owned(), Ok(text.to_owned()))];
            take(self.overseer.path(), texts, now).unwrap().remove(0).refused
        }
    }

    #[test]
    fn a_report_is_taken_once_and_an_older_one_never() {
        let stage = stage();
        let signed = |number| report(number).signed(&stage.key).unwrap();
        assert_eq!(stage.take(&signed(5), NOW), None);
        assert!(stage.take(&signed(5), NOW).unwrap().contains("replayed"));
        assert!(stage.take(&signed(4), NOW).unwrap().contains("old or replayed: report 5 is known"));
        let mut other = report(5);
        other.trusts.pop();
        assert!(stage.take(&other.signed(&stage.key).unwrap(), NOW).unwrap().contains("another one"));
        let backdated = Report { made: report(5).made, ..report(6) };
        assert!(stage.take(&backdated.signed(&stage.key).unwrap(), NOW).unwrap().contains("old or replayed"));
        assert_eq!(stage.take(&signed(6), NOW), None);
        let seen = overseen(stage.overseer.path(), NOW).unwrap();
        assert_eq!(seen.newest, [("Alder hall".to_owned(), report(6))]);
        assert_eq!(seen.refused.len(), 4);
        assert!(seen.refused[0].why.contains("old or replayed") && seen.refused[0].from == "x.report");
    }

    #[test]
    fn a_report_with_any_byte_changed_is_refused() {
        let stage = stage();
        let text = report(1).signed(&stage.key).unwrap();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(stage.take(&changed, NOW).is_some(), "{changed}");
        }
        assert_eq!(stage.take(&text, NOW), None);
    }

    #[test]
    fn who_is_not_known_or_speaks_for_another_or_of_tomorrow_is_refused() {
        let stage = stage();
        let host = tempfile::tempdir().unwrap();
        let stranger = HostKey::of(host.path(), "almoner-x").unwrap();
        let of_stranger = report(1).signed(&stranger).unwrap();
        assert!(stage.take(&of_stranger, NOW).unwrap().contains("almoner-x, whom this host does not know"));
        let key = stranger.verifier().to_string();
        know(stage.overseer.path(), &key, None).unwrap();
        assert!(stage.take(&of_stranger, NOW).unwrap().contains("says that it is of almoner-a"));
        let early = report(1).signed(&stage.key).unwrap();
        assert!(stage.take(&early, Moment(NOW.0 - 2 * AHEAD_MS)).unwrap().contains("has not been yet"));
        assert!(stage.take("almoner status report 1\n", NOW).unwrap().contains("no status report"));
    }

    #[test]
    fn a_folder_is_taken_in_the_order_of_numbers_and_last_week_is_found() {
        let stage = stage();
        let folder = tempfile::tempdir().unwrap();
        for (name, number) in [("a.report", 3_u64), ("b.report", 1), ("c.txt", 9)] {
            let mut of = report(number);
            of.made = Moment(NOW.0 - (4 - i64::try_from(number).unwrap()) * WEEK_MS / 2);
            of.trusts = vec![Standing { rehearsals: number, ..standing("RTX") }];
            std::fs::write(folder.path().join(name), of.signed(&stage.key).unwrap()).unwrap();
        }
        let texts = read(&[folder.path().to_owned()]).unwrap();
        let taken = take(stage.overseer.path(), texts, NOW).unwrap();
        assert_eq!(taken.iter().map(|one| one.taken.clone().unwrap().1).collect::<Vec<_>>(), [1, 3]);
        let seen = overseen(stage.overseer.path(), NOW).unwrap();
        assert_eq!(seen.newest[0].1.trusts[0].rehearsals, 3);
        assert_eq!(seen.before["almoner-a/t/RTX"].rehearsals, 1);
    }
}
