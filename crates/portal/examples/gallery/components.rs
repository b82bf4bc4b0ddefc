//! The components side by side with their states, as in the design reference.
//! Invented people only; nothing here is part of the product.

use maud::{Markup, html};
use portal::Setting;
use portal::components::Printed;
use portal::components::banner::{Allergies, Allergy, Banner, Died, Placed, banner};
use portal::components::counter::{Counter, Standing, counter};
use portal::components::frame::page;
use portal::components::news::{Band, Chip, news_chip, news_trend};
use portal::components::notice::{Kind, empty, notice};
use portal::components::panel::{head, panel};
use portal::components::proof::{Proof, proof_row};
use portal::components::tag::{AllergyFlag, Weight, allergy_flag, tag, tag_with};
use portal::icon::Icon;
use portal::setting::Rail;

/// The page.
pub(crate) fn components_page(setting: &Setting) -> Markup {
    let content = html! {
        h1.al-mb { "Components and states" }
        (banners())
        div.al-grid.al-split.al-mt {
            (news_and_flags())
            (counters())
            (proofs())
            (notices())
        }
    };
    page(&setting.frame("Components and states", "Design reference", Rail::More), &content)
}

fn adeyemi(allergies: Allergies) -> Banner {
    let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    Banner {
        family: Some("Adeyemi".into()),
        given: "Folasade".into(),
        title: Some("Mrs".into()),
        preferred: Some("Grace".into()),
        born: Some(Printed::new("1951-03-14", "14-Mar-1951")),
        age: Some("75y".into()),
        died: None,
        gender: Some("Female".into()),
        nhs_number: Some("999 014 2076".into()),
        address: ["14 Quayside Row", "Thameside", "TH4 2QP"].map(str::to_owned).to_vec(),
        contacts: vec![pair("Mobile", "07700 900 412"), pair("Home", "020 7946 0412"), pair("Email", "Not known")],
        now: "Heron ward, bed 1".into(),
        stay: vec![
            ("Admitted", "14-Nov-2026 03:50".into()),
            ("Hospital No.", "TR 104 882".into()),
            ("EDD", "20-Nov-2026".into()),
        ],
        care: Some("Dr L Okafor".into()),
        people: vec![
            ("Next of kin", vec!["Tunji Adeyemi, son".into(), "07700 900 377".into()]),
            ("GP", vec!["Dr R Sandhu, Wharf Lane Surgery".into()]),
        ],
        allergies: Some(allergies),
        allergy_href: "/t/DEMO/patients/adeyemi-folasade#allergies".into(),
    }
}

fn banners() -> Markup {
    let known = || {
        let allergy = |words: &str, detail: &str| Allergy { words: words.into(), detail: detail.into() };
        Allergies::Known(vec![
            allergy("penicillin: anaphylaxis", "2009, confirmed"),
            allergy("trimethoprim: rash", "2018, reported"),
        ])
    };
    let died = Died { on: Some(Printed::new("2026-11-17", "17-Nov-2026")) };
    let shown = |title: &str, name: &'static str, of: &Banner, open: bool| {
        html! { h3.al-mt { (title) } (banner(of, Placed::Shown { name, open })) }
    };
    panel(
        &head("Patient banner", Some(html! { "CUI PAB-0001 to 0076" })),
        &html! {
            div.al-panel__b {
                (shown("Living, known allergies (closed)", "Patient, known allergies", &adeyemi(known()), false))
                (shown("Open", "Patient, open", &adeyemi(known()), true))
                (shown("No known allergies", "Patient, no known allergies", &adeyemi(Allergies::NoneKnown("Recorded 14-Nov-2026 by Dr L Okafor.".into())), false))
                (shown("Allergies not recorded", "Patient, allergies not recorded", &adeyemi(Allergies::NotRecorded), false))
                (shown("Allergies unavailable", "Patient, allergies unavailable", &adeyemi(Allergies::Unavailable), false))
                (shown("Died", "Patient who has died", &Banner { died: Some(died), ..adeyemi(known()) }, false))
                (shown("Nothing known", "Patient of whom nothing is known", &Banner { now: "Not an inpatient".into(), ..Banner::default() }, false))
            }
        },
    )
}

fn news_and_flags() -> Markup {
    let scored = |total, band| news_chip(Chip::Scored { total, band, out_of_date: false });
    panel(
        &head("NEWS2 chip, trend, allergy flag", None),
        &html! {
            div.al-panel__b.al-stack {
                div.al-row {
                    (scored(0, Band::Low)) (scored(3, Band::Low)) (scored(4, Band::ThreeInOne)) (scored(5, Band::Medium))
                    (scored(7, Band::High)) (news_chip(Chip::Scored { total: 2, band: Band::Low, out_of_date: true }))
                    (news_chip(Chip::NotScored))
                }
                div.al-row { (news_trend(Some(2))) (news_trend(Some(-1))) (news_trend(Some(0))) (news_trend(None)) }
                div.al-flags {
                    (allergy_flag(&AllergyFlag::Known { first: "penicillin", more: 1 })) (allergy_flag(&AllergyFlag::NoneKnown))
                    (allergy_flag(&AllergyFlag::NotRecorded)) (allergy_flag(&AllergyFlag::Unavailable))
                }
                div.al-flags {
                    (tag(Weight::Plain, "Normal")) (tag_with(Weight::Info, Icon::Info, "Look")) (tag_with(Weight::Warning, Icon::Alert, "Warning"))
                    (tag_with(Weight::Danger, Icon::Alert, "Danger")) (tag_with(Weight::Critical, Icon::Octagon, "Critical"))
                    (tag_with(Weight::Good, Icon::Tick, "Done")) (tag_with(Weight::Identity, Icon::Person, "Similar name"))
                }
            }
        },
    )
}

fn counters() -> Markup {
    let card = |number, noun, scope, standing| counter(&Counter { number, noun, scope, standing, href: "/components" });
    panel(
        &head("Counter", None),
        &html! {
            div.al-panel__b.al-kpis.al-kpis--3 {
                (card(Some(7), "results not acknowledged", "Patients on Heron ward. Oldest 21 h 55. Owner: Dr Mistry", Standing::Bad))
                (card(Some(0), "letters not sent", "Checked 14:35", Standing::Good))
                (card(None, "appointments without outcome", "Not counted since 14:02. Treat as unknown.", Standing::Plain))
            }
        },
    )
}

fn proofs() -> Markup {
    panel(
        &head("Proof marks", None),
        &html! {
            ul.al-proof {
                (proof_row(Proof::Holds, "Holds", "0 differ"))
                (proof_row(Proof::Broken, "Broken", "2 do not fit"))
                (proof_row(Proof::AtRisk, "At risk", "7 days"))
                (proof_row(Proof::NotChecked, "Not yet checked", "waiting"))
            }
        },
    )
}

fn notices() -> Markup {
    let compare = html! { a.al-btn href="/components" { "Compare" } };
    panel(
        &head("Conflict, error, empty", None),
        &html! {
            div.al-panel__b {
                (notice(Kind::Warning, &html! { b { "K Boateng saved a set at 14:33 while you were typing." } " Yours is not lost. Compare and choose." }, Some(&compare)))
                (notice(Kind::Bad, &html! { b { "Not saved yet." } " The server did not answer. Your entry is kept on this device and will be sent. Do not type it again." }, None))
                (notice(Kind::Note, &html! { "Bed 3 moved to bed 4 at 14:34." }, None))
                (empty(&html! { "No results are waiting. The last one was acknowledged at 14:20 by Dr Mistry." }))
            }
        },
    )
}
