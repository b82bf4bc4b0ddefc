//! A line between two programs that a test can slow, stall, cut and mend: it passes on what comes over TCP, byte by byte,
//! and knows nothing of what is said.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// As fast as the machine.
    Whole,
    /// Each piece comes so much later, and not more bytes a second than this.
    Slow {
        /// The delay of each piece.
        delay: Duration,
        /// Bytes a second, in each direction.
        rate: u64,
    },
    /// Connections stay and nothing comes through.
    Stalled,
    /// Connections end, and none is taken.
    Cut,
}

/// A line; cut when it is dropped.
#[derive(Debug)]
pub struct Line {
    /// Where it is called.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    to: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    quality: Quality,
    /// Both ends of each connection.
    open: Vec<TcpStream>,
    /// Bytes that came through.
    passed: u64,
    is_over: bool,
}

impl Line {
    /// A whole line to an address.
    ///
    /// # Errors
    /// No address could be listened at.
    pub fn to(to: SocketAddr) -> std::io::Result<Line> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let state = State { quality: Quality::Whole, open: Vec::new(), passed: 0, is_over: false };
        let shared = Arc::new(Shared { to, state: Mutex::new(state), changed: Condvar::new() });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accepting.accept(&listener));
        Ok(Line { address, shared })
    }

    /// Changes how it is, at once and for every connection.
    pub fn set(&self, quality: Quality) {
        let mut state = self.shared.lock();
        state.quality = quality;
        if quality == Quality::Cut {
            for stream in state.open.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Bytes that came through so far, both ways.
    pub fn passed(&self) -> u64 {
        self.shared.lock().passed
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.set(Quality::Cut);
        self.shared.lock().is_over = true;
        self.shared.changed.notify_all();
        // Whoever accepts looks once more.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: Arc<Shared>, listener: &TcpListener) {
        for stream in listener.incoming().flatten() {
            let (is_over, is_cut) = {
                let state = self.lock();
                (state.is_over, state.quality == Quality::Cut)
            };
            if is_over {
                return;
            }
            if !is_cut {
                // A connection that cannot be made ends, as it would without a line.
                let _ = self.join(stream);
            }
        }
    }

    fn join(self: &Arc<Shared>, here: TcpStream) -> std::io::Result<()> {
        let there = TcpStream::connect(self.to)?;
        for stream in [&here, &there] {
            stream.set_nodelay(true)?;
        }
        let ends = [here.try_clone()?, there.try_clone()?];
        self.lock().open.extend(ends);
        for (from, to) in [(here.try_clone()?, there.try_clone()?), (there, here)] {
            let shared = Arc::clone(self);
            std::thread::spawn(move || {
                let _ = shared.pass(&from, &to);
                let _ = from.shutdown(Shutdown::Both);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
        Ok(())
    }

    fn pass(&self, mut from: &TcpStream, mut to: &TcpStream) -> std::io::Result<()> {
        let mut piece = vec![0; 16 << 10];
        loop {
            let length = from.read(&mut piece)?;
            if length == 0 || !self.may_pass(length as u64) {
                return Ok(());
            }
            to.write_all(&piece[..length])?;
        }
    }

    /// Waits as the line's quality says; false when it is cut.
    fn may_pass(&self, bytes: u64) -> bool {
        let mut state = self.lock();
        loop {
            let quality = state.quality;
            let is_as_before = |state: &mut State| state.quality == quality && !state.is_over;
            match quality {
                Quality::Cut => return false,
                Quality::Whole => break,
                Quality::Slow { delay, rate } => {
                    let time = delay + Duration::from_micros(bytes.saturating_mul(1_000_000) / rate.max(1));
                    let waited = self.changed.wait_timeout_while(state, time, |state| is_as_before(state));
                    let (now, waited) = waited.unwrap_or_else(PoisonError::into_inner);
                    state = now;
                    if waited.timed_out() {
                        break;
                    }
                }
                Quality::Stalled => {
                    let waited = self.changed.wait_while(state, |state| is_as_before(state));
                    state = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
            if state.is_over {
                return false;
            }
        }
        state.passed += bytes;
        true
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    /// Somebody who says everything again.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut again = stream.try_clone().unwrap();
                    let _ = std::io::copy(&mut stream, &mut again);
                });
            }
        });
        address
    }

    fn says(stream: &mut TcpStream) -> bool {
        let mut heard = [0; 4];
        stream.write_all(b"here").is_ok() && stream.read_exact(&mut heard).is_ok() && heard == *b"here"
    }

    #[test]
    fn a_line_is_whole_stalled_cut_and_mended() {
        let line = Line::to(echo()).unwrap();
        let mut stream = TcpStream::connect(line.address).unwrap();
        assert!(says(&mut stream));
        line.set(Quality::Stalled);
        let saying = std::thread::spawn(move || (says(&mut stream), stream));
        assert!(!saying.is_finished());
        line.set(Quality::Slow { delay: Duration::from_millis(1), rate: 1 << 20 });
        let (heard, mut stream) = saying.join().unwrap();
        assert!(heard);
        line.set(Quality::Cut);
        assert!(!says(&mut stream));
        assert!(!TcpStream::connect(line.address).is_ok_and(|mut stream| says(&mut stream)));
        line.set(Quality::Whole);
        assert!(says(&mut TcpStream::connect(line.address).unwrap()));
        assert!(line.passed() > 0);
    }
}
