//! What is written for people on paper: the certificate of a move as a document that a chief operating officer files and
//! an auditor reads, made from the certificate's file alone.
//!
//! A reading order: [`Problem`] says what can go wrong, `statement` reads the file, `words` says numbers and times in words,
//! `certificate` decides what stands on the paper in the words of `blocks`, `fonts` measures text, `pages` breaks it over
//! pages, `draw` writes PDF.
//!
//! The document is PDF/A-3a and PDF/UA-1, tagged and in English, with its fonts inside; the file that it was made from is
//! attached to it, byte for byte. The same file makes the same bytes. It checks no signature and no proof, and says so on
//! the paper: `almoner-verify` does that. It knows no other crate of ours, no clock and no disk.

mod blocks;
mod certificate;
mod draw;
mod fonts;
mod pages;
mod problem;
mod statement;
mod words;

pub use problem::Problem;

use sha2::{Digest, Sha256};

/// Writes the certificate of a move, given as the file that both hosts signed (`docs/formats/move.md`, section 6), as PDF.
///
/// # Errors
/// [`Problem`]: the file is no such certificate, or is larger than 16 MiB, or would fill more than 1,000 pages.
pub fn certificate(json: &[u8]) -> Result<Vec<u8>, Problem> {
    let read = statement::read(json)?;
    let digest = Sha256::digest(json).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let paper = certificate::paper(&read, &digest);
    let fonts = fonts::Fonts::new()?;
    let laid = pages::lay_out(&fonts, &paper)?;
    draw::draw(&fonts, &paper, laid, json)
}
