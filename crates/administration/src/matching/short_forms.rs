//! Short and other forms of given names that one person goes by, folded. Common ones in England, from many origins; a
//! name may stand in several groups. Knows nothing of how much such an agreement is worth.

/// Names of one line are forms of one name.
const GROUPS: &[&str] = &[
    "abigail abby abbie gail",
    "alexander alex alec sandy alexandra alexa sasha lexi",
    "alfred alf alfie fred freddie",
    "amanda mandy",
    "andrew andy drew",
    "anthony antony tony",
    "ann anne anna annie annette hannah nancy",
    "arthur art",
    "barbara barb babs",
    "benjamin ben benny",
    "catherine katherine kathryn katharine cathy kathy kate katie kat kit kitty",
    "charles charlie chas chuck charlotte lottie",
    "christine christina chris chrissie tina",
    "christopher chris kit kris",
    "daniel dan danny danielle",
    "david dave davy dai",
    "deborah debbie deb debra",
    "dorothy dot dottie dolly",
    "edward ed eddie ted teddy ned",
    "eleanor ellie nell nelly ella elena",
    "elizabeth liz lizzie beth betty eliza elsie libby lisa bess",
    "frances fran francis frank frankie",
    "frederick fred freddie",
    "geoffrey jeffrey geoff jeff",
    "george georgie",
    "gerald gerry jerry gerard",
    "gillian gill jill",
    "gregory greg",
    "harold harry hal",
    "helen nell nelly",
    "henry harry hal",
    "isabella isabel isobel bella izzy",
    "jacob jake",
    "jacqueline jackie",
    "james jim jimmy jamie",
    "jane janet jenny janey",
    "jennifer jenny jen",
    "jessica jess jessie",
    "john jack johnny jon sean ian",
    "joanna joanne jo",
    "jonathan jon jonny",
    "joseph joe joey jo",
    "josephine jo josie",
    "joshua josh",
    "judith judy",
    "kenneth ken kenny",
    "lawrence laurence larry laurie",
    "leonard len lenny leo",
    "leslie les",
    "louise lou louisa lulu",
    "lucy lucinda",
    "margaret maggie meg peggy marge greta daisy rita",
    "maria mary marie molly polly maire",
    "martin marty",
    "matthew matt",
    "maureen mo",
    "michael mike mick micky",
    "mohammed mohammad muhammad mohamed mohd md muhammed",
    "natalie nat natasha tasha",
    "nicholas nick nicky nicola",
    "oliver ollie olivia",
    "pamela pam",
    "patricia pat patsy trish tricia",
    "patrick pat paddy",
    "peter pete",
    "philip phillip phil pip",
    "rebecca becky becca",
    "richard dick rick ricky richie",
    "robert bob bobby rob robbie bert",
    "ronald ron ronnie",
    "rosemary rose rosie",
    "samuel sam sammy samantha",
    "sarah sara sally sadie",
    "simon si",
    "stephen steven steve",
    "stuart stewart stu",
    "susan sue susie suzanne",
    "terence terry",
    "theodore theo ted teddy",
    "theresa teresa terry tess",
    "thomas tom tommy",
    "timothy tim",
    "valerie val",
    "veronica ronnie",
    "victoria vicky vicki tori",
    "vincent vince vinny",
    "walter walt wally",
    "william will bill billy liam willie",
    "zachary zach zack",
];

/// What a record writes where a newborn or an unknown person has no name yet: no evidence of anything.
const PLACEHOLDERS: &[&str] = &[
    "anon",
    "anonymous",
    "baby",
    "boy",
    "female",
    "girl",
    "infant",
    "male",
    "newborn",
    "nfn",
    "nk",
    "none",
    "one",
    "patient",
    "twin",
    "two",
    "unk",
    "unknown",
    "unnamed",
];

/// The groups that a folded given name stands in, as one bit each.
pub(super) fn groups(name: &str) -> u128 {
    let holds = |group: &&str| group.split(' ').any(|form| form == name);
    GROUPS.iter().enumerate().filter(|(_, group)| holds(group)).fold(0, |bits, (at, _)| bits | 1 << at)
}

/// Whether folded words are no name: `baby girl`, `twin one`, `unknown`.
pub(super) fn is_placeholder(words: &[String]) -> bool {
    !words.is_empty() && words.iter().all(|word| PLACEHOLDERS.contains(&word.as_str()) || is_number(word))
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_name_share_a_group() {
        assert!(GROUPS.len() <= 128, "a group is a bit");
        for (a, b, share) in [
            ("bill", "william", true),
            ("ted", "edward", true),
            ("ted", "theodore", true),
            ("edward", "theodore", false),
            ("x", "x", false),
        ] {
            assert_eq!(groups(a) & groups(b) != 0, share, "{a} {b}");
        }
    }

    #[test]
    fn a_placeholder_is_no_name() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(is_placeholder(&words("baby girl")) && is_placeholder(&words("twin 1")));
        assert!(!is_placeholder(&words("baby jane")) && !is_placeholder(&[]));
    }
}
