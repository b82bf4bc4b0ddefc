//! Writing a record kept in PostgreSQL: one connection, one transaction for a group of commits.
//!
//! Facts are read outside a transaction, each in one round trip; the commit itself is one round trip too. It is one
//! statement, which takes the head's row and fails unless the head is where this writer left it, so what was read before
//! still holds; the parts of it that write rows fail with it, and the server answers once all is on disk. What has to
//! see the changes of another part follows in statements of its own, sent one behind the other in one transaction. A
//! connection that is lost while nothing is open is made again unseen; one that is lost during a
//! commit leaves the outcome unknown ([`Problem::Closed`]), and [`PostgresWriter::reopen`] ends whatever is left of
//! that commit on the server before it reads the head again.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::{join, join_all};
use terms::Moment;
use tokio::runtime::Runtime;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Row, Statement};

use super::dialect::{self as sql, postgres};
use super::postgres::{
    Parameters, TOP, code_columns, dictionary_row, each, head_row, hit_row, kept_key_row, key_columns, located_row,
    name_row, number, placed, stored, symbol_row, value,
};
use super::postgres_session::{Address, check_durable, connect, failed, is_lost, migrate, unreachable};
use super::postgres_steps::{Part, Step, copied_rows, put_steps, values};
use super::{Batch, Durability, Head, Hit, KeptKey, Located, NameList, Reopened, StoredKey, no_epoch_follows};
use crate::error::Problem;
use crate::names::NameTable;

/// Turns of the runtime in which the end of a connection is heard, its task woken, and the task ended.
const TURNS: usize = 4;
/// Pauses between attempts to reach a server that went away; about a minute in all.
const PAUSES: [Duration; 12] = {
    let tenth = Duration::from_millis(100);
    let ten = Duration::from_secs(10);
    let second = Duration::from_secs(1);
    let five = Duration::from_secs(5);
    [tenth, tenth, tenth, tenth, second, second, second, five, five, five, ten, ten]
};

/// The one writing connection of a record's schema. Blocking: it lives on the writer's own thread.
pub(crate) struct PostgresWriter {
    address: Address,
    durability: Durability,
    /// Tells this writer's connections from all others on the server.
    name: String,
    /// Drives the connection on the writer's thread; taken only by dropping.
    runtime: Option<Runtime>,
    session: Option<Session>,
    /// Whether a transaction is open on the session.
    open: bool,
}

struct Session {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    /// Statements that commit, by the parts that they are joined of.
    commits: HashMap<Vec<Part>, Statement>,
}

impl PostgresWriter {
    /// Opens the schema at an address, making it and its tables when they are not there.
    ///
    /// # Errors
    /// [`Problem::Unsuitable`] when the server could lose what it acknowledges or its tables cannot be used.
    pub(crate) fn open(address: Address, durability: Durability) -> Result<PostgresWriter, Problem> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Problem::store("starting the writer", error))?;
        let mut mark = [0; 8];
        getrandom::fill(&mut mark).map_err(|error| Problem::store("naming the writer", error.to_string()))?;
        // Who reads a copy sees by it that the schema has a writer (`postgres::WHO_WRITES`).
        let name = format!("almoner writer {:016x} {}", u64::from_be_bytes(mark), address.schema_in_name());
        let mut writer =
            PostgresWriter { address, durability, name, runtime: Some(runtime), session: None, open: false };
        let mut client = writer.run(connect(&writer.address, &writer.name))?.map_err(unreachable)?;
        writer.run(check_durable(&client, durability))??;
        writer.run(migrate(&mut client, &writer.address))??;
        writer.session = Some(Session::new(client));
        Ok(writer)
    }

    /// Waits for a future on the writer's own runtime.
    fn run<F: Future>(&self, future: F) -> Result<F::Output, Problem> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(future)).ok_or(Problem::Closed)
    }

    /// Connects again if the connection was lost, with a bounded number of attempts.
    fn connected(&mut self) -> Result<(), Problem> {
        if self.session.as_ref().is_some_and(|session| !session.client.is_closed()) {
            return Ok(());
        }
        (self.session, self.open) = (None, false);
        let client = self.run(reach(&self.address, &self.name, self.durability))??;
        self.session = Some(Session::new(client));
        Ok(())
    }

    /// Reads. Outside a transaction, a read whose connection was lost is asked once more.
    pub(super) fn query(
        &mut self,
        doing: &'static str,
        sql: &'static str,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, Problem> {
        match self.query_once(sql, parameters)? {
            Err(error) if is_lost(&error) && !self.open => {
                self.session = None;
                self.query_once(sql, parameters)?
            }
            result => result,
        }
        .map_err(failed(doing))
    }

    fn query_once(
        &mut self,
        sql: &'static str,
        parameters: &Parameters<'_>,
    ) -> Result<Result<Vec<Row>, Error>, Problem> {
        if !self.open {
            self.connected()?;
        }
        let mut session = self.session.take().ok_or(Problem::Closed)?;
        let result = self.run(async {
            let statement = session.prepare(sql).await?;
            session.client.query(&statement, parameters).await
        });
        self.session = Some(session);
        result
    }

    fn query_one(&mut self, doing: &'static str, sql: &'static str, with: &Parameters<'_>) -> Result<Row, Problem> {
        let row = self.query(doing, sql, with)?.into_iter().next();
        row.ok_or_else(|| Problem::damaged(format!("a row is missing (while {doing})")))
    }

    /// Sends what a batch changes and waits for it; `commit` ends the transaction with it. Begins one when none is open
    /// and one is needed. The first error is the one that made the others fail.
    pub(super) fn write(&mut self, doing: &'static str, steps: &[Step<'_>], commit: bool) -> Result<(), Problem> {
        let begin = !self.open;
        let mut session = self.session.take().ok_or(Problem::Closed)?;
        self.open = true;
        let result = self.run(session.write(steps, begin, commit));
        self.session = Some(session);
        match result? {
            Ok(()) => {
                self.open = !commit;
                Ok(())
            }
            Err(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO) => Err(Problem::Deposed { epoch: 0 }),
            Err(error) => Err(failed(doing)(error)),
        }
    }

    pub(crate) fn take_over(&mut self) -> Result<Head, Problem> {
        let row = self.query("taking the record over", postgres::TAKE_OVER, &[])?.into_iter().next();
        head_row(&row.ok_or_else(no_epoch_follows)?)
    }

    /// Makes sure of a connection. The transaction begins with the first thing that is written in it.
    pub(crate) fn begin(&mut self) -> Result<(), Problem> {
        if self.open {
            self.roll_back();
        }
        // Gives the runtime its turns, to hear from the network and to act on it, so that a connection that ended while
        // nothing was asked is noticed now: the next that is sent may be a commit.
        self.run(async {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        })?;
        self.connected()
    }

    pub(crate) fn roll_back(&mut self) {
        if !self.open {
            return;
        }
        self.open = false;
        let Some(session) = &self.session else { return };
        match self.run(session.client.batch_execute("ROLLBACK")) {
            Ok(Ok(())) => {}
            // What was open ends with its connection.
            _ => self.session = None,
        }
    }

    pub(crate) fn locate(&mut self, keys: &[StoredKey]) -> Result<Vec<Option<Located>>, Problem> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (kinds, ids) = key_columns(keys);
        let rows = self.query("locating resources", postgres::LOCATE, &[&kinds, &ids])?;
        placed(keys.len(), &rows, |row| located_row(row, 1))
    }

    pub(crate) fn holders(
        &mut self,
        (low, after): (&Vec<u8>, i64),
        high: Option<&[u8]>,
        next: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Hit>, Problem> {
        let (doing, high, limit) = ("checking an assertion", high.unwrap_or(TOP), limit as i64);
        let rows = match next {
            Some(since) => self.query(doing, sql::HOLDERS_BESIDE, &[low, &high, &after, &stored(since), &limit])?,
            None => self.query(doing, postgres::HOLDERS, &[low, &high, &after, &limit])?,
        };
        each(&rows, hit_row)
    }

    pub(crate) fn symbols(&mut self, wanted: &[(u32, String)]) -> Result<Vec<Option<u32>>, Problem> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let (systems, codes) = code_columns(wanted);
        let rows = self.query("reading symbols", postgres::SYMBOLS, &[&systems, &codes])?;
        placed(wanted.len(), &rows, |row| number(row, 1))
    }

    pub(crate) fn symbols_of(&mut self, code: &str) -> Result<Vec<(u32, u32)>, Problem> {
        each(&self.query("reading symbols", sql::SYMBOLS_OF, &[&code.as_bytes()])?, symbol_row)
    }

    pub(crate) fn kept_key(&mut self, principal: &str, key: &str) -> Result<Option<KeptKey>, Problem> {
        let rows = self.query("looking a retry up", sql::KEPT_KEY, &[&principal.as_bytes(), &key.as_bytes()])?;
        rows.first().map(kept_key_row).transpose()
    }

    pub(crate) fn desk_change(&mut self, kind: &str, key: &str) -> Result<Option<u64>, Problem> {
        let rows = self.query("reading the desk", sql::DESK_CHANGE, &[&kind.as_bytes(), &key.as_bytes()])?;
        rows.first().map(|row| number(row, 0)).transpose()
    }

    pub(crate) fn desk_row(&mut self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, Problem> {
        let rows = self.query("reading the desk", sql::DESK_GET, &[&kind.as_bytes(), &key.as_bytes()])?;
        rows.first().map(|row| value(row, 5)).transpose()
    }

    pub(crate) fn highest(&mut self) -> Result<(i64, u32), Problem> {
        let row = self.query_one("reading the highest numbers", sql::HIGHEST, &[])?;
        Ok((value(&row, 0)?, number(&row, 1)?))
    }

    pub(crate) fn tile(&mut self, name: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        self.query("reading a tile", sql::TILE, &[&name])?.first().map(|row| value(row, 0)).transpose()
    }

    pub(crate) fn entry_bodies(&mut self, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, Problem> {
        let rows = self.query("reading entries", sql::ENTRIES, &[&stored(from), &(limit as i64)])?;
        each(&rows, |row| value(row, 4))
    }

    pub(crate) fn first_at_or_after(&mut self, moment: Moment) -> Result<u64, Problem> {
        number(&self.query_one("finding a moment", postgres::FIRST_AT_OR_AFTER, &[&moment.0])?, 0)
    }

    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<(), Problem> {
        let (doing, steps, copied) = ("writing a commit", put_steps(batch), copied_rows(batch));
        self.write(doing, &steps, copied.is_empty())?;
        if !copied.is_empty() {
            self.copy(doing, copied)?;
            self.write(doing, &[], true)?;
        }
        if !batch.erase.is_empty() {
            self.clear_space();
        }
        Ok(())
    }

    /// Copies rows into the index, within the transaction that is open.
    fn copy(&mut self, doing: &'static str, rows: &[Hit]) -> Result<(), Problem> {
        let mut session = self.session.take().ok_or(Problem::Closed)?;
        let result = self.run(session.copy(rows));
        self.session = Some(session);
        result?.map_err(failed(doing))
    }

    /// Removes what an erasure left behind in the table's pages, as far as no older reader still sees it.
    fn clear_space(&mut self) {
        let Some(session) = &self.session else { return };
        if let Ok(Err(error)) = self.run(session.client.batch_execute(postgres::CLEAR_SPACE)) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the space of erased texts could not be cleared");
        }
    }

    pub(crate) fn reopen(&mut self) -> Result<Reopened, Problem> {
        let doing = "reading the head again";
        self.connected()?;
        self.query("ending a lost commit", postgres::END_OTHERS, &[&self.name.clone()])?;
        let head = head_row(&self.query_one(doing, sql::HEAD, &[])?)?;
        let mut tables = Vec::with_capacity(3);
        for list in [NameList::Kind, NameList::Parameter, NameList::System] {
            tables.push(NameTable::of(each(&self.query(doing, sql::NAMES, &[&list.number()])?, name_row)?)?);
        }
        let dictionaries = each(&self.query(doing, sql::DICTIONARIES, &[])?, dictionary_row)?;
        let tables = tables.try_into().map_err(|_| Problem::damaged("there are not three lists of names"))?;
        Ok((head, tables, dictionaries))
    }

    pub(crate) fn sweep(&mut self, sequence: u64, keys_before: Moment) -> Result<bool, Problem> {
        let doing = "sweeping old rows";
        self.query(doing, sql::RAISE_PAST_FROM, &[&stored(sequence)])?;
        let rows: i64 = value(&self.query_one(doing, postgres::SWEEP_PAST, &[&stored(sequence)])?, 0)?;
        let obligations: i64 =
            value(&self.query_one(doing, postgres::SWEEP_PAST_OBLIGATIONS, &[&stored(sequence)])?, 0)?;
        let keys: i64 = value(&self.query_one(doing, postgres::SWEEP_KEPT_KEYS, &[&keys_before.0])?, 0)?;
        Ok(rows == 5000 || obligations == 5000 || keys == 5000)
    }

    /// Carries out statements that take no values, within the transaction that is open.
    pub(super) fn define(&mut self, doing: &'static str, sql: &str) -> Result<(), Problem> {
        let session = self.session.as_ref().ok_or(Problem::Closed)?;
        self.run(session.client.batch_execute(sql))?.map_err(failed(doing))
    }
}

impl Drop for PostgresWriter {
    /// A runtime must not be dropped where others must not be kept waiting, which is where an open that failed ends.
    fn drop(&mut self) {
        self.session = None;
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Connects to a server that may be on its way up again.
async fn reach(address: &Address, name: &str, durability: Durability) -> Result<Client, Problem> {
    let mut pauses = PAUSES.iter();
    loop {
        match connect(address, name).await {
            Ok(client) => {
                check_durable(&client, durability).await?;
                return Ok(client);
            }
            Err(error) => match pauses.next() {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return Err(unreachable(error)),
            },
        }
    }
}

impl Session {
    fn new(client: Client) -> Session {
        Session { client, statements: HashMap::new(), commits: HashMap::new() }
    }

    async fn prepare(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// The statement that is joined of these parts, the head's first.
    async fn prepare_commit(&mut self, parts: Vec<Part>) -> Result<Statement, Error> {
        if let Some(statement) = self.commits.get(&parts) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&postgres::joined(&parts)).await?;
        self.commits.insert(parts, statement.clone());
        Ok(statement)
    }

    async fn copy(&mut self, rows: &[Hit]) -> Result<(), Error> {
        let statement = self.prepare(postgres::COPY_ROWS).await?;
        let sink = self.client.copy_in(&statement).await?;
        let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &[Type::BYTEA, Type::INT8]));
        for (key, rid) in rows {
            writer.as_mut().write(&[key, rid]).await?;
        }
        writer.finish().await.map(drop)
    }

    async fn write(&mut self, steps: &[Step<'_>], begin: bool, commit: bool) -> Result<(), Error> {
        let (joined, after): (Vec<&Step<'_>>, Vec<&Step<'_>>) = steps.iter().partition(|step| step.joined);
        let mut statements = Vec::with_capacity(1 + after.len());
        if !joined.is_empty() {
            let parts = joined.iter().map(|step| (step.sql, step.few)).collect();
            statements.push((self.prepare_commit(parts).await?, values(&joined)));
        }
        for step in after {
            statements.push((self.prepare(step.sql).await?, values(&[step])));
        }
        let client = &self.client;
        if let ([(statement, values)], true, true) = (statements.as_slice(), begin, commit) {
            // One statement is a transaction of its own: the server says that it is ready again once it is on disk.
            return client.execute(statement, values).await.map(drop);
        }
        let marker = |wanted: bool, sql: &'static str| async move {
            if wanted { client.batch_execute(sql).await } else { Ok(()) }
        };
        // Joined futures are polled in order, and each is sent when it is first polled.
        let work = statements.iter().map(|(statement, values)| client.execute(statement, values));
        let (begun, (done, committed)) =
            join(marker(begin, "BEGIN"), join(join_all(work), marker(commit, "COMMIT"))).await;
        begun?;
        done.into_iter().collect::<Result<Vec<u64>, Error>>()?;
        committed
    }
}
