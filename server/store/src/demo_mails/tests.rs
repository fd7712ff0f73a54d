use super::*;
use crate::StoreErrorKind;
use crate::testing::{commit, mail, on_both_engines, read};

on_both_engines! {
    async fn the_newest_mails_come_first(db: Migrated) {
        for number in [2, 3, 1] {
            commit!(db, tx => insert(tx, &mail(number)));
        }
        assert!(read!(db, tx => list(tx, 2)) == [3, 2].map(mail));
    }

    async fn a_mail_may_be_text_only(db: Migrated) {
        let plain = DemoMailRecord { body_html: None, ..mail(1) };
        commit!(db, tx => insert(tx, &plain));
        assert!(read!(db, tx => list(tx, 2)) == [plain]);
    }

    async fn a_mail_is_put_in_once(db: Migrated) {
        commit!(db, tx => insert(tx, &mail(1)));
        let mut tx = db.begin().await.unwrap();
        assert_eq!(insert(&mut tx, &mail(1)).await.unwrap_err().kind(), StoreErrorKind::UniqueViolation);
    }
}
