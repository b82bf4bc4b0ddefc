//! What these tests stand on: a data directory of their own, the binary, a small HTTP client, the third-party suites.
//! Everything a test makes is gone with it, the processes too.

use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use testkit::wire::Wire;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The most memory a host may use, in MiB.
pub(crate) const MEMORY_MIB: u64 = 600;

/// A data directory and the binary.
pub(crate) struct Stage {
    directory: tempfile::TempDir,
    store: String,
    /// Its programs run at the far end of this, if there is one.
    wire: Option<Arc<Wire>>,
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A host that serves until it is dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// An HTTP answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Stage {
    pub(crate) fn set() -> Stage {
        Stage { directory: tempfile::tempdir().unwrap(), store: "sqlite".into(), wire: None }
    }

    /// A stage without trusts whose new ones go to this store.
    pub(crate) fn in_store(store: &str) -> Stage {
        Stage { store: store.into(), ..Stage::set() }
    }

    /// A stage with the trust `RAA` in this store, whose data directory is here.
    pub(crate) fn with_trust_on(disk: &Path, store: &str) -> Stage {
        let stage = Stage::in_store(store);
        std::os::unix::fs::symlink(disk, stage.path("data")).unwrap();
        stage.add_trust();
        stage
    }

    /// A stage without trusts at the far end of a wire, where clients of this machine find it.
    pub(crate) fn at_the_end_of(wire: &Arc<Wire>) -> Stage {
        let stage = Stage { wire: Some(Arc::clone(wire)), ..Stage::set() };
        std::fs::write(stage.path("listen"), wire.clients().to_string()).unwrap();
        stage
    }

    /// A stage with the trust `RAA`.
    pub(crate) fn with_trust() -> Stage {
        Stage::with_trust_in("sqlite")
    }

    /// A stage with the trust `RAA` in each of the stores, one after the other, with the name of the store.
    pub(crate) fn on_both_stores(check: impl Fn(&Stage, &str)) {
        check(&Stage::with_trust(), "SQLite");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let database = runtime.block_on(testkit::postgres::fresh()).unwrap();
        let stage = Stage::with_trust_in(&database.url);
        let trust = stage.json(&["trust", "show", "RAA"]);
        assert!(trust["trust"]["store"].as_str().unwrap().starts_with("postgres"), "{trust}");
        check(&stage, "PostgreSQL");
    }

    /// A stage with the trust `RAA` in this store.
    pub(crate) fn with_trust_in(store: &str) -> Stage {
        let stage = Stage { store: store.into(), ..Stage::set() };
        stage.add_trust();
        stage
    }

    fn add_trust(&self) {
        let said = self.run(&["trust", "add", "--code", "RAA", "--name", "A trust"]);
        assert_eq!(said.code, 0, "{}", said.err);
    }

    /// The store of its trusts.
    pub(crate) fn store(&self) -> &str {
        &self.store
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_almoner");
        let mut command = self.wire.as_ref().map_or_else(|| Command::new(program), |wire| wire.command(program));
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.current_dir(self.directory.path()).args(arguments);
        command.env("ALMONER_DATA", self.path("data")).env("ALMONER_STORE", &self.store);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// Runs a command to its end, with this on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.command(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Most commands read no input and may have ended already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs a command with `--json`; it must succeed.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let said = self.run(&arguments);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {} {}", said.out, said.err))
    }

    /// Serves on a free port.
    pub(crate) fn serve(&self) -> Serving {
        self.start("serve").0
    }

    /// Starts a command that serves; gives what it said when it was ready.
    pub(crate) fn start(&self, command: &str) -> (Serving, Value) {
        self.start_with(command, None)
    }

    /// The same with this in its environment.
    pub(crate) fn start_with(&self, command: &str, environment: Option<(&str, &str)>) -> (Serving, Value) {
        let mut child = self
            .command(&[command, "--listen", "127.0.0.1:0", "--json"])
            .envs(environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let url = said["serving"].as_str().unwrap().strip_prefix("http://").unwrap();
        let address = url.split('/').next().unwrap().parse().unwrap();
        (Serving { child, address }, said)
    }

    /// Serves on a free port, and listens for other hosts at this address; with this in its environment.
    pub(crate) fn serve_for_moves(&self, address: &str, environment: Option<(&str, String)>) -> Serving {
        let mut command = self.command(&["serve", "--listen", &self.listen(), "--move-listen", address, "--json"]);
        command.envs(environment);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let url = said["serving"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        std::fs::write(self.path("listen"), &url).unwrap();
        Serving { child, address: url.parse().unwrap() }
    }

    /// Where it served before, so that clients find it again; a free port at first.
    fn listen(&self) -> String {
        std::fs::read_to_string(self.path("listen")).unwrap_or_else(|_| free_address().to_string())
    }

    /// A bearer token.
    pub(crate) fn token(&self, role: &str) -> String {
        let said = self.json(&["token", "--trust", "RAA", "--role", role, "--ttl", "1h"]);
        said["token"]["token"].as_str().unwrap().to_owned()
    }
}

impl Serving {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// One request to an address, where there may be nobody.
    pub(crate) fn request(
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        Ok(Answer::read(&mut stream))
    }

    /// Waits until the process ends by itself; false when it does not.
    pub(crate) fn wait_for_its_end(&mut self) -> bool {
        becomes(|| self.child.try_wait().unwrap().is_some())
    }

    /// One request on a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        Answer::read(&mut stream)
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.send("GET", path, &[("Authorization", &format!("Bearer {token}"))], b"")
    }

    /// How many resources of a type a FHIR search finds.
    pub(crate) fn count(&self, kind: &str, token: &str) -> u64 {
        let answer = self.get(&format!("/t/RAA/fhir/{kind}?_summary=count"), token);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()["total"].as_u64().unwrap()
    }

    /// Signs in through the form; gives the status of the answer and the cookie that it sets.
    pub(crate) fn sign_in(&self, trust: &str, name: &str, password: &str) -> (u16, Option<String>) {
        let page = self.send("GET", "/sign-in", &[], b"");
        let cookie = |head: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix("set-cookie: "))?;
            Some(line.split(';').next()?.to_owned())
        };
        let before = cookie(&page.head).unwrap();
        let text = String::from_utf8(page.body).unwrap();
        let token = text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        let form = format!("trust={trust}&name={name}&password={password}&next=&form_token={token}");
        let headers = [("Cookie", before.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let answer = self.send("POST", "/sign-in", &headers, form.as_bytes());
        (answer.status, cookie(&answer.head))
    }

    /// The most memory that the host has used so far, in MiB.
    pub(crate) fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
    }

    /// Asks the host to stop, as a service manager does, and waits until it has.
    pub(crate) fn stop(mut self) -> bool {
        Command::new("kill").arg(self.id().to_string()).status().unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    /// Reads an answer to the end of its connection.
    pub(crate) fn read(stream: &mut TcpStream) -> Answer {
        let mut bytes = Vec::new();
        // A server that cuts an upload short may reset the connection after its answer.
        let _ = stream.read_to_end(&mut bytes);
        let head_end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let body = &bytes[head_end..];
        let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if is_chunked { dechunk(body) } else { body.to_vec() };
        Answer { status, head, body }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn dechunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap().trim(), 16).unwrap();
        if length == 0 {
            break;
        }
        body.extend_from_slice(&bytes[end + 2..end + 2 + length]);
        bytes = &bytes[end + 4 + length..];
    }
    body
}

/// The machine's clock, for paces and figures.
#[expect(clippy::disallowed_methods, reason = "a pace is kept and a rate measured here")]
pub(crate) fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

/// Whether something becomes so before patience ends.
pub(crate) fn becomes(mut is_so: impl FnMut() -> bool) -> bool {
    const LOOK: Duration = Duration::from_millis(20);
    (0..PATIENCE.as_millis() / LOOK.as_millis()).any(|_| {
        let so = is_so();
        if !so {
            std::thread::park_timeout(LOOK);
        }
        so
    })
}

/// An address of the loopback at which nobody listens, for a host that is to be found there again when it was stopped: not
/// one of the ports that Linux gives to whoever asks for any (32768 and above), which a connection may have meanwhile, and
/// none that another test was given and whose host has not begun to listen, or is stopped.
pub(crate) fn free_address() -> SocketAddr {
    /// Locks of the ports that this process was given, until it ends.
    static GIVEN: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let locks = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ports");
    std::fs::create_dir_all(&locks).unwrap();
    let ports = std::iter::repeat_with(|| 20_000 + u16::try_from(RandomState::new().hash_one(()) % 12_000).unwrap());
    let mut free = ports.take(1000).filter_map(|port| {
        let lock = File::create(locks.join(port.to_string())).unwrap();
        lock.try_lock().ok()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        Some((listener.local_addr().unwrap(), lock))
    });
    let (address, lock) = free.next().unwrap();
    GIVEN.lock().unwrap().push(lock);
    address
}

/// Whether the long suites run, not their slice.
pub(crate) fn is_soak() -> bool {
    std::env::var_os("ALMONER_SOAK").is_some()
}

/// A file or folder of the third-party suites; `None` where they are not installed, which in CI is a failure.
pub(crate) fn suite(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ALMONER_SUITES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/suites"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the suite {} is missing", path.display());
    note(&format!("SKIPPED: the third-party suite {name} is not installed"));
    None
}

/// Says what somebody will want to know who reads the output of a test: a figure, or that it was skipped.
#[expect(clippy::print_stderr, reason = "this is where tests speak")]
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}
