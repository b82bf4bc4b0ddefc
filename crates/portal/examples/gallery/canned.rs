//! What the gallery shows where a record would answer: settings, search results, views, trusts, as in the pictures.
//! Invented people only; nothing here is part of the product.
#![expect(clippy::expect_used, reason = "an example may stop at the first surprise")]

use access::{Grant, Role, decide};
use maud::Markup;
use portal::Setting;
use portal::components::Printed;
use portal::components::access_row::{AccessRow, Deed, State, View};
use portal::components::banner::Banner;
use portal::components::frame::Environment;
use portal::pages::host::{self, HostView, TrustRow, host_page};
use portal::pages::moving::Witnessed;
use portal::pages::search::{Found, Hit, Outcome, Search, Whereabouts, found_part, search_page};
use portal::pages::sign_in::{SignIn, sign_in_page};
use portal::pages::who_looked::{Looked, Narrowed, WhoLooked, who_looked_page};
use terms::Moment;
use testkit::demo::STORY_NOW;

/// A clinician's setting.
pub(crate) fn setting() -> Setting {
    of_role("Siobhan Reilly", Role::Clinician)
}

/// A clerk's setting.
pub(crate) fn clerk() -> Setting {
    of_role("Tom Abbott", Role::Clerk)
}

/// A host operator's setting.
pub(crate) fn host_setting() -> Setting {
    of_role("Mei Tanaka", Role::Operator)
}

fn of_role(name: &str, role: Role) -> Setting {
    let permit = decide(Grant::role("user/gallery", name, role), STORY_NOW).expect("a role without an end is given");
    Setting::new(("DEMO", "Thameside Royal"), &permit, Environment::Demonstration, "gallery", STORY_NOW)
}

/// The sign-in page with two trusts and a failed attempt.
pub(crate) fn sign_in() -> Markup {
    let trusts = [("DEMO".to_owned(), "Thameside Royal".to_owned()), ("RTB".to_owned(), "St Botolph’s".to_owned())];
    sign_in_page(&SignIn {
        trusts: &trusts,
        chosen: Some("DEMO"),
        name: "s.reilly",
        next: "",
        form_token: "gallery",
        wrong: Some("The user name or password is not right."),
        environment: Environment::Demonstration,
    })
}

/// The search page, or what lies under its box.
pub(crate) fn search(query: &str, part: bool) -> Markup {
    let outcome = match query.chars().count() {
        0 => Outcome::NothingTyped,
        1 => Outcome::TooShort,
        _ if query.contains("zz") => Outcome::Found(Found::default()),
        _ if query.contains("long") => Outcome::Found(long()),
        _ => Outcome::Found(found()),
    };
    let setting = setting();
    let of = Search { setting: &setting, query, include_died: false, outcome: &outcome, both: None };
    if part { found_part(&of) } else { search_page(&of) }
}

fn found() -> Found {
    let best = vec![
        hit(
            "adeyemi-folasade",
            "ADEYEMI, Folasade (Mrs)",
            "Preferred name Grace. Hospital No. TR 104 882",
            ("1951-03-14", "14-Mar-1951", "75y"),
            Some("999 014 2076"),
            "14 Quayside Row, TH4 2QP",
            Whereabouts::Inpatient("Heron ward, bed 1".into()),
            "sounds like, preferred name, year of birth",
        ),
        hit(
            "adeyemi-f-grace",
            "ADEYEMI, F Grace (Mrs)",
            "Hospital No. TR 098 311",
            ("1951-03-14", "14-Mar-1951", "75y"),
            None,
            "Flat 2, 9 Ropewalk, TH1 7DD",
            Whereabouts::LastSeen(Printed::new("2019-06-12", "12-Jun-2019")),
            "sounds like, given name, year of birth",
        ),
    ];
    let others = vec![
        hit(
            "adeyemi-folarin",
            "ADEYEMI, Folarin (Mr)",
            "Hospital No. TR 088 140",
            ("1951-08-29", "29-Aug-1951", "75y"),
            Some("999 061 0045"),
            "77 Chandlers Way, TH2 5LN",
            Whereabouts::NotInHospital,
            "sounds like, year of birth",
        ),
        hit(
            "adeyemo-folashade",
            "ADEYEMO, Folashade (Ms)",
            "",
            ("1981-03-04", "04-Mar-1981", "45y"),
            Some("999 061 0126"),
            "3 Tallow Court, TH4 9BX",
            Whereabouts::LastSeen(Printed::new("2026-02-02", "02-Feb-2026")),
            "sounds like",
        ),
        hit(
            "adeyemi-grace",
            "ADEYEMI, Grace (Miss)",
            "",
            ("2015-03-14", "14-Mar-2015", "11y 8m"),
            Some("999 061 0215"),
            "14 Quayside Row, TH4 2QP",
            Whereabouts::NotInHospital,
            "sounds like, given name",
        ),
    ];
    Found { best, others, died_hidden: 1, more: false, read_as: "born in 1951".into() }
}

/// Forty people whose names and addresses are as long as they come.
fn long() -> Found {
    let one = |at: usize| {
        hit(
            "adeyemi-folasade",
            "WOLFESCHLEGELSTEINHAUSENBERGERDORFF-FETHERSTONHAUGH, Maria-Magdalena Konstantina Theodora (Professor Dame)",
            "Preferred name Anastasia-Wilhelmina. Hospital No. TR\u{a0}104\u{a0}882. Hospital No. XQ\u{a0}0000\u{a0}4711\u{a0}93",
            ("1951-03-14", "14-Mar-1951", "75y"),
            at.is_multiple_of(2).then_some("999 014 2076"),
            "Flat 117b, The Old Maltings and Granary, Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, TH4\u{a0}2QP",
            Whereabouts::Inpatient("Paediatric high dependency and surgical assessment unit, bay 12, bed 4".into()),
            "family name spelt nearly like, given name sounds like, preferred name, year of birth",
        )
    };
    Found { best: (0..20).map(one).collect(), others: (0..20).map(one).collect(), more: true, ..Found::default() }
}

#[expect(clippy::too_many_arguments, reason = "one row of a table, written out")]
fn hit(
    id: &str,
    name: &str,
    under: &str,
    born: (&str, &str, &str),
    nhs: Option<&str>,
    address: &str,
    whereabouts: Whereabouts,
    why: &str,
) -> Hit {
    Hit {
        id: id.into(),
        href: format!("/t/DEMO/patients/{id}"),
        name: name.into(),
        under: under.into(),
        born: Some(Printed::new(born.0, born.1)),
        age: Some(born.2.into()),
        gender: Some(if name.contains("(Mr)") { "Male" } else { "Female" }.into()),
        nhs_number: nhs.map(str::to_owned),
        address: address.into(),
        whereabouts,
        why: why.into(),
        similar: name.contains("Folarin"),
    }
}

/// *Who has looked* of the worked case.
pub(crate) fn who_looked() -> Markup {
    let banner = Banner {
        family: Some("Adeyemi".into()),
        given: "Folasade".into(),
        title: Some("Mrs".into()),
        born: Some(Printed::new("1951-03-14", "14-Mar-1951")),
        age: Some("75y".into()),
        gender: Some("Female".into()),
        nhs_number: Some("999 014 2076".into()),
        ..Banner::default()
    };
    let found = Looked {
        rows: looked_rows(),
        lines: 105,
        page: 2,
        pages: 3,
        people: 5,
        explained: 4,
        break_glass: 1,
        by_role: 4,
        refused: 3,
        changes: 1204,
        authors: 12,
        incomplete: true,
        who: Some("Siobhan Reilly".into()),
        cut: true,
    };
    who_looked_page(&WhoLooked {
        setting: &of_role("Patience Achebe", Role::PrivacyOfficer),
        banner: &banner,
        href: "/t/DEMO/patients/adeyemi-folasade/who-has-looked",
        summary: None,
        asked: &Narrowed { who: Some("user/s.reilly".into()), page: 2, ..Narrowed::default() },
        looked: &found,
    })
}

fn looked_rows() -> Vec<AccessRow> {
    vec![
        looked(
            "17-Nov",
            "14:31",
            "Siobhan Reilly",
            "Clinician, s.reilly",
            "The role alone; no link of care is recorded",
            4,
            State::ByRole,
        ),
        looked("17-Nov", "14:30", "Dr Lola Okafor", "Clinician, l.okafor", "Not let in", 3, State::Refused),
        AccessRow {
            what: "Added 4 observations; changed 1 medication request".into(),
            deed: Deed::Changed,
            ..looked(
                "17-Nov",
                "14:27",
                "Siobhan Reilly",
                "Clinician, s.reilly",
                "The role alone; no link of care is recorded",
                3,
                State::ByRole,
            )
        },
        looked("17-Nov", "14:20", "Dr Anil Mistry", "Clinician, a.mistry", "Covers the team", 2, State::Explained),
        looked(
            "17-Nov",
            "09:12",
            "C Doyle",
            "Clerk, c.doyle",
            "No link found: no referral, no task",
            1,
            State::NoReason,
        ),
        looked(
            "14-Nov",
            "04:05",
            "Dr N Eze",
            "Clinician, n.eze",
            "Break-glass: sepsis, confused",
            2,
            State::BreakGlass,
        ),
    ]
}

fn looked(day: &str, at: &str, who: &str, role: &str, why: &str, views: usize, state: State) -> AccessRow {
    let view = View { at: Printed::new(at, at), what: "Summary".into() };
    AccessRow {
        day: Printed::new(format!("2026-11-{}", &day[..2]), day),
        at: Printed::new(at, at),
        who: who.into(),
        principal: format!("user/{who}"),
        role: role.into(),
        what: "Summary".into(),
        why: why.into(),
        then: Vec::new(),
        views: vec![view; views],
        deed: Deed::Looked,
        state,
    }
}

/// The host page with trusts in different states.
pub(crate) fn host(setting: &Setting) -> Markup {
    let ago = |minutes: i64| Moment(STORY_NOW.0 - minutes * 60_000);
    let witness = |host: &str, entry: u64| Witnessed {
        host: host.into(),
        entry,
        at: Some(ago(3)),
        trouble: None,
        is_refused: false,
    };
    let trust = |code: &str, name: &str, store: &str, people, resources, bytes| TrustRow {
        code: code.into(),
        name: name.into(),
        store: store.into(),
        state: host::State::Open,
        people: Some(people),
        resources,
        entries: resources / 3,
        bytes,
        signed_in: people / 2000,
        checkpoint: Some((ago(3), resources / 3)),
        witnessed: ["Birch hall", "Region"].map(|host| witness(host, resources / 3)).into(),
        verified: Some((ago(600), true)),
        exit: Some(host::ExitRow { at: ago(500), came: Ok(0) }),
        moving: None,
        response: host::Response95 { slow_ms: Some(97), minutes: vec![61.0, 70.0, 66.0, 82.0, 91.0, 97.0] },
    };
    let trusts = [
        trust("RTX", "Thameside Royal", "PostgreSQL", 1_840_212, 412_604_331, 412_600_000_000),
        TrustRow {
            moving: Some(host::Moving { words: "Moving to birch".into(), trouble: None, is_over: false }),
            ..trust("RTB", "St Botolph’s", "PostgreSQL", 1_122_840, 268_114_902, 268_900_000_000)
        },
        TrustRow {
            checkpoint: Some((ago(1630), 50_021_140)),
            ..trust("RHD", "Harbour and Downs", "PostgreSQL", 740_655, 151_190_773, 151_300_000_000)
        },
        TrustRow { verified: None, ..trust("DEMO", "Kingsferry Children’s", "SQLite", 14, 389, 4_120_000) },
        TrustRow {
            state: host::State::Closed("Its store did not answer at start.".into()),
            verified: None,
            ..trust("RSM", "Saltmarsh Mental Health", "SQLite", 388_420, 121_770_316, 44_800_000_000)
        },
    ];
    host_page(&HostView { setting, host: "alder", release: "0.1.0", trusts: &trusts, runs_it: true })
}
