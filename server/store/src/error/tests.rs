use super::{StoreErrorKind, postgres_kind, sqlite_kind};
use crate::accounts;
use crate::testing::{account, commit, on_both_engines};

#[test]
fn a_lock_held_by_another_is_busy_on_both_engines() {
    for code in [5, 6, 261, 517] {
        assert_eq!(sqlite_kind(code), StoreErrorKind::Busy, "{code}");
    }
    for code in ["40001", "40P01", "55P03"] {
        assert_eq!(postgres_kind(code), StoreErrorKind::Busy, "{code}");
    }
}

#[test]
fn a_database_that_is_gone_or_full_is_unavailable_on_both_engines() {
    for code in [8, 10, 13, 14, 778] {
        assert_eq!(sqlite_kind(code), StoreErrorKind::Unavailable, "{code}");
    }
    for code in ["08006", "53300", "53100", "57P01", "25006"] {
        assert_eq!(postgres_kind(code), StoreErrorKind::Unavailable, "{code}");
    }
}

#[test]
fn a_database_that_cannot_be_read_is_damaged_on_both_engines() {
    for code in [11, 26, 267] {
        assert_eq!(sqlite_kind(code), StoreErrorKind::Damaged, "{code}");
    }
    for code in ["XX001", "XX002"] {
        assert_eq!(postgres_kind(code), StoreErrorKind::Damaged, "{code}");
    }
}

#[test]
fn a_code_nobody_knows_is_other() {
    assert_eq!(sqlite_kind(1), StoreErrorKind::Other);
    assert_eq!(postgres_kind("42P01"), StoreErrorKind::Other);
    assert_eq!(postgres_kind(""), StoreErrorKind::Other);
}

on_both_engines! {
    async fn an_error_does_not_quote_the_row(db: Migrated) {
        let mut person = account(1);
        person.email_key = "canary@example.com".to_owned();
        commit!(db, tx => accounts::insert(tx, &person));

        let mut tx = db.begin().await.unwrap();
        let error = accounts::insert(&mut tx, &person).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::UniqueViolation);
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }

    async fn a_word_the_program_does_not_know_is_an_error(db: Migrated) {
        commit!(db, tx => accounts::insert(tx, &account(1)));
        db.run("UPDATE accounts SET status = 'frozen'").await;

        let mut tx = db.read().await.unwrap();
        let error = accounts::find(&mut tx, account(1).id).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other);
        assert!(error.to_string().contains("AccountStatus"), "{error}");
    }

    async fn a_missing_table_is_other(db: Blank) {
        let mut tx = db.read().await.unwrap();
        assert_eq!(accounts::count(&mut tx).await.unwrap_err().kind(), StoreErrorKind::Other);
    }
}
