use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn confirmed(at: Option<i64>) -> EmailChangeRecord {
    let hash = tacit_store::SecretHash::new([0; 32]);
    EmailChangeRecord {
        id: EmailChangeId::from_uuid(uuid::Uuid::nil()),
        account_id: AccountId::from_uuid(uuid::Uuid::nil()),
        old_email: String::new(),
        new_email: String::new(),
        confirm_hash: hash,
        undo_hash: Some(hash),
        created_at: NOW,
        confirmed_at: at.map(|at| Timestamp::from_millis(NOW.as_millis() + at)),
        expires_at: NOW,
    }
}

#[test]
fn a_confirmation_is_later_than_every_earlier_one_even_if_the_clock_went_back() {
    assert_eq!(next_moment(&[], NOW), NOW);
    assert_eq!(next_moment(&[confirmed(None), confirmed(Some(-5))], NOW), NOW);
    for ahead in [0, 90_000] {
        let next = next_moment(&[confirmed(Some(ahead)), confirmed(Some(-5))], NOW);
        assert_eq!(next.as_millis(), NOW.as_millis() + ahead + 1);
    }
}
