//! What the machine can do at most with what a move needs: bytes through a connection of the loopback, and bytes written
//! to a file one after the other until they are on disk.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};

/// How much is sent, and written.
const BYTES: usize = 1 << 30;
const PIECE: usize = 1 << 20;

/// Bytes a second through one TCP connection of the loopback.
pub(crate) fn network() -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").context("listening")?;
    let address = listener.local_addr()?;
    let reader = std::thread::spawn(move || -> std::io::Result<usize> {
        let (mut stream, mut piece, mut read) = (listener.accept()?.0, vec![0; PIECE], 0);
        loop {
            match stream.read(&mut piece)? {
                0 => return Ok(read),
                length => read += length,
            }
        }
    });
    let (mut stream, piece) = (TcpStream::connect(address)?, vec![7; PIECE]);
    let started = Instant::now();
    for _ in 0..BYTES / PIECE {
        stream.write_all(&piece)?;
    }
    drop(stream);
    let read = reader.join().map_err(|_| anyhow!("the reader broke down"))??;
    Ok(read as f64 / started.elapsed().as_secs_f64())
}

/// Bytes a second written to a file in this folder, the last of them on disk.
pub(crate) fn disk(folder: &Path) -> Result<f64> {
    let mut file = tempfile::tempfile_in(folder).context("making a file")?;
    let piece: Vec<u8> = (0..PIECE).map(|at| (at * 31 % 251) as u8).collect();
    let started = Instant::now();
    for _ in 0..BYTES / PIECE {
        file.write_all(&piece)?;
    }
    file.sync_all()?;
    Ok(BYTES as f64 / started.elapsed().as_secs_f64())
}
