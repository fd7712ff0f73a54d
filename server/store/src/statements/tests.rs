use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Executor as _, Row as _, query};

use super::{is_in_order, statements};
use crate::Engine;
use crate::backend::Connection;
use crate::testing::{Prepared, on_both_engines, on_sqlite};

on_both_engines! {
    async fn every_statement_can_be_prepared(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        for statement in statements(db.engine()) {
            let prepared = match tx.writing().unwrap() {
                Connection::Sqlite(c) => c.prepare(sqlx::SqlSafeStr::into_sql_str(statement.sql)).await.map(drop),
                Connection::Postgres(c) => c.prepare(sqlx::SqlSafeStr::into_sql_str(statement.sql)).await.map(drop),
            };
            assert!(prepared.is_ok(), "{}: {prepared:?}", statement.name);
        }
    }
}

#[test]
fn texts_that_sqlite_would_number_otherwise_are_told_from_those_that_it_numbers_as_they_say() {
    for sql in ["DELETE FROM t", "VALUES ($1, 1, $2, $2 + $1, $3)", "SELECT $1, id, $2, $3 FROM t WHERE id = $4"] {
        assert!(is_in_order(sql), "{sql}");
    }
    for sql in ["SELECT $2, $1", "SELECT $1, id, $3, $4 FROM t WHERE id = $2", "UPDATE t SET a = $0", "SELECT $a"] {
        assert!(!is_in_order(sql), "{sql}");
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn every_sql_constant_of_a_noun_is_listed() {
    let listed: BTreeSet<_> =
        [Engine::Sqlite, Engine::Postgres].into_iter().flat_map(statements).map(|statement| statement.name).collect();
    let mut written = BTreeSet::new();
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let module = path.to_str().unwrap().rsplit_once("/src/").unwrap().1.trim_end_matches(".rs").replace('/', "::");
        let source = std::fs::read_to_string(&path).unwrap();
        if !source.contains("const STATEMENTS") {
            continue;
        }
        for line in source.lines() {
            if let Some((name, _)) = line.strip_prefix("const ").and_then(|rest| rest.split_once(": &str")) {
                written.insert(format!("tacit_store::{module}::{name}"));
            }
        }
    }
    assert!(written.len() > 50, "the constants are found");
    assert_eq!(written, listed.into_iter().map(str::to_owned).collect());
}

#[tokio::test]
async fn no_statement_reads_a_whole_table_to_find_a_row() {
    // A handful of rows, read whole; those that count rows, and who asks for them knows; the demo's mailbox, empty elsewhere.
    const WHOLE: [&str; 8] = [
        "tacit_store::audit_events::COUNT",
        "tacit_store::outbox::COUNT_OPEN",
        "tacit_store::audit_events::LIST_HEADS",
        "tacit_store::signing_keys::LIST",
        "tacit_store::accounts::COUNT",
        "tacit_store::credentials::COUNT_BY_PRESET",
        "tacit_store::demo_mails::LIST_RECIPIENTS",
        "tacit_store::demo_mails::DELETE_FOR",
    ];
    // Those begin at one end of an index, and stop where they have enough.
    const FROM_ONE_END: [&str; 4] = [
        "tacit_store::audit_events::ANY",
        "tacit_store::audit_events::LIST",
        "tacit_store::demo_mails::LIST",
        "tacit_store::candidates::FIND",
    ];
    on_sqlite(Prepared::Migrated, |db| async move {
        let mut tx = db.read().await.unwrap();
        for statement in statements(Engine::Sqlite).filter(|statement| !WHOLE.contains(&statement.name)) {
            let from_one_end = FROM_ONE_END.contains(&statement.name);
            let Ok(Connection::Sqlite(connection)) = tx.reading() else { unreachable!() };
            for sql in statement.sql.split("; ") {
                let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
                for step in query(explain).fetch_all(&mut *connection).await.unwrap() {
                    let detail: String = step.get("detail");
                    // What a subquery has found is a few rows at most.
                    let few = ["SCAN here", "SCAN around", "SCAN nearest", "SCAN CONSTANT ROW"]
                        .contains(&detail.as_str())
                        || detail.starts_with("SCAN (subquery");
                    let ordered = from_one_end && detail.contains("INDEX");
                    let scan = detail.starts_with("SCAN") && !few && !ordered;
                    assert!(!scan, "{}: {detail}", statement.name);
                }
            }
        }
    })
    .await;
}
