//! What boards are made from follows every commit: it is kept from reading to reading, and is what the index says now.
//! Both stores; what is kept is compared with a reading of the index after each commit.

use std::collections::BTreeSet;

use access::Role;
use administration::boards::{all_boards, board_facts};
use administration::places::{Ward, places, ward};
use administration::stays::in_ward;
use testkit::stage::place;

use crate::stage::{NOW, Stage, permit, sent, stages};

/// Everybody of a place by what is kept, which must be what the index says.
async fn who(stage: &Stage, role: Role, id: &str, words: &str) -> BTreeSet<String> {
    let reading = stage.record.read(&permit(role), "test").await.unwrap();
    let facts = board_facts(&reading, id).await.unwrap().unwrap();
    let kept: BTreeSet<String> = facts.stays.iter().map(|stay| stay.id.clone()).collect();
    let by_index = in_ward(&reading, &facts.ward).await.unwrap().into_iter().map(|stay| stay.id).collect();
    assert_eq!(kept, by_index, "{words}");
    let boards = all_boards(&reading, NOW).await.unwrap();
    if let Some(board) = boards.iter().find(|board| board.ward.id == id) {
        let beds = board.rows().filter(|row| row.bed.is_some()).count();
        assert_eq!(beds, beds_of(&facts.ward), "{words}");
        let on_it = board.rows().filter(|row| row.occupant.is_some()).count();
        assert_eq!(on_it, kept.len(), "{words}: everybody is on the board");
    }
    reading.finish().await.unwrap();
    kept
}

fn beds_of(ward: &Ward) -> usize {
    ward.beds.len()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn boards_follow_what_other_systems_write_of_stays_and_places() {
    for stage in stages().await {
        let of = async |words: &str| who(&stage, Role::Clerk, "heron", words).await;
        assert_eq!(of("nobody yet").await, set(&[]));
        stage.put(&[sent("s-1", "p-1", "bed-1")]).await;
        assert_eq!(of("one comes").await, set(&["s-1"]));
        // An open stay in a place that is no ward is on no board, and disturbs none.
        stage.put(&[place("clinic", "treatment-room", None), sent("s-2", "p-2", "clinic")]).await;
        assert_eq!(of("one in a clinic").await, set(&["s-1"]));
        stage.put(&[sent("s-2", "p-2", "bed-2")]).await;
        assert_eq!(of("from the clinic to a bed").await, set(&["s-1", "s-2"]));
        assert_eq!(who(&stage, Role::Clerk, "bay-a", "a bay").await, set(&["s-1", "s-2"]));
        // A place that becomes a part of the ward brings those who are in it.
        stage.put(&[place("side", "side-room", None), place("bed-9", "bed", Some("side"))]).await;
        stage.put(&[sent("s-3", "p-3", "bed-9")]).await;
        assert_eq!(of("in a room of no ward").await, set(&["s-1", "s-2"]));
        stage.put(&[place("side", "side-room", Some("heron"))]).await;
        assert_eq!(of("the room is the ward's").await, set(&["s-1", "s-2", "s-3"]));
        stage.put(&[place("bed-9", "bed", Some("side")).replace("\"active\"", "\"inactive\"")]).await;
        assert_eq!(of("its bed is not in use").await, set(&["s-1", "s-2"]));
        stage.put(&[sent("s-1", "p-1", "bed-1").replace("in-progress", "finished")]).await;
        assert_eq!(of("one left").await, set(&["s-2"]));
        stage.delete("Encounter", "s-2").await;
        assert_eq!(of("one was taken back").await, set(&[]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_becomes_restricted_leaves_the_clerks_board_and_no_other() {
    for stage in stages().await {
        stage.put(&[sent("s-1", "p-1", "bed-1"), sent("s-2", "p-2", "bed-2")]).await;
        for role in [Role::Clerk, Role::Clinician] {
            assert_eq!(who(&stage, role, "heron", "before").await, set(&["s-1", "s-2"]));
        }
        let label = r#"{"resourceType":"Patient","id":"p-1","meta":{"security":[{"system":"urn:almoner:label","code":"restricted"}]}}"#;
        stage.put(&[label.to_owned()]).await;
        assert_eq!(who(&stage, Role::Clerk, "heron", "restricted").await, set(&["s-2"]));
        assert_eq!(who(&stage, Role::Clinician, "heron", "restricted").await, set(&["s-1", "s-2"]));
        stage.put(&[r#"{"resourceType":"Patient","id":"p-1"}"#.to_owned()]).await;
        assert_eq!(who(&stage, Role::Clerk, "heron", "not any more").await, set(&["s-1", "s-2"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_of_before_shows_what_was_so_beside_one_of_now() {
    for stage in stages().await {
        stage.put(&[sent("s-1", "p-1", "bed-1")]).await;
        let before = stage.reading().await;
        stage.put(&[sent("s-1", "p-1", "bed-2"), place("bed-3", "bed", None)]).await;
        let after = stage.reading().await;
        for (reading, bed, beds) in [(&after, "bed-2", 3), (&before, "bed-1", 4), (&after, "bed-2", 3)] {
            let facts = board_facts(reading, "heron").await.unwrap().unwrap();
            assert_eq!(facts.stays[0].place().unwrap().place, bed);
            assert_eq!((beds_of(&facts.ward), places(reading).await.unwrap().len() > beds), (beds, true));
            assert_eq!(beds_of(&ward(reading, "heron").await.unwrap().unwrap()), beds);
        }
        before.finish().await.unwrap();
        after.finish().await.unwrap();
    }
}
