//! Somebody who can write to the database, and has not the key, rewrites what happened: `tacit audit verify` tells.

use std::process::Output;

use tacit_tests::{App, Engine, Process, both_engines};

const EMAIL: &str = "victim@example.com";
const TABLES: [&str; 3] = ["audit_events", "audit_origins", "audit_heads"];
const COLUMNS: &str =
    "event_type, result, account_id, session_id, actor, actor_id, detail, created_at, origin_hash, hash";
const OTHER_ID: &str = "0193a6f0-5c1e-7d3a-9f42-6b8f0c2d1e57";

/// A log with seven events in one chain: an activation and six logins.
struct Log<'a> {
    app: &'a App,
    chain: i64,
}

/// What `tacit audit verify` says.
struct Verdict {
    status: i32,
    said: String,
    complained: String,
}

impl<'a> Log<'a> {
    async fn of(app: &'a App) -> Self {
        let person = app.registered(EMAIL).await;
        for _ in 0..6 {
            person.log_in().await;
        }
        app.settle().await;
        let chain = app.database.number("SELECT chain FROM audit_events WHERE sequence = 7").await;
        let log = Self { app, chain };
        let untouched = log.verify(None).await;
        assert_eq!(untouched.status, 0, "{}", untouched.complained);
        assert!(untouched.said.starts_with("7 event(s), all as they were recorded\nanchor: tacit-audit-1."));
        log.keep().await;
        log
    }

    async fn keep(&self) {
        for table in TABLES {
            self.app.database.execute(&format!("DROP TABLE IF EXISTS kept_{table}")).await;
            self.app.database.execute(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
        }
    }

    async fn put_back(&self) {
        for table in TABLES {
            self.app.database.execute(&format!("DELETE FROM {table}")).await;
            self.app.database.execute(&format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
        }
    }

    async fn verify(&self, anchor: Option<&str>) -> Verdict {
        let mut arguments = vec!["audit", "verify"];
        arguments.extend(anchor.into_iter().flat_map(|anchor| ["--anchor", anchor]));
        let Output { status, stdout, stderr } = self.app.try_command(&arguments).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Verdict { status: status.code().unwrap(), said: text(stdout), complained: text(stderr) }
    }

    async fn anchor(&self) -> String {
        let said = self.verify(None).await.said;
        said.split_once("anchor: ").unwrap().1.trim().to_owned()
    }

    /// Does this behind the server's back, and expects exactly these faults to be told; then puts everything back.
    async fn attack(&self, statements: &[&str], faults: &[&str]) {
        self.meddle(statements).await;
        self.expect(None, faults, &statements.join("; ")).await;
        self.put_back().await;
    }

    async fn meddle(&self, statements: &[&str]) {
        for statement in statements {
            self.app.database.execute(&self.filled(statement)).await;
        }
    }

    async fn expect(&self, anchor: Option<&str>, faults: &[&str], what: &str) {
        let Verdict { status, said, complained } = self.verify(anchor).await;
        assert_eq!(status, 3, "{what}: {said}{complained}");
        let told: Vec<_> = said.lines().collect();
        assert_eq!(told.len(), faults.len(), "{what}: {said}");
        for (told, fault) in told.iter().zip(faults) {
            assert!(told.starts_with(&self.filled(fault)), "{what}: {fault}, and not: {said}");
        }
        let counted = format!("{} fault(s)", faults.len());
        assert!(complained.contains(&counted), "{what}: {complained}");
    }

    /// With what stands for the chain of the account, another chain, another id, and the event at a place.
    fn filled(&self, statement: &str) -> String {
        let id = match self.app.engine {
            Engine::Sqlite => format!("x'{}'", OTHER_ID.replace('-', "")),
            Engine::Postgres => format!("'{OTHER_ID}'::uuid"),
        };
        let words = [
            ("@at", format!("WHERE chain = {} AND sequence =", self.chain)),
            ("@chain", self.chain.to_string()),
            ("@other", ((self.chain + 1) % 16).to_string()),
            ("@id", id),
            ("@columns", COLUMNS.to_owned()),
        ];
        words.iter().fold(statement.to_owned(), |filled, (word, meaning)| filled.replace(word, meaning))
    }
}

both_engines!(every_column_of_an_event_is_under_its_hash, async |app| {
    let log = Log::of(app).await;
    for (column, value) in [
        ("id", "@id"),
        ("event_type", "'logout'"),
        ("event_type", "''"),
        ("result", "'failure'"),
        ("result", "'perhaps'"),
        ("account_id", "@id"),
        ("account_id", "NULL"),
        ("session_id", "@id"),
        ("session_id", "NULL"),
        ("actor", "'operator'"),
        ("actor_id", "@id"),
        ("actor_id", "NULL"),
        ("detail", "'{\"by\":\"nobody\"}'"),
        ("detail", "'{} '"),
        ("created_at", "created_at + 1"),
        ("created_at", "-created_at"),
        ("origin_hash", "hash"),
        ("hash", "origin_hash"),
    ] {
        let statement = format!("UPDATE audit_events SET {column} = {value} @at 4");
        log.attack(&[&statement], &["altered: chain @chain, event 4"]).await;
    }
    log.attack(&["UPDATE audit_events SET hash = origin_hash @at 7"], &["altered: chain @chain, event 7"]).await;
});

both_engines!(what_the_database_cannot_even_hold_properly_is_told_too, async |app| {
    if app.engine == Engine::Sqlite {
        let log = Log::of(app).await;
        for column in ["account_id", "session_id", "id"] {
            let statement = format!("UPDATE audit_events SET {column} = x'00' @at 3");
            log.attack(&[&statement], &["altered: chain @chain, event 3"]).await;
        }
        log.attack(
            &["UPDATE audit_events SET detail = CAST(x'ff' AS TEXT) @at 3"],
            &["altered: chain @chain, event 3"],
        )
        .await;
    }
});

both_engines!(an_event_that_is_gone_is_missed, async |app| {
    let log = Log::of(app).await;
    log.attack(&["DELETE FROM audit_events @at 4"], &["missing: chain @chain, event 4"]).await;
    log.attack(&["DELETE FROM audit_events @at 1"], &["missing: chain @chain, event 1"]).await;
    let three = "DELETE FROM audit_events WHERE sequence BETWEEN 3 AND 5";
    log.attack(&[three], &["missing: chain @chain, events 3 to 5"]).await;
    // Those behind it moved up.
    log.attack(
        &["DELETE FROM audit_events @at 6", "UPDATE audit_events SET sequence = 6 @at 7"],
        &["altered: chain @chain, event 6", "cut_off: chain @chain, event 7"],
    )
    .await;
});

both_engines!(a_chain_that_was_cut_off_is_missed, async |app| {
    let log = Log::of(app).await;
    log.attack(&["DELETE FROM audit_events @at 7"], &["cut_off: chain @chain, event 7"]).await;
    let moved =
        "UPDATE audit_heads SET sequence = 6, hash = (SELECT hash FROM audit_events @at 6) WHERE chain = @chain";
    log.attack(&["DELETE FROM audit_events @at 7", moved], &["head_altered: chain @chain"]).await;
    log.attack(&["DELETE FROM audit_events"], &["cut_off: chain @chain, events 1 to 7"]).await;
    let cut = "UPDATE audit_heads SET seal = hash WHERE chain = @other";
    log.attack(&[cut], &["head_altered: chain @other"]).await;
    let swapped =
        "UPDATE audit_heads SET seal = (SELECT seal FROM kept_audit_heads WHERE chain = @chain) WHERE chain = @other";
    log.attack(&[swapped], &["head_altered: chain @other"]).await;
});

both_engines!(events_cannot_change_places, async |app| {
    let log = Log::of(app).await;
    let swap = [
        "UPDATE audit_events SET sequence = 100 @at 3",
        "UPDATE audit_events SET sequence = 3 @at 4",
        "UPDATE audit_events SET sequence = 4 @at 100",
    ];
    let altered = [3, 4, 5].map(|place| format!("altered: chain @chain, event {place}"));
    log.attack(&swap, &altered.each_ref().map(String::as_str)).await;
    log.attack(
        &["UPDATE audit_events SET chain = @other @at 7"],
        if (log.chain + 1) % 16 > log.chain {
            &[
                "cut_off: chain @chain, event 7",
                "missing: chain @other, events 1 to 6",
                "behind_the_end: chain @other, events 1 to 7",
            ]
        } else {
            &[
                "missing: chain @other, events 1 to 6",
                "behind_the_end: chain @other, events 1 to 7",
                "cut_off: chain @chain, event 7",
            ]
        },
    )
    .await;
});

both_engines!(an_event_that_nobody_recorded_is_told, async |app| {
    let log = Log::of(app).await;
    let copied = |chain: &str, sequence: &str| {
        format!(
            "INSERT INTO audit_events (id, chain, sequence, @columns) SELECT @id, {chain}, {sequence}, @columns \
             FROM audit_events @at 7"
        )
    };
    let behind = ["altered: chain @chain, event 8", "behind_the_end: chain @chain, event 8"];
    log.attack(&[&copied("@chain", "8")], &behind).await;
    log.attack(&[&copied("@chain", "0")], &["foreign: chain @chain, event 0"]).await;
    log.attack(
        &[&copied("@chain", "-9223372036854775807 - 1")],
        &["foreign: chain @chain, event -9223372036854775808"],
    )
    .await;
    log.attack(&[&copied("16", "1")], &["foreign: chain 16, event 1"]).await;
    log.attack(&[&copied("-1", "1")], &["foreign: chain -1, event 1"]).await;
});

both_engines!(where_an_event_came_from_cannot_be_rewritten, async |app| {
    let log = Log::of(app).await;
    let event = "WHERE event_id = (SELECT id FROM audit_events @at 4)";
    for (column, value) in [
        ("ip_address", "'192.0.2.1'"),
        ("ip_address", "NULL"),
        ("user_agent", "'another'"),
        ("user_agent", "''"),
        ("nonce", "(SELECT hash FROM audit_events @at 4)"),
        // It goes with the account of its event.
        ("account_id", "@id"),
    ] {
        let statement = format!("UPDATE audit_origins SET {column} = {value} {event}");
        log.attack(&[&statement], &["origin_altered: chain @chain, event 4"]).await;
    }
    let deleted = format!("DELETE FROM audit_origins {event}");
    log.attack(&[&deleted], &["origin_missing: chain @chain, event 4"]).await;
    let exchanged = format!("UPDATE audit_origins SET event_id = @id {event}");
    log.attack(&[&exchanged], &["origin_missing: chain @chain, event 4"]).await;
});

both_engines!(an_event_without_an_origin_is_given_none, async |app| {
    let log = Log::of(app).await;
    app.command(&["user", "revoke-sessions", EMAIL]).await;
    log.keep().await;
    let given = "INSERT INTO audit_origins (event_id, account_id, nonce, ip_address) \
                 SELECT id, account_id, hash, '192.0.2.1' FROM audit_events @at 8";
    log.attack(&[given], &["origin_altered: chain @chain, event 8"]).await;
});

both_engines!(a_log_put_back_to_an_older_copy_is_noticed_with_an_anchor_only, async |app| {
    let log = Log::of(app).await;
    let older = log.anchor().await;
    app.command(&["user", "revoke-sessions", EMAIL]).await;
    let newer = log.anchor().await;
    assert_eq!(log.verify(Some(&older)).await.status, 0, "the log went on since the anchor");
    assert_eq!(log.verify(Some(&newer)).await.status, 0);
    log.put_back().await;
    assert_eq!(log.verify(None).await.status, 0, "an older copy, whole: nothing in it tells");
    assert_eq!(log.verify(Some(&older)).await.status, 0);
    log.expect(Some(&newer), &["rolled_back: chain @chain, event 8"], "put back").await;
    // And gone on from there: another event stands where the anchor's was.
    app.command(&["user", "revoke-sessions", EMAIL]).await;
    assert_eq!(log.verify(None).await.status, 0);
    log.expect(Some(&newer), &["rolled_back: chain @chain, event 8"], "gone on").await;
    // An older end alone, with what came after it still there.
    log.meddle(&["DELETE FROM audit_heads", "INSERT INTO audit_heads SELECT * FROM kept_audit_heads"]).await;
    log.expect(None, &["behind_the_end: chain @chain, event 8"], "an older end").await;
});

both_engines!(a_text_that_is_no_anchor_of_this_server_is_refused, async |app| {
    let log = Log::of(app).await;
    let anchor = log.anchor().await;
    let last = if anchor.ends_with('A') { "E" } else { "A" };
    let mistyped = format!("{}{last}", &anchor[..anchor.len() - 1]);
    for text in [&mistyped, &anchor[..40], "tacit-audit-1.", "AAAA", ""] {
        let verdict = log.verify(Some(text)).await;
        assert_eq!(verdict.status, 2, "{text}: {}", verdict.said);
        assert!(verdict.complained.contains("anchor"), "{}", verdict.complained);
    }
});

both_engines!(the_server_going_on_does_not_hide_what_was_cut_off, async |app| {
    let log = Log::of(app).await;
    let moved =
        "UPDATE audit_heads SET sequence = 4, hash = (SELECT hash FROM audit_events @at 4) WHERE chain = @chain";
    log.meddle(&["DELETE FROM audit_events WHERE sequence > 4", moved]).await;
    for _ in 0..3 {
        app.command(&["user", "revoke-sessions", EMAIL]).await;
    }
    log.expect(None, &["head_altered: chain @chain"], "went on").await;
});

both_engines!(a_chain_that_was_wiped_stays_missing_and_people_still_log_in, async |app| {
    let log = Log::of(app).await;
    let person = app.registered("person@example.com").await;
    log.meddle(&["DELETE FROM audit_events WHERE chain = @chain", "DELETE FROM audit_heads WHERE chain = @chain"])
        .await;
    log.expect(None, &["chain_missing: chain @chain"], "wiped").await;
    app.stop().await;
    app.start_again().await;
    app.command(&["user", "revoke-sessions", EMAIL]).await;
    person.log_in().await;
    log.expect(None, &["chain_missing: chain @chain"], "went on").await;
    log.put_back().await;
    // Only an end is gone.
    log.meddle(&["DELETE FROM audit_heads WHERE chain = @chain"]).await;
    log.expect(None, &["chain_missing: chain @chain"], "without an end").await;
});

both_engines!(all_chains_wiped_do_not_begin_anew_as_if_nothing_had_been, async |app| {
    let log = Log::of(app).await;
    log.meddle(&["DELETE FROM audit_events", "DELETE FROM audit_heads"]).await;
    let all: Vec<_> = (0..16).map(|chain| format!("chain_missing: chain {chain}:")).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    log.expect(None, &all, "wiped").await;
});

both_engines!(a_long_log_tells_how_far_it_is_and_not_every_fault, async |app| {
    let log = Log::of(app).await;
    let numbers = match app.engine {
        Engine::Sqlite => {
            "(WITH RECURSIVE n(i) AS (SELECT 8 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) SELECT i FROM n) AS n"
        }
        Engine::Postgres => "generate_series(8, 60000) AS n(i)",
    };
    let id = match app.engine {
        Engine::Sqlite => "randomblob(16)",
        Engine::Postgres => "gen_random_uuid()",
    };
    let filled = format!(
        "INSERT INTO audit_events (id, chain, sequence, @columns) SELECT {id}, @chain, n.i, @columns \
         FROM audit_events, {numbers} @at 7"
    );
    log.meddle(&[&filled]).await;
    let verdict = log.verify(None).await;
    assert_eq!(verdict.status, 3);
    assert!(verdict.complained.contains("50000 events looked at"), "{}", verdict.complained);
    assert!(verdict.complained.contains("59994 fault(s) in 60000 event(s)"), "{}", verdict.complained);
    assert_eq!(verdict.said.lines().count(), 101);
    assert!(verdict.said.ends_with("and 59894 more\n"), "{}", verdict.said);
});

#[tokio::test]
async fn a_copy_and_what_it_was_made_from_are_both_whole() {
    tacit_tests::run(Engine::Sqlite, tacit_tests::Setup::new(), async |app: &App| {
        let log = Log::of(app).await;
        let anchor = log.anchor().await;
        let file = app.folder().join("backup.db");
        app.command(&["backup", file.to_str().unwrap()]).await;
        let mut variables = app.variables();
        variables.push(("TACIT_DATABASE__URL".to_owned(), format!("sqlite:{}", file.display())));
        let copy = Process::run(&["audit", "verify", "--anchor", &anchor], &variables).await;
        assert_eq!(copy.status.code(), Some(0), "{}", String::from_utf8_lossy(&copy.stdout));
        assert_eq!(log.verify(Some(&anchor)).await.status, 0);
    })
    .await;
}
