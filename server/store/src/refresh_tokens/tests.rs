use super::*;
use crate::testing::{
    TestDatabase, account, account_id, after, commit, hash, on_both_engines, read, refresh_token, session, session_id,
};
use crate::{Store, StoreErrorKind, accounts, sessions};

/// An account, its session 1, and refresh token 1.
async fn populate(db: &TestDatabase) {
    commit!(db, tx => accounts::insert(tx, &account(1)));
    commit!(db, tx => sessions::insert(tx, &session(1, account_id(1))));
    commit!(db, tx => insert(tx, &refresh_token(1, session_id(1))));
}

on_both_engines! {
    async fn a_token_is_found_by_its_hash(db: Migrated) {
        populate(&db).await;
        assert!(read!(db, tx => find(tx, hash(5, 1))) == Some(refresh_token(1, session_id(1))));
        assert!(read!(db, tx => find(tx, hash(5, 2))).is_none());
    }

    async fn a_token_needs_a_session(db: Migrated) {
        let mut tx = db.begin().await.unwrap();
        let error = insert(&mut tx, &refresh_token(1, session_id(1))).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::ForeignKey);
    }

    async fn a_token_is_claimed_once_and_keeps_the_first_nonce(db: Migrated) {
        populate(&db).await;
        assert!(commit!(db, tx => claim(tx, hash(5, 1), b"first", after(5))));
        assert!(!commit!(db, tx => claim(tx, hash(5, 1), b"second", after(6))));
        let used = read!(db, tx => find(tx, hash(5, 1))).unwrap();
        assert_eq!(used.used_at, Some(after(5)));
        assert_eq!(used.successor_nonce.as_deref(), Some(&b"first"[..]));
    }

    async fn of_many_claims_at_once_one_wins(db: Migrated) {
        populate(&db).await;
        let other = db.another_node().await;
        let mut claims = tokio::task::JoinSet::new();
        for index in 0..8_u8 {
            let node = if index % 2 == 0 { Store::clone(&db) } else { other.clone() };
            claims.spawn(async move { commit!(node, tx => claim(tx, hash(5, 1), &[index], after(5))) });
        }
        assert_eq!(claims.join_all().await.into_iter().filter(|won| *won).count(), 1);
    }

    async fn a_claim_that_is_rolled_back_leaves_the_token_unused(db: Migrated) {
        populate(&db).await;
        let mut tx = db.begin().await.unwrap();
        assert!(claim(&mut tx, hash(5, 1), b"lost", after(5)).await.unwrap());
        drop(tx);
        assert!(commit!(db, tx => claim(tx, hash(5, 1), b"kept", after(6))));
    }

    async fn a_token_can_be_claimed_until_just_before_it_expires(db: Migrated) {
        populate(&db).await;
        assert!(!commit!(db, tx => claim(tx, hash(5, 1), b"late", after(1000))));
        assert!(commit!(db, tx => claim(tx, hash(5, 1), b"last", after(999))));
    }

    async fn expired_tokens_are_dropped(db: Migrated) {
        populate(&db).await;
        assert_eq!(commit!(db, tx => delete_expired(tx, after(999), 9)), 0);
        assert_eq!(commit!(db, tx => delete_expired(tx, after(1000), 9)), 1);
    }
}
