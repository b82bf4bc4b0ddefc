//! Whom a bed is for, and whether somebody in it would sleep in a bay of the other sex.
//!
//! Source: NHS England and NHS Improvement, *Delivering same-sex accommodation*, September 2019: a bay is for one sex, and
//! whoever shares it with the other is counted. Says what is so; whether a move is justified is for people to say.

use record::{Problem, Reading};

use super::{Place, place};
use crate::boards::WardBoard;

/// The sex that a bed is for, by itself or by its bay; `None` where it is for everybody.
fn sex_of<'p>(bed: &'p Place, mut rooms: impl Iterator<Item = &'p Place>) -> Option<&'p str> {
    let bay = || rooms.find(|room| Some(&room.id) == bed.part_of.as_ref())?.sex.as_deref();
    bed.sex.as_deref().or_else(bay).filter(|sex| matches!(*sex, "male" | "female"))
}

/// The sex that a place of any ward is for; `None` where it is for everybody, or is not known.
///
/// # Errors
/// The record could not be read.
pub async fn sex_of_place(reading: &Reading, id: &str) -> Result<Option<String>, Problem> {
    let Some(bed) = place(reading, id).await? else { return Ok(None) };
    let room = match &bed.part_of {
        Some(room) => place(reading, room).await?,
        None => None,
    };
    Ok(sex_of(&bed, room.iter()).map(str::to_owned))
}

impl WardBoard {
    /// The sex that a bed of this board is for; `None` where it is for everybody.
    pub fn sex_of<'b>(&'b self, bed: &'b Place) -> Option<&'b str> {
        sex_of(bed, self.rooms.iter().filter_map(|room| room.room.as_ref()))
    }
}

/// Whether somebody of this gender in a place for `sex` is of the other sex. Of whom it is not known nothing is said.
pub fn mixes_sexes(sex: Option<&str>, gender: Option<&str>) -> bool {
    let gender = gender.map(str::to_ascii_lowercase);
    let gender = gender.as_deref().filter(|gender| matches!(*gender, "male" | "female"));
    sex.zip(gender).is_some_and(|(sex, gender)| sex != gender)
}

#[cfg(test)]
mod tests {
    use super::mixes_sexes;

    #[test]
    fn only_who_is_known_to_be_of_the_other_sex_mixes_a_bay() {
        let cases = [
            (Some("female"), Some("Female"), false),
            (Some("female"), Some("male"), true),
            (Some("male"), Some("Female"), true),
            (Some("female"), Some("Other"), false),
            (Some("female"), None, false),
            (None, Some("male"), false),
        ];
        for (sex, gender, expected) in cases {
            assert_eq!(mixes_sexes(sex, gender), expected, "{sex:?} {gender:?}");
        }
    }
}
