use super::*;
use crate::testing::{NOW, account, account_id, commit, credential, hash, on_both_engines, pending, read, uuid};
use crate::{accounts, credentials, pending_credentials};

on_both_engines! {
    async fn a_challenge_is_made_from_the_address_own_credential_or_the_next_or_behind_the_last_the_first(db: Migrated) {
        for number in [2, 5, 7] {
            commit!(db, tx => accounts::insert(tx, &account(number)));
            if number != 5 {
                commit!(db, tx => credentials::insert(tx, &credential(account_id(number), 4)));
            }
        }
        let nearest = async |asked: &str| {
            let found = read!(db, tx => find(tx, &format!("{asked}@example.com"), hash(1, 1)));
            assert!(found.shown.is_none());
            found.nearest.unwrap()
        };
        for (asked, found) in [("person2", 2), ("person1", 2), ("person5", 7), ("person6", 7), ("person8", 2)] {
            let nearest = nearest(asked).await;
            assert_eq!(nearest.email_key, format!("person{found}@example.com"), "{asked}");
            let record = credential(account_id(found), 4);
            assert_eq!((nearest.credential.owner, nearest.credential.version), (account_id(found).as_uuid(), 4));
            assert_eq!(nearest.credential.verifier_sealed, record.verifier_sealed);
            assert_eq!(nearest.expires_at, None);
        }

        // A credential's address is its account's, whatever becomes of that.
        commit!(db, tx => accounts::update_email(tx, account_id(7), "Person3@example.com", "person3@example.com", NOW));
        for (asked, found) in [("person3", "person3"), ("person7", "person2")] {
            assert_eq!(nearest(asked).await.email_key, format!("{found}@example.com"), "{asked}");
        }
        commit!(db, tx => accounts::delete(tx, account_id(2)));
        assert_eq!(nearest("person2").await.email_key, "person3@example.com");
    }

    async fn without_credentials_a_challenge_is_made_from_none_but_a_ticket_s(db: Migrated) {
        let sign_up = pending(2, "new@example.com");
        commit!(db, tx => accounts::insert(tx, &account(1)));
        commit!(db, tx => pending_credentials::insert(tx, &sign_up));
        let found = read!(db, tx => find(tx, "person1@example.com", sign_up.ticket_hash));
        assert!(found.nearest.is_none());
        let shown = found.shown.unwrap();
        assert_eq!((shown.email_key.as_str(), shown.expires_at), ("new@example.com", Some(sign_up.expires_at)));
        assert_eq!((shown.credential.owner, shown.credential.id), (uuid(2), uuid(2)));
        assert_eq!((shown.credential.version, shown.credential.verifier_sealed), (0, sign_up.verifier_sealed));
        assert!(read!(db, tx => find(tx, "new@example.com", hash(1, 1))).shown.is_none());
    }
}
