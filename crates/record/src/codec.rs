//! How texts are kept small: zstd with a dictionary trained on the record's own first texts.
//!
//! A version row names its coding: 0 as it is, 1 zstd alone, from 2 zstd with the dictionary of that number. The
//! dictionaries lie in the store and are never changed, so every old row can be read for ever.

use std::sync::{Mutex, PoisonError, RwLock};

use zstd::bulk::{Compressor, Decompressor};

use crate::error::Problem;

/// Speed over size: level 1 with a dictionary is smaller than level 19 without.
const LEVEL: i32 = 1;
/// Longest text; a bound for decompression.
pub(crate) const MOST_TEXT_BYTES: usize = 64 << 20;
/// Size of a trained dictionary.
const DICTIONARY_BYTES: usize = 64 << 10;
/// Texts shorter than this are kept as they are.
const LEAST_BYTES: usize = 64;

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
    /// Texts collected for training, until there is a dictionary.
    samples: Option<Samples>,
}

#[derive(Default)]
struct Samples {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
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
                decompress(&dictionary.idle, &dictionary.bytes, &bytes)
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
    /// Codes with the newest dictionary, or collects texts for the first.
    pub(crate) fn new(newest: Option<&(u32, Vec<u8>)>) -> Result<Encoder, Problem> {
        let (coding, dictionary, samples) = match newest {
            Some((number, bytes)) => (*number, bytes.as_slice(), None),
            None => (1, &[] as &[u8], Some(Samples::default())),
        };
        let compressor = Compressor::with_dictionary(LEVEL, dictionary)
            .map_err(|error| Problem::store("preparing compression", error))?;
        Ok(Encoder { coding, compressor, samples })
    }

    /// The coding and the coded bytes of a text.
    pub(crate) fn encode(&mut self, text: &[u8]) -> Result<(u32, Vec<u8>), Problem> {
        if let Some(samples) = &mut self.samples
            && text.len() < 16_384
        {
            samples.bytes.extend_from_slice(text);
            samples.lengths.push(text.len());
        }
        if text.len() < LEAST_BYTES {
            return Ok((0, text.to_vec()));
        }
        let coded = self.compressor.compress(text).map_err(|error| Problem::store("compressing a text", error))?;
        Ok(if coded.len() < text.len() { (self.coding, coded) } else { (0, text.to_vec()) })
    }

    /// Trains the first dictionary once enough texts were seen; the caller stores it before texts use it.
    pub(crate) fn train(&mut self) -> Option<(u32, Vec<u8>)> {
        let enough = self.samples.as_ref().is_some_and(|s| s.lengths.len() >= 2000 || s.bytes.len() > 4 << 20);
        if !enough {
            return None;
        }
        let samples = self.samples.take()?;
        match zstd::dict::from_continuous(&samples.bytes, &samples.lengths, DICTIONARY_BYTES) {
            Ok(dictionary) => Some((2, dictionary)),
            Err(error) => {
                tracing::warn!(%error, "no dictionary could be trained; texts stay larger");
                None
            }
        }
    }
}
