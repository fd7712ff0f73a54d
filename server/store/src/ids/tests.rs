use super::{AccountId, SecretHash};
use uuid::Uuid;

#[test]
fn an_id_is_written_as_a_lower_case_uuid_and_read_back() {
    let id = AccountId::from_uuid(Uuid::from_u128(0xABCD));
    assert_eq!(id.to_string(), "00000000-0000-0000-0000-00000000abcd");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert!("not-an-id".parse::<AccountId>().is_err());
}

#[test]
fn a_hash_does_not_show_itself() {
    assert_eq!(format!("{:?}", SecretHash::new([0xAB; 32])), "SecretHash(..)");
}
