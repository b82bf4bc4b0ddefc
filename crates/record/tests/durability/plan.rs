//! What the client does: a pure function of seed and worker, so that the check knows what every step leaves behind.
//!
//! A worker takes one step after another and owns its things, so the version each change makes is known beforehand;
//! only shared things, which all workers change, are not. Knows no record, process or file.

use record::Key;
use testkit::toy::Dice;

/// How many things a worker owns.
const THINGS: usize = 8;

/// One worker's steps, without end.
pub struct Worker {
    seed: u64,
    name: u64,
    number: u64,
    dice: Dice,
    things: [Thing; THINGS],
}

/// A worker's own thing as its steps have left it.
#[derive(Default)]
struct Thing {
    /// Whose each version's text is; `None` where there is no text: a deletion, or erased.
    patients: Vec<Option<u64>>,
    /// The line of the newest version's attachment.
    attached: Option<String>,
}

/// What a worker does once.
#[derive(Debug, Clone)]
pub struct Step {
    pub worker: u64,
    pub number: u64,
    pub deed: Deed,
}

#[derive(Debug, Clone)]
pub enum Deed {
    /// One commit; `keyed` with an idempotency key.
    Commit { keyed: bool, changes: Vec<Planned> },
    /// Things to look at, each with the version and the patient it must show.
    Read(Vec<Look>),
    /// One version of a thing is erased, always with an idempotency key.
    Erase(Key, u64),
    /// Two rows of the desk, always changed together.
    Desk,
    /// A signed checkpoint.
    Checkpoint,
}

#[derive(Debug, Clone)]
pub struct Planned {
    pub key: Key,
    /// The version that this change makes; `None` for a shared thing, whose text counts its versions.
    pub version: Option<u64>,
    /// The lines of the text; `None` deletes.
    pub lines: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
pub struct Look {
    pub key: Key,
    /// 0 when there is none yet.
    pub version: u64,
    /// Who is noted as seen: the patient of this version, or where it has no text of the one before.
    pub patient: Option<Key>,
}

impl Worker {
    pub fn new(seed: u64, name: u64) -> Worker {
        let dice = Dice::new(seed * 1_000_003 + name);
        Worker { seed, name, number: 0, dice, things: std::array::from_fn(|_| Thing::default()) }
    }

    /// Whether this seed writes long texts, which train a dictionary soon.
    fn writes_much(&self) -> bool {
        self.seed % 5 == 4
    }

    /// Whether this seed erases. An erasure empties the log; without any, the log grows until it is copied.
    fn erases(&self) -> bool {
        self.seed.is_multiple_of(2)
    }

    fn key(&self, thing: usize) -> Key {
        Key::new(if thing.is_multiple_of(2) { "Thing" } else { "Other" }, format!("w{}-{thing}", self.name))
    }

    fn commit(&mut self) -> Deed {
        let mut changes = Vec::new();
        let first = self.dice.roll(THINGS as u64) as usize;
        for step in 0..1 + self.dice.roll(3) as usize {
            changes.push(self.change((first + step * 3) % THINGS));
        }
        if self.dice.roll(5) == 0 {
            let key = Key::new("Thing", format!("shared-{}", self.dice.roll(2)));
            changes.push(Planned { key, version: None, lines: Some(self.lines(0)) });
        }
        Deed::Commit { keyed: self.dice.roll(2) == 0, changes }
    }

    fn change(&mut self, at: usize) -> Planned {
        let delete = self.things[at].is_live() && self.dice.roll(6) == 0;
        let patient = self.dice.roll(20);
        let attached = if delete { None } else { self.attach(at) };
        let thing = &mut self.things[at];
        thing.patients.push((!delete).then_some(patient));
        thing.attached.clone_from(&attached);
        let version = Some(thing.patients.len() as u64);
        let lines = (!delete).then(|| self.lines(patient).into_iter().chain(attached).collect());
        Planned { key: self.key(at), version, lines }
    }

    /// A large attachment of its own, the one that the version before has, or none.
    fn attach(&mut self, at: usize) -> Option<String> {
        match self.dice.roll(12) {
            0 => {
                let length = if self.dice.roll(8) == 0 { 300_000 } else { 66_000 };
                Some(format!("attached {length} {}.{}.{at}", self.name, self.number))
            }
            1..=6 => self.things[at].attached.clone(),
            _ => None,
        }
    }

    /// Erases the newest or an older version; without a text to erase it commits.
    fn erase(&mut self) -> Deed {
        let at = self.dice.roll(THINGS as u64) as usize;
        let pick = self.dice.roll(4) as usize;
        let patients = &mut self.things[at].patients;
        let Some(place) = patients.len().checked_sub(1 + pick).filter(|place| patients[*place].is_some()) else {
            return self.commit();
        };
        patients[place] = None;
        Deed::Erase(self.key(at), place as u64 + 1)
    }

    fn lines(&mut self, patient: u64) -> Vec<String> {
        let (worker, number) = (self.name, self.number);
        let mut lines = vec![
            format!("text Thing.name {}", token(worker, number)),
            format!("text Thing.name word{}", self.dice.roll(50)),
            format!("code Thing.code system-{}|code-{}", self.dice.roll(6), self.dice.roll(2000)),
            format!("date Thing.date {} {}", number, number + 5),
            format!("target Thing.ref Thing/w{worker}-{}", self.dice.roll(12)),
            format!("patient Patient/p{patient}"),
        ];
        let length = match self.dice.roll(20) {
            0 => 40_000,
            _ if self.writes_much() => 12_000,
            _ => 100,
        };
        lines.push(format!("note {}", self.noise(length)));
        lines
    }

    /// Text that does not compress to nothing.
    fn noise(&mut self, length: usize) -> String {
        let mut noise = String::with_capacity(length + 16);
        while noise.len() < length {
            noise.push_str(&format!("{:013x}", self.dice.roll(1 << 52)));
        }
        noise
    }

    fn read(&mut self) -> Deed {
        let first = self.dice.roll(THINGS as u64) as usize;
        let mut looks = Vec::new();
        for step in 0..1 + self.dice.roll(3) as usize {
            let at = (first + step) % THINGS;
            let mut newest_first = self.things[at].patients.iter().rev();
            let version = newest_first.len() as u64;
            let patient = newest_first.by_ref().take(2).flatten().next();
            let patient = patient.map(|patient| Key::new("Patient", format!("p{patient}")));
            looks.push(Look { key: self.key(at), version, patient });
        }
        Deed::Read(looks)
    }
}

impl Thing {
    fn is_live(&self) -> bool {
        self.patients.last().is_some_and(Option::is_some)
    }
}

impl Iterator for Worker {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        self.number += 1;
        let deed = match self.dice.roll(24) {
            0..=13 => self.commit(),
            14..=18 => self.read(),
            19 | 20 => Deed::Desk,
            21 | 22 if self.erases() => self.erase(),
            21 | 22 => self.commit(),
            _ => Deed::Checkpoint,
        };
        Some(Step { worker: self.name, number: self.number, deed })
    }
}

/// What marks everything that a step writes, wherever it is kept.
pub fn token(worker: u64, number: u64) -> String {
    format!("<{worker}.{number}>")
}

impl Step {
    pub fn token(&self) -> String {
        token(self.worker, self.number)
    }
}

impl Planned {
    /// The lines of the text that makes this version.
    pub fn lines_as(&self, version: u64) -> Option<Vec<String>> {
        let mut lines = self.lines.clone()?;
        if self.version.is_none() {
            lines.push(format!("text Thing.name count{version}"));
        }
        Some(lines)
    }
}
