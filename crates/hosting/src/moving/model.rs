//! The protocol of a cut as a model: two hosts, a wire that loses, doubles and reorders, crashes between any two steps. All
//! states that can be reached are walked. Never may two hosts write; whatever happened, a host can be brought to write; and
//! no two histories arise. Faulty protocols show that the walk would find it.
//!
//! What is on disk here is on disk in `record::apply::hand_over`: the journal, and through it who may write.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use super::{Phase, Step};

/// Most entries of a history; enough for several cuts with writes around them.
const MOST_ENTRIES: usize = 5;
/// Most messages on the wire; one that finds no place is lost.
const MOST_MESSAGES: usize = 2;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Entry {
    Write(usize),
    Cut {
        to: usize,
    },
    /// The record is given back, by the refusal of the target of the cut before it.
    Resume {
        to: usize,
    },
}

type Log = Vec<Entry>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Message {
    /// The host to which it is addressed is asked to sign that it holds this.
    Sign { to: usize, log: Log },
    /// It did.
    Signed { by: usize, log: Log },
    /// The history with its cut.
    Cut { to: usize, log: Log },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct HostState {
    /// On disk.
    log: Log,
    phase: Phase,
    /// The length of the history with the cut that this host has refused.
    refused: usize,
    /// In memory.
    open: bool,
    held: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    hosts: [HostState; 2],
    wire: BTreeSet<Message>,
}

/// What is wrong with a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The target opens once it has signed.
    OpensWhenSigned,
    /// A signature counts for whatever comes later.
    SignatureCountsLater,
    /// The source sends the cut before it is on its own disk.
    SendsBeforeItIsKept,
    /// A host that handed over opens as the writer when it starts again.
    ForgetsWhatItHandedOver,
    /// A host refuses a cut by which it has opened.
    RefusesWhenOpen,
    /// A host opens by a cut that it has refused.
    ForgetsThatItRefused,
    /// A host takes the record back when the target only does not answer.
    TakesBackUnasked,
}

/// What a step needs to go on its way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ordinary,
    /// A crash, or a new write or cut: what help may not count on.
    Adverse,
}

/// Who may write after a history; the first host at its beginning.
fn writer(log: &Log) -> usize {
    let last = log.iter().rev().find_map(|entry| match entry {
        Entry::Cut { to } | Entry::Resume { to } => Some(*to),
        Entry::Write(_) => None,
    });
    last.unwrap_or(0)
}

impl World {
    fn start() -> World {
        let host = |phase, open| HostState { log: Vec::new(), phase, refused: 0, open, held: false };
        World { hosts: [host(Phase::Rehearsed, true), host(Phase::Rehearsed, false)], wire: BTreeSet::new() }
    }

    /// Every world that one step leads to.
    fn next(&self, fault: Fault) -> Vec<(Kind, World)> {
        let mut found = Vec::new();
        for at in 0..2 {
            self.steps_of_a_host(at, fault, &mut found);
            self.steps_on_the_wire(at, fault, &mut found);
        }
        found
    }

    fn steps_of_a_host(&self, at: usize, fault: Fault, found: &mut Vec<(Kind, World)>) {
        let host = &self.hosts[at];
        let mut go = |kind, change: &dyn Fn(&mut World)| {
            let mut world = self.clone();
            change(&mut world);
            found.push((kind, world));
        };
        if host.open && !host.held && host.log.len() < MOST_ENTRIES {
            go(Kind::Adverse, &|world| world.hosts[at].log.push(Entry::Write(at)));
        }
        if host.open {
            go(Kind::Adverse, &|world| world.hosts[at].held = true);
            go(Kind::Ordinary, &|world| world.hosts[at].held = false);
        }
        if host.held {
            let message = Message::Sign { to: 1 - at, log: host.log.clone() };
            go(Kind::Ordinary, &|world| {
                world.send(message.clone());
            });
        }
        // Opening, and starting again after a crash: the journal says whether it may.
        let has_refused = host.refused == host.log.len() && host.refused > 0 && fault != Fault::ForgetsThatItRefused;
        let may = (writer(&host.log) == at && !has_refused) || (fault == Fault::ForgetsWhatItHandedOver && at == 0);
        if !host.open && may {
            go(Kind::Ordinary, &|world| {
                world.hosts[at].open = true;
                world.hosts[at].take(Step::Opened { back: at == 0 });
            });
        }
        go(Kind::Adverse, &|world| {
            world.hosts[at].open = false;
            world.hosts[at].held = false;
        });
        // The host that follows fetches the next entries; a cut that it has refused only with what gives it back.
        let theirs = &self.hosts[1 - at].log;
        if !host.open && theirs.len() > host.log.len() && theirs.starts_with(&host.log) {
            let upto = if host.refused == host.log.len() + 1 { host.log.len() + 2 } else { host.log.len() + 1 };
            if theirs.len() >= upto {
                let next = theirs[..upto].to_vec();
                go(Kind::Ordinary, &|world| world.hosts[at].log.clone_from(&next));
            }
        }
        self.refusing(at, fault, found);
    }

    /// The target of a cut gives the record back, whether it holds the cut or was only shown it; the source takes it.
    fn refusing(&self, at: usize, fault: Fault, found: &mut Vec<(Kind, World)>) {
        let (host, other) = (&self.hosts[at], &self.hosts[1 - at]);
        let is_cut_to = |log: &Log, to: usize| log.last() == Some(&Entry::Cut { to });
        let shown = if is_cut_to(&host.log, at) { &host.log } else { &other.log };
        let follows = *shown == host.log || shown.split_last().is_some_and(|(_, before)| host.log == before);
        if is_cut_to(shown, at) && follows && (!host.open || fault == Fault::RefusesWhenOpen) {
            let mut world = self.clone();
            world.hosts[at].refused = shown.len();
            found.push((Kind::Adverse, world));
        }
        // What was signed stays signed: it is carried when there is no wire, as often as it takes.
        let is_given_back = other.refused == host.log.len() || fault == Fault::TakesBackUnasked;
        if is_cut_to(&host.log, 1 - at) && !host.open && is_given_back && host.log.len() <= MOST_ENTRIES {
            let mut world = self.clone();
            world.hosts[at].log.push(Entry::Resume { to: at });
            world.hosts[at].open = true;
            if world.hosts[at].phase != Phase::Cut {
                world.hosts[at].take(Step::Cut);
            }
            world.hosts[at].take(Step::Resumed { back: at == 1 });
            world.hosts[at].take(Step::Agreed);
            found.push((Kind::Ordinary, world));
        }
    }

    fn steps_on_the_wire(&self, at: usize, fault: Fault, found: &mut Vec<(Kind, World)>) {
        let host = &self.hosts[at];
        for message in &self.wire {
            let mut world = self.clone();
            match message {
                // Lost; what is not lost may come again, so nothing else takes it off the wire.
                _ if at == 1 => {
                    let mut lost = self.clone();
                    lost.wire.remove(message);
                    found.push((Kind::Adverse, lost));
                }
                _ => {}
            }
            match message {
                Message::Sign { to, log } if *to == at && !host.open && host.log == *log => {
                    world.send(Message::Signed { by: at, log: log.clone() });
                    world.hosts[at].open |= fault == Fault::OpensWhenSigned;
                    found.push((Kind::Ordinary, world));
                }
                Message::Signed { by, log } if *by == 1 - at && host.open && host.log.len() < MOST_ENTRIES => {
                    let counts = host.log == *log || fault == Fault::SignatureCountsLater && host.log.starts_with(log);
                    if !counts {
                        continue;
                    }
                    let mut cut = if fault == Fault::SignatureCountsLater { log.clone() } else { host.log.clone() };
                    cut.push(Entry::Cut { to: *by });
                    world.send(Message::Cut { to: *by, log: cut.clone() });
                    if fault == Fault::SendsBeforeItIsKept {
                        found.push((Kind::Adverse, world.clone()));
                    }
                    world.hosts[at].log = cut;
                    world.hosts[at].open = false;
                    world.hosts[at].held = false;
                    world.hosts[at].take(Step::Cut);
                    found.push((Kind::Adverse, world));
                }
                // The entry is applied only where it follows.
                Message::Cut { to, log }
                    if *to == at
                        && !host.open
                        && host.refused != log.len()
                        && log.split_last().is_some_and(|(_, before)| host.log == before) =>
                {
                    world.hosts[at].log.clone_from(log);
                    found.push((Kind::Ordinary, world));
                }
                _ => {}
            }
        }
    }

    fn send(&mut self, message: Message) {
        if self.wire.len() < MOST_MESSAGES {
            self.wire.insert(message);
        }
    }

    fn has_two_writers(&self) -> bool {
        self.hosts.iter().all(|host| host.open)
    }

    /// Whether one history is not the beginning of the other.
    fn is_forked(&self) -> bool {
        let [one, other] = &self.hosts;
        !one.log.starts_with(&other.log) && !other.log.starts_with(&one.log)
    }
}

impl HostState {
    fn take(&mut self, step: Step) {
        // Starting again after a crash repeats no step of the move.
        let is_again = matches!(step, Step::Opened { .. }) && !matches!(self.log.last(), Some(Entry::Cut { .. }));
        if !is_again {
            self.phase =
                self.phase.after(step).unwrap_or_else(|| panic!("{step:?} cannot come after {:?}", self.phase));
        }
    }
}

/// Every world that can be reached, with the worlds that ordinary steps lead to.
fn walk(fault: Fault) -> Result<HashMap<World, Vec<World>>, World> {
    let mut seen: HashMap<World, Vec<World>> = HashMap::new();
    let mut open = VecDeque::from([World::start()]);
    let mut known: HashSet<World> = [World::start()].into();
    while let Some(world) = open.pop_front() {
        if world.has_two_writers() || world.is_forked() {
            return Err(world);
        }
        let mut ordinary = Vec::new();
        for (kind, next) in world.next(fault) {
            if known.insert(next.clone()) {
                open.push_back(next.clone());
            }
            if kind == Kind::Ordinary {
                ordinary.push(next);
            }
        }
        seen.insert(world, ordinary);
    }
    Ok(seen)
}

#[test]
fn never_do_two_hosts_write_and_never_none_for_good() {
    let seen = walk(Fault::None).unwrap_or_else(|world| panic!("{world:?}"));
    assert!(seen.len() > 10_000, "{} worlds: the model is too small to say anything", seen.len());
    assert!(
        seen.keys().any(|world| world.hosts[1].open)
            && seen.keys().any(|world| world.hosts[0].phase == Phase::BackedOut)
    );
    // Backwards from every world in which somebody writes, along steps that need no luck.
    let mut before: HashMap<&World, Vec<&World>> = HashMap::new();
    for (world, nexts) in &seen {
        for next in nexts {
            before.entry(next).or_default().push(world);
        }
    }
    let mut good: HashSet<&World> = seen.keys().filter(|world| world.hosts.iter().any(|host| host.open)).collect();
    let mut open: Vec<&World> = good.iter().copied().collect();
    while let Some(world) = open.pop() {
        for earlier in before.get(world).into_iter().flatten() {
            if good.insert(earlier) {
                open.push(earlier);
            }
        }
    }
    let stuck = seen.keys().find(|world| !good.contains(world));
    assert!(stuck.is_none(), "nobody can come to write any more: {stuck:?}");
}

#[test]
fn a_protocol_with_a_fault_is_found_out() {
    for fault in [
        Fault::OpensWhenSigned,
        Fault::SignatureCountsLater,
        Fault::SendsBeforeItIsKept,
        Fault::ForgetsWhatItHandedOver,
        Fault::RefusesWhenOpen,
        Fault::ForgetsThatItRefused,
        Fault::TakesBackUnasked,
    ] {
        assert!(walk(fault).is_err(), "{fault:?} was not found");
    }
}
