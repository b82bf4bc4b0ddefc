//! Invented streets, towns, postcodes and telephone numbers. The postcode areas do not exist; the telephone numbers are
//! those that Ofcom keeps for drama ("Telephone numbers for use in TV and radio drama programmes").

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// Areas that Royal Mail has not given out.
const AREAS: &[&str] = &["TH", "QX", "ZM", "XB"];
/// Letters of the last two places of a postcode.
const UNIT: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";
const TOWNS: &[&str] = &[
    "Thameside",
    "Wharfbury",
    "Nether Quay",
    "Eastgantry",
    "Saltmere",
    "Hollin Vale",
    "Market Orrin",
    "Kingsferry Green",
    "Upper Marl",
    "Brackenholm",
    "Stowbridge",
    "Lower Tarn",
    "Fenwick Cross",
    "Ashcombe Hythe",
    "Millrace",
    "Port Ellery",
    "Castle Drove",
    "Old Wendle",
    "Harrowmoor",
    "St Audrey's",
];
const STREETS: &[&str] = &[
    "Quayside",
    "Ropewalk",
    "Gantry",
    "Sailmaker",
    "Lantern",
    "Orchard",
    "Chandler",
    "Tannery",
    "Foundry",
    "Heron",
    "Kestrel",
    "Willow",
    "Juniper",
    "Larch",
    "Rowan",
    "Alder",
    "Hawthorn",
    "Bramble",
    "Meadow",
    "Mill",
    "Church",
    "Station",
    "Victoria",
    "Albert",
    "Park",
    "High",
    "Queen",
    "King",
    "Manor",
    "Grange",
    "Chapel",
    "Priory",
    "Abbot",
    "Friar",
    "Canal",
    "Lock",
    "Bridge",
    "Weir",
    "Spring",
    "Well",
    "Brook",
    "River",
    "Hill",
    "Cliff",
    "Quarry",
    "Forge",
    "Smithy",
    "Barley",
    "Wheat",
    "Clover",
    "Primrose",
    "Violet",
    "Lavender",
    "Thistle",
    "Fern",
    "Moss",
    "Heather",
    "Gorse",
    "Birch",
    "Elm",
    "Poplar",
    "Cedar",
    "Maple",
    "Sycamore",
    "Chestnut",
    "Walnut",
    "Plough",
    "Harrow",
    "Shepherd",
    "Weaver",
    "Potter",
    "Cooper",
    "Fletcher",
    "Draper",
    "Mercer",
    "Almond",
    "Cherry",
    "Damson",
    "Quince",
    "Linden",
];
const KINDS: &[&str] =
    &["Street", "Road", "Lane", "Avenue", "Close", "Drive", "Court", "Terrace", "Gardens", "Row", "Way", "Crescent"];
/// Landline ranges of a thousand numbers each; the last three digits are free.
const LANDLINES: &[&str] = &[
    "0113 496 0",
    "0114 496 0",
    "0115 496 0",
    "0116 496 0",
    "0117 496 0",
    "0118 496 0",
    "0121 496 0",
    "0131 496 0",
    "0141 496 0",
    "0151 496 0",
    "0161 496 0",
    "020 7946 0",
    "0191 498 0",
    "029 2018 0",
    "028 9649 6",
    "01632 960",
];

/// Where a home is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: String,
    pub(super) town: String,
    pub(super) postcode: String,
}

/// A house of a street. Each street has a postcode of its own.
pub(super) fn place(street: u64, house: u64, random: &mut ChaCha8Rng) -> Place {
    let name = STREETS[(street % 80) as usize];
    let kind = KINDS[(street / 80 % 12) as usize];
    // Of streets with one name in several towns, each has a quarter or a side of its own.
    let side = ["", "North ", "South ", "East ", "West ", "Upper ", "Lower ", "Old ", "New ", "Little ", "Great "];
    let side = side[(street / 960 % 11) as usize];
    let flat = if random.random_bool(0.12) { format!("Flat {}, ", random.random_range(1..=24)) } else { String::new() };
    let town = TOWNS[(street * 7 / 3 % 20) as usize];
    Place {
        line: format!("{flat}{} {side}{name} {kind}", house + 1),
        town: town.to_owned(),
        postcode: postcode(street),
    }
}

/// The postcode of a street: 320,000 of them, then they come again.
fn postcode(street: u64) -> String {
    let code = (street * 9_973 + 71) % 320_000;
    let (area, district, sector) = (code % 4, code / 4 % 20 + 1, code / 80 % 10);
    let (first, second) = (UNIT[(code / 800 % 20) as usize], UNIT[(code / 16_000 % 20) as usize]);
    format!("{}{district} {sector}{}{}", AREAS[area as usize], char::from(first), char::from(second))
}

pub(super) fn landline(random: &mut ChaCha8Rng) -> String {
    let range = LANDLINES[random.random_range(0..LANDLINES.len())];
    format!("{range}{:03}", random.random_range(0..1000))
}

pub(super) fn mobile(random: &mut ChaCha8Rng) -> String {
    format!("07700 900{:03}", random.random_range(0..1000))
}
