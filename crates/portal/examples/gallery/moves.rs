//! The pages of moves and of oversight with the invented trusts of the design: a move that is blocked, one that is ready to be
//! sealed, and the exit plan of a consortium.

use maud::Markup;
use portal::Setting;
use portal::components::gantt::Bars;
use portal::components::proof::Proof;
use portal::pages::moving::{
    Acts, Block, Copied, Dates, Invariant, Item, Lag, Merkle, MovePage, Part, PlanForm, Readiness, Rehearsed, Seal,
    Span, Stage, Step, Witnessed, move_page,
};
use portal::pages::oversight::{Change, Heard, OversightView, RefusedReport, Risk, TrustAgainst, oversight_page};
use terms::{Date, Moment, start_of_day};
use testkit::demo::STORY_NOW;

const ROOT: &str = "b1655e44e97689ec1ed3ba738ff9ec7ad7a7071c605aa7b79fbb9e16d1e92a97";

fn ago(minutes: i64) -> Moment {
    Moment(STORY_NOW.0 - minutes * 60_000)
}

fn on(date: &str) -> Option<Moment> {
    date.parse::<Date>().ok().map(start_of_day)
}

/// A move whose feasibility is broken, or one that two people can seal.
pub(crate) fn moving(setting: &Setting, ready: bool) -> Markup {
    let steps = ["Plan", "Copy", "Follow", "Rehearse", "Cut over", "Way back"];
    let words = [
        "by M Tanaka, Marshgate",
        "94.2 GB, done 09-Nov",
        "running, 1.8 s behind",
        "3 of 3 passed, last 16-Nov",
        "window Thu 19-Nov-2026 03:00",
        "open 14 days after",
    ];
    let stage = |at: usize| match at {
        0 | 1 => Stage::Done,
        2 | 3 if ready => Stage::Done,
        2 => Stage::Now,
        3 => Stage::Done,
        4 if ready => Stage::Now,
        _ => Stage::Later,
    };
    let steps = steps.into_iter().zip(words).enumerate();
    let page = MovePage {
        setting,
        host: "alder",
        live: "/t/DEMO/moves/RMG/live",
        code: "RMG",
        name: "Marshgate General",
        from: "Alder hall",
        to: "Birch hall",
        is_carried: false,
        writes: true,
        steps: steps.map(|(at, (name, words))| Step { name, words: words.into(), stage: stage(at) }).collect(),
        copied: copied(),
        lag: Some(Lag { ms: 1_800, entries: 21, minutes: vec![1400.0, 1300.0, 1500.0, 1200.0, 2600.0, 1400.0, 1100.0, 1200.0], limit_ms: 10_000 }),
        invariants: invariants(ready),
        compared: Ok(Some(ago(0))),
        readiness: readiness(ready),
        merkle: Some(Merkle {
            entry: 318_400_000,
            at: ago(0),
            here: ROOT.into(),
            there: ROOT.into(),
            parts: vec![Part::Equal; 64],
            names: ("Alder hall".into(), "Birch hall".into()),
            is_source: true,
            witnessed: Some(vec![witness("Kingsferry hall", 4), witness("Region", 9)]),
        }),
        blocks: if ready { Vec::new() } else { blocks() },
        dates: Some(dates()),
        plan: PlanForm { is_kept: true, ..PlanForm::default() },
        rehearsals: ["0.4 s", "0.5 s", "0.6 s"].into_iter().enumerate().map(|(at, pause)| rehearsed(at, pause)).collect(),
        way_back: Some(vec![
            "From the cut on Birch hall feeds Alder hall. If anything is wrong, going back is the same cut the other way round \
             and loses nothing. It stays open for 14 days."
                .into(),
        ]),
        doing: None,
        problem: None,
        acts: Acts { runs_it: true, says: true, rehearses: false, rehearses_back: true, completes: false },
        has_ticket: false,
        has_certificate: true,
    };
    move_page(&page)
}

/// A witness that has signed what was there so many minutes ago.
fn witness(host: &str, minutes: i64) -> Witnessed {
    Witnessed { host: host.into(), entry: 318_400_000, at: Some(ago(minutes)), trouble: None, is_refused: false }
}

fn copied() -> Vec<Copied> {
    let row = |what, there, of| Copied { what, there, of, is_bytes: false };
    vec![
        row("Journal entries", 318_402_096, 318_402_117),
        row("People", 611_204, 611_204),
        row("Documents", 4_118_920, 4_118_920),
        row("Things that are owed", 48_211, 48_211),
        row("Attached files", 1_902_441, 1_902_441),
        Copied { what: "Access journal", there: 7_731_088_000, of: 7_731_088_000, is_bytes: true },
    ]
}

fn invariants(ready: bool) -> Vec<Invariant> {
    let of = |name, promise, counts| Invariant { name, promise, state: Proof::Holds, counts: Some(counts), wrong: 0 };
    let mut all = vec![
        of(
            "Conservation",
            "Every resource of every kind is on both hosts, and one journal leads to both.",
            (318_402_096, 318_402_096),
        ),
        of(
            "Continuity",
            "As much is owed on both hosts; by whom and until when follows from the texts, which one journal leads to.",
            (48_211, 48_211),
        ),
        of(
            "Feasibility",
            "As many appointments, sessions, places and stays are on both hosts, and as many bookings without a place.",
            (31_876, 31_876),
        ),
        of("Delivery", "Every letter, result, message and task is on both hosts.", (9_402, 9_402)),
        of("Uniqueness", "Nobody, no bed and no merge is there twice or left behind.", (611_204, 611_204)),
    ];
    if !ready {
        all[2] = Invariant { state: Proof::Broken, counts: Some((31_874, 31_876)), wrong: 1, ..all[2].clone() };
    }
    all
}

fn readiness(ready: bool) -> Readiness {
    let item = |what, state, why: &str, act| Item { what, state, why: why.into(), act };
    let feasible = if ready { Proof::Holds } else { Proof::Broken };
    let second = if ready { Proof::Holds } else { Proof::NotChecked };
    Readiness {
        pause: Some("0.4 s".into()),
        pauses: "0.4 s to 0.6 s in rehearsals.".into(),
        items: vec![
            item("Planned, with a deadline", Proof::Holds, "by M Tanaka, Marshgate", None),
            item("Three rehearsals in a row passed", Proof::Holds, "0.6 s, 0.5 s, 0.4 s", None),
            item("Staff told, downtime sheets printed", Proof::Holds, "R Osborne, Marshgate", None),
            item("Way back rehearsed", Proof::Holds, "0.5 s", None),
            item(
                "All five invariants hold",
                feasible,
                if ready { "both hosts compared" } else { "Broken: feasibility." },
                None,
            ),
            item(
                "Second person ready",
                second,
                if ready { "R Osborne, Marshgate" } else { "Nobody else has said that they are ready." },
                Some(("stand-by", "I am ready")),
            ),
        ],
        missing: if ready {
            Vec::new()
        } else {
            vec![
                "All five invariants hold: Broken: feasibility.".into(),
                "Second person ready: Nobody else has said that they are ready.".into(),
            ]
        },
        seal: if ready { Seal::Armed } else { Seal::Blocked },
        back: false,
        open_days: 14,
    }
}

fn blocks() -> Vec<Block> {
    let next = "Verify both records (almoner verify --index), then rehearse again.";
    vec![Block { what: "Appointment".into(), here: "31,876".into(), there: "31,874".into(), next }]
}

fn dates() -> Dates {
    let span = |date: &str| Span { early: on(date), likely: on(date), late: on(date) };
    Dates {
        deadline: on("2027-01-31").unwrap_or(STORY_NOW),
        copied: None,
        cut: span("2026-11-19"),
        is_cut: false,
        closes: span("2026-12-03"),
        slack_days: Some(59),
        worst_days: Some(59),
        latest_start: None,
        latest_cut: on("2027-01-17").unwrap_or(STORY_NOW),
        no_return: on("2026-12-02"),
        basis: "Measured: 4,210 entries a second, 3,900 to 4,400 in eight of ten seconds.".into(),
        tried: None,
    }
}

fn rehearsed(at: usize, pause: &str) -> Rehearsed {
    let days = i64::try_from(at).unwrap_or(0) + 1;
    Rehearsed { at: ago(days * 1440), what: "The cut", questions: 412, differences: Vec::new(), pause: pause.into() }
}

/// A trust: code, name, six dates, slack, risk, what it hangs on, people.
type Row = (&'static str, &'static str, [&'static str; 5], Option<i64>, Risk, &'static str, u64);

/// The trusts of the design.
const ROWS: [Row; 8] = [
    (
        "RKC",
        "Kingsferry Children’s",
        ["2026-09-07", "2026-09-21", "2026-09-27", "2026-10-18", "2026-11-01"],
        None,
        Risk::Moved,
        "Way back closed",
        214_330,
    ),
    (
        "REC",
        "Eastmere Community",
        ["2026-09-14", "2026-10-01", "2026-10-06", "2026-11-08", "2026-11-22"],
        None,
        Risk::Moved,
        "Way back open until 22-Nov-2026",
        502_118,
    ),
    (
        "RMG",
        "Marshgate General",
        ["2026-10-19", "2026-11-02", "2026-11-09", "2026-11-19", "2026-12-03"],
        Some(59),
        Risk::OnTrack,
        "2 of 5 conditions of the cut are open",
        611_204,
    ),
    (
        "RTB",
        "St Botolph’s",
        ["2026-11-02", "2026-11-20", "2026-12-02", "2027-01-10", "2027-01-24"],
        Some(7),
        Risk::AtRisk,
        "Copy starts 20-Nov",
        1_122_840,
    ),
    (
        "RTX",
        "Thameside Royal",
        ["2026-11-09", "2026-11-30", "2026-12-18", "2027-01-24", "2027-02-07"],
        Some(-7),
        Risk::WillMiss,
        "Freeze leaves 1 rehearsal weekend",
        1_840_212,
    ),
    (
        "RHD",
        "Harbour and Downs",
        ["2026-11-16", "2026-12-14", "2026-12-30", "2027-02-06", "2027-02-20"],
        Some(-20),
        Risk::WillMiss,
        "Backup disk full; plan not signed",
        740_655,
    ),
    (
        "RSM",
        "Saltmarsh Mental Health",
        ["2026-11-16", "2026-11-30", "2026-12-04", "2027-01-03", "2027-01-17"],
        Some(14),
        Risk::OnTrack,
        "Plan signed 12-Nov",
        388_420,
    ),
    (
        "RWD",
        "Wexcombe District",
        ["2026-11-23", "2026-12-11", "2026-12-20", "2027-01-20", "2027-02-03"],
        Some(-3),
        Risk::WillMiss,
        "No second person named",
        455_903,
    ),
];

/// The exit plan.
pub(crate) fn oversight(setting: &Setting) -> Markup {
    let view = OversightView {
        setting,
        host: "alder",
        consortium: "Estuary consortium",
        deadline: on("2027-01-31"),
        freeze: on("2026-12-19").zip(on("2027-01-04")),
        cost_per_day: Some(41_000),
        trusts: ROWS.into_iter().map(trust).collect(),
        reports: vec![
            Heard { host: "Alder hall".into(), report: Some((412, ago(25))) },
            Heard { host: "Birch hall".into(), report: Some((398, ago(31))) },
            Heard { host: "Region".into(), report: None },
        ],
        refused: vec![RefusedReport {
            at: ago(90),
            from: "inbox/birch-0397.report".into(),
            why: "Report 397 of birch is old or replayed: report 398 is known.".into(),
        }],
        changes: vec![
            Change { name: "Marshgate General".into(), what: "3 rehearsals in a row passed".into(), days: Some(0) },
            Change { name: "Harbour and Downs".into(), what: "forecast moved".into(), days: Some(6) },
        ],
    };
    oversight_page(&view)
}

fn trust((code, name, [begun, copy, copied, cut, closes], slack_days, risk, hangs, people): Row) -> TrustAgainst {
    TrustAgainst {
        code: code.into(),
        bars: Bars {
            name: name.into(),
            begun: on(begun),
            copy: on(copy),
            copied: on(copied),
            cut: on(cut),
            closes: on(closes),
            class: risk.class(),
        },
        people,
        slack_days,
        risk,
        hangs: hangs.into(),
        differences: 0,
    }
}
