//! A private PostgreSQL for tests: started on a free port of the loopback address with data in a temporary directory,
//! durable as in production (`fsync` stays on), and gone when the process that started it ends, however it ends.
//!
//! It knows nothing of the record's tables: a test gets the address of an empty database and does the rest.
//! Tests of one process share one server. Where `ALMONER_TEST_POSTGRES` names a server (`make test` starts one for all
//! test binaries and sets it), that one is used instead.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

/// The environment variable with the address of a server to use: `postgres://user:password@host:port/postgres`, whose
/// user may create databases.
pub const SERVER_VARIABLE: &str = "ALMONER_TEST_POSTGRES";

/// How often a start is tried: another process may take the free port first, and after [`Server::crash`] the processes
/// of the server that was need a moment to notice.
const START_ATTEMPTS: u32 = 20;
const PAUSE_BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// Settings of every private server. The three that make an acknowledgement durable are named so that nobody has to
/// look up their defaults; `listen_addresses` keeps the server on this machine; buffers and log are as docs/postgresql.md
/// says, as far as a test machine allows.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
full_page_writes = on
synchronous_commit = on
max_connections = 300
shared_buffers = '512MB'
max_wal_size = '4GB'
checkpoint_timeout = '15min'
log_min_messages = warning
";

/// An empty database of its own for one test. It is dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    /// Address of the database, as `tokio-postgres` and `psql` read it; its user owns the whole server.
    pub url: String,
    name: String,
    server_url: String,
}

/// A private PostgreSQL. Dropping it, or the end of this process, stops it and removes its directory.
#[derive(Debug)]
pub struct Server {
    directory: PathBuf,
    programs: PathBuf,
    owner: Option<Owner>,
    password: String,
    port: u16,
    keeper: Child,
}

/// The user and group under which the server runs, because PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

/// A new empty database on the shared server.
///
/// # Errors
/// PostgreSQL is not installed (the error says what to install), did not start, or refused; a test should fail on it.
pub async fn fresh() -> Result<TestDatabase> {
    fresh_at(tokio::task::spawn_blocking(shared_url).await??).await
}

/// Loses a schema of the database at an address, with everything in it.
///
/// # Errors
/// The server could not be reached, or there is no such schema.
pub async fn lose_schema(url: &str, schema: &str) -> Result<()> {
    execute(url, &format!("DROP SCHEMA {schema} CASCADE")).await
}

/// Makes a user who may only read a schema of the database at an address; gives the address with it. It may read nothing
/// when the schema is none.
///
/// # Errors
/// The server could not be reached, or there is no such schema.
pub async fn reader(url: &str, schema: Option<&str>) -> Result<String> {
    let name = format!("reader_{:016x}", rand::random::<u64>());
    execute(url, &format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'")).await?;
    if let Some(schema) = schema {
        let granted = format!(
            "GRANT USAGE ON SCHEMA {schema} TO {name}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {name}"
        );
        execute(url, &granted).await?;
    }
    let place = url.rsplit_once('@').context("the address names no user")?.1;
    Ok(format!("postgres://{name}:{name}@{place}"))
}

/// Ends the sessions of hosts that write the database at an address: the server hears only a moment later that one was
/// killed.
///
/// # Errors
/// The server could not be reached, or a session did not end.
pub async fn end_writers(url: &str) -> Result<()> {
    let sessions = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
        WHERE datname = current_database() AND application_name LIKE 'almoner writer %'";
    execute(url, sessions).await
}

/// Changes a bit of the third entry of the record in a schema.
///
/// # Errors
/// The server could not be reached, or there is no such schema.
pub async fn change_a_bit_of_an_entry(url: &str, schema: &str) -> Result<()> {
    let change =
        format!("UPDATE {schema}.entry SET body = set_byte(body, 40, get_byte(body, 40) # 1) WHERE sequence = 3");
    execute(url, &change).await
}

/// Every table of a schema with a digest of its rows.
///
/// # Errors
/// The server could not be reached.
pub async fn digests(url: &str, schema: &str) -> Result<Vec<(String, String)>> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = $1 ORDER BY 1";
    let mut digests = Vec::new();
    for row in client.query(tables, &[&schema]).await? {
        let table: String = row.try_get(0)?;
        let rows =
            format!("SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {schema}.{table} t");
        digests.push((table, client.query_one(&rows, &[]).await?.try_get(0)?));
    }
    drop(client);
    driver.await??;
    Ok(digests)
}

async fn fresh_at(server_url: String) -> Result<TestDatabase> {
    let name = format!("test_{}_{:016x}", std::process::id(), rand::random::<u64>());
    execute(&server_url, &format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
    Ok(TestDatabase { url: with_database(&server_url, &name)?, name, server_url })
}

impl Server {
    /// Starts a server of its own and waits until it accepts connections; about two seconds.
    ///
    /// # Errors
    /// PostgreSQL is not installed, there is nobody but root to run it, or it did not start: the error carries its log.
    pub fn start() -> Result<Self> {
        Self::start_with(|_| Ok(String::new()))
    }

    /// Starts a server of its own that offers TLS with a certificate for `names`, such as `DNS:localhost`, which an
    /// authority made for it vouches for: [`Server::authority`].
    ///
    /// # Errors
    /// As [`Server::start`]; also when the program `openssl` is missing.
    pub fn start_with_tls(names: &str) -> Result<Self> {
        Self::start_with(|server| server.make_certificate(names))
    }

    /// Starts a server of its own with more memory for its buffers, as a machine that serves a trust would have.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_large() -> Result<Self> {
        Self::start_with(|_| Ok("shared_buffers = '3GB'\n".to_owned()))
    }

    /// A new empty database on this server.
    ///
    /// # Errors
    /// The server refused.
    pub async fn database(&self) -> Result<TestDatabase> {
        fresh_at(self.url()).await
    }

    /// The file with the certificate of the authority that vouches for a server with TLS.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    fn start_with(settings: impl FnOnce(&Self) -> Result<String>) -> Result<Self> {
        let programs = find_programs()?;
        let owner = find_owner()?;
        let directory = tempfile::Builder::new().prefix("almoner-postgres-").tempdir()?.keep();
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700))?;
        if let Some(Owner { user, group }) = owner {
            chown(&directory, Some(user), Some(group))?;
        }
        let keeper = start_keeper(&directory, &programs, owner)?;
        let password = format!("{:032x}", rand::random::<u128>());
        let mut server = Self { directory, programs, owner, password, port: 0, keeper };
        server.initialise()?;
        let more = settings(&server)?;
        server.set(&more)?;
        server.start_again()?;
        Ok(server)
    }

    /// Address of the server's own database `postgres`, from which others can be created.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://almoner:{}@127.0.0.1:{}/postgres", self.password, self.port)
    }

    /// Ends the server as a crash would: `kill -9`, nothing flushed, no connection told.
    ///
    /// # Errors
    /// The server is not running.
    pub fn crash(&self) -> Result<()> {
        let file = self.data().join("postmaster.pid");
        let text = std::fs::read_to_string(&file).context("reading the process id of the server")?;
        let process = text.lines().next().context("the server's process file is empty")?;
        succeed(self.program("pg_ctl").args(["kill", "KILL", process]), "killing PostgreSQL").map(drop)
    }

    /// Starts a server that crashed, over the data that it left. Takes the former port again if it is free, else
    /// another: ask [`Server::url`] anew.
    ///
    /// # Errors
    /// It did not start within the attempts; the error carries the end of its log.
    #[expect(clippy::disallowed_methods, reason = "nothing tells us when another process has let go of its memory")]
    pub fn start_again(&mut self) -> Result<()> {
        let mut last = anyhow!("no attempt was made");
        // After a crash the server's children hold its port for a moment; whoever knows the address expects it back.
        for _ in 0..100 {
            if self.port == 0 || is_free(self.port) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        for _ in 0..START_ATTEMPTS {
            if self.port == 0 || !is_free(self.port) {
                self.port = free_port()?;
            }
            match self.start_once() {
                Ok(()) => return Ok(()),
                Err(problem) => last = problem,
            }
            std::thread::sleep(PAUSE_BETWEEN_ATTEMPTS);
        }
        Err(last.context("starting PostgreSQL"))
    }

    fn initialise(&self) -> Result<()> {
        let password_file = self.directory.join("password");
        std::fs::File::create(&password_file)?.write_all(self.password.as_bytes())?;
        let mut initdb = self.program("initdb");
        initdb.arg("--pgdata").arg(self.data()).arg("--pwfile").arg(&password_file);
        initdb.args(["--username=almoner", "--auth=password", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        if let Some(Owner { user, group }) = self.owner {
            chown(&password_file, Some(user), Some(group))?;
        }
        succeed(&mut initdb, "making the data directory of PostgreSQL")?;
        self.set(SETTINGS)
    }

    fn set(&self, settings: &str) -> Result<()> {
        let mut file = std::fs::OpenOptions::new().append(true).open(self.data().join("postgresql.conf"))?;
        file.write_all(settings.as_bytes())?;
        Ok(())
    }

    /// Makes an authority and a certificate of the server, both good for two days; gives the settings that use them.
    fn make_certificate(&self, names: &str) -> Result<String> {
        const KEY: [&str; 7] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
        let file = |name: &str| self.directory.join(name);
        let request = || {
            let mut openssl = command_as(Path::new("openssl"), self.owner);
            openssl.args(["req", "-x509"]).args(KEY);
            openssl
        };
        let mut authority = request();
        authority.args(["-subj", "/CN=Test authority", "-keyout"]).arg(file("ca.key")).arg("-out").arg(file("ca.pem"));
        succeed(&mut authority, "making an authority")?;
        let mut server = request();
        server.arg("-CA").arg(file("ca.pem")).arg("-CAkey").arg(file("ca.key")).args(["-subj", "/CN=Test server"]);
        server.args(["-addext", "basicConstraints=critical,CA:FALSE", "-addext", &format!("subjectAltName={names}")]);
        server.arg("-keyout").arg(file("server.key")).arg("-out").arg(file("server.pem"));
        succeed(&mut server, "making a certificate")?;
        let (certificate, key) = (file("server.pem"), file("server.key"));
        let [certificate, key] = [certificate.display(), key.display()];
        Ok(format!("ssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'\n"))
    }

    fn start_once(&self) -> Result<()> {
        let log = self.directory.join("log");
        let mut start = self.program("pg_ctl");
        start.arg("--pgdata").arg(self.data()).arg("--log").arg(&log);
        start.args(["--wait", "--timeout=60", "--options"]).arg(format!("-p {}", self.port)).arg("start");
        succeed(&mut start, "starting PostgreSQL").map(drop).map_err(|problem| {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            problem.context(tail(&text, 10))
        })
    }

    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn program(&self, name: &str) -> Command {
        command_as(&self.programs.join(name), self.owner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

impl Drop for TestDatabase {
    /// Drops the database on a thread of its own, since a test drops this value inside its runtime. A failure is left
    /// alone: the server goes away with everything in it.
    fn drop(&mut self) {
        let server_url = std::mem::take(&mut self.server_url);
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropping = std::thread::spawn(move || -> Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(execute(&server_url, &statement))
        });
        drop(dropping.join());
    }
}

/// The address from the environment, else that of this process's own server, started at the first call.
fn shared_url() -> Result<String> {
    static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();
    if let Ok(url) = std::env::var(SERVER_VARIABLE) {
        return Ok(url);
    }
    match SHARED.get_or_init(|| Server::start().map_err(|problem| format!("{problem:#}"))) {
        Ok(server) => Ok(server.url()),
        Err(problem) => bail!("{problem}"),
    }
}

async fn execute(url: &str, statement: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute(statement).await.with_context(|| format!("running {statement}"))?;
    drop(client);
    driver.await??;
    Ok(())
}

/// `url` with its database replaced.
fn with_database(url: &str, name: &str) -> Result<String> {
    let (server, _) =
        url.rsplit_once('/').with_context(|| format!("{SERVER_VARIABLE} has no database in its address"))?;
    Ok(format!("{server}/{name}"))
}

/// The keeper outlives everybody: it waits for the end of its input, which the end of this process brings about even
/// when it is killed, then stops the server and removes the directory.
fn start_keeper(directory: &Path, programs: &Path, owner: Option<Owner>) -> Result<Child> {
    const SCRIPT: &str = r#"
        cat >/dev/null
        "$2/pg_ctl" --pgdata "$1/data" --mode immediate --wait stop >/dev/null 2>&1
        rm -rf "$1"
    "#;
    let mut keeper = command_as(Path::new("sh"), owner);
    keeper.args(["-c", SCRIPT, "keeper"]).arg(directory).arg(programs);
    // A process group of its own, so that an interrupt from the keyboard does not end the keeper with the tests.
    keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    keeper.spawn().context("starting the keeper of the private PostgreSQL")
}

/// Debian keeps the server's programs off the path, in a directory per version: the newest is taken.
fn find_programs() -> Result<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists())
        .collect();
    versions.sort();
    if let Some((_, programs)) = versions.pop() {
        return Ok(programs);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|directory| directory.join("initdb").exists())
        .context("PostgreSQL is not installed: apt-get install postgresql (or run scripts/prepare-test.sh)")
}

/// Nobody in particular when we are not root; the user that Debian's package made when we are.
fn find_owner() -> Result<Option<Owner>> {
    if identity(&["-u"])? != 0 {
        return Ok(None);
    }
    let missing = "PostgreSQL does not run as root and there is no user postgres to run it as";
    let user = identity(&["-u", "postgres"]).context(missing)?;
    let group = identity(&["-g", "postgres"]).context(missing)?;
    Ok(Some(Owner { user, group }))
}

fn identity(arguments: &[&str]) -> Result<u32> {
    let output = succeed(Command::new("id").args(arguments), "asking for a user's number")?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn command_as(program: &Path, owner: Option<Owner>) -> Command {
    let mut command = Command::new(program);
    if let Some(Owner { user, group }) = owner {
        command.uid(user).gid(group);
    }
    command.current_dir("/");
    command
}

fn succeed(command: &mut Command, doing: &str) -> Result<Output> {
    let output = command.output().with_context(|| format!("{doing}: {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!("{doing}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
