//! How texts are kept small: zstd with dictionaries trained on the record's own texts.
//!
//! A version row names its coding: 0 as it is, 1 zstd alone, 2 zstd with the dictionary of that number, from 3 zstd with
//! the dictionary of that number and without what the row says already: the frame's magic number and its dictionary's
//! identifier. Dictionary 3 (2 in the first records) is trained on the first texts; dictionaries 4 and 5 are
//! trained behind, each on a sample of many more, and so of more people.
//! The dictionaries lie in the store and are never changed, so every old row can be read for ever; an erasure does not touch
//! them, as nothing of one person alone is in them (`common`).

mod common;

use std::sync::{Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{CParameter, MAGICNUMBER};

use self::common::{Texts, each, in_common};
use crate::error::Problem;

/// Speed over size: level 1 with a dictionary is smaller than level 19 without.
const LEVEL: i32 = 1;
/// Longest text; a bound for decompression.
pub(crate) const MOST_TEXT_BYTES: usize = 64 << 20;
/// Longest text that a dictionary is trained on.
const MOST_SAMPLE_BYTES: usize = 16_384;
/// Texts shorter than this are kept as they are.
const LEAST_BYTES: usize = 64;
/// The first coding whose frames begin without their magic number; of a record's own dictionaries the first.
const FIRST_BARE: u32 = 3;

/// How a dictionary is trained.
struct Training {
    /// Its number.
    number: u32,
    /// Every so many texts one is taken.
    every: usize,
    /// So many taken are enough.
    texts: usize,
    /// Or so many bytes.
    bytes: usize,
}

/// On the first texts there are, so that a small record is small too.
static FIRST: Training = Training { number: 3, every: 1, texts: 2000, bytes: 4 << 20 };
/// On a sample of the 30,000 texts after that.
static SECOND: Training = Training { number: 4, every: 3, texts: 10_000, bytes: 32 << 20 };
/// On a sample of the 240,000 texts after that, for what fewer people share.
static THIRD: Training = Training { number: 5, every: 30, texts: 8000, bytes: 16 << 20 };

/// Bytes of a dictionary, as many as are tried. What is left of texts that few people share is little, and asked for more than
/// it gives, the training ends early with less than half of it: which size is best only coding tells.
const SIZES: [usize; 4] = [32 << 10, 48 << 10, 64 << 10, 96 << 10];
/// Every so many of the texts that a dictionary was trained on are coded to judge it.
const JUDGED: usize = 8;

/// Reads coded texts; shared by all readers of a record.
#[derive(Default)]
pub(crate) struct Decoder {
    dictionaries: RwLock<Vec<(u32, std::sync::Arc<Dictionary>)>>,
    plain: Mutex<Vec<Decompressor<'static>>>,
}

struct Dictionary {
    bytes: Vec<u8>,
    idle: Mutex<Vec<Decompressor<'static>>>,
}

/// Codes texts; the writer's own.
pub(crate) struct Encoder {
    coding: u32,
    compressor: Compressor<'static>,
    next: Next,
}

/// What becomes of the next dictionary.
enum Next {
    /// Texts are collected for it.
    Collecting(Samples),
    /// It is being trained, on a thread of its own where texts go on meanwhile.
    Training(u32, JoinHandle<Option<Vec<u8>>>),
    /// There is none to come.
    Done,
}

struct Samples {
    training: &'static Training,
    seen: usize,
    texts: Texts,
}

impl Samples {
    fn new(training: &'static Training) -> Samples {
        Samples { training, seen: 0, texts: Texts::default() }
    }

    fn take(&mut self, text: &[u8]) {
        if text.len() >= MOST_SAMPLE_BYTES {
            return;
        }
        self.seen += 1;
        if self.seen.is_multiple_of(self.training.every) {
            self.texts.bytes.extend_from_slice(text);
            self.texts.lengths.push(text.len());
        }
    }

    fn are_enough(&self) -> bool {
        self.texts.lengths.len() >= self.training.texts || self.texts.bytes.len() > self.training.bytes
    }

    /// Of the dictionaries of all sizes the one that makes the texts smallest.
    fn train(&self) -> Option<Vec<u8>> {
        let common = in_common(&self.texts);
        let trained = |size| match zstd::dict::from_continuous(&common.bytes, &common.lengths, size) {
            Ok(dictionary) => Some((self.bytes_with(&dictionary).ok()?, dictionary)),
            Err(error) => {
                tracing::warn!(%error, size, "a dictionary could not be trained");
                None
            }
        };
        let best = SIZES.into_iter().filter_map(trained).min_by_key(|(bytes, _)| *bytes);
        best.map(|(_, dictionary)| dictionary)
    }

    /// How many bytes some of the texts have with a dictionary.
    fn bytes_with(&self, dictionary: &[u8]) -> std::io::Result<usize> {
        let mut compressor = Compressor::with_dictionary(LEVEL, dictionary)?;
        each(&self.texts).step_by(JUDGED).map(|text| compressor.compress(text).map(|coded| coded.len())).sum()
    }
}

impl Decoder {
    /// Makes a dictionary known.
    pub(crate) fn learn(&self, number: u32, bytes: Vec<u8>) {
        let dictionary = Dictionary { bytes, idle: Mutex::new(Vec::new()) };
        let mut known = self.dictionaries.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(other, _)| *other != number);
        known.push((number, std::sync::Arc::new(dictionary)));
    }

    /// The text of coded bytes.
    pub(crate) fn decode(&self, coding: u32, bytes: Vec<u8>) -> Result<Vec<u8>, Problem> {
        match coding {
            0 => Ok(bytes),
            1 => decompress(&self.plain, &[], &bytes),
            number => {
                let known = self.dictionaries.read().unwrap_or_else(PoisonError::into_inner);
                let found = known.iter().find(|(other, _)| *other == number).map(|(_, dictionary)| dictionary.clone());
                drop(known);
                let Some(dictionary) = found else {
                    return Err(Problem::damaged(format!("a text names dictionary {number}, which is missing")));
                };
                if number < FIRST_BARE {
                    return decompress(&dictionary.idle, &dictionary.bytes, &bytes);
                }
                let framed = [&MAGICNUMBER.to_le_bytes(), bytes.as_slice()].concat();
                decompress(&dictionary.idle, &dictionary.bytes, &framed)
            }
        }
    }
}

fn decompress(idle: &Mutex<Vec<Decompressor<'static>>>, dictionary: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let unreadable = |_| Problem::damaged("a text cannot be decompressed");
    let spare = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut decompressor = match spare {
        Some(decompressor) => decompressor,
        None => Decompressor::with_dictionary(dictionary).map_err(unreadable)?,
    };
    let length = Decompressor::upper_bound(bytes).unwrap_or(MOST_TEXT_BYTES).min(MOST_TEXT_BYTES);
    let text = decompressor.decompress(bytes, length).map_err(unreadable);
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(decompressor);
    text
}

impl Encoder {
    /// Codes with the newest dictionary, and collects texts for the next.
    pub(crate) fn new(newest: Option<&(u32, Vec<u8>)>) -> Result<Encoder, Problem> {
        let (coding, dictionary, next) = match newest {
            None => (1, &[] as &[u8], Next::Collecting(Samples::new(&FIRST))),
            Some((number, bytes)) => {
                let next = [&SECOND, &THIRD].into_iter().find(|training| training.number > *number);
                (
                    *number,
                    bytes.as_slice(),
                    next.map_or(Next::Done, |training| Next::Collecting(Samples::new(training))),
                )
            }
        };
        let prepare = || {
            let mut compressor = Compressor::with_dictionary(LEVEL, dictionary)?;
            compressor.set_parameter(CParameter::DictIdFlag(coding < FIRST_BARE))?;
            Ok(compressor)
        };
        let compressor = prepare().map_err(|error: std::io::Error| Problem::store("preparing compression", error))?;
        Ok(Encoder { coding, compressor, next })
    }

    /// The coding and the coded bytes of a text.
    pub(crate) fn encode(&mut self, text: &[u8]) -> Result<(u32, Vec<u8>), Problem> {
        if let Next::Collecting(samples) = &mut self.next {
            samples.take(text);
        }
        if text.len() < LEAST_BYTES {
            return Ok((0, text.to_vec()));
        }
        let mut coded = self.compressor.compress(text).map_err(|error| Problem::store("compressing a text", error))?;
        if self.coding >= FIRST_BARE {
            coded.drain(..MAGICNUMBER.to_le_bytes().len());
        }
        Ok(if coded.len() < text.len() { (self.coding, coded) } else { (0, text.to_vec()) })
    }

    /// The next dictionary, once there is one; the caller stores it before texts use it. The first is trained here, as
    /// all texts wait for it; the others behind.
    pub(crate) fn train(&mut self) -> Option<(u32, Vec<u8>)> {
        let is_due = match &self.next {
            Next::Collecting(samples) => samples.are_enough(),
            Next::Training(_, thread) => thread.is_finished(),
            Next::Done => false,
        };
        if !is_due {
            return None;
        }
        match std::mem::replace(&mut self.next, Next::Done) {
            Next::Collecting(samples) if samples.training.number == FIRST.number => {
                Some((FIRST.number, samples.train()?))
            }
            Next::Collecting(samples) => {
                let number = samples.training.number;
                self.next = Next::Training(number, std::thread::spawn(move || samples.train()));
                None
            }
            Next::Training(number, thread) => Some((number, thread.join().ok().flatten()?)),
            Next::Done => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn text(number: usize) -> Vec<u8> {
        let status = ["final", "amended", "preliminary"][number % 3];
        let (code, value) = (number * 7919 % 977, number * 104_729 % 1009);
        format!(
            r#"{{"resourceType":"Observation","status":"{status}","code":{{"text":"Measure {code}"}},"value":{value},"n":{number}}}"#
        )
        .into_bytes()
    }

    /// Codes texts until there is a dictionary; some of them are kept, and decoded with what was known by then.
    fn until_trained(
        encoder: &mut Encoder,
        decoder: &Decoder,
        coded: &mut Vec<(usize, u32, Vec<u8>)>,
    ) -> (u32, Vec<u8>) {
        for number in 0.. {
            let (coding, bytes) = encoder.encode(&text(number)).unwrap();
            if number % 50 == 0 {
                assert_eq!(decoder.decode(coding, bytes.clone()).unwrap(), text(number));
                coded.push((number, coding, bytes));
            }
            if let Some(trained) = encoder.train() {
                return trained;
            }
            std::thread::yield_now();
        }
        unreachable!("numbers do not end")
    }

    #[test]
    fn dictionaries_are_trained_one_after_the_other_and_every_text_stays_readable() {
        let (decoder, mut coded, mut newest) = (Decoder::default(), Vec::new(), None);
        for expected in [3, 4, 5] {
            let mut encoder = Encoder::new(newest.as_ref()).unwrap();
            let (number, bytes) = until_trained(&mut encoder, &decoder, &mut coded);
            assert_eq!(number, expected);
            decoder.learn(number, bytes.clone());
            newest = Some((number, bytes));
        }
        let mut last = Encoder::new(newest.as_ref()).unwrap();
        let (coding, bytes) = last.encode(&text(5)).unwrap();
        assert_eq!((coding, last.train()), (5, None));
        let first = coded.iter().find(|(_, coding, _)| *coding == 3).unwrap();
        assert!(bytes.len() < text(5).len() && first.2.len() < text(first.0).len());
        assert_eq!(decoder.decode(coding, bytes).unwrap(), text(5));
        for (number, coding, bytes) in coded {
            assert_eq!(decoder.decode(coding, bytes).unwrap(), text(number));
        }
    }

    #[test]
    fn a_dictionary_holds_nothing_of_one_person() {
        let mut samples = Samples::new(&FIRST);
        let has = |dictionary: &[u8], part: &str| dictionary.windows(part.len()).any(|bytes| bytes == part.as_bytes());
        for number in 0..FIRST.texts {
            // Every tenth text is of one and the same person, who would fill a dictionary otherwise.
            let person = if number % 10 == 0 { 0 } else { number };
            let text = format!(
                r#"{{"resourceType":"Observation","status":"final","subject":{{"reference":"Patient/{person:08}"}},"code":{{"text":"Measure of the heart"}},"note":"seen at {person} Heron Lane by the river","value":{number}}}"#
            );
            samples.take(text.as_bytes());
        }
        let dictionary = samples.train().unwrap();
        assert!(has(&dictionary, "Measure of the heart") && has(&dictionary, "Patient/"));
        for part in ["00000000", "Heron Lane", "by the river"] {
            assert!(!has(&dictionary, part), "{part}");
        }
    }

    /// Texts that share less than the largest dictionary holds: training for that one ends with next to nothing.
    #[test]
    fn the_dictionary_of_the_best_size_is_kept() {
        let mut samples = Samples::new(&FIRST);
        for number in 0..FIRST.texts {
            let words =
                (0..40).map(|word| format!("{:x}", (number % 60 * 40 + word) * 2_654_435_761_usize % 0xffff_ffff));
            let words: Vec<String> = words.collect();
            let text = format!(r#"{{"subject":{{"reference":"Patient/{number:08}"}},"text":"{}"}}"#, words.join(" "));
            samples.take(text.as_bytes());
        }
        let common = in_common(&samples.texts);
        let of = |size| zstd::dict::from_continuous(&common.bytes, &common.lengths, size).unwrap();
        let bytes = SIZES.map(|size| samples.bytes_with(&of(size)).unwrap());
        let kept = samples.bytes_with(&samples.train().unwrap()).unwrap();
        assert_eq!(Some(&kept), bytes.iter().min());
        assert!(bytes.iter().any(|other| *other > kept), "every size is as good: {bytes:?}");
    }

    #[test]
    fn texts_of_the_first_records_are_read() {
        let mut samples = Samples::new(&FIRST);
        (0..FIRST.texts).for_each(|number| samples.take(&text(number)));
        let dictionary = samples.train().unwrap();
        let whole_frame = Compressor::with_dictionary(LEVEL, &dictionary).unwrap().compress(&text(9)).unwrap();
        let decoder = Decoder::default();
        decoder.learn(2, dictionary.clone());
        assert_eq!(decoder.decode(2, whole_frame).unwrap(), text(9));
        // Such a record gets the next dictionary under its own number.
        let mut encoder = Encoder::new(Some(&(2, dictionary))).unwrap();
        assert_eq!(until_trained(&mut encoder, &decoder, &mut Vec::new()).0, 4);
    }

    #[test]
    fn a_missing_dictionary_and_damaged_bytes_are_named() {
        let decoder = Decoder::default();
        assert!(decoder.decode(7, vec![1, 2, 3]).is_err());
        assert!(decoder.decode(1, vec![1, 2, 3]).is_err());
    }
}
