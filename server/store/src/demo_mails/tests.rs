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

    async fn the_mails_of_an_address_go_in_the_spelling_they_were_sent_to(db: Migrated) {
        for (number, recipient) in [(1, "a@example.com"), (2, "A@example.com"), (3, "a@example.com")] {
            commit!(db, tx => insert(tx, &DemoMailRecord { recipient: recipient.to_owned(), ..mail(number) }));
        }
        let mut recipients = read!(db, tx => list_recipients(tx));
        recipients.sort();
        assert_eq!(recipients, ["A@example.com", "a@example.com"]);
        assert_eq!(commit!(db, tx => delete_for(tx, "a@example.com")), 2);
        assert_eq!(read!(db, tx => list_recipients(tx)), ["A@example.com"]);
    }

    async fn a_mail_is_put_in_once(db: Migrated) {
        commit!(db, tx => insert(tx, &mail(1)));
        let mut tx = db.begin().await.unwrap();
        assert_eq!(insert(&mut tx, &mail(1)).await.unwrap_err().kind(), StoreErrorKind::UniqueViolation);
    }
}
