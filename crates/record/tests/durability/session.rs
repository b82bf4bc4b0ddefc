//! Starting the client as a process of its own, hearing what it was told, and ending it.
//! Knows nothing of what the client does.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use record::Durability;

use crate::acknowledged::Line;
use crate::client::{ASKED, Asked, Schema};

/// Longer than this without a word from a client means that it hangs.
const MOST_SILENCE: Duration = Duration::from_secs(60);

/// What all rounds on one record have in common.
pub struct Session {
    pub directory: PathBuf,
    pub seed: u64,
    pub durability: Durability,
    /// The PostgreSQL schema; none for SQLite.
    pub schema: Option<Schema>,
    /// Variables for the client, such as those of the shim.
    pub variables: Vec<(String, String)>,
    /// A program that runs the client, with its arguments; none to run it directly.
    pub under: Vec<String>,
}

/// A running client.
pub struct Client {
    child: Child,
    coming: Receiver<Line>,
    lines: Vec<Line>,
}

/// What a client had told when it ended.
pub struct Ended {
    pub lines: Vec<Line>,
    /// Whether it ended by itself and without complaint.
    pub success: bool,
    /// Whether it was killed, by us or by the shim.
    pub killed: bool,
}

impl Session {
    /// A record in `place/record`, which may not exist yet.
    pub fn new(place: &Path, seed: u64) -> Session {
        let directory = place.join("record");
        let (variables, under) = (Vec::new(), Vec::new());
        Session { directory, seed, durability: Durability::Full, schema: None, variables, under }
    }

    pub fn asked(&self, round: u64) -> Asked {
        let (directory, schema) = (self.directory.clone(), self.schema.clone());
        Asked { directory, seed: self.seed, round, durability: self.durability, schema }
    }
}

impl Client {
    pub fn start(session: &Session, round: u64) -> Client {
        let own = std::env::current_exe().unwrap();
        let mut command = match session.under.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(own);
                command
            }
            None => Command::new(own),
        };
        command
            .args(["client::the_client_works_and_closes", "--exact", "--nocapture", "--test-threads=1"])
            .env(ASKED, session.asked(round).text())
            .envs(session.variables.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (heard, coming) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            for line in lines.filter_map(|line| Line::parse(&line)) {
                if heard.send(line).is_err() {
                    return;
                }
            }
        });
        Client { child, coming, lines: Vec::new() }
    }

    /// Hears until so many lines have come or the client has ended.
    pub fn wait_for(&mut self, count: usize) {
        while self.lines.len() < count {
            match self.coming.recv_timeout(MOST_SILENCE) {
                Ok(line) => self.lines.push(line),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => self.give_up(),
            }
        }
    }

    /// Hears for a while, at most until so many lines have come.
    pub fn wait_while(&mut self, count: usize, most: Duration) {
        while self.lines.len() < count {
            match self.coming.recv_timeout(most) {
                Ok(line) => self.lines.push(line),
                Err(_) => return,
            }
        }
    }

    /// Kills the client as the kernel does when memory runs out.
    pub fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.end()
    }

    /// Ends the client's input, so that it closes the record.
    pub fn close(mut self) -> Ended {
        self.close_input();
        self.end()
    }

    /// Ends the client's input and does not wait.
    pub fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits until the client has ended.
    pub fn end(mut self) -> Ended {
        self.wait_for(usize::MAX);
        let status = self.child.wait().unwrap();
        let killed = std::os::unix::process::ExitStatusExt::signal(&status) == Some(9);
        Ended { lines: self.lines, success: status.success(), killed }
    }

    fn give_up(&mut self) -> ! {
        let _ = self.child.kill();
        panic!("the client said nothing for {MOST_SILENCE:?}; its last words: {:?}", self.lines.last());
    }
}
