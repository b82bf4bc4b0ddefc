//! A status report: what a host says of its trusts to those who oversee their moves. A text of lines, each `name value`, signed
//! with the host's key as a C2SP signed note; line by line in `docs/formats/move.md`, section 8. There is one way to write
//! each report, so a text that reads otherwise is refused. No patient data: numbers of a trust, dates, states.

use journal::note::Note;
use terms::Moment;

use crate::failure::Failure;
use crate::moving::{HostKey, Phase};
use crate::trusts::TrustCode;

const FIRST: &str = "almoner status report 1";
/// What is not known or not so.
const NONE: &str = "-";
/// Trusts that fit into a note.
const MOST_TRUSTS: usize = 80;

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// The host's name.
    pub(crate) host: String,
    /// Greater than that of every report before.
    pub(crate) number: u64,
    pub(crate) made: Moment,
    pub(crate) release: String,
    pub(crate) trusts: Vec<Standing>,
}

/// How a trust stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) code: TrustCode,
    pub(crate) name: String,
    /// The origin of its journal: the same at both hosts of a move.
    pub(crate) origin: String,
    /// Whether this host writes it.
    pub(crate) writes: bool,
    /// Patients, entries of the journal, bytes on disk.
    pub(crate) people: u64,
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    /// Where its move is, if there is one, and between which hosts.
    pub(crate) phase: Option<Phase>,
    pub(crate) source: Option<String>,
    pub(crate) target: Option<String>,
    /// Rehearsals that passed in a row, and differences that the last one found.
    pub(crate) rehearsals: u64,
    pub(crate) differences: u64,
    /// The pause of the last rehearsal or cut, in milliseconds.
    pub(crate) pause_ms: Option<u64>,
    /// What is missing before a cut: how many items.
    pub(crate) missing: Option<u64>,
    /// When it was planned, when it is copied from and until, cut, and when its way back closes: as it was, else as forecast.
    pub(crate) begun: Option<Moment>,
    pub(crate) copy: Option<Moment>,
    pub(crate) copied: Option<Moment>,
    pub(crate) cut: Option<Moment>,
    pub(crate) closes: Option<Moment>,
    /// The way back at the slow forecast.
    pub(crate) closes_late: Option<Moment>,
    /// Whether it was cut.
    pub(crate) is_cut: bool,
    /// What it hangs on, in words.
    pub(crate) hangs: Option<String>,
}

impl Report {
    /// The report as it is handed over.
    pub(crate) fn signed(&self, key: &HostKey) -> Result<String, Failure> {
        if self.trusts.len() > MOST_TRUSTS {
            return Err(Failure::Refused(format!("A report holds at most {MOST_TRUSTS} trusts.")));
        }
        let failed = |error| Failure::problem("signing a status report", &error);
        let mut note = Note::new(self.text()).map_err(failed)?;
        note.sign(&key.signing).map_err(failed)?;
        Ok(note.to_string())
    }

    /// The lines.
    pub(crate) fn text(&self) -> String {
        let Report { host, number, made, release, trusts } = self;
        let mut text = format!("{FIRST}\nhost {host}\nnumber {number}\nmade {made}\nrelease {release}\n");
        trusts.iter().for_each(|trust| trust.write(&mut text));
        text
    }

    /// Reads the lines; the first that is not as it must be is the error.
    pub(crate) fn of_text(text: &str) -> Result<Report, String> {
        let mut lines = Lines { lines: text.lines().peekable() };
        if lines.lines.next() != Some(FIRST) {
            return Err(FIRST.into());
        }
        let mut report = Report {
            host: lines.next("host")?,
            number: lines.parsed("number")?,
            made: lines.moment("made")?.ok_or("made")?,
            release: lines.next("release")?,
            trusts: Vec::new(),
        };
        while lines.lines.peek().is_some() && report.trusts.len() < MOST_TRUSTS {
            report.trusts.push(Standing::read(&mut lines)?);
        }
        let again = report.text();
        let differs = again.lines().zip(text.lines()).find(|(again, line)| again != line);
        match differs {
            None if again == text => Ok(report),
            None => Err("the last line".into()),
            Some((_, line)) => Err(line.to_owned()),
        }
    }
}

impl Standing {
    fn write(&self, text: &mut String) {
        let or_none = |value: Option<String>| value.unwrap_or_else(|| NONE.to_owned());
        let at = |moment: Option<Moment>| or_none(moment.map(|moment| moment.to_string()));
        let lines = [
            ("trust", self.code.to_string()),
            ("name", self.name.clone()),
            ("origin", self.origin.clone()),
            ("writes", self.writes.to_string()),
            ("people", self.people.to_string()),
            ("entries", self.entries.to_string()),
            ("bytes", self.bytes.to_string()),
            ("phase", or_none(self.phase.map(|phase| phase.word().to_owned()))),
            ("source", or_none(self.source.clone())),
            ("target", or_none(self.target.clone())),
            ("rehearsals", self.rehearsals.to_string()),
            ("differences", self.differences.to_string()),
            ("pause-ms", or_none(self.pause_ms.map(|ms| ms.to_string()))),
            ("missing", or_none(self.missing.map(|missing| missing.to_string()))),
            ("begun", at(self.begun)),
            ("copy", at(self.copy)),
            ("copied", at(self.copied)),
            ("cut", at(self.cut)),
            ("closes", at(self.closes)),
            ("closes-late", at(self.closes_late)),
            ("is-cut", self.is_cut.to_string()),
            ("hangs", or_none(self.hangs.clone())),
        ];
        for (name, value) in lines {
            text.push_str(&format!("{name} {}\n", one_line(&value)));
        }
    }

    fn read(lines: &mut Lines<'_>) -> Result<Standing, String> {
        Ok(Standing {
            code: TrustCode::parse(&lines.next("trust")?).map_err(|_| "trust")?,
            name: lines.next("name")?,
            origin: lines.next("origin")?,
            writes: lines.parsed("writes")?,
            people: lines.parsed("people")?,
            entries: lines.parsed("entries")?,
            bytes: lines.parsed("bytes")?,
            phase: lines.phase()?,
            source: lines.known("source")?,
            target: lines.known("target")?,
            rehearsals: lines.parsed("rehearsals")?,
            differences: lines.parsed("differences")?,
            pause_ms: lines.number("pause-ms")?,
            missing: lines.number("missing")?,
            begun: lines.moment("begun")?,
            copy: lines.moment("copy")?,
            copied: lines.moment("copied")?,
            cut: lines.moment("cut")?,
            closes: lines.moment("closes")?,
            closes_late: lines.moment("closes-late")?,
            is_cut: lines.parsed("is-cut")?,
            hangs: lines.known("hangs")?,
        })
    }
}

/// A value that keeps to its line.
fn one_line(value: &str) -> String {
    let plain: String = value.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let plain = plain.trim();
    if plain.is_empty() { NONE.to_owned() } else { plain.to_owned() }
}

/// The lines that are left.
struct Lines<'a> {
    lines: std::iter::Peekable<std::str::Lines<'a>>,
}

impl Lines<'_> {
    fn next(&mut self, name: &'static str) -> Result<String, String> {
        let value = self.lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(str::to_owned).ok_or_else(|| name.to_owned())
    }

    fn parsed<T: std::str::FromStr>(&mut self, name: &'static str) -> Result<T, String> {
        self.next(name)?.parse().map_err(|_| name.to_owned())
    }

    fn known(&mut self, name: &'static str) -> Result<Option<String>, String> {
        Ok(Some(self.next(name)?).filter(|value| value != NONE))
    }

    fn number(&mut self, name: &'static str) -> Result<Option<u64>, String> {
        self.known(name)?.map(|value| value.parse().map_err(|_| name.to_owned())).transpose()
    }

    fn moment(&mut self, name: &'static str) -> Result<Option<Moment>, String> {
        self.known(name)?.map(|value| Moment::parse(&value).map_err(|_| name.to_owned())).transpose()
    }

    fn phase(&mut self) -> Result<Option<Phase>, String> {
        let Some(word) = self.known("phase")? else { return Ok(None) };
        Phase::ALL.into_iter().find(|phase| phase.word() == word).map(Some).ok_or_else(|| "phase".to_owned())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    pub(crate) fn standing(code: &str) -> Standing {
        Standing {
            code: TrustCode::parse(code).unwrap(),
            name: "Thameside Royal".into(),
            origin: format!("almoner-a/t/{code}"),
            writes: true,
            people: 1_840_212,
            entries: 9,
            bytes: 4_000,
            phase: Some(Phase::Following),
            source: Some("almoner-a".into()),
            target: Some("almoner-b".into()),
            rehearsals: 2,
            differences: 0,
            pause_ms: Some(412),
            missing: Some(3),
            begun: Some(Moment(1_790_000_000_000)),
            copy: None,
            copied: None,
            cut: Some(Moment(1_800_000_000_000)),
            closes: Some(Moment(1_801_209_600_000)),
            closes_late: None,
            is_cut: false,
            hangs: Some("Freeze leaves 1 rehearsal weekend".into()),
        }
    }

    pub(crate) fn report(number: u64) -> Report {
        Report {
            host: "almoner-a".into(),
            number,
            made: Moment(1_795_000_000_000 + i64::try_from(number).unwrap()),
            release: "0.1.0".into(),
            trusts: vec![standing("RTX"), Standing { phase: None, hangs: None, ..standing("RTB") }],
        }
    }

    #[test]
    fn a_report_reads_as_it_was_written_and_in_no_other_way() {
        let text = report(7).text();
        assert_eq!(Report::of_text(&text).unwrap(), report(7));
        assert_eq!(text.lines().count(), 5 + 2 * 22);
        let cases = [
            ("number 7", "number 07"),
            ("people 1840212", "people 1,840,212"),
            ("phase following", "phase flying"),
            ("is-cut false", "is-cut no"),
            ("writes true", "writes true "),
            ("hangs -", "hangs "),
            ("trust RTX", "trust rtx"),
            ("name Thameside Royal\n", ""),
        ];
        for (from, to) in cases {
            assert!(Report::of_text(&text.replacen(from, to, 1)).is_err(), "{from} {to}");
        }
        assert!(Report::of_text(&text[..text.len() - 1]).is_err());
        assert!(Report::of_text(&format!("{text}more 1\n")).is_err());
    }

    #[test]
    fn what_people_typed_keeps_to_its_line() {
        let mut report = report(1);
        report.trusts[0].hangs = Some("one\ntrust RTZ".into());
        let text = report.text();
        assert!(text.contains("hangs one trust RTZ\n"));
        assert_eq!(Report::of_text(&text).unwrap().trusts.len(), 2);
    }
}
